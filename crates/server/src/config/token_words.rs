//! Words of the settings for tokens: files, addresses of keys, what tokens must say. Each may be empty, which is none.

use std::fmt;
use std::path::PathBuf;

use axum::http::Uri;

use super::value::{Word, Wrong};
use crate::auth::Pattern;
use crate::outgoing::https;

const MAX_TEXT_CHARS: usize = 256;

/// A file with nothing but a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretFile(pub Option<PathBuf>);

impl fmt::Display for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display()))
    }
}

impl Word for SecretFile {
    const PLACEHOLDER: &'static str = "FILE";

    fn expected() -> String {
        "a file".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

/// A file with public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile(pub PathBuf);

impl fmt::Display for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

impl Word for KeyFile {
    const PLACEHOLDER: &'static str = "FILE";

    fn expected() -> String {
        "a file with a public key in PEM, a JWK or a JWK set".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() { Err(Wrong::Kind) } else { Ok(Self(text.into())) }
    }
}

/// Where a JWK set is published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KeySet {
    #[default]
    None,
    File(PathBuf),
    Address(Uri),
}

impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Address(uri) => write!(f, "{uri}"),
        }
    }
}

impl Word for KeySet {
    const PLACEHOLDER: &'static str = "URL|FILE";

    fn expected() -> String {
        "an https address, an http address of this machine, or a file".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Ok(Self::None);
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let uri: Uri = text.parse().map_err(|_| Wrong::Kind)?;
        if https::is_fit(&uri) { Ok(Self::Address(uri)) } else { Err(Wrong::Kind) }
    }
}

/// What `aud` must have in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience(pub Option<String>);

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl Word for Audience {
    const PLACEHOLDER: &'static str = "TEXT";

    fn expected() -> String {
        format!("a text of at most {MAX_TEXT_CHARS} characters")
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        is_line(text).then(|| Self(Some(text.into()))).ok_or(Wrong::Kind)
    }
}

/// One whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(pub String);

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Word for Issuer {
    const PLACEHOLDER: &'static str = "TEXT";

    fn expected() -> String {
        format!("a text of at most {MAX_TEXT_CHARS} characters, as `iss` has it")
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        is_line(text).then(|| Self(text.into())).ok_or(Wrong::Kind)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Word for Pattern {
    const PLACEHOLDER: &'static str = "ROOM";

    fn expected() -> String {
        "the name of a room, or a pattern such as club-*".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Kind)
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_TEXT_CHARS
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_by_https_or_from_this_machine() {
        for text in [
            "https://id.example.org/jwks",
            "http://localhost:8180/jwks",
            "/etc/parlor/jwks.json",
            "",
        ] {
            assert_eq!(KeySet::read(text).unwrap().to_string(), text);
        }
        for text in ["http://id.example.org/jwks", "ftp://id.example.org/jwks", "https://"] {
            assert_eq!(KeySet::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn audiences_and_issuers_are_one_line() {
        assert_eq!(Audience::read(""), Ok(Audience(None)));
        for text in ["a\nb", &"x".repeat(257)] {
            assert_eq!(Audience::read(text), Err(Wrong::Kind));
            assert_eq!(Issuer::read(text), Err(Wrong::Kind));
        }
        assert_eq!(Issuer::read(""), Err(Wrong::Kind));
    }
}
