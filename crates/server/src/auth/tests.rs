//! Which tokens let whom in where: each refusal by its code, with real signatures.

use super::*;
use crate::config::{Audience, Issuer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm as Signing, EncodingKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use serde_json::{Value, json};

const SECRET: &str = "a secret of more than thirty-two bytes";
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    config.tokens.secret.0 = SECRET.into();
    // Nothing is ever written there.
    config.server.state_dir.0 = Some("/nonexistent/parlor".into());
    change(&mut config);
    config
}

fn auth(change: impl FnOnce(&mut Config)) -> Arc<Auth> {
    Auth::start(&config(change)).unwrap()
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn seconds(from_now: i64) -> i64 {
    i64::try_from(NOW.0 / 1_000).unwrap() + from_now
}

/// A good token with something changed; `null` takes a claim away.
fn claims(change: Value) -> Value {
    let mut claims = json!({ "aud": "parlor", "sub": "ada", "room": "standup", "iat": seconds(-5), "exp": seconds(60), "jti": "1" });
    let object = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            object.remove(name)
        } else {
            object.insert(name.clone(), value.clone())
        };
    }
    claims
}

fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Signing) -> JoinToken {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(signed.as_bytes(), key, algorithm).unwrap();
    JoinToken::new(&format!("{signed}.{signature}")).unwrap()
}

fn token(change: Value) -> JoinToken {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    signed(&json!({ "alg": "HS256" }), &claims(change), &key, Signing::HS256)
}

fn code(auth: &Auth, token: &JoinToken) -> &'static str {
    match auth.admit(Some(token), &room("standup"), NOW) {
        Ok(_) => "ok",
        Err(why) => why.code(),
    }
}

#[test]
fn without_a_key_every_room_is_open_and_tokens_mean_nothing() {
    let auth = Auth::none();
    assert_eq!(auth.admit(None, &room("standup"), NOW), Ok(Admission::default()));
    assert_eq!(code(&auth, &JoinToken::new("x").unwrap()), "ok");
    assert!(auth.has_open_rooms() && !auth.proves_identity());
}

#[test]
fn with_a_key_a_room_needs_a_token_unless_it_is_open() {
    let without = |auth: &Auth, name: &str| auth.admit(None, &room(name), NOW);
    let closed = auth(|_| {});
    assert_eq!(without(&closed, "standup"), Err(Unadmitted::Missing));
    assert!(!closed.has_open_rooms());
    let some = auth(|config| config.tokens.open_rooms = vec![Pattern::parse("club-*").unwrap()]);
    assert_eq!(without(&some, "club-7"), Ok(Admission::default()));
    assert_eq!(without(&some, "standup"), Err(Unadmitted::Missing));
    let all = auth(|config| config.server.open_rooms = true);
    assert_eq!(without(&all, "standup"), Ok(Admission::default()));
    // Whoever shows a token means it.
    assert_eq!(code(&all, &JoinToken::new("x").unwrap()), "token-invalid");
}

#[test]
fn a_token_says_as_what_somebody_comes_in() {
    let auth = auth(|_| {});
    let admit = |change| auth.admit(Some(&token(change)), &room("standup"), NOW).unwrap();
    let pass =
        Pass { id: PassId::parse("1").ok(), issued_at: Timestamp(NOW.0 - 5_000), ends_at: None };
    let plain = Admission {
        identity: parlor_rooms::Identity::parse("ada").ok(),
        pass: Some(pass),
        ..Admission::default()
    };
    assert_eq!(admit(json!({})), plain);
    assert_eq!(
        admit(json!({ "role": "moderator", "name": "Ada", "grants": ["join", "chat", "hidden"] })),
        Admission {
            role: Some(Role::Moderator),
            name: parlor_rooms::DisplayName::parse("Ada").ok(),
            permissions: Some(parlor_rooms::Permissions::of(&[Permission::Chat])),
            hidden: true,
            may_create: false,
            ..plain
        }
    );
    // Who was granted single things does not own the room for having come first.
    let role = |grants: Value| admit(json!({ "grants": grants })).role;
    assert_eq!(role(json!(["join", "create"])), Some(Role::Speaker));
    assert_eq!(role(json!(["join", "moderate"])), Some(Role::Moderator));
}

