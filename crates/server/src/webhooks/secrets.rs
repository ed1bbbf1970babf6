//! The secrets that sign: from the configuration, or from a file with one in each line.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::config::Webhooks;

/// Shorter ones are guessed.
pub const MIN_SECRET_BYTES: usize = 16;
/// The one in use, and the one before it.
const MAX_SECRETS: usize = 2;

/// Why webhooks can't be started.
#[derive(Debug)]
pub enum SecretError {
    File(PathBuf, io::Error),
    Missing,
    Short,
    TooMany,
    Roots(String),
    Entropy(String),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "webhooks.secret_file {}: {error}", path.display())
            }
            Self::Missing => {
                f.write_str("webhooks.urls needs webhooks.secret or webhooks.secret_file")
            }
            Self::Short => write!(
                f,
                "a secret of webhooks has at least {MIN_SECRET_BYTES} bytes (openssl rand -hex 32)"
            ),
            Self::TooMany => write!(
                f,
                "webhooks.secret_file has at most {MAX_SECRETS} lines: the secret in use, and the one before it"
            ),
            Self::Roots(why) => write!(f, "webhooks.ca_file: {why}"),
            Self::Entropy(why) => write!(f, "the system gives no entropy: {why}"),
        }
    }
}

/// The one in use first.
pub fn read(settings: &Webhooks) -> Result<Vec<String>, SecretError> {
    let text = match &settings.secret_file.0 {
        Some(path) => {
            fs::read_to_string(path).map_err(|error| SecretError::File(path.clone(), error))?
        }
        None => settings.secret.0.clone(),
    };
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<String>, SecretError> {
    let secrets: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect();
    if secrets.is_empty() {
        Err(SecretError::Missing)
    } else if secrets.len() > MAX_SECRETS {
        Err(SecretError::TooMany)
    } else if secrets.iter().any(|secret| secret.len() < MIN_SECRET_BYTES) {
        Err(SecretError::Short)
    } else {
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_secret_and_there_are_two_at_most() {
        let (one, two) = ("a".repeat(16), "b".repeat(40));
        assert_eq!(parse(&format!("{one}\n\n {two} \n")).unwrap(), [one.clone(), two.clone()]);
        assert!(matches!(parse("\n"), Err(SecretError::Missing)));
        assert!(matches!(parse(&format!("{one}\nshort")), Err(SecretError::Short)));
        assert!(matches!(parse(&format!("{one}\n{two}\n{one}")), Err(SecretError::TooMany)));
    }
}
