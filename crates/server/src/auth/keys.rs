//! Keys that tokens are verified with. Each has one algorithm, so that no key is ever used as another kind of key.

use std::fmt;
use std::fs;
use std::path::Path;

use jsonwebtoken::crypto;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm as Signing, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::compact::{Algorithm, Compact};

/// RFC 7518, section 3.2: a key of the size of the hash, or larger.
pub const MIN_SECRET_BYTES: usize = 32;
/// Of one file or set; far more than anybody rotates through.
pub const MAX_KEYS: usize = 64;
pub const MAX_FILE_BYTES: u64 = 256 * 1024;

#[derive(Clone)]
pub struct Key {
    /// Without one it fits whatever a token says.
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {})", self.id, self.algorithm.word())
    }
}

#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

/// What the keys say of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// Not signed by the key that it names, or by any that could have been meant.
    Forged,
    /// There is no such key here.
    UnknownKey,
}

impl Keys {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, key: Key) {
        self.0.push(key);
    }

    pub fn extend(&mut self, keys: Self) {
        self.0.extend(keys.0);
    }

    pub fn verify(&self, token: &Compact<'_>) -> Verdict {
        let mut fitting = self.0.iter().filter(|key| key.fits(token)).peekable();
        if fitting.peek().is_none() {
            return Verdict::UnknownKey;
        }
        if fitting.any(|key| key.verifies(token)) { Verdict::Good } else { Verdict::Forged }
    }
}

impl Key {
    pub fn secret(secret: &[u8]) -> Option<Self> {
        let key = DecodingKey::from_secret(secret);
        let long_enough = secret.len() >= MIN_SECRET_BYTES;
        long_enough.then_some(Self { id: None, algorithm: Algorithm::Hs256, key })
    }

    /// A public key in PEM. The private one has no business on a server that only verifies.
    fn pem(text: &str) -> Result<Self, String> {
        if text.contains("PRIVATE KEY") {
            return Err("is a private key; the public one is enough (openssl pkey -pubout)".into());
        }
        let bytes = text.as_bytes();
        let of = |algorithm, key| Self { id: None, algorithm, key };
        DecodingKey::from_rsa_pem(bytes)
            .map(|key| of(Algorithm::Rs256, key))
            .or_else(|_| DecodingKey::from_ec_pem(bytes).map(|key| of(Algorithm::Es256, key)))
            .or_else(|_| DecodingKey::from_ed_pem(bytes).map(|key| of(Algorithm::EdDsa, key)))
            .ok()
            .filter(Self::has_its_size)
            .ok_or_else(|| {
                "is no public key in PEM of RSA (2048 bits or more), P-256 or Ed25519".into()
            })
    }

    /// A key of a set (RFC 7517). Secrets are refused: who reads the set could make tokens.
    fn jwk(value: &Value) -> Result<Self, &'static str> {
        if value.get("d").is_some() || value.get("k").is_some() {
            return Err("has a secret in it; only public keys belong there");
        }
        let jwk = Jwk::deserialize(value).map_err(|_| "is no key as RFC 7517 has it")?;
        let algorithm = algorithm_of(&jwk.algorithm).ok_or("is of a kind that is not used here")?;
        let common = &jwk.common;
        let other_algorithm =
            common.key_algorithm.is_some_and(|named| named != named_in_jwk(algorithm));
        let other_use =
            common.public_key_use.as_ref().is_some_and(|use_| *use_ != PublicKeyUse::Signature);
        let operations = common.key_operations.as_ref();
        let unused = operations.is_some_and(|all| !all.contains(&KeyOperations::Verify));
        if other_algorithm || other_use || unused {
            return Err("is for another use");
        }
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| "cannot be read")?;
        Ok(Self { id: jwk.common.key_id, algorithm, key })
    }

    /// The library tells curves and sizes apart only when something is verified.
    fn has_its_size(&self) -> bool {
        const P256_POINT: usize = 65;
        const RSA_2048: usize = 256;
        let size = self.key.try_get_as_bytes().map_or(0, <[u8]>::len);
        match self.algorithm {
            Algorithm::Es256 => size == P256_POINT,
            Algorithm::Rs256 => size > RSA_2048,
            Algorithm::Hs256 | Algorithm::EdDsa => true,
        }
    }

    fn fits(&self, token: &Compact<'_>) -> bool {
        let named = token.header.key_id.as_ref();
        let named = named.zip(self.id.as_ref()).is_none_or(|(wanted, own)| wanted == own);
        named && self.algorithm == token.header.algorithm
    }

    /// MACs are compared in constant time by the library; the other kinds have no secret here.
    fn verifies(&self, token: &Compact<'_>) -> bool {
        let algorithm = signing(self.algorithm);
        crypto::verify(token.signature, token.signed.as_bytes(), &self.key, algorithm)
            .unwrap_or(false)
    }
}

