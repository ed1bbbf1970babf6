//! Runs a scenario over many seeds. A seed that fails is named, and can be run alone by `PARLOR_SIM_SEED`;
//! `PARLOR_SIM_TIMES=100` runs a hundred times as many.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `scenario` with the seeds from 1 to `count`, or with the one of the environment.
///
/// # Panics
/// When the scenario panics, with its seed in the message.
pub fn for_each_seed(count: u64, mut scenario: impl FnMut(u64)) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = count.saturating_mul(number("PARLOR_SIM_TIMES").unwrap_or(1));
    let seeds = number("PARLOR_SIM_SEED").map_or(1..=count, |seed| seed..=seed);
    for seed in seeds {
        if let Err(why) = catch_unwind(AssertUnwindSafe(|| scenario(seed))) {
            fail(seed, why.as_ref());
        }
    }
}

#[expect(clippy::panic, reason = "a failed check of a test, with its seed added")]
fn fail(seed: u64, why: &(dyn Any + Send)) -> ! {
    let text = why.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| why.downcast_ref::<&str>().copied()).unwrap_or("no message");
    panic!("with PARLOR_SIM_SEED={seed}: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "with PARLOR_SIM_SEED=3: three is bad")]
    fn a_failing_seed_is_named() {
        for_each_seed(5, |seed| assert!(seed != 3, "three is bad"));
    }
}
