//! Sources together: who wins, and that every mistake is told.

use super::*;
use std::io::Write as _;

fn load_from(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Request, Vec<Mistake>> {
    load(
        arguments.iter().map(OsString::from),
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
    )
}

fn config(arguments: &[&str], variables: &[(&str, &str)]) -> Config {
    match load_from(arguments, variables).unwrap() {
        Request::Run(config) => *config,
        Request::Print(text) => panic!("printed {text}"),
    }
}

fn mistakes(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    load_from(arguments, variables).unwrap_err().iter().map(ToString::to_string).collect()
}

/// A file that lives as long as the value.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parlor-{}-{name}.toml", std::process::id()));
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(config(&[], &[("HOME", "/root")]), Config::default());
}

#[test]
fn a_flag_is_stronger_than_a_variable_and_that_than_the_file() {
    let file = File::new("order", "[limits]\nmax_rooms = 1\nmax_members = 11\nburst = 1000\n");
    let variables = [
        ("PARLOR_CONFIG", file.path()),
        ("PARLOR_LIMITS_MAX_ROOMS", "2"),
        ("PARLOR_LIMITS_MAX_MEMBERS", "12"),
    ];
    let limits = config(&["--limits-max-rooms=3"], &variables).limits;
    assert_eq!([limits.max_rooms, limits.max_members, limits.burst], [3, 12, 1000]);
}

#[test]
fn the_flag_names_the_file_before_the_variable_does() {
    let file = File::new("flag", "log = \"warn\"\n");
    let config = config(&["--config", file.path()], &[("PARLOR_CONFIG", "/nonexistent")]);
    assert_eq!(config.server.log.to_string(), "warn");
}

#[test]
fn lists_come_from_repeated_flags_and_from_commas() {
    let both = config(&["--listen", "localhost:1,127.0.0.1:2", "--listen=[::1]:3"], &[]);
    let shown: Vec<_> = both.server.listen.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["localhost:1", "127.0.0.1:2", "[::1]:3"]);
    let variable = config(&[], &[("PARLOR_ALLOW_ORIGINS", "https://a.example, https://b.example")]);
    assert_eq!(variable.server.allow_origins.len(), 2);
}

#[test]
fn a_switch_needs_no_value_and_can_be_switched_off() {
    assert!(config(&["--open-rooms"], &[]).server.open_rooms);
    assert!(!config(&["--open-rooms=false"], &[("PARLOR_OPEN_ROOMS", "true")]).server.open_rooms);
}

#[test]
fn all_mistakes_of_all_sources_are_told_at_once() {
    let file = File::new(
        "mistakes",
        "lissten = []\nlog = 5\n[limits]\nmax_rooms = \"many\"\nburst = 0\n[room]\ngrace = \"1s\"\n",
    );
    let path = file.path();
    let found = mistakes(
        &["--limits-max-room", "5", "--log", "loud", "--listen", "--config", path, "extra"],
        &[("PARLOR_LIMITS_MAX_ROMS", "1"), ("PARLOR_ROOMS_GRACE", "soon")],
    );
    assert_eq!(
        found,
        [
            "--limits-max-room: there is no such flag; did you mean --limits-max-rooms?".to_owned(),
            "--listen: needs a value".into(),
            "\"extra\": this is neither a flag nor the value of one; parlor --help shows the flags".into(),
            format!("{path}:1: \"lissten\" is not a setting; did you mean listen?"),
            format!("{path}:2: log must be off, error, warn, info, debug or trace, not 5"),
            format!("{path}:4: limits.max_rooms must be a whole number from 1 to 10000000, not \"many\""),
            format!("{path}:5: limits.burst must be a whole number from 1 to 1000000, not 0"),
            format!("{path}:7: \"room.grace\" is not a setting; did you mean rooms.grace?"),
            "PARLOR_LIMITS_MAX_ROMS: there is no such variable; did you mean PARLOR_LIMITS_MAX_ROOMS?".into(),
            "PARLOR_ROOMS_GRACE: rooms.grace must be a time such as \"30s\" or \"500ms\" from 1s to 24h, not \"soon\"".into(),
            "--log: log must be off, error, warn, info, debug or trace, not \"loud\"".into(),
        ]
    );
}

#[test]
fn what_is_like_nothing_gets_no_hint() {
    assert_eq!(mistakes(&["--bogus"], &[]), ["--bogus: there is no such flag"]);
    assert_eq!(mistakes(&[], &[("PARLOR_XYZ", "1")]), ["PARLOR_XYZ: there is no such variable"]);
}

#[test]
fn a_file_that_cannot_be_read_is_one_line() {
    let found = mistakes(&["--config", "/nonexistent/parlor.toml"], &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("--config: cannot read /nonexistent/parlor.toml: "), "{found:?}");
}

