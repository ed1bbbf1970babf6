//! What holds for any bytes at all that somebody shows as a token. The fuzzer takes this file as it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::claims::Claims;
use super::compact::Compact;
use super::strict;

pub fn a_token_is_read_in_one_way(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
    // The same bytes as a header and claims, past the envelope that hardly any chance gets right.
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let part = |part: Option<&[u8]>| URL_SAFE_NO_PAD.encode(part.unwrap_or_default());
    let (header, payload) = (part(parts.next()), part(parts.next()));
    read(&format!("{header}.{payload}.AAAA"));
    let good = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    read(&format!("{good}.{}.AAAA", URL_SAFE_NO_PAD.encode(bytes)));
}

fn read(text: &str) {
    let Ok(token) = Compact::read(text) else { return };
    assert_eq!(format!("{}.{}", token.signed, token.signature), text);
    let payload = token.signed.split_once('.').map_or("", |(_, payload)| payload);
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    assert_eq!(token.claims().ok(), strict::object(&payload));
    let Ok(claims) = token.claims() else { return };
    // What is taken means the same to every other reader.
    assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), Value::Object(claims.clone()));
    if let Ok(read) = Claims::read(&claims) {
        assert!(!read.rooms.is_empty() && claims.contains_key("exp"));
    }
}

#[test]
fn the_corpus_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/token");
    let files: Vec<_> =
        std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        a_token_is_read_in_one_way(&std::fs::read(file).unwrap());
    }
}