#[test]
fn a_membership_ends_with_its_token_where_that_is_set() {
    let auth = auth(|config| config.tokens.end_sessions = true);
    let admission = auth.admit(Some(&token(json!({}))), &room("standup"), NOW).unwrap();
    assert_eq!(admission.pass.unwrap().ends_at, Some(Timestamp(NOW.0 + 60_000)));
}

#[test]
fn times_are_judged_with_leeway() {
    let auth = auth(|_| {});
    for (change, wanted) in [
        (json!({ "exp": seconds(0) }), "ok"),
        (json!({ "exp": seconds(-29) }), "ok"),
        (json!({ "exp": seconds(-30) }), "token-expired"),
        (json!({ "exp": 0 }), "token-expired"),
        (json!({ "nbf": seconds(30) }), "ok"),
        (json!({ "nbf": seconds(31) }), "token-early"),
        (json!({ "iat": seconds(30) }), "ok"),
        (json!({ "iat": seconds(31) }), "token-early"),
        (json!({ "exp": null }), "token-invalid"),
        (json!({ "iat": null, "exp": seconds(86_400) }), "ok"),
        (json!({ "iat": null, "exp": seconds(86_431) }), "token-invalid"),
        (json!({ "iat": seconds(-86_400), "exp": seconds(31) }), "token-invalid"),
        (json!({ "exp": 253_402_300_799_u64 }), "token-invalid"),
    ] {
        assert_eq!(code(&auth, &token(change.clone())), wanted, "{change}");
    }
}

#[test]
fn who_it_is_from_and_for_is_judged() {
    let plain = auth(|_| {});
    for (change, wanted) in [
        (json!({ "aud": ["other", "parlor"] }), "ok"),
        (json!({ "aud": "other" }), "token-invalid"),
        (json!({ "aud": null }), "token-invalid"),
        (json!({ "aud": [] }), "token-invalid"),
        (json!({ "aud": "parlor " }), "token-invalid"),
        (json!({ "room": "*" }), "ok"),
        (json!({ "room": ["kitchen", "stand*"] }), "ok"),
        (json!({ "room": "kitchen" }), "token-other-room"),
        (json!({ "room": "Standup" }), "token-other-room"),
        (json!({ "room": "st\u{430}ndup" }), "token-other-room"),
        (json!({ "room": null }), "token-invalid"),
        (json!({ "grants": ["create"] }), "token-no-grant"),
        (json!({ "grants": [] }), "token-no-grant"),
        (json!({ "grants": ["fly"] }), "token-invalid"),
    ] {
        assert_eq!(code(&plain, &token(change.clone())), wanted, "{change}");
    }
    let choosy = auth(|config| {
        config.tokens.audience = Audience(Some("meet".into()));
        config.tokens.issuers = vec![Issuer("one".into()), Issuer("two".into())];
    });
    for (change, wanted) in [
        (json!({ "aud": "meet", "iss": "two" }), "ok"),
        (json!({ "aud": "meet" }), "token-invalid"),
        (json!({ "aud": "meet", "iss": "three" }), "token-invalid"),
        (json!({ "iss": "one" }), "token-invalid"),
    ] {
        assert_eq!(code(&choosy, &token(change.clone())), wanted, "{change}");
    }
}

#[test]
fn whatever_is_changed_after_signing_is_noticed() {
    let auth = auth(|_| {});
    let good = token(json!({}));
    let text = good.reveal();
    assert_eq!(code(&auth, &good), "ok");
    for at in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = JoinToken::new(&String::from_utf8(bytes).unwrap()).unwrap();
        assert_eq!(code(&auth, &changed), "token-invalid", "letter {at}");
        if at > 0 {
            let cut = JoinToken::new(&text[..at]).unwrap();
            assert_eq!(code(&auth, &cut), "token-invalid", "the first {at} letters");
        }
    }
}

