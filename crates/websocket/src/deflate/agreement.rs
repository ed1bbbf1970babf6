//! What client and server agree on in the opening handshake, section 7.1.

const NAME: &str = "permessage-deflate";
const SMALLEST_WINDOW: u8 = 8;
const LARGEST_WINDOW: u8 = 15;

/// What the server is ready to remember from one message to the next, for each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For what it sends: about 300 KiB.
    pub server_context: bool,
    /// For what it gets: about 45 KiB.
    pub client_context: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    /// 8 to 15: the server's references reach back 2^bits bytes at most.
    pub server_max_window_bits: u8,
}

impl Default for Agreement {
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: LARGEST_WINDOW,
        }
    }
}

impl Agreement {
    /// What the server answers as `Sec-WebSocket-Extensions`.
    #[must_use]
    pub fn header_value(&self) -> String {
        let mut value = String::from(NAME);
        if self.server_no_context_takeover {
            value.push_str("; server_no_context_takeover");
        }
        if self.client_no_context_takeover {
            value.push_str("; client_no_context_takeover");
        }
        if self.server_max_window_bits < LARGEST_WINDOW {
            value.push_str("; server_max_window_bits=");
            value.push_str(&self.server_max_window_bits.to_string());
        }
        value
    }
}

/// The first offer in the `Sec-WebSocket-Extensions` of a client that can be taken. One that is not well formed is passed over,
/// as the RFC asks.
#[must_use]
pub fn negotiate<'a>(
    headers: impl IntoIterator<Item = &'a str>,
    policy: Policy,
) -> Option<Agreement> {
    let offers = headers.into_iter().flat_map(|header| header.split(','));
    let mut agreement = offers.filter_map(read_offer).next()?;
    agreement.server_no_context_takeover |= !policy.server_context;
    agreement.client_no_context_takeover |= !policy.client_context;
    Some(agreement)
}

fn read_offer(offer: &str) -> Option<Agreement> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some(NAME) {
        return None;
    }
    let mut agreement = Agreement::default();
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(unquoted(value.trim()))),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            ("server_no_context_takeover", None) => agreement.server_no_context_takeover = true,
            ("client_no_context_takeover", None) => agreement.client_no_context_takeover = true,
            ("server_max_window_bits", Some(bits)) => {
                agreement.server_max_window_bits = window_bits(bits)?;
            }
            // The client could be asked for a smaller window; the largest is what we have anyway.
            ("client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(bits)) => {
                window_bits(bits)?;
            }
            _ => return None,
        }
    }
    Some(agreement)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// A decimal number without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    let digits = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
    let bits = value.parse().ok().filter(|_| digits)?;
    (SMALLEST_WINDOW..=LARGEST_WINDOW).contains(&bits).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENEROUS: Policy = Policy { server_context: true, client_context: true };
    const SPARING: Policy = Policy { server_context: false, client_context: false };

    fn answer(offers: &[&str], policy: Policy) -> Option<String> {
        negotiate(offers.iter().copied(), policy).map(|agreement| agreement.header_value())
    }

    #[test]
    fn what_is_offered_is_taken() {
        for (offer, expected) in [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate;client_max_window_bits=\"10\"", "permessage-deflate"),
            (
                "permessage-deflate; server_no_context_takeover ; client_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            ),
            (
                "permessage-deflate; server_max_window_bits=9",
                "permessage-deflate; server_max_window_bits=9",
            ),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate"),
            ("bbf-usp-protocol, permessage-deflate", "permessage-deflate"),
        ] {
            assert_eq!(answer(&[offer], GENEROUS).as_deref(), Some(expected), "{offer}");
        }
    }

    #[test]
    fn a_policy_saves_memory_whatever_is_offered() {
        let expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        assert_eq!(answer(&["permessage-deflate"], SPARING).as_deref(), Some(expected));
    }

    #[test]
    fn a_bad_offer_is_passed_over() {
        let bad = [
            "",
            "permessage-bzip2",
            "permessage-deflate; x",
            "permessage-deflate; ",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=\"\"",
        ];
        assert_eq!(answer(&bad, GENEROUS), None);
        let mut with_a_good_one = bad.to_vec();
        with_a_good_one.push("permessage-deflate; server_max_window_bits=10, permessage-deflate");
        let expected = "permessage-deflate; server_max_window_bits=10";
        assert_eq!(answer(&with_a_good_one, GENEROUS).as_deref(), Some(expected));
    }
}
