//! What a token says (RFC 7519, section 4.1, and our own words), each claim read into its type once.

use std::time::Duration;

use parlor_rooms::{DisplayName, Identity, PassId, Permission, Permissions, Role, Timestamp};
use serde_json::{Map, Value};

use super::compact::Why;
use super::pattern::Pattern;

const MAX_AUDIENCES: usize = 16;
const MAX_ROOMS: usize = 64;
const MAX_GRANTS: usize = 32;
/// The end of the year 9999, in seconds.
const MAX_DATE: f64 = 253_402_300_799.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    pub issuer: Option<String>,
    pub audience: Vec<String>,
    pub identity: Option<Identity>,
    pub expires: Timestamp,
    pub not_before: Option<Timestamp>,
    pub issued: Option<Timestamp>,
    pub id: Option<PassId>,
    pub name: Option<DisplayName>,
    pub rooms: Vec<Pattern>,
    pub role: Option<Role>,
    /// `None`: what the role may do, and to join and make rooms.
    pub grants: Option<Grants>,
}

/// The claim `grants`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own")]
pub struct Grants {
    pub permissions: Permissions,
    pub join: bool,
    pub create: bool,
    pub hidden: bool,
    /// Everything that the server's operator may do.
    pub admin: bool,
}

impl Claims {
    /// Claims that are none of ours may be anything.
    pub fn read(claims: &Map<String, Value>) -> Result<Self, Why> {
        let text = |name: &str| claims.get(name).map(|value| value.as_str().ok_or(()));
        let date =
            |name: &str, why: Why| claims.get(name).map(|value| date(value).ok_or(why)).transpose();
        let role = text("role").transpose().map_err(|()| "`role` is no text")?;
        Ok(Self {
            issuer: text("iss").transpose().map_err(|()| "`iss` is no text")?.map(Into::into),
            audience: texts(claims.get("aud"), MAX_AUDIENCES)
                .ok_or("`aud` is no text or short list of texts")?,
            identity: parsed(text("sub"), |text| Identity::parse(text).ok())
                .ok_or("`sub` is no text that can be an identity")?,
            expires: date("exp", "`exp` is no date")?.ok_or("`exp` is missing")?,
            not_before: date("nbf", "`nbf` is no date")?,
            issued: date("iat", "`iat` is no date")?,
            id: parsed(text("jti"), |text| PassId::parse(text).ok())
                .ok_or("`jti` is no text that can be an id")?,
            name: parsed(text("name"), |text| DisplayName::parse(text).ok())
                .ok_or("`name` is no text that can be a name")?,
            rooms: rooms(claims.get("room"))?,
            role: role.map(|word| Role::parse(word).ok_or("`role` is no role")).transpose()?,
            grants: claims.get("grants").map(grants).transpose()?,
        })
    }
}

/// The outer `None`: it is there, and is nothing that it can be.
fn parsed<T>(
    claim: Option<Result<&str, ()>>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<Option<T>> {
    match claim {
        None => Some(None),
        Some(Ok(text)) => parse(text).map(Some),
        Some(Err(())) => None,
    }
}

/// Seconds since 1970, perhaps with a fraction.
fn date(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_f64().filter(|seconds| (0.0..=MAX_DATE).contains(seconds))?;
    let millis = Duration::try_from_secs_f64(seconds).ok()?.as_millis();
    u64::try_from(millis).ok().map(Timestamp)
}

/// A text, or a list of texts; nothing is none.
fn texts(value: Option<&Value>, max: usize) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![text.clone()]),
        Some(Value::Array(list)) if list.len() <= max => {
            list.iter().map(|item| item.as_str().map(Into::into)).collect()
        }
        Some(
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_),
        ) => None,
    }
}

fn rooms(value: Option<&Value>) -> Result<Vec<Pattern>, Why> {
    let rooms = texts(value, MAX_ROOMS).ok_or("`room` is no text or list of at most 64 texts")?;
    if rooms.is_empty() {
        return Err("`room` is missing: a name, or a pattern such as team-*");
    }
    let patterns = rooms.iter().map(|room| Pattern::parse(room)).collect::<Option<_>>();
    patterns.ok_or("`room` has a text that can be no room's name")
}

fn grants(value: &Value) -> Result<Grants, Why> {
    let words = value.as_array().filter(|words| words.len() <= MAX_GRANTS);
    let words = words.ok_or("`grants` is no list of at most 32 words")?;
    let mut grants = Grants::default();
    for word in words {
        let word = word.as_str().ok_or("`grants` has something that is no word")?;
        grants.add(word).ok_or("`grants` has a word that this server does not know")?;
    }
    Ok(grants)
}

