//! A token's three parts (RFC 7515, section 7.1), read before anything is believed of them. Knows no key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_dialects::JoinToken;
use serde_json::{Map, Value};

use super::strict;

const MAX_KEY_ID_CHARS: usize = 256;

/// What is wrong, as a clause for whoever made the token.
pub type Why = &'static str;

/// How a signature is made. A key has one, so that none is ever used for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub const EVERY: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// RFC 7518, section 3.1; RFC 8037, section 3.1.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Exactly as it is written there: `none` has many spellings, and none of them is one of these.
    fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|algorithm| algorithm.word() == word)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
}

pub struct Compact<'a> {
    pub header: Header,
    /// What the signature is made of.
    pub signed: &'a str,
    pub signature: &'a str,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub fn read(text: &'a str) -> Result<Self, Why> {
        const PARTS: Why = "it must have three parts with dots between them";
        if text.len() > JoinToken::MAX_BYTES {
            return Err("it has more than 8 KiB");
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(PARTS)?;
        let (header, payload) = signed.split_once('.').ok_or(PARTS)?;
        if payload.contains('.') {
            return Err(PARTS);
        }
        if signature.is_empty() {
            return Err("it has no signature");
        }
        decode(signature)?;
        let header =
            strict::object(&decode(header)?).ok_or("its header is no strict JSON object")?;
        Ok(Self { header: read_header(&header)?, signed, signature, payload: decode(payload)? })
    }

    /// Only to be believed once the signature is verified.
    pub fn claims(&self) -> Result<Map<String, Value>, Why> {
        strict::object(&self.payload).ok_or("its claims are no strict JSON object")
    }
}

/// Without padding, and in the one spelling that there is.
fn decode(part: &str) -> Result<Vec<u8>, Why> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| "a part is not base64url without padding")
}

/// Keys that come with a token (`jwk`, `jku`, `x5u`, `x5c`) are not looked at: anybody can bring one.
fn read_header(header: &Map<String, Value>) -> Result<Header, Why> {
    let text = |name: &str| header.get(name).map(Value::as_str);
    // Extensions that must be understood (RFC 7515, section 4.1.11; RFC 7797, section 6): none is.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err("its header demands an extension (`crit`, `b64`)");
    }
    match text("typ") {
        None => {}
        Some(Some(kind)) if kind.eq_ignore_ascii_case("jwt") => {}
        Some(_) => return Err("`typ` in its header is not JWT"),
    }
    let key_id = match text("kid") {
        None => None,
        Some(Some(id)) if (1..=MAX_KEY_ID_CHARS).contains(&id.len()) => Some(id.to_owned()),
        Some(_) => return Err("`kid` in its header is no short text"),
    };
    let algorithm = text("alg").flatten().and_then(Algorithm::parse);
    let algorithm = algorithm.ok_or("`alg` in its header is not HS256, RS256, ES256 or EdDSA")?;
    Ok(Header { algorithm, key_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode("{}"), encode("signature"))
    }

    fn why(text: &str) -> &'static str {
        Compact::read(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_token_says_how_it_is_signed_and_by_which_key() {
        let text =
            token(r#"{"alg":"ES256","typ":"jwt","kid":"a","jku":"https://example.org","x":1}"#);
        let read = Compact::read(&text).unwrap();
        assert_eq!(read.header, Header { algorithm: Algorithm::Es256, key_id: Some("a".into()) });
        assert_eq!(format!("{}.{}", read.signed, read.signature), text);
        assert!(read.claims().unwrap().is_empty());
    }

    #[test]
    fn no_spelling_of_none_is_an_algorithm() {
        for word in [
            "none", "None", "NONE", "nOnE", "", " none", "HS256 ", "hs256", "HS384", "RS512",
            "PS256", "ES256K",
        ] {
            assert_eq!(
                why(&token(&format!(r#"{{"alg":"{word}"}}"#))),
                "`alg` in its header is not HS256, RS256, ES256 or EdDSA"
            );
        }
        for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":{"a":"HS256"}}"#]
        {
            assert!(Compact::read(&token(header)).is_err(), "{header}");
        }
    }

    #[test]
    fn a_header_that_demands_something_is_refused() {
        for header in [
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","b64":false}"#,
            r#"{"alg":"HS256","b64":true}"#,
            r#"{"alg":"HS256","typ":"JOSE"}"#,
            r#"{"alg":"HS256","typ":1}"#,
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","kid":""}"#,
            r#"{"alg":"HS256","alg":"RS256"}"#,
            r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
            r#"["HS256"]"#,
        ] {
            assert!(Compact::read(&token(header)).is_err(), "{header}");
        }
        let long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(257));
        assert!(Compact::read(&token(&long)).is_err());
    }

    #[test]
    fn a_token_has_three_parts_in_one_spelling() {
        let good = token(r#"{"alg":"HS256"}"#);
        assert!(Compact::read(&good).is_ok());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        // The last letter of nine bytes has no spare bits, that of ten has four.
        for text in [
            "",
            ".",
            "..",
            "...",
            signed,
            &format!("{signed}."),
            &format!(".{good}"),
            &format!("{good}.{signature}"),
            &format!("{good}="),
            &format!("{good} "),
            &format!(" {good}"),
            &format!("{good}\n"),
            &format!("{signed}.a"),
            &format!("{signed}.+/+/"),
            &format!("{signed}.AB"),
            &good.replace('.', "\u{ff0e}"),
            &format!("{signed}.{}", "A".repeat(8 * 1024)),
        ] {
            assert!(Compact::read(text).is_err(), "{text}");
        }
        assert!(Compact::read(&format!("{signed}.AA")).is_ok());
    }
}
