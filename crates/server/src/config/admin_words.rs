//! Words of the settings for the admin API: its token, and the file that has one.

use super::value::{Word, Wrong};
use std::fmt;
use std::path::PathBuf;

/// What opens everything is as long as a key. Nothing can be guessed that has this many random bytes.
pub const MIN_TOKEN_BYTES: usize = 32;
pub const MAX_TOKEN_BYTES: usize = 512;

/// What opens the admin API, or none when empty. Shown to nobody.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AdminToken(Option<String>);

impl AdminToken {
    /// The error completes "the token …" and doesn't repeat it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !(MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&text.len()) {
            return Err(format!(
                "must have {MIN_TOKEN_BYTES} to {MAX_TOKEN_BYTES} characters; make one with: openssl rand -hex 32"
            ));
        }
        // It has to fit into a header (RFC 6750, section 2.1).
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let has_others = !text.bytes().all(fits);
        let why =
            "may only have letters, digits and -._~+/= in it; make one with: openssl rand -hex 32";
        if has_others { Err(why.into()) } else { Ok(Self(Some(text.into()))) }
    }

    pub fn reveal(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "(hidden)" } else { "" })
    }
}

impl Word for AdminToken {
    const PLACEHOLDER: &'static str = "SECRET";

    fn expected() -> String {
        format!("a text of at least {MIN_TOKEN_BYTES} characters")
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        Self::parse(text).map_err(Wrong::Because)
    }
}

/// A file with a secret in it, or none when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenFile(pub Option<PathBuf>);

impl TokenFile {
    /// Far more than any token, far less than a device that never ends.
    const MAX_BYTES: u64 = 4 << 10;

    /// Without the end of the line that editors leave.
    pub fn token_in(path: &std::path::Path) -> Result<AdminToken, String> {
        use std::io::Read;
        let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let file = std::fs::File::open(path).map_err(cannot)?;
        let mut text = String::new();
        file.take(Self::MAX_BYTES).read_to_string(&mut text).map_err(cannot)?;
        let wrong = |why| format!("the token in {} {why}", path.display());
        AdminToken::parse(text.trim_end()).map_err(wrong)
    }
}

impl fmt::Display for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display()))
    }
}

impl Word for TokenFile {
    const PLACEHOLDER: &'static str = "FILE";

    fn expected() -> String {
        "a file".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_could_be_guessed_is_none_and_no_message_repeats_it() {
        let long = "x1".repeat(16);
        assert_eq!(AdminToken::parse(&long).unwrap().reveal(), Some(long.as_str()));
        for wrong in ["hunter2", &"y".repeat(513), &"a b".repeat(20), &"é".repeat(32)] {
            let why = AdminToken::parse(wrong).unwrap_err();
            assert!(!why.contains(wrong), "{why}");
        }
        assert_eq!(<AdminToken as Word>::read("").unwrap().reveal(), None);
    }

    #[test]
    fn a_token_is_shown_to_nobody() {
        let token = AdminToken::parse(&"s3cret".repeat(6)).unwrap();
        assert!(!format!("{token} {token:?}").contains("s3cret"));
    }
}
