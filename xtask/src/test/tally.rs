//! How many tests passed and failed, read from what `cargo test` and `node --test` print.

use crate::Result;
use std::fmt;
use std::iter::Sum;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
}

impl Tally {
    pub const ONE_PASSED: Self = Self { passed: 1, failed: 0 };

    /// Sums the `test result: ok. 3 passed; 0 failed; …` of each test binary.
    pub fn of_cargo_test(output: &str) -> Self {
        let results = output.lines().filter_map(|line| line.strip_prefix("test result: "));
        let count = |result: &str, what: &str| {
            let words: Vec<&str> = result.split_whitespace().collect();
            let found = words.windows(2).find_map(|pair| match pair {
                [number, word] if word.trim_end_matches(';') == what => number.parse().ok(),
                _ => None,
            });
            found.unwrap_or(0)
        };
        results
            .map(|result| Self { passed: count(result, "passed"), failed: count(result, "failed") })
            .sum()
    }

    /// Reads the closing lines of Node's `spec` reporter, `ℹ pass 3`. A test that was cancelled did not hold.
    pub fn of_node_test(output: &str) -> Self {
        let count = |what: &str| -> u32 {
            let lines = output.lines().filter_map(|line| line.strip_prefix("ℹ "));
            let numbers =
                lines.filter_map(|line| line.strip_prefix(what)?.trim().parse::<u32>().ok());
            numbers.sum()
        };
        Self { passed: count("pass "), failed: count("fail ") + count("cancelled ") }
    }

    /// A step that counts no tests of its own is one check; one that failed shows at least one failure.
    pub fn settled(self, outcome: &Result) -> Self {
        match outcome {
            Err(_) => Self { failed: self.failed.max(1), ..self },
            Ok(()) if self == Self::default() => Self::ONE_PASSED,
            Ok(()) => self,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |total, next| Self {
            passed: total.passed + next.passed,
            failed: total.failed + next.failed,
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_summed_over_binaries() {
        let output = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n";
        assert_eq!(Tally::of_cargo_test(output), Tally { passed: 4, failed: 2 });
    }

    #[test]
    fn a_cancelled_node_test_is_a_failure() {
        let output = "✔ joins (3ms)\nℹ tests 4\nℹ suites 0\nℹ pass 2\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\n";
        assert_eq!(Tally::of_node_test(output), Tally { passed: 2, failed: 2 });
    }

    #[test]
    fn a_step_without_tests_counts_as_one() {
        assert_eq!(Tally::default().settled(&Ok(())), Tally { passed: 1, failed: 0 });
        assert_eq!(Tally::default().settled(&Err("broken".into())), Tally { passed: 0, failed: 1 });
        let tests = Tally { passed: 7, failed: 2 };
        assert_eq!(tests.settled(&Err("2 failed".into())), tests);
    }
}
