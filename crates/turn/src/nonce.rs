//! Nonces that nobody remembers (RFC 8489, section 9.2): a moment, and the proof that we gave it to this client.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, Mac as _};
use parlor_rooms::Timestamp;
use sha2::Sha256;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::address::{ClientAddr, Transport};

/// What a nonce begins with whose next four characters are security features (RFC 8489, section 9.2).
const COOKIE: &str = "obMatJos2";

/// Bit 0, the rightmost of 24: password algorithms (RFC 8489, section 18.1, as erratum 6290 corrects it).
const PASSWORD_ALGORITHMS: u8 = 0x01;
/// Bit 1: user names may be hashed.
const USERNAME_ANONYMITY: u8 = 0x02;

/// 96 bits of the HMAC: guessing one takes longer than it is good for.
const PROOF: usize = 12;

/// Whether clients are told that they may hide their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anonymity {
    Offered,
    NotOffered,
}

#[derive(Clone)]
pub(crate) struct Nonces {
    key: [u8; 32],
    lifetime: Duration,
}

impl Nonces {
    pub(crate) fn new(key: [u8; 32], lifetime: Duration) -> Self {
        Self { key, lifetime }
    }

    pub(crate) fn make(&self, client: &ClientAddr, anonymity: Anonymity, now: Timestamp) -> String {
        let features = match anonymity {
            Anonymity::Offered => PASSWORD_ALGORITHMS | USERNAME_ANONYMITY,
            Anonymity::NotOffered => PASSWORD_ALGORITHMS,
        };
        let mut nonce = String::with_capacity(COOKIE.len() + 4 + 22);
        nonce.push_str(COOKIE);
        STANDARD.encode_string([0, 0, features], &mut nonce);
        let seconds = seconds(now);
        let mut body = [0; 4 + PROOF];
        let (time, proof) = body.split_at_mut(4);
        time.copy_from_slice(&seconds.to_be_bytes());
        proof.copy_from_slice(&self.proof(&nonce, client, seconds));
        STANDARD_NO_PAD.encode_string(body, &mut nonce);
        nonce
    }

    /// Whether we gave this nonce to this client, and not too long ago.
    pub(crate) fn is_fresh(&self, nonce: &[u8], client: &ClientAddr, now: Timestamp) -> bool {
        let Some((prefix, given, proof)) = read(nonce) else { return false };
        let age = seconds(now).checked_sub(given).map(u64::from);
        age.is_some_and(|age| Duration::from_secs(age) < self.lifetime)
            && self.mac(prefix, client, given).verify_truncated_left(&proof).is_ok()
    }

    fn proof(&self, prefix: &str, client: &ClientAddr, seconds: u32) -> [u8; PROOF] {
        let full = self.mac(prefix.as_bytes(), client, seconds).finalize().into_bytes();
        full.first_chunk().copied().unwrap_or_default()
    }

    /// The security features are proved too: nobody on the way can take them out (RFC 8489, section 9.2.1).
    fn mac(&self, prefix: &[u8], client: &ClientAddr, seconds: u32) -> Hmac<Sha256> {
        let transport = match client.transport {
            Transport::Udp => 0,
            Transport::Tcp => 1,
            Transport::Tls => 2,
        };
        keyed(&self.key)
            .chain_update(prefix)
            .chain_update(seconds.to_be_bytes())
            .chain_update(socket(asking(client)))
            .chain_update(socket(client.local))
            .chain_update([transport])
    }
}

/// The handshake of TCP has proven the address. Its port would be one too much: a client's data connections go on with
/// the nonce of its control connection (RFC 6062, section 4.3).
fn asking(client: &ClientAddr) -> SocketAddr {
    match client.transport {
        Transport::Udp => client.remote,
        Transport::Tcp | Transport::Tls => SocketAddr::new(client.remote.ip(), 0),
    }
}

/// An HMAC takes keys of any length, so the default is never used.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key)
        .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

