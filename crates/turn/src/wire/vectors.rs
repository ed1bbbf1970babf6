//! The test vectors of RFC 5769 and RFC 8489.

use super::integrity::{Hash, Key, PasswordAlgorithm};
use super::message::Message;
use crate::credentials::Credentials;

/// RFC 5769, section 2.1: short-term credentials, padded with blanks.
const SHORT_TERM_REQUEST: &str = "\
    000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
    80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249\
    c1b571a280280004e57a3bcf";

/// RFC 5769, section 2.2.
const IPV4_RESPONSE: &str = "\
    0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643\
    000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";

/// RFC 5769, section 2.3.
const IPV6_RESPONSE: &str = "\
    010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9fa\
    a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";

/// RFC 5769, section 2.4.
const LONG_TERM_REQUEST: &str = "\
    000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c\
    662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f72670000080014\
    f67024656dd64a3e02b8e0712e85c9a28ca89666";

/// RFC 8489, appendix B.1, as erratum 6268 corrects it.
const SHA_256_REQUEST: &str = "\
    000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b2\
    05c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c3946535476\
    79363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c51c5e8\
    92f81924136296cb927c43149309278cc6518e65";

/// After SASLprep.
const USER: &str = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
const PASSWORD: &str = "TheMatrIX";

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}

fn verifies(vector: &str, key: &Key) -> bool {
    let bytes = bytes(vector);
    let message = Message::parse(&bytes).unwrap();
    key.verifies(message.bytes, &message.attributes.integrity.unwrap())
}

/// The HMAC fills a short key with zeros, so a password can stand in the place of a digest.
fn short_term(password: &[u8]) -> Key {
    let mut key = [0; 32];
    key[..password.len()].copy_from_slice(password);
    Key::Sha256(key)
}

#[test]
fn short_term_messages_verify_with_their_fingerprints() {
    let key = short_term(b"VOkJxbRl1RmTxUk/WvJxBt");
    for vector in [SHORT_TERM_REQUEST, IPV4_RESPONSE, IPV6_RESPONSE] {
        assert!(verifies(vector, &key));
        assert!(!verifies(vector, &short_term(b"VOkJxbRl1RmTxUk/WvJxBT")));
        let mut changed = bytes(vector);
        *changed.last_mut().unwrap() ^= 1;
        assert!(Message::parse(&changed).is_none(), "the fingerprint is looked at");
    }
    let bytes = bytes(SHORT_TERM_REQUEST);
    let attributes = Message::parse(&bytes).unwrap().attributes;
    assert_eq!((attributes.username, attributes.fingerprint), (Some("evtj:h6vY"), true));
    assert_eq!(attributes.unknown, [0x0024], "PRIORITY is for ICE agents");
}

#[test]
fn a_long_term_request_verifies() {
    let key = |password| Key::new(PasswordAlgorithm::Md5, USER, "example.org", password);
    assert!(verifies(LONG_TERM_REQUEST, &key(PASSWORD)));
    assert!(!verifies(LONG_TERM_REQUEST, &key("TheMatrix")));
    let bytes = bytes(LONG_TERM_REQUEST);
    let attributes = Message::parse(&bytes).unwrap().attributes;
    assert_eq!(attributes.username, Some(USER));
    assert_eq!(attributes.realm, Some(&b"example.org"[..]));
    assert_eq!(attributes.nonce, Some(&b"f//499k954d6OL34oL9FSTvy64sA"[..]));
}

#[test]
fn a_request_with_sha_256_and_a_hashed_name_verifies() {
    let key = Key::new(PasswordAlgorithm::Sha256, USER, "example.org", PASSWORD);
    assert!(verifies(SHA_256_REQUEST, &key));
    let bytes = bytes(SHA_256_REQUEST);
    let attributes = Message::parse(&bytes).unwrap().attributes;
    assert_eq!(attributes.integrity.unwrap().hash, Hash::Sha256);
    assert_eq!(attributes.password_algorithm, Some(&[0, 2, 0, 0][..]));
    let mut credentials = Credentials::default();
    credentials.users.insert(USER.into(), PASSWORD.into());
    let known = credentials.find_by_hash(attributes.userhash.unwrap(), "example.org").unwrap();
    assert_eq!(known.username, USER);
}

#[test]
fn a_signature_is_what_the_vectors_have() {
    let vector = bytes(LONG_TERM_REQUEST);
    let key = Key::new(PasswordAlgorithm::Md5, USER, "example.org", PASSWORD);
    let mut mark = [0; 20];
    key.sign(Hash::Sha1, &vector[..vector.len() - 24], &mut mark);
    assert_eq!(mark, vector[vector.len() - 20..]);
}
