//! Who may come into which room, by the token that they show. Reads and verifies; decides nothing about rooms.

mod claims;
pub mod command;
mod compact;
mod jwks;
mod keys;
mod pattern;
mod revocations;
mod strict;

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parlor_dialects::JoinToken;
use parlor_rooms::{Admission, Pass, PassId, Permission, Role, RoomName, Timestamp, Unadmitted};

use crate::config::{Config, KeySet, Tokens};
use crate::limits::{Attempts, RetryAfter};
use crate::tls::State;
pub use claims::Claims;
use compact::{Algorithm, Compact};
use jwks::Jwks;
use keys::{Key, Keys, MIN_SECRET_BYTES, Verdict};
pub use pattern::Pattern;
use revocations::Revocations;
pub use revocations::RevokeError;

/// Without a domain.
const DEFAULT_AUDIENCE: &str = "parlor";

pub struct Auth {
    /// `None`: there is no key, so tokens mean nothing.
    judge: Option<Judge>,
    /// Bad tokens, by the network that they come from.
    attempts: Attempts,
}

struct Judge {
    demands: Demands,
    keys: Keys,
    jwks: Option<Arc<Jwks>>,
    revoked: Revocations,
}

/// What is demanded of every token.
struct Demands {
    audience: String,
    issuers: Vec<String>,
    leeway: Duration,
    max_lifetime: Duration,
    end_sessions: bool,
    /// All rooms are open.
    open: bool,
    open_rooms: Vec<Pattern>,
}

impl Auth {
    /// Without any key: every room is open, and no token is looked at.
    pub fn none() -> Arc<Self> {
        Arc::new(Self { judge: None, attempts: Attempts::default() })
    }

    pub fn start(config: &Config) -> Result<Arc<Self>, String> {
        let tokens = &config.tokens;
        if !tokens.has_keys() {
            return Ok(Self::none());
        }
        let state = State::new(config.server.state_dir.0.as_deref());
        let judge = Judge {
            demands: Demands::of(config),
            keys: fixed_keys(tokens).map_err(|(_, why)| why)?,
            jwks: Jwks::start(tokens)?,
            revoked: Revocations::open(state, wall_clock())?,
        };
        Ok(Arc::new(Self { judge: Some(judge), attempts: Attempts::default() }))
    }

    /// Whether there is any room that opens without a token.
    pub fn has_open_rooms(&self) -> bool {
        let closed = |judge: &Judge| !judge.demands.open && judge.demands.open_rooms.is_empty();
        !self.judge.as_ref().is_some_and(closed)
    }

    /// What an unexpired token of ours says, whatever room it is for.
    pub fn check(&self, token: &JoinToken, now: Timestamp) -> Result<Claims, Unadmitted> {
        const NO_KEY: Unadmitted = Unadmitted::Invalid("this server has no key to verify it with");
        self.judge.as_ref().ok_or(NO_KEY)?.check(token, now)
    }

    /// As what somebody comes into a room. A token that is no good opens no open room either: whoever shows one means it.
    pub fn admit(
        &self,
        token: Option<&JoinToken>,
        room: &RoomName,
        now: Timestamp,
    ) -> Result<Admission, Unadmitted> {
        let Some(judge) = &self.judge else { return Ok(Admission::default()) };
        match token {
            Some(token) => judge.demands.admission(judge.check(token, now)?, room),
            None if judge.demands.is_open(room) => Ok(Admission::default()),
            None => Err(Unadmitted::Missing),
        }
    }

    /// Looks at a token on behalf of whoever shows it, unless too many from there were bad. One that is only too old, or for
    /// something else, was not guessed.
    pub fn unless_too_many<T>(
        &self,
        from: Option<IpAddr>,
        look: impl FnOnce() -> Result<T, Unadmitted>,
    ) -> Result<T, Unadmitted> {
        let (Some(from), Some(_), now) = (from, &self.judge, Instant::now()) else {
            return look();
        };
        let checked = self.attempts.check(from, now);
        checked.map_err(|RetryAfter(wait)| Unadmitted::TooManyAttempts(wait))?;
        let judged = look();
        match &judged {
            Ok(_) => self.attempts.succeeded(from),
            Err(Unadmitted::Invalid(_)) => self.attempts.failed(from, now),
            Err(_) => {}
        }
        judged
    }

    /// Whether an identity is only to be believed if a token says it.
    pub fn proves_identity(&self) -> bool {
        self.judge.is_some()
    }

    /// Takes a token back by its `jti`; `None` is for as long as any token may hold. Writes a file.
    pub fn revoke(
        &self,
        id: PassId,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), RevokeError> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let longest = judge.demands.max_lifetime + 2 * judge.demands.leeway;
        judge.revoked.revoke(id, until.unwrap_or(now.after(longest)), now)
    }
}

impl Judge {
    fn check(&self, token: &JoinToken, now: Timestamp) -> Result<Claims, Unadmitted> {
        let token = Compact::read(token.reveal()).map_err(Unadmitted::Invalid)?;
        self.verify(&token)?;
        let claims = token.claims().and_then(|claims| Claims::read(&claims));
        let claims = claims.map_err(Unadmitted::Invalid)?;
        self.demands.judge(&claims, now)?;
        match &claims.id {
            Some(id) if self.revoked.has(id) => Err(Unadmitted::Revoked),
            Some(_) | None => Ok(claims),
        }
    }

