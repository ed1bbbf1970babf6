//! `parlor token`: makes tokens, and says what is wrong with one. Prints no secret but the one it is asked to make.

mod arguments;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arguments::Command;
pub use arguments::Wishes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, crypto};
use parlor_dialects::JoinToken;
use parlor_rooms::{Permission, Timestamp, Unadmitted};
use serde_json::{Map, Value, json};

use super::claims::Grants;
use super::compact::Algorithm;
use super::keys::{self, MIN_SECRET_BYTES};
use super::{Auth, Claims, Demands, secret_of, wall_clock};
use crate::config::Config;

const NOT_GOOD: u8 = 1;
const BAD_USAGE: u8 = 2;
/// How long the keys are waited for that are published elsewhere.
const PATIENCE: Duration = Duration::from_secs(10);

/// The arguments after `token`.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let done = match arguments::parse(arguments, environment) {
        Ok(Command::Print(text)) => Ok(text),
        Ok(Command::NewSecret) => random(MIN_SECRET_BYTES).map(|secret| secret + "\n"),
        Ok(Command::Make { wishes, ttl, config }) => make(*wishes, ttl, &config),
        Ok(Command::Check { token, config }) => {
            return match check(&token, &config) {
                Ok(Ok(text)) => print(&text, ExitCode::SUCCESS),
                Ok(Err(why)) => print(
                    &format!("not good: {why} ({})\n{}\n", why.code(), why.hint()),
                    NOT_GOOD.into(),
                ),
                Err(mistake) => refuse(&[mistake]),
            };
        }
        Err(mistakes) => return refuse(&mistakes),
    };
    match done {
        Ok(text) => print(&text, ExitCode::SUCCESS),
        Err(mistake) => refuse(&[mistake]),
    }
}

/// A reader that goes away early, as `head` does, is no failure.
fn print(text: &str, code: ExitCode) -> ExitCode {
    _ = io::stdout().write_all(text.as_bytes());
    code
}

fn refuse(mistakes: &[String]) -> ExitCode {
    let mut out = io::stderr().lock();
    for mistake in mistakes {
        _ = writeln!(out, "parlor: {mistake}");
    }
    BAD_USAGE.into()
}

/// A token as these wishes have it, and the end of a line.
pub fn make(wishes: Wishes, ttl: Duration, config: &Config) -> Result<String, String> {
    let now = wall_clock();
    let demands = Demands::of(config);
    let (algorithm, key) = signer(&wishes, config)?;
    let mut header = Map::new();
    header.insert("alg".into(), algorithm.word().into());
    header.insert("typ".into(), "JWT".into());
    header.extend(wishes.kid.clone().map(|kid| ("kid".into(), kid.into())));
    let claims = claims(wishes, ttl, (&demands.audience, now))?;
    // What the server would refuse is not made.
    let read = Claims::read(&claims).map_err(str::to_owned)?;
    demands.judge(&read, now).map_err(|why| why.to_string())?;
    let encode =
        |object: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(object).to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(signed.as_bytes(), &key, keys::signing(algorithm));
    let signature = signature.map_err(|error| format!("--key: cannot sign with it: {error}"))?;
    Ok(format!("{signed}.{signature}\n"))
}

fn claims(
    wishes: Wishes,
    ttl: Duration,
    (audience, now): (&str, Timestamp),
) -> Result<Map<String, Value>, String> {
    const ID_BYTES: usize = 12;
    let seconds = now.0 / 1_000;
    let mut claims = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        claims.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("aud", Some(audience.into()));
    set("iss", wishes.issuer.map(Into::into));
    set("sub", wishes.identity.map(Into::into));
    set("name", wishes.name.map(Into::into));
    set("room", Some(json!(wishes.rooms)));
    set("role", wishes.role.map(Into::into));
    set(
        "grants",
        Some(wishes.grants).filter(|grants| !grants.is_empty()).map(|grants| json!(grants)),
    );
    set("iat", Some(seconds.into()));
    set("exp", Some((seconds + ttl.as_secs()).into()));
    set("jti", Some(wishes.id.map_or_else(|| random(ID_BYTES), Ok)?.into()));
    Ok(claims)
}

