//! Whether the time that a forged token takes tells how much of its signature was right: measured on request, by `cargo xtask timing`.
//!
//! Two kinds of forgeries are verified in turn, tens of thousands of times: such that are wrong from their first byte on, and
//! such that only the last byte is wrong of. Welch's t-test says whether their times differ. The same is done with a comparison
//! that ends at the first difference, so that a measurement which could not notice anything is noticed.

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

/// Times of both kinds, taken in turn, in nanoseconds.
fn measure(tokens: [&str; 2], verify: impl Fn(&Compact<'_>) -> bool) -> [Vec<f64>; 2] {
    let tokens = tokens.map(|text| Compact::read(text).expect("a token of ours"));
    let mut times = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for sample in 0..2 * SAMPLES {
        // Neither is always the one that comes second.
        let kind = (sample ^ (sample >> 1)) & 1;
        let began = Instant::now();
        let good = black_box(verify(black_box(&tokens[kind])));
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
    let all_wrong = forged(|_, byte| byte ^ 0xff);
    let last_wrong = forged(|at, byte| if at == 31 { byte ^ 1 } else { byte });
    let mut keys = Keys::default();
    keys.push(Key::secret(SECRET).expect("a long secret"));
    let verified = measure([&all_wrong, &last_wrong], |token| keys.verify(token) == Verdict::Good);
    let hasty = measure([&all_wrong, &last_wrong], |token| {
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
