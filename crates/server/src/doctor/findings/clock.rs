//! Whether two clocks agree: credentials of relays, and certificates, end by the clock.

use crate::doctor::report::Finding;
use std::time::Duration;

/// A `Date` header counts whole seconds, and the answer was under way for a while.
const TOLERATED: Duration = Duration::from_secs(30);
/// The lifetime of credentials where the server names none.
const USUAL_LIFETIME: Duration = Duration::from_secs(3_600);

/// Times since 1970 by each clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    pub server: Duration,
    pub here: Duration,
}

/// Of the relays' credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    pub lifetime: Option<Duration>,
    /// When they end, since 1970, where their name says it.
    pub expiry: Option<Duration>,
}

/// `now` is by this machine's clock.
pub fn clock(clocks: Option<Clocks>, validity: Validity, now: Duration) -> Finding {
    let expired = validity.expiry.and_then(|expiry| now.checked_sub(expiry));
    if let Some(ago) = expired {
        return Finding::failed(
            format!("the relay's credentials expired {} ago by this machine's clock", words(ago)),
            SYNCHRONISE,
        )
        .fact("skewSeconds", clocks.map(skew));
    }
    let Some(Clocks { server, here }) = clocks else {
        return Finding::skipped("the server's answers have no Date");
    };
    let apart = server.abs_diff(here);
    let ahead = if server > here { "ahead of" } else { "behind" };
    let sentence = format!("the server's clock is {} {ahead} this machine's", words(apart));
    let finding = if apart <= TOLERATED {
        Finding::ok("the clocks agree")
    } else if apart < validity.lifetime.unwrap_or(USUAL_LIFETIME) {
        Finding::warning(sentence, SYNCHRONISE)
    } else {
        Finding::failed(sentence + ", longer than relay credentials are valid", SYNCHRONISE)
    };
    finding.fact("skewSeconds", skew(Clocks { server, here }))
}

const SYNCHRONISE: &str =
    "let both machines take their time from the network (timedatectl set-ntp true)";

fn skew(Clocks { server, here }: Clocks) -> f64 {
    (server.as_secs_f64() - here.as_secs_f64()).round()
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds @ 172_800.. => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Result;

    const HERE: u64 = 1_800_000_000;

    fn found(server: u64, lifetime: Option<u64>) -> (Result, String) {
        let clocks =
            Clocks { server: Duration::from_secs(server), here: Duration::from_secs(HERE) };
        let lifetime = lifetime.map(Duration::from_secs);
        let finding = clock(Some(clocks), Validity { lifetime, expiry: None }, clocks.here);
        (finding.result, finding.sentence)
    }

    #[test]
    fn clocks_may_differ_by_a_little_and_not_by_a_credential() {
        assert_eq!(found(HERE + 30, None).0, Result::Ok);
        let wanted = (Result::Warning, "the server's clock is 31 s behind this machine's".into());
        assert_eq!(found(HERE - 31, None), wanted);
        assert_eq!(found(HERE + 300, Some(300)).0, Result::Failed);
        let (result, words) = found(HERE + 7_200, None);
        assert_eq!(result, Result::Failed);
        assert!(words.starts_with("the server's clock is 2 h ahead of this machine's"), "{words}");
        assert_eq!(clock(None, Validity::default(), Duration::ZERO).result, Result::Skipped);
    }

    #[test]
    fn credentials_that_have_ended_by_our_clock_are_told() {
        let expiry = Some(Duration::from_secs(HERE));
        let at = |now| clock(None, Validity { lifetime: None, expiry }, Duration::from_secs(now));
        assert_eq!(at(HERE - 1).result, Result::Skipped);
        assert_eq!(
            at(HERE + 60).sentence,
            "the relay's credentials expired 60 s ago by this machine's clock"
        );
    }
}