fn signer(wishes: &Wishes, config: &Config) -> Result<(Algorithm, EncodingKey), String> {
    if let Some(path) = &wishes.key {
        let pem = keys::read_text(path)?;
        let bytes = pem.as_bytes();
        return EncodingKey::from_rsa_pem(bytes)
            .map(|key| (Algorithm::Rs256, key))
            .or_else(|_| EncodingKey::from_ec_pem(bytes).map(|key| (Algorithm::Es256, key)))
            .or_else(|_| EncodingKey::from_ed_pem(bytes).map(|key| (Algorithm::EdDsa, key)))
            .map_err(|_| format!("--key: {} is no private key in PEM", path.display()));
    }
    let secret = secret_of(&config.tokens).map_err(|(_, why)| why)?;
    let (_, secret) = secret.ok_or(
        "there is no key to sign with: set tokens.secret or tokens.secret_file, or give --key FILE",
    )?;
    Ok((Algorithm::Hs256, EncodingKey::from_secret(secret.as_bytes())))
}

/// The outer error is about the server, the inner one about the token.
fn check(token: &str, config: &Config) -> Result<Result<String, Unadmitted>, String> {
    let mut text = token.to_owned();
    if token == "-" {
        text.clear();
        let mut input = io::stdin().lock().take(2 * JoinToken::MAX_BYTES as u64);
        input.read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    }
    let token = JoinToken::new(text.trim()).ok_or("--check: there is no token")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let auth = Auth::start(config)?;
        let judged = tokio::time::timeout(PATIENCE, judged(&auth, &token)).await;
        Ok(judged.unwrap_or(Err(Unadmitted::Unverified)).map(|claims| describe(&claims)))
    })
}

async fn judged(auth: &Arc<Auth>, token: &JoinToken) -> Result<Claims, Unadmitted> {
    const PAUSE: Duration = Duration::from_millis(100);
    loop {
        match auth.check(token, wall_clock()) {
            Err(Unadmitted::Unverified) => tokio::time::sleep(PAUSE).await,
            judged => return judged,
        }
    }
}

fn describe(claims: &Claims) -> String {
    let rooms: Vec<&str> = claims.rooms.iter().map(super::Pattern::as_str).collect();
    let or = |text: Option<&str>, none: &str| text.unwrap_or(none).to_owned();
    let until = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(claims.expires.0));
    let identity =
        or(claims.identity.as_ref().map(parlor_rooms::Identity::as_str), "nobody in particular");
    let name = or(claims.name.as_ref().map(parlor_rooms::DisplayName::as_str), "as they like");
    let role = or(claims.role.map(parlor_rooms::Role::word), "what the room decides");
    let may = claims.grants.map_or_else(|| "what the role may, join and make rooms".into(), words);
    let id = or(
        claims.id.as_ref().map(parlor_rooms::PassId::as_str),
        "none: it cannot be revoked by itself",
    );
    let left = Duration::from_millis(claims.expires.0)
        .saturating_sub(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    format!(
        "good until {until} ({} s)\nrooms: {}\nidentity: {identity}\nname: {name}\nrole: {role}\nmay: {may}\nid: {id}\n",
        left.as_secs(),
        rooms.join(", "),
    )
}

fn words(grants: Grants) -> String {
    let own = [
        (grants.join, "join"),
        (grants.create, "create"),
        (grants.hidden, "hidden"),
        (grants.admin, "admin"),
    ];
    let own = own.into_iter().filter(|(has, _)| *has).map(|(_, word)| word);
    let words: Vec<&str> = own.chain(grants.permissions.iter().map(Permission::word)).collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

fn random(bytes: usize) -> Result<String, String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)
        .map_err(|error| format!("the system gives no entropy: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}
