//! The text of `--help`.

use super::document::wrap;
use super::flags::GENERAL;
use super::settings::{Config, SETTINGS, Setting};
use super::value::Shape;
use std::fmt::Write;

const WIDTH: usize = 78;
const INDENT: &str = "        ";

pub fn text() -> String {
    let mut text = format!(
        "Parlor {}: real-time rooms for the web in one program.\n\n\
         Usage: parlor [FLAGS]\n       parlor doctor [URL] [FLAGS]    says why a call would not connect\n       parlor health [FLAGS]          asks the server with these flags whether it is ready\n       parlor token --room ROOM       makes a token that lets somebody in\n       parlor rooms|members|kick|mute|say|revoke|stats    act on a running server\n\n\
         Without flags it listens on localhost:8080 and serves the app, the SDK and the rooms.\n\n\
         General:\n",
        env!("CARGO_PKG_VERSION")
    );
    for (flag, doc) in GENERAL {
        let short = match flag {
            "--help" => "-h, ",
            "--version" => "-V, ",
            _ => "",
        };
        let value = if flag == "--config" { " <FILE>" } else { "" };
        entry(&mut text, &format!("{short}{flag}{value}"), doc);
    }
    for group in SETTINGS.chunk_by(|a, b| a.group == b.group) {
        let title = group.first().map_or("", |setting| setting.group);
        _ = writeln!(text, "\n{title}:");
        for setting in group {
            entry(&mut text, &usage(setting), &described(setting));
        }
    }
    text.push_str(
        "\nEvery setting can also stand in the file (limits.max_rooms) or in the environment\n\
         (PARLOR_LIMITS_MAX_ROOMS). Flags are stronger than the environment, the environment is\n\
         stronger than the file. Times: 30s, 500ms, 5m. Sizes: 256KiB, 4MiB.\n\n\
         parlor loadtest --help: how much a server of yours bears.\n",
    );
    text
}

fn entry(text: &mut String, head: &str, doc: &str) {
    _ = writeln!(text, "  {head}");
    for line in wrap(doc, WIDTH) {
        _ = writeln!(text, "{INDENT}{line}");
    }
}

fn usage(setting: &Setting) -> String {
    match setting.shape {
        Shape::Switch => setting.flag(),
        Shape::One => format!("{} <{}>", setting.flag(), setting.placeholder),
        Shape::Many => format!("{} <{}>...", setting.flag(), setting.placeholder),
    }
}

fn described(setting: &Setting) -> String {
    let default = (setting.show)(&Config::default());
    match default.as_str() {
        "\"\"" | "[]" | "false" => setting.doc().into(),
        _ => format!(
            "{} [default: {}]",
            setting.doc(),
            default.trim_matches(['[', ']']).replace('"', "")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_explained_and_no_line_is_too_long() {
        let text = text();
        for setting in SETTINGS {
            assert!(text.contains(&usage(setting)), "{}", setting.key);
        }
        assert!(text.lines().all(|line| line.len() <= 90));
    }
}