impl Grants {
    fn add(&mut self, word: &str) -> Option<()> {
        match word {
            "join" => self.join = true,
            "create" => self.create = true,
            "hidden" => self.hidden = true,
            "admin" => self.admin = true,
            "publish" => {
                for source in [Permission::Microphone, Permission::Camera, Permission::Screen] {
                    self.permissions = self.permissions.with(source);
                }
            }
            "data" => self.permissions = self.permissions.with(Permission::Message),
            word => self.permissions = self.permissions.with(Permission::parse(word)?),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(change: Value) -> Result<Claims, Why> {
        let mut claims = json!({ "exp": 2_000, "room": "standup" });
        let object = claims.as_object_mut().unwrap();
        for (name, value) in change.as_object().unwrap() {
            object.insert(name.clone(), value.clone());
        }
        Claims::read(object)
    }

    #[test]
    fn every_claim_has_its_type() {
        let claims = read(json!({
            "iss": "https://id.example.org", "aud": ["parlor", "other"], "sub": "ada", "nbf": 1, "iat": 1.5,
            "jti": "1", "name": "Ada", "room": ["standup", "team-*"], "role": "moderator",
            "grants": ["join", "publish", "data", "hidden"], "x": { "y": [] },
        }));
        let permissions =
            [Permission::Microphone, Permission::Camera, Permission::Screen, Permission::Message];
        let grants = Grants {
            permissions: Permissions::of(&permissions),
            join: true,
            hidden: true,
            ..Grants::default()
        };
        assert_eq!(
            claims,
            Ok(Claims {
                issuer: Some("https://id.example.org".into()),
                audience: vec!["parlor".into(), "other".into()],
                identity: Identity::parse("ada").ok(),
                expires: Timestamp(2_000_000),
                not_before: Some(Timestamp(1_000)),
                issued: Some(Timestamp(1_500)),
                id: PassId::parse("1").ok(),
                name: DisplayName::parse("Ada").ok(),
                rooms: ["standup", "team-*"].map(|text| Pattern::parse(text).unwrap()).to_vec(),
                role: Some(Role::Moderator),
                grants: Some(grants),
            })
        );
    }

    #[test]
    fn a_claim_of_another_type_is_a_mistake_and_not_a_default() {
        let long = "x".repeat(1_000);
        let many: Vec<String> = (0..65).map(|number| number.to_string()).collect();
        for wrong in [
            json!({ "exp": null }),
            json!({ "exp": "2000" }),
            json!({ "exp": -1 }),
            json!({ "exp": 1e300 }),
            json!({ "exp": [2_000] }),
            json!({ "exp": true }),
            json!({ "exp": 253_402_300_800_u64 }),
            json!({ "nbf": "1" }),
            json!({ "nbf": -0.5 }),
            json!({ "iat": {} }),
            json!({ "iat": u64::MAX }),
            json!({ "sub": 7 }),
            json!({ "sub": "" }),
            json!({ "sub": ["ada"] }),
            json!({ "sub": null }),
            json!({ "sub": long }),
            json!({ "sub": "a\u{0}b" }),
            json!({ "iss": 1 }),
            json!({ "aud": 1 }),
            json!({ "aud": [1] }),
            json!({ "aud": many }),
            json!({ "jti": 1 }),
            json!({ "jti": "" }),
            json!({ "jti": long }),
            json!({ "name": {} }),
            json!({ "name": long }),
            json!({ "room": null }),
            json!({ "room": "" }),
            json!({ "room": [] }),
            json!({ "room": [1] }),
            json!({ "room": many }),
            json!({ "room": "a\u{0}b" }),
            json!({ "room": { "name": "standup" } }),
            json!({ "role": "king" }),
            json!({ "role": "Owner" }),
            json!({ "role": null }),
            json!({ "role": ["owner"] }),
            json!({ "grants": "join" }),
            json!({ "grants": null }),
            json!({ "grants": ["fly"] }),
            json!({ "grants": ["Join"] }),
            json!({ "grants": [1] }),
            json!({ "grants": vec!["join"; 33] }),
            json!({ "grants": { "join": true } }),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(Claims::read(&Map::new()), Err("`exp` is missing"));
    }

    #[test]
    fn every_permission_has_a_word() {
        for permission in Permission::EVERY {
            let claims = read(json!({ "grants": [permission.word()] })).unwrap();
            let permissions = Permissions::of(&[permission]);
            assert_eq!(claims.grants, Some(Grants { permissions, ..Grants::default() }));
        }
    }
}
