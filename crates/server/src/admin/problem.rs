//! What is wrong with a request, as `application/problem+json` (RFC 9457). The codes never change their meaning.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use parlor_rooms::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $status:literal $word:literal, $title:literal, $hint:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])* $variant,)+ }

        impl Code {
            #[cfg(test)]
            pub const EVERY: &[Self] = &[$(Self::$variant,)+];

            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            pub fn status(self) -> StatusCode {
                let status = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            pub fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)+ }
            }
        }
    };
}

codes! {
    BadParameter = 400 "bad-parameter", "A parameter or header can't be read", "The description of the API, /api/openapi.json, says what it takes.";
    BadJson = 400 "bad-json", "The body is not JSON", "Send one JSON object in UTF-8.";
    TokenRequired = 401 "token-required", "This needs a token", "Send the header `Authorization: Bearer <token>` with the token of admin.token_file.";
    TokenWrong = 401 "token-wrong", "This token opens nothing here", "Compare it with the file that admin.token_file names, on the machine of the server.";
    AdminOff = 403 "admin-off", "The admin API is switched off", "Set admin.token_file (or admin.token) to a secret of at least 32 characters, and start the server again.";
    NoGrant = 403 "no-admin-grant", "This token doesn't let anybody administer", "Show one with the grant `admin`.";
    NoSuchAddress = 404 "no-such-address", "There is nothing at this address", "The addresses are listed in /api/openapi.json.";
    AdminElsewhere = 404 "admin-elsewhere", "The admin API is not on this port", "Ask at the address that admin.listen names.";
    RoomUnknown = 404 "room-unknown", "There is no such room", "A room that is not permanent ends soon after the last member left.";
    MemberUnknown = 404 "member-unknown", "There is no such member in the room", "Members are addressed by `peer`, which changes with each join.";
    NobodyWaits = 404 "nobody-waits", "Nobody of this id waits", "They may have given up, or somebody else has let them in.";
    BanUnknown = 404 "ban-unknown", "There is no such ban", "It may have ended by itself.";
    Method = 405 "method-not-allowed", "This address doesn't take that method", "The header `Allow` has those that it takes.";
    BodyTooSlow = 408 "body-too-slow", "The body took too long", "Send the request again, all at once.";
    RoomExists = 409 "room-exists", "There is a room of this name", "Change its rules with PATCH on /api/v1/rooms/{room}/rules instead.";
    TooManyRooms = 409 "too-many-rooms", "The server has as many rooms as it may", "End a room, or raise limits.max_rooms.";
    TokensOff = 409 "tokens-off", "The server has no secret for tokens", "Set tokens.secret_file; parlor token --new-secret makes a secret.";
    Refused = 409 "refused", "The room refuses that", "See `detail`.";
    Changed = 412 "changed", "It has changed meanwhile", "Get it again, and send its new `ETag` in `If-Match`.";
    BodyTooLarge = 413 "body-too-large", "The body is too large", "Send less at once.";
    MediaType = 415 "media-type", "This media type is not read here", "Send `Content-Type: application/json`.";
    BadBody = 422 "bad-body", "The body is not what is asked for", "The description of the API, /api/openapi.json, says what it takes.";
    TooLarge = 422 "too-large", "A value is too large", "The limits are in the configuration of the server.";
    KeyReused = 422 "key-reused", "The idempotency key was used for something else", "Make a new `Idempotency-Key` for each request.";
    ConditionRequired = 428 "condition-required", "This needs the version that it is meant for", "Send the `ETag` of what you have seen in `If-Match`, or `If-Match: *` to change whatever is there.";
    TooManyAttempts = 429 "too-many-attempts", "Your address gave too many wrong tokens", "Wait as long as `Retry-After` says.";
    Internal = 500 "internal", "The server made a mistake", "Its log has a line about it that begins with `bug:`.";
    NotKept = 500 "not-kept", "It holds until the server is started anew", "See whether the server may write into its state_dir.";
    Stopping = 503 "stopping", "The server is stopping", "Ask again in a moment.";
}

/// One mistake, with what there is to say about this very request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    pub fn after(code: Code, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::from(code) }
    }

    /// Of what stands in a body, where the same mistake has another code.
    pub fn in_body(self) -> Self {
        Self { code: Code::BadBody, ..self }
    }

    pub fn document(&self) -> Document {
        Document {
            kind: format!("urn:problem-type:parlor:{}", self.code.word()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.word(),
            hint: self.code.hint(),
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code, code.title())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code() {
            "room-unknown" => Code::RoomUnknown,
            "unknown-target" => Code::MemberUnknown,
            "too-many-rooms" => Code::TooManyRooms,
            "too-large" => Code::TooLarge,
            _ => Code::Refused,
        };
        Self::new(code, format!("{refusal}. {}", refusal.hint()))
    }
}

/// A problem as it is written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// The kind of problem, as a URI: the code again.
    #[serde(rename = "type")]
    kind: String,
    /// The same for all problems of this kind.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong with this very request, for people.
    detail: Cow<'static, str>,
    /// What kind of problem it is, for programs. Codes never change their meaning.
    code: &'static str,
    /// What to do about it, for people.
    hint: &'static str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"parlor\""));
        }
        if let Some(wait) = self.retry_after {
            // In whole seconds, which is all that the header can say.
            headers.insert(RETRY_AFTER, (wait.as_secs() + 1).into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_word_of_its_own_and_a_status_of_errors() {
        let words: HashSet<_> = Code::EVERY.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::EVERY.len());
        for code in Code::EVERY {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
            assert!(code.hint().ends_with('.') && !code.title().ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn the_manual_explains_every_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
        let manual = std::fs::read_to_string(path).unwrap();
        for code in Code::EVERY {
            let row = format!("| `{}` | {} |", code.word(), code.status().as_u16());
            assert!(manual.contains(&row), "{row}");
        }
    }
}
