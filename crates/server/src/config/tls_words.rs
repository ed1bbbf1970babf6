//! Words of the settings for TLS: names, files, addresses. Each may be empty, which is none.

use super::value::{Word, Wrong};
use crate::origin::is_host;
use axum::http::Uri;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// Labels of a name, RFC 1035, section 2.3.4.
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

macro_rules! optional_word {
    ($(#[$meta:meta])* $name:ident, $placeholder:literal, $expected:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name(pub Option<String>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.as_deref().unwrap_or_default())
            }
        }

        impl Word for $name {
            const PLACEHOLDER: &'static str = $placeholder;

            fn expected() -> String {
                $expected.into()
            }

            fn read(text: &str) -> Result<Self, Wrong> {
                if text.is_empty() {
                    return Ok(Self(None));
                }
                $check(text).then(|| Self(Some(text.to_ascii_lowercase()))).ok_or(Wrong::Kind)
            }
        }
    };
}

optional_word!(
    /// A name in the DNS that leads here.
    Domain,
    "NAME",
    "a name without scheme and port, such as meet.example.org",
    is_domain
);

optional_word!(
    /// The address of an ACME directory, RFC 8555, section 7.1.1.
    Directory,
    "URL",
    "an https address, such as https://ca.example.org/directory",
    is_https
);

optional_word!(EmailAddress, "ADDRESS", "a mail address, such as admin@example.org", is_email);

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inside && label.len() <= MAX_LABEL && !label.starts_with('-') && !label.ends_with('-')
    };
    is_host(text)
        && text.len() <= MAX_NAME
        && text.contains('.')
        && text.split('.').all(label)
        && text.parse::<IpAddr>().is_err()
}

fn is_https(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some())
}

pub fn is_email(text: &str) -> bool {
    let clean = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;?&".contains(&b));
    clean && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && is_domain(host))
}

/// A PEM file, or none when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PemFile(pub Option<PathBuf>);

impl fmt::Display for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display()))
    }
}

impl Word for PemFile {
    const PLACEHOLDER: &'static str = "FILE";

    fn expected() -> String {
        "a PEM file".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_name_and_nothing_else() {
        assert_eq!(Domain::read("Meet.Example.org"), Ok(Domain(Some("meet.example.org".into()))));
        assert_eq!(Domain::read(""), Ok(Domain(None)));
        let wrong = [
            "meet",
            "https://meet.example.org",
            "meet.example.org:443",
            "*.example.org",
            "-a.example.org",
            "a..example.org",
            "a.example.org.",
            "192.0.2.1",
            "[::1]",
            "a b.example.org",
            "a_b.example.org",
        ];
        for text in wrong {
            assert_eq!(Domain::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn a_directory_is_asked_by_https_only() {
        assert!(Directory::read("https://127.0.0.1:14000/dir").is_ok());
        for text in ["http://ca.example.org/", "ca.example.org", "https://", "ftp://a"] {
            assert_eq!(Directory::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn a_contact_is_one_mail_address() {
        assert!(EmailAddress::read("ops+parlor@example.org").is_ok());
        for text in ["ops", "@example.org", "ops@", "a@b.example,c@d.example", "ops@example"] {
            assert_eq!(EmailAddress::read(text), Err(Wrong::Kind), "{text}");
        }
    }
}