#[test]
fn another_secret_is_no_secret_of_ours() {
    let auth = auth(|_| {});
    for secret in ["", "a", "another secret of more than thirty-two bytes", &SECRET[1..]] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let forged = signed(&json!({ "alg": "HS256" }), &claims(json!({})), &key, Signing::HS256);
        assert_eq!(code(&auth, &forged), "token-invalid", "{secret}");
    }
}

struct Files(std::path::PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parlor-keys-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_public_key_verifies_its_own_algorithm_and_is_no_secret() {
    let files = Files::new("public");
    let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let ed = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let public =
        [files.write("ec.pem", &ec.public_key_pem()), files.write("ed.pem", &ed.public_key_pem())];
    let config = config(|config| {
        config.tokens.secret.0.clear();
        config.tokens.keys = public.iter().cloned().map(crate::config::KeyFile).collect();
    });
    let auth = Auth::start(&config).unwrap();
    let ec_key = EncodingKey::from_ec_pem(ec.serialize_pem().as_bytes()).unwrap();
    let ed_key = EncodingKey::from_ed_pem(ed.serialize_pem().as_bytes()).unwrap();
    let token = |alg: &str, key: &EncodingKey, algorithm| {
        signed(&json!({ "alg": alg, "kid": "whatever" }), &claims(json!({})), key, algorithm)
    };
    assert_eq!(code(&auth, &token("ES256", &ec_key, Signing::ES256)), "ok");
    assert_eq!(code(&auth, &token("EdDSA", &ed_key, Signing::EdDSA)), "ok");
    // A signature of one kind under the name of another.
    assert_eq!(code(&auth, &token("EdDSA", &ec_key, Signing::ES256)), "token-invalid");
    assert_eq!(code(&auth, &token("ES256", &ed_key, Signing::EdDSA)), "token-invalid");
    assert_eq!(code(&auth, &token("RS256", &ec_key, Signing::ES256)), "token-invalid");
    for text in [
        ec.public_key_pem().into_bytes(),
        ec.public_key_raw().to_vec(),
        ed.public_key_raw().to_vec(),
    ] {
        let key = EncodingKey::from_secret(&text);
        assert_eq!(code(&auth, &token("HS256", &key, Signing::HS256)), "token-invalid");
    }
}

#[test]
fn a_key_that_is_of_no_use_is_told_at_the_start() {
    let files = Files::new("unfit");
    let ed = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let unfit = |change: &dyn Fn(&mut Tokens)| {
        let mut tokens = Tokens::default();
        change(&mut tokens);
        unfit_keys(&tokens)
            .into_iter()
            .map(|(setting, why)| format!("{setting}: {why}"))
            .collect::<String>()
    };
    let file = |name: &str, text: &str| {
        let path = files.write(name, text);
        unfit(&|tokens| tokens.keys = vec![crate::config::KeyFile(path.clone())])
    };
    assert!(unfit(&|tokens| tokens.secret.0 = "x".repeat(31)).contains("at least 32 bytes"));
    assert_eq!(unfit(&|tokens| tokens.secret.0 = "x".repeat(32)), "");
    let short = files.write("short", "short\n");
    assert!(
        unfit(&|tokens| tokens.secret_file.0 = Some(short.clone())).contains("tokens.secret_file")
    );
    assert!(file("private.pem", &ed.serialize_pem()).contains("private key"));
    assert!(file("p384.pem", &p384.public_key_pem()).contains("no public key"));
    assert!(file("nonsense", "nonsense").contains("no public key"));
    assert!(file("empty.json", r#"{"keys":[]}"#).contains("1 to 64"));
    assert!(file("secret.json", r#"{"kty":"oct","k":"AAAA"}"#).contains("secret"));
    assert!(
        file("private.json", r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"AAAA"}"#)
            .contains("secret")
    );
    assert!(
        file("other.json", r#"{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}"#).contains("kind")
    );
    assert!(
        unfit(&|tokens| tokens.keys = vec![crate::config::KeyFile("/nonexistent".into())])
            .contains("cannot read")
    );
}

#[test]
fn a_set_gives_each_key_its_name_and_use() {
    let ed = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let x = URL_SAFE_NO_PAD.encode(ed.public_key_raw());
    let jwk = |more: Value| {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "one" });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "keys": [key] }).to_string()
    };
    let key = EncodingKey::from_ed_pem(ed.serialize_pem().as_bytes()).unwrap();
    let verdict = |set: String, header: Value| {
        let token = signed(&header, &claims(json!({})), &key, Signing::EdDSA);
        keys::read_set(set.as_bytes()).unwrap().verify(&Compact::read(token.reveal()).unwrap())
    };
    let header = |kid: &str| json!({ "alg": "EdDSA", "kid": kid });
    assert_eq!(verdict(jwk(json!({})), header("one")), Verdict::Good);
    assert_eq!(
        verdict(jwk(json!({ "alg": "EdDSA", "use": "sig", "key_ops": ["verify"] })), header("one")),
        Verdict::Good
    );
    assert_eq!(verdict(jwk(json!({})), json!({ "alg": "EdDSA" })), Verdict::Good);
    assert_eq!(verdict(jwk(json!({})), header("two")), Verdict::UnknownKey);
    assert_eq!(
        verdict(jwk(json!({ "x": URL_SAFE_NO_PAD.encode([1; 32]) })), header("one")),
        Verdict::Forged
    );
    for unused in [
        json!({ "use": "enc" }),
        json!({ "key_ops": ["sign"] }),
        json!({ "alg": "RS256" }),
        json!({ "d": "AAAA" }),
    ] {
        assert_eq!(verdict(jwk(unused), header("one")), Verdict::UnknownKey);
    }
    // A key that a token brings along is nobody's.
    let own =
        json!({ "alg": "EdDSA", "kid": "two", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    assert_eq!(verdict(jwk(json!({})), own), Verdict::UnknownKey);
}

#[test]
fn a_revoked_token_is_refused_and_another_is_not() {
    let files = Files::new("revoked");
    let auth = auth(|config| config.server.state_dir.0 = Some(files.0.clone()));
    auth.revoke(PassId::parse("1").unwrap(), None, NOW).unwrap();
    assert_eq!(code(&auth, &token(json!({}))), "token-revoked");
    assert_eq!(code(&auth, &token(json!({ "jti": "2" }))), "ok");
    assert_eq!(code(&auth, &token(json!({ "jti": null }))), "ok");
    let again = Auth::start(&config(|config| config.server.state_dir.0 = Some(files.0.clone())));
    // The real time is later than that of these tests, when none of their tokens could hold any more.
    assert_eq!(code(&again.unwrap(), &token(json!({}))), "ok");
}

#[test]
fn after_too_many_bad_tokens_none_from_there_is_looked_at_for_a_while() {
    const FREE: usize = 10;
    let auth = auth(|_| {});
    let from = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
    let show = |from, token: &JoinToken| {
        let admit = || auth.admit(Some(token), &room("standup"), NOW);
        auth.unless_too_many(from, admit).map_or_else(Unadmitted::code, |_| "ok")
    };
    let (bad, good, old) =
        (JoinToken::new("x").unwrap(), token(json!({})), token(json!({ "exp": 1 })));
    // Those who come late don't guess.
    for _ in 0..100 {
        assert_eq!(show(from(1), &old), "token-expired");
    }
    for _ in 0..=FREE {
        assert_eq!(show(from(1), &bad), "token-invalid");
    }
    for token in [&bad, &good, &old] {
        assert_eq!(show(from(1), token), "too-many-attempts");
    }
    assert_eq!(show(from(2), &good), "ok");
    assert_eq!(show(None, &good), "ok");
}
