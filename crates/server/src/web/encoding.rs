//! Which of our encodings a client wants most (RFC 9110, section 12.5.3).

use axum::http::{HeaderMap, header::ACCEPT_ENCODING};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// For `Content-Encoding`; nothing is said about content as it is.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// The best of `available`, which is in our order of preference. A client that wants none of them
/// gets the content as it is, which the RFC prefers to a refusal.
pub fn negotiate(headers: &HeaderMap, available: &[Encoding]) -> Encoding {
    let wishes = Wishes::read(headers);
    let mut best = (Encoding::Identity, 0);
    for &encoding in available {
        let quality = wishes.quality(encoding);
        if quality > best.1 {
            best = (encoding, quality);
        }
    }
    best.0
}

/// Thousandths per coding, as said by the client.
#[derive(Default)]
struct Wishes {
    brotli: Option<u16>,
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Wishes {
    fn read(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        let lines =
            headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
        for item in lines.flat_map(|line| line.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
            let slot = match coding.as_str() {
                "br" => &mut wishes.brotli,
                "gzip" | "x-gzip" => &mut wishes.gzip,
                "identity" => &mut wishes.identity,
                "*" => &mut wishes.any,
                _ => continue,
            };
            *slot = Some(parts.next().map_or(1_000, thousandths));
        }
        wishes
    }

    fn quality(&self, encoding: Encoding) -> u16 {
        match encoding {
            Encoding::Brotli => self.brotli.or(self.any).unwrap_or(0),
            Encoding::Gzip => self.gzip.or(self.any).unwrap_or(0),
            // Always acceptable unless excluded, but never wanted more than what was asked for.
            Encoding::Identity => self.identity.or(self.any).unwrap_or(1),
        }
    }
}

/// `q=0.75` is 750; a quality that cannot be read counts as none at all.
fn thousandths(parameter: &str) -> u16 {
    let Some(value) = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")) else {
        return 0;
    };
    value
        .parse::<f32>()
        .ok()
        .filter(|q| (0.0..=1.0).contains(q))
        .map_or(0, |q| (q * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::{Encoding::*, *};

    fn chosen(accept: &[&str]) -> Encoding {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(ACCEPT_ENCODING, line.parse().unwrap());
        }
        negotiate(&headers, &[Brotli, Gzip, Identity])
    }

    #[test]
    fn the_client_decides_and_brotli_wins_a_tie() {
        assert_eq!(chosen(&[]), Identity);
        assert_eq!(chosen(&[""]), Identity);
        assert_eq!(chosen(&["gzip, deflate, br, zstd"]), Brotli);
        assert_eq!(chosen(&["gzip"]), Gzip);
        assert_eq!(chosen(&["deflate"]), Identity);
        assert_eq!(chosen(&["*"]), Brotli);
        assert_eq!(chosen(&["GZIP ; Q=0.5"]), Gzip);
        assert_eq!(chosen(&["deflate", "gzip"]), Gzip);
        assert_eq!(chosen(&["br;q=0.5, gzip;q=0.8"]), Gzip);
        assert_eq!(chosen(&["br;q=0.5, gzip;q=0.4, identity;q=0.6"]), Identity);
        assert_eq!(chosen(&["identity;q=0, gzip;q=0.001"]), Gzip);
    }

    #[test]
    fn zero_means_never() {
        assert_eq!(chosen(&["br;q=0, gzip"]), Gzip);
        assert_eq!(chosen(&["br;q=0, *"]), Gzip);
        assert_eq!(chosen(&["gzip;q=0.000"]), Identity);
        assert_eq!(chosen(&["*;q=0"]), Identity);
        assert_eq!(chosen(&["br;q=high, gzip;q=2"]), Identity);
    }

    #[test]
    fn what_we_do_not_have_is_not_chosen() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, "br, gzip".parse().unwrap());
        assert_eq!(negotiate(&headers, &[Gzip, Identity]), Gzip);
        assert_eq!(negotiate(&headers, &[Identity]), Identity);
    }
}
