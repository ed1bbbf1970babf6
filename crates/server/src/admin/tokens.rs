//! Tokens: made with the server's own secret, and taken back before their time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_rooms::PassId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answering::{self, Answer};
use super::asking::Told;
use super::problem::{Code, Problem};
use super::views::Role;
use crate::auth::RevokeError;
use crate::auth::command::{Wishes, make};
use crate::node::Node;

const MAX_ROOMS: usize = 16;
const MAX_GRANTS: usize = 16;
const DEFAULT_TTL_MS: u64 = 10 * 60 * 1_000;
/// A token says whole seconds.
const MIN_TTL_MS: u64 = 1_000;
const MAX_TTL_MS: u64 = 365 * 24 * 3_600 * 1_000;

/// A token that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// The rooms that it opens: names, or beginnings of names with `*` at the end.
    #[schema(min_items = 1, max_items = 16, value_type = Vec<PatternText>)]
    rooms: Vec<String>,
    /// Who it is for, to the application: the claim `sub`.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    identity: Option<String>,
    /// What they are called.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    role: Option<Role>,
    /// What it allows. Without: what the role may, join and create.
    #[schema(max_items = 16)]
    grants: Option<Vec<Grant>>,
    /// How long it holds, in milliseconds.
    #[schema(minimum = 1_000, maximum = 31_536_000_000_u64, default = 600_000)]
    ttl_ms: Option<u64>,
}

/// Names of rooms.
#[derive(ToSchema)]
#[schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,128}$", example = "club-*")]
#[expect(dead_code, reason = "describes what is read as a text")]
pub struct PatternText(String);

/// One thing that a token allows.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grant {
    Join,
    Create,
    Microphone,
    Camera,
    Screen,
    /// All three of them.
    Publish,
    Data,
    Subscribe,
    Chat,
    Signal,
    Update,
    Moderate,
    Hidden,
    Record,
    Admin,
}

/// A token, shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenShown {
    token: String,
    /// By which it can be revoked.
    jti: String,
    /// In milliseconds since 1970.
    expires_at: u64,
}

/// Makes a token that lets somebody in.
///
/// Signed with `tokens.secret`, as `parlor token` does.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "Tokens", request_body = NewToken,
    responses(
        (status = 201, description = "The token.", body = TokenShown),
        (status = 409, description = "The server has no secret to sign with."),
    ))]
pub async fn create_token(State(node): State<Arc<Node>>, Told(asked): Told<NewToken>) -> Answer {
    let tokens = &node.config.tokens;
    if tokens.secret.0.is_empty() && tokens.secret_file.0.is_none() {
        return Err(Code::TokensOff.into());
    }
    let (wishes, ttl) = asked.wishes()?;
    let wrong = |why: String| Problem::new(Code::BadBody, why);
    let token = make(wishes, ttl, &node.config).map_err(wrong)?;
    answering::json(StatusCode::CREATED, &shown(token.trim_end()).ok_or(Code::Internal)?)
}

impl NewToken {
    fn wishes(self) -> Result<(Wishes, Duration), Problem> {
        let wrong = |why: String| Err(Problem::new(Code::BadBody, why));
        if !(1..=MAX_ROOMS).contains(&self.rooms.len()) {
            return wrong(format!("`rooms` must have 1 to {MAX_ROOMS} entries"));
        }
        let grants = self.grants.unwrap_or_default();
        if grants.len() > MAX_GRANTS {
            return wrong(format!("`grants` must have at most {MAX_GRANTS} entries"));
        }
        let ttl = self.ttl_ms.unwrap_or(DEFAULT_TTL_MS);
        if !(MIN_TTL_MS..=MAX_TTL_MS).contains(&ttl) {
            return wrong(format!("`ttl_ms` must be from {MIN_TTL_MS} to {MAX_TTL_MS}"));
        }
        let mut wishes = Wishes::default();
        wishes.rooms = self.rooms;
        wishes.identity = self.identity;
        wishes.name = self.name;
        wishes.role = self.role.map(|role| parlor_rooms::Role::from(role).word().into());
        wishes.grants = grants.iter().filter_map(word).collect();
        Ok((wishes, Duration::from_millis(ttl)))
    }
}

fn word(grant: &Grant) -> Option<String> {
    serde_json::to_value(grant).ok()?.as_str().map(Into::into)
}

/// What a token of ours says about itself.
fn shown(token: &str) -> Option<TokenShown> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let (jti, expires) = (claims.get("jti")?.as_str()?, claims.get("exp")?.as_u64()?);
    Some(TokenShown { token: token.into(), jti: jti.into(), expires_at: expires * 1_000 })
}

/// Revokes a token.
///
/// Nobody comes in by it any more, and whoever is a member by it is sent out.
#[utoipa::path(delete, path = "/api/v1/tokens/{jti}", tag = "Tokens",
    responses(
        (status = 204, description = "It opens nothing any more, whether it was known or not."),
        (status = 409, description = "The server takes no tokens, or has revoked as many as it can remember."),
        (status = 500, description = "It is revoked until the server is started anew: that could not be written down."),
    ))]
pub async fn revoke_token(
    State(node): State<Arc<Node>>,
    jti: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Answer {
    let Path(jti) =
        jti.map_err(|_| Problem::new(Code::BadParameter, "the path is not in UTF-8"))?;
    let wrong = |why| Problem::new(Code::BadParameter, format!("`jti` {why}"));
    let id = PassId::parse(&jti).map_err(wrong)?;
    if !node.auth.proves_identity() {
        return Err(Code::TokensOff.into());
    }
    let rooms = Arc::clone(&node.rooms);
    // It writes a file.
    let done = tokio::task::spawn_blocking(move || rooms.revoke(id)).await;
    match done.map_err(|_| Code::Internal)? {
        Ok(()) => answering::done(),
        Err(why @ RevokeError::TooMany) => Err(Problem::new(Code::Refused, why.to_string())),
        Err(why @ RevokeError::NotKept(_)) => Err(Problem::new(Code::NotKept, why.to_string())),
    }
}