fn read(nonce: &[u8]) -> Option<(&[u8], u32, [u8; PROOF])> {
    let (prefix, body) = nonce.split_at_checked(COOKIE.len() + 4)?;
    let mut bytes = [0; 4 + PROOF];
    // The decoder takes a buffer that is larger than what it may need.
    let mut decoded = [0; 4 + PROOF + 2];
    let length = STANDARD_NO_PAD.decode_slice(body, &mut decoded).ok()?;
    bytes.copy_from_slice(decoded.get(..length).filter(|_| length == 4 + PROOF)?);
    let (time, proof) = bytes.split_first_chunk::<4>()?;
    Some((prefix, u32::from_be_bytes(*time), proof.try_into().ok()?))
}

/// One form for both families, so that no two clients look alike.
fn socket(address: SocketAddr) -> [u8; 18] {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut bytes = [0; 18];
    let (head, port) = bytes.split_at_mut(16);
    head.copy_from_slice(&ip.octets());
    port.copy_from_slice(&address.port().to_be_bytes());
    bytes
}

/// Until 2106.
fn seconds(now: Timestamp) -> u32 {
    u32::try_from(now.0 / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(port: u16) -> ClientAddr {
        ClientAddr {
            remote: SocketAddr::from(([192, 0, 2, 1], port)),
            local: SocketAddr::from(([192, 0, 2, 9], 3478)),
            transport: Transport::Udp,
        }
    }

    fn nonces() -> Nonces {
        Nonces::new([7; 32], Duration::from_secs(60))
    }

    const T: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn the_connections_of_one_client_share_a_nonce_and_its_datagrams_do_not() {
        for (transport, shared) in
            [(Transport::Udp, false), (Transport::Tcp, true), (Transport::Tls, true)]
        {
            let by = |port| ClientAddr { transport, ..client(port) };
            let nonce = nonces().make(&by(1), Anonymity::NotOffered, T);
            assert!(nonces().is_fresh(nonce.as_bytes(), &by(1), T));
            assert_eq!(nonces().is_fresh(nonce.as_bytes(), &by(2), T), shared, "{transport:?}");
        }
    }

    #[test]
    fn a_nonce_is_good_for_its_time() {
        let nonce = nonces().make(&client(1), Anonymity::NotOffered, T);
        let good = |now| nonces().is_fresh(nonce.as_bytes(), &client(1), now);
        assert!(good(T) && good(Timestamp(T.0 + 59_999)));
        assert!(!good(Timestamp(T.0 + 60_000)) && !good(Timestamp(T.0 - 1_000)));
    }

    #[test]
    fn a_nonce_is_for_one_client_of_one_server() {
        let nonce = nonces().make(&client(1), Anonymity::NotOffered, T);
        let tls = ClientAddr { transport: Transport::Tls, ..client(1) };
        assert!(!nonces().is_fresh(nonce.as_bytes(), &client(2), T));
        assert!(!nonces().is_fresh(nonce.as_bytes(), &tls, T));
        let other = Nonces::new([8; 32], Duration::from_secs(60));
        assert!(!other.is_fresh(nonce.as_bytes(), &client(1), T));
    }

    #[test]
    fn a_nonce_tells_the_security_features_and_is_short() {
        let with = |anonymity| nonces().make(&client(1), anonymity, T);
        assert!(with(Anonymity::NotOffered).starts_with("obMatJos2AAAB"));
        assert!(with(Anonymity::Offered).starts_with("obMatJos2AAAD"));
        assert_eq!(with(Anonymity::Offered).len(), 35);
    }

    #[test]
    fn what_was_changed_is_no_nonce() {
        let nonce = nonces().make(&client(1), Anonymity::NotOffered, T).into_bytes();
        for at in 0..nonce.len() {
            let mut changed = nonce.clone();
            changed[at] ^= 1;
            assert!(!nonces().is_fresh(&changed, &client(1), T), "{at}");
            assert!(!nonces().is_fresh(&nonce[..at], &client(1), T), "{at}");
        }
        assert!(!nonces().is_fresh(&[nonce, b"AAAA".to_vec()].concat(), &client(1), T));
    }
}