    fn verify(&self, token: &Compact<'_>) -> Result<(), Unadmitted> {
        let fixed = self.keys.verify(token);
        let published = self.jwks.as_ref().map(|jwks| (jwks, jwks.keys().verify(token)));
        match (fixed, published) {
            (Verdict::Good, _) | (_, Some((_, Verdict::Good))) => Ok(()),
            // No set has secrets in it: nothing new would come of it.
            (_, Some((jwks, Verdict::UnknownKey)))
                if token.header.algorithm != Algorithm::Hs256 && jwks.miss() =>
            {
                Err(Unadmitted::Unverified)
            }
            (Verdict::Forged, _) | (_, Some((_, Verdict::Forged))) => {
                Err(Unadmitted::Invalid("its signature is not that of its key"))
            }
            (Verdict::UnknownKey, _) => {
                Err(Unadmitted::Invalid("no key of this server is of its `alg` and `kid`"))
            }
        }
    }
}

impl Demands {
    fn of(config: &Config) -> Self {
        let tokens = &config.tokens;
        let audience = tokens.audience.0.clone().or_else(|| config.server.domain.0.clone());
        Self {
            audience: audience.unwrap_or_else(|| DEFAULT_AUDIENCE.into()),
            issuers: tokens.issuers.iter().map(|issuer| issuer.0.clone()).collect(),
            leeway: tokens.leeway,
            max_lifetime: tokens.max_lifetime,
            end_sessions: tokens.end_sessions,
            open: config.server.open_rooms,
            open_rooms: tokens.open_rooms.clone(),
        }
    }

    fn is_open(&self, room: &RoomName) -> bool {
        self.open || self.open_rooms.iter().any(|pattern| pattern.fits(room))
    }

    fn judge(&self, claims: &Claims, now: Timestamp) -> Result<(), Unadmitted> {
        if !claims.audience.contains(&self.audience) {
            return Err(Unadmitted::Invalid("`aud` is not this server"));
        }
        let issuer = claims.issuer.as_ref();
        if !self.issuers.is_empty() && !issuer.is_some_and(|issuer| self.issuers.contains(issuer)) {
            return Err(Unadmitted::Invalid("`iss` is nobody whose tokens are taken"));
        }
        if claims.expires.after(self.leeway) <= now {
            return Err(Unadmitted::Expired);
        }
        let latest = now.after(self.leeway);
        if [claims.not_before, claims.issued].into_iter().flatten().any(|since| since > latest) {
            return Err(Unadmitted::Early);
        }
        let since = claims.issued.unwrap_or(now).min(now);
        if claims.expires > since.after(self.max_lifetime).after(self.leeway) {
            return Err(Unadmitted::Invalid("it holds for longer than a token may"));
        }
        Ok(())
    }

    fn admission(&self, claims: Claims, room: &RoomName) -> Result<Admission, Unadmitted> {
        if !claims.rooms.iter().any(|pattern| pattern.fits(room)) {
            return Err(Unadmitted::OtherRoom);
        }
        if claims.grants.is_some_and(|grants| !grants.join) {
            return Err(Unadmitted::NoGrant("join"));
        }
        let pass = Pass {
            id: claims.id,
            // Of one that does not say, everything that was done since the beginning came later.
            issued_at: claims.issued.unwrap_or(Timestamp(0)),
            ends_at: self.end_sessions.then_some(claims.expires),
        };
        // Who was granted single things is not made an owner for having come first.
        let role = claims.role.or_else(|| {
            let moderates = claims.grants?.permissions.has(Permission::Moderate);
            Some(if moderates { Role::Moderator } else { Role::Speaker })
        });
        Ok(Admission {
            role,
            permissions: claims.grants.map(|grants| grants.permissions),
            identity: claims.identity,
            name: claims.name,
            hidden: claims.grants.is_some_and(|grants| grants.hidden),
            may_create: claims.grants.is_none_or(|grants| grants.create),
            pass: Some(pass),
            ..Admission::default()
        })
    }
}

/// The keys of the configuration, or the setting that is wrong and why.
fn fixed_keys(tokens: &Tokens) -> Result<Keys, (&'static str, String)> {
    let mut keys = Keys::default();
    if let Some((setting, secret)) = secret_of(tokens)? {
        let short = || {
            format!(
                "{setting} must have at least {MIN_SECRET_BYTES} bytes; parlor token --new-secret makes one"
            )
        };
        keys.push(Key::secret(secret.as_bytes()).ok_or_else(|| (setting, short()))?);
    }
    for file in &tokens.keys {
        keys.extend(keys::read_file(&file.0).map_err(|why| ("tokens.keys", why))?);
    }
    Ok(keys)
}

/// The secret, and the setting that it is from.
fn secret_of(tokens: &Tokens) -> Result<Option<(&'static str, String)>, (&'static str, String)> {
    if !tokens.secret.0.is_empty() {
        return Ok(Some(("tokens.secret", tokens.secret.0.clone())));
    }
    let Some(path) = &tokens.secret_file.0 else { return Ok(None) };
    const SETTING: &str = "tokens.secret_file";
    let text = keys::read_text(path).map_err(|why| (SETTING, why))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some((SETTING, secret.strip_suffix('\r').unwrap_or(secret).into())))
}

/// What is wrong with the configured keys, by setting.
pub fn unfit_keys(tokens: &Tokens) -> Vec<(&'static str, String)> {
    let mut unfit: Vec<_> = fixed_keys(tokens).err().into_iter().collect();
    if let KeySet::File(path) = &tokens.jwks
        && let Err(error) = fs::metadata(path)
    {
        unfit.push(("tokens.jwks", format!("cannot read {}: {error}", path.display())));
    }
    unfit
}

/// What tokens are measured by: the time that whoever made them has on the wall.
pub fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod tests;
