//! What observations mean, and the one thing that mends each. No sockets, no clock.

pub mod certificate;
pub mod clock;
pub mod ice;
pub mod machine;
pub mod parlor;
pub mod protocol;
pub mod proxy;
pub mod reach;
pub mod relay;
pub mod relay_address;
pub mod websocket;

use std::fmt;

/// Why nothing sensible came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens there, or a firewall says so.
    Refused,
    /// Nothing came within the deadline.
    Silent,
    /// The other side ended the connection without an answer.
    Closed,
    NotHttp,
    Tls(String),
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the connection is refused"),
            Self::Silent => f.write_str("nothing comes back"),
            Self::Closed => f.write_str("the connection is closed without an answer"),
            Self::NotHttp => f.write_str("the answer is no HTTP"),
            Self::Tls(error) => write!(f, "the TLS handshake fails ({error})"),
            Self::Other(error) => f.write_str(error),
        }
    }
}

/// An answer to a GET, cut to what is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpAnswer {
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where visitors are sent on to, without the path.
    pub fn sent_on(&self) -> Option<String> {
        let location = self.header("location").filter(|_| (300..400).contains(&self.status))?;
        let (scheme, rest) = location.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        Some(shown(&format!("{scheme}://{host}")))
    }

    /// The first words, for people.
    pub fn said(&self) -> String {
        shown(&String::from_utf8_lossy(&self.body))
    }
}

pub type Got = Result<HttpAnswer, Trouble>;

/// Words of a stranger on one short line.
pub fn shown(text: &str) -> String {
    const SHOWN: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if line.chars().count() > SHOWN { clean + "…" } else { clean }
}

/// `1 warning`, `2 warnings`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// `a, b and c`
pub fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_strangers_are_one_short_clean_line() {
        assert_eq!(shown("<h1>\n  502\u{1b}[31m </h1>"), "<h1> 502[31m </h1>");
        assert_eq!(shown(&"a".repeat(5_000)).chars().count(), 161);
    }

    #[test]
    fn a_redirect_is_to_an_address_and_not_to_a_path() {
        let to = |status, location: &str| {
            let headers = vec![("location".into(), location.into())];
            HttpAnswer { status, headers, body: Vec::new() }.sent_on()
        };
        assert_eq!(to(308, "https://a.example/ws?x"), Some("https://a.example".into()));
        assert_eq!(to(302, "/login"), None);
        assert_eq!(to(200, "https://a.example/"), None);
    }

    #[test]
    fn lists_are_read_aloud() {
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(Vec::<&str>::new()), "");
        assert_eq!(count(1, "warning") + ", " + &count(2, "warning"), "1 warning, 2 warnings");
    }
}