#[test]
fn a_public_address_needs_a_word_of_consent() {
    for address in ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:8080"] {
        let found = mistakes(&["--listen", address], &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with(&format!("--listen: {address} can be reached")), "{found:?}");
        assert!(
            found[0].contains("--open-rooms")
                && found[0].contains("--allow-origin https://your.name")
        );
        config(&["--listen", address, "--open-rooms"], &[]);
    }
}

#[test]
fn settings_that_contradict_each_other_name_both_and_the_one_that_was_written() {
    assert_eq!(
        mistakes(&["--limits-burst", "100"], &[]),
        [
            "--limits-burst: limits.messages_per_second (200) must not be more than limits.burst (100)"
        ]
    );
    assert_eq!(
        mistakes(&["--limits-ping-interval=1m"], &[]),
        [
            "--limits-ping-interval: limits.ping_interval (1m) must not be more than limits.idle_timeout (45s)"
        ]
    );
    assert_eq!(mistakes(&["--limits-max-frame=64KiB"], &[]).len(), 1);
}

#[test]
fn a_name_listens_where_browsers_look_unless_told_otherwise() {
    let shown = |arguments: &[&str]| -> Vec<String> {
        config(arguments, &[]).server.listen.iter().map(ToString::to_string).collect()
    };
    let named = ["--domain", "meet.example.org", "--open-rooms"];
    assert_eq!(shown(&named), ["0.0.0.0:443", "[::]:443"]);
    assert_eq!(shown(&[named.as_slice(), &["--listen", "localhost:1"]].concat()), ["localhost:1"]);
    let found = mistakes(&named[..2], &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("--domain: ") && found[0].contains("add --open-rooms; "));
    assert!(!found[0].contains("--allow-origin"), "{found:?}");
}

#[test]
fn there_is_one_way_to_a_certificate_and_all_that_is_missing_is_told_at_once() {
    let local = ["--listen", "localhost:1", "--domain", "meet.example.org"];
    let found = mistakes(&[&local[..], &["--tls-key=k.pem", "--tls-self-signed"]].concat(), &[]);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].starts_with("--domain: ") && found[3].contains("needs tls.certificate"));
    let found = mistakes(&["--acme-staging", "--acme-directory=https://a.example/"], &[]);
    let stray = "needs domain";
    let staging = "acme.staging is Let's Encrypt's";
    let words = [staging, stray, stray];
    assert!(found.len() == 3 && found.iter().zip(words).all(|(line, word)| line.contains(word)));
    let found = mistakes(&["--tls-certificate=/nonexistent/c.pem", "--tls-key=k.pem"], &[]);
    assert!(found.len() == 1 && found[0].contains("cannot read /nonexistent/c.pem"), "{found:?}");
}

#[test]
fn a_web_folder_must_have_both_parts() {
    let found = mistakes(&["--web-dir", "/nonexistent"], &[]);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("--web-dir: web_dir needs a folder app in it"), "{found:?}");
}

#[test]
fn the_settings_in_force_can_be_checked_and_tell_their_source() {
    let Ok(Request::Print(text)) = load_from(&["--check-config", "--limits-burst=500"], &[]) else {
        panic!("not printed");
    };
    assert!(
        text.contains("\n[limits]\n") && text.contains("burst = 500  # --limits-burst\n"),
        "{text}"
    );
    assert!(text.contains("max_rooms = 10000\n") && text.ends_with("configuration is valid\n"));
    let file = File::new("effective", &text);
    assert_eq!(config(&["--config", file.path()], &[]), config(&["--limits-burst=500"], &[]));
}

#[test]
fn the_printed_example_is_a_file_that_is_taken() {
    let Ok(Request::Print(example)) = load_from(&["--print-example-config"], &[]) else {
        panic!("not printed");
    };
    let file = File::new("example", &example);
    assert_eq!(config(&["--config", file.path()], &[]), Config::default());
    let misspelt = File::new("misspelt", "[limit]\n");
    assert_eq!(mistakes(&["--config", misspelt.path()], &[]).len(), 1);
}

#[test]
fn a_mistake_is_found_by_the_check_as_well() {
    assert_eq!(mistakes(&["--check-config", "--log=loud"], &[]).len(), 1);
}

#[test]
fn a_variable_that_is_not_text_is_a_mistake() {
    use std::os::unix::ffi::OsStringExt;
    let variables = [("PARLOR_LOG".into(), OsString::from_vec(vec![0xff]))];
    let found = load([], variables).unwrap_err();
    assert_eq!(found[0].to_string(), "PARLOR_LOG: the value is not valid UTF-8");
}
