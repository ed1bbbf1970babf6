//! How a receiver knows that a body is ours and new: an HMAC-SHA256 over the time and the body.

use std::fmt::Write;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

/// The header that carries it.
pub const HEADER: &str = "parlor-signature";

/// The keys that sign: the one in use, and the one before it while receivers change over.
pub struct Keys(Vec<Key>);

impl Keys {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(secrets.into_iter().map(|secret| Key::new(HMAC_SHA256, secret.as_bytes())).collect())
    }

    /// The value of the header at this time, in seconds since 1970: one `v1` for each key.
    pub fn sign(&self, seconds: u64, body: &[u8]) -> String {
        let signed = [format!("{seconds}.").as_bytes(), body].concat();
        let mut value = format!("t={seconds}");
        for key in &self.0 {
            value.push_str(",v1=");
            for byte in sign(key, &signed).as_ref() {
                _ = write!(value, "{byte:02x}");
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_what_openssl_says() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        let keys = Keys::new(["key", "older"]);
        let value = keys.sign(1_700_000_000, b"{}");
        let parts: Vec<&str> = value.split(',').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], "t=1700000000");
        assert_eq!(parts[1], "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
        assert_ne!(parts[1], parts[2]);
    }
}