/// The one that a kind of key is for; of the rest there may be more kinds one day.
fn algorithm_of(key: &AlgorithmParameters) -> Option<Algorithm> {
    if let AlgorithmParameters::RSA(_) = key {
        return Some(Algorithm::Rs256);
    }
    if let AlgorithmParameters::EllipticCurve(key) = key {
        return (key.curve == EllipticCurve::P256).then_some(Algorithm::Es256);
    }
    let AlgorithmParameters::OctetKeyPair(key) = key else { return None };
    (key.curve == EllipticCurve::Ed25519).then_some(Algorithm::EdDsa)
}

pub fn signing(algorithm: Algorithm) -> Signing {
    match algorithm {
        Algorithm::Hs256 => Signing::HS256,
        Algorithm::Rs256 => Signing::RS256,
        Algorithm::Es256 => Signing::ES256,
        Algorithm::EdDsa => Signing::EdDSA,
    }
}

fn named_in_jwk(algorithm: Algorithm) -> KeyAlgorithm {
    match algorithm {
        Algorithm::Hs256 => KeyAlgorithm::HS256,
        Algorithm::Rs256 => KeyAlgorithm::RS256,
        Algorithm::Es256 => KeyAlgorithm::ES256,
        Algorithm::EdDsa => KeyAlgorithm::EdDSA,
    }
}

/// A file with a public key in PEM, a JWK or a JWK set, all of whose keys must be of use.
pub fn read_file(path: &Path) -> Result<Keys, String> {
    let text = read_text(path)?;
    let told = |why: &dyn fmt::Display| format!("{} {why}", path.display());
    if !text.trim_start().starts_with('{') {
        let key = Key::pem(&text).map_err(|why| told(&why))?;
        return Ok(Keys(vec![key]));
    }
    let value: Value = serde_json::from_str(&text).map_err(|_| told(&"is no JSON"))?;
    let keys = match value.get("keys") {
        Some(Value::Array(keys)) => keys.iter().map(Key::jwk).collect(),
        Some(_) => Err("has no list of keys"),
        None => Key::jwk(&value).map(|key| vec![key]),
    };
    let keys = keys.map_err(|why| told(&why))?;
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(told(&format!("must have from 1 to {MAX_KEYS} keys")));
    }
    Ok(Keys(keys))
}

/// A set as it is published: keys that are for something else are passed over.
pub fn read_set(text: &[u8]) -> Result<Keys, &'static str> {
    let value: Value = serde_json::from_slice(text).map_err(|_| "it is no JSON")?;
    let keys = value.get("keys").and_then(Value::as_array).ok_or("it has no list `keys`")?;
    if keys.len() > MAX_KEYS {
        return Err("it has more than 64 keys");
    }
    Ok(Keys(keys.iter().filter_map(|key| Key::jwk(key).ok()).collect()))
}

pub fn read_text(path: &Path) -> Result<String, String> {
    let told = |why: &dyn fmt::Display| format!("cannot read {}: {why}", path.display());
    let length = fs::metadata(path).map_err(|error| told(&error))?.len();
    if length > MAX_FILE_BYTES {
        return Err(told(&"it is too large"));
    }
    fs::read_to_string(path).map_err(|error| told(&error))
}
