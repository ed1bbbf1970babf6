//! `cargo xtask fuzz [target] [seconds]`: new inputs for the decoders and engines. No part of `test`, which
//! replays the corpora that fuzzing has left in `fuzz/corpus`.

use crate::repo::Repo;
use crate::tools::Tool;
use crate::{Result, report, shell};

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

/// Long enough to find a shallow mistake, short enough to wait for.
const DEFAULT_SECONDS: u32 = 60;

pub fn run(repo: &Repo, arguments: &[&str]) -> Result {
    let request = Request::parse(arguments)?;
    let program = CARGO_FUZZ.program(repo)?;
    let fuzz = |arguments: &[&str]| {
        shell::Command::new(&program, repo.root())
            .args(["fuzz"])
            .args(arguments)
            // libFuzzer's instrumentation needs flags that stable Rust keeps for itself.
            .env("RUSTC_BOOTSTRAP", "1")
    };
    let targets = match request.target {
        Some(target) => vec![target],
        None => names(&fuzz(&["list"]).output()?),
    };
    let limit = format!("-max_total_time={}", request.seconds);
    for target in targets {
        report::heading(format_args!("fuzz {target} for {} s", request.seconds));
        fuzz(&["run", &target, "--", &limit]).run()?;
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Request {
    target: Option<String>,
    seconds: u32,
}

impl Request {
    fn parse(arguments: &[&str]) -> Result<Self> {
        let seconds =
            |text: &str| text.parse().map_err(|_| format!("{text:?} is no number of seconds"));
        match arguments {
            [] => Ok(Self { target: None, seconds: DEFAULT_SECONDS }),
            [one] if one.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self { target: None, seconds: seconds(one)? })
            }
            [target] => Ok(Self { target: Some((*target).into()), seconds: DEFAULT_SECONDS }),
            [target, time] => Ok(Self { target: Some((*target).into()), seconds: seconds(time)? }),
            _ => Err("usage: cargo xtask fuzz [target] [seconds]".into()),
        }
    }
}

fn names(list: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(list).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_and_time_may_each_be_left_out() {
        let request =
            |target: Option<&str>, seconds| Request { target: target.map(Into::into), seconds };
        assert_eq!(Request::parse(&[]), Ok(request(None, DEFAULT_SECONDS)));
        assert_eq!(Request::parse(&["5"]), Ok(request(None, 5)));
        assert_eq!(Request::parse(&["native"]), Ok(request(Some("native"), DEFAULT_SECONDS)));
        assert_eq!(Request::parse(&["native", "5"]), Ok(request(Some("native"), 5)));
        assert!(Request::parse(&["native", "soon"]).is_err());
    }
}
