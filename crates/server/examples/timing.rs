//! Whether the time that a forged token takes tells how much of its signature was right: measured on request, by `cargo xtask timing`.
//!
//! Two kinds of forgeries are verified in an order by chance, tens of thousands of times: such that are wrong from their first byte on,
//! and such that only the last byte is wrong of. Each kind has many, and all are read from one place in memory: two texts at two places
//! take times of their own. Welch's t-test says whether the kinds differ. The same is done with a comparison that ends at the first
//! difference, so that a measurement which could not notice anything is noticed.

#![expect(clippy::indexing_slicing, reason = "the places are its own")]
#![expect(clippy::cast_precision_loss, reason = "there are not that many samples")]

#[allow(dead_code, reason = "the product uses more of it")]
#[path = "../src/auth/compact.rs"]
mod compact;
#[allow(dead_code, reason = "the product uses more of it")]
#[path = "../src/auth/keys.rs"]
mod keys;
#[path = "../src/auth/strict.rs"]
mod strict;

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use compact::Compact;
use keys::{Key, Keys, Verdict};

const SAMPLES: usize = 100_000;
/// As for `dudect`: beyond it the times differ for a reason.
const T_LIMIT: f64 = 4.5;
/// Interrupts and the like make the longest times; they belong to nobody.
const KEPT: f64 = 0.9;
/// Forgeries of each kind.
const VARIANTS: u8 = 64;
const SECRET: &[u8] = b"a secret of more than thirty-two bytes";

/// A token of the secret, whose MAC is changed in one byte or in all.
fn forged(change: impl Fn(usize, u8) -> u8) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(r#"{"aud":"parlor","sub":"ada","room":"standup","exp":2000000000}"#)
    );
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    let mac: Vec<u8> =
        mac.as_ref().iter().enumerate().map(|(at, byte)| change(at, *byte)).collect();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// A row of numbers that follows nothing that a processor could learn (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// Times of both kinds, in nanoseconds.
fn measure(kinds: &[Vec<String>; 2], verify: impl Fn(&Compact<'_>) -> bool) -> [Vec<f64>; 2] {
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    let (mut chance, mut place) = (Chance(1), String::with_capacity(1_024));
    for _ in 0..2 * SAMPLES {
        let kind = chance.below(2);
        place.clear();
        place.push_str(&kinds[kind][chance.below(kinds[kind].len())]);
        let token = Compact::read(&place).expect("a token of ours");
        let began = Instant::now();
        let good = black_box(verify(black_box(&token)));
        let took = began.elapsed();
        assert!(!good);
        times[kind].push(took.as_secs_f64() * 1e9);
    }
    times
}

struct Summary {
    mean: f64,
    variance: f64,
    count: f64,
}

fn summary(times: &[f64], limit: f64) -> Summary {
    let kept: Vec<f64> = times.iter().copied().filter(|time| *time <= limit).collect();
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Summary { mean, variance, count }
}

/// Welch's t of what both kinds have in common once the longest times are left out; with the difference of the means.
fn welch(times: &[Vec<f64>; 2]) -> (f64, f64) {
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let limit = all[(all.len() as f64 * KEPT) as usize];
    let [a, b] = [summary(&times[0], limit), summary(&times[1], limit)];
    let difference = a.mean - b.mean;
    (difference / (a.variance / a.count + b.variance / b.count).sqrt(), difference)
}

fn main() {
    let mask = |variant: u8, at: usize| {
        variant.wrapping_add(u8::try_from(at).unwrap_or_default()).wrapping_mul(37) | 1
    };
    let kinds = [
        (0..VARIANTS).map(|v| forged(|at, byte| byte ^ mask(v, at))).collect(),
        (0..VARIANTS)
            .map(|v| forged(|at, byte| if at == 31 { byte ^ mask(v, at) } else { byte }))
            .collect(),
    ];
    let mut keys = Keys::default();
    keys.push(Key::secret(SECRET).expect("a long secret"));
    let verified = measure(&kinds, |token| keys.verify(token) == Verdict::Good);
    let hasty = measure(&kinds, |token| {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), token.signed.as_bytes());
        let given = URL_SAFE_NO_PAD.decode(token.signature).unwrap_or_default();
        mac.as_ref().iter().zip(&given).all(|(own, given)| black_box(own == given))
    });
    let ((t, difference), (control, known)) = (welch(&verified), welch(&hasty));
    let told = format!(
        "{SAMPLES} of each kind\n\
         verified:          t = {t:7.2}, the means differ by {difference:7.2} ns\n\
         hasty comparison:  t = {control:7.2}, the means differ by {known:7.2} ns\n"
    );
    _ = io::stdout().write_all(told.as_bytes());
    assert!(control.abs() > T_LIMIT, "the measurement is too coarse to tell anything");
    // On a busy machine t wanders; what is left must in any case be far less than a single byte costs the hasty one.
    let byte = known.abs() / 31.0;
    assert!(t.abs() < T_LIMIT || difference.abs() < byte / 4.0, "the time tells something");
}
