//! The settings as text: the example file, the settings in force.

use super::settings::{Config, SETTINGS, Setting};
use super::{Source, Sources};
use std::fmt::Write;

const WIDTH: usize = 98;

/// Tables of which there may be any number.
const TEMPLATE: &str = r#"
# How some rooms are made: any number of such tables, each by a name of its own.
#
#   [room_templates.meeting]
#   # The rooms that are made by it when somebody joins them: names, or beginnings of names. "*" is all.
#   rooms = ["meeting-*"]
#   # Those who come wait until somebody who moderates admits them.
#   waiting_room = false
#   # Nobody but those who moderate comes in.
#   locked = false
#   # Microphones of those who come are muted; they may unmute themselves.
#   mute_on_entry = false
#   # Whoever makes the room owns it, and if nobody is left who moderates, whoever has been there longest.
#   creator_owns = true
#   # Fewer members than limits.max_members; 0 is as many.
#   max_members = 0
#   # What those are whose token names no role: listener, speaker, moderator or owner.
#   role = "speaker"
"#;

/// A file with every setting at its default, each commented out.
pub fn example() -> String {
    let mut text = String::from(
        "# Parlor: every setting with its default. Take the \"#\" off what you want to change.\n\
         # A variable (PARLOR_LIMITS_MAX_ROOMS) is stronger than this file, a flag (--limits-max-rooms) is stronger still.\n\
         # Times are \"30s\", \"500ms\", \"5m\", \"2h\" or a number of seconds; sizes \"256KiB\", \"4MiB\" or a number of bytes.\n\
         # Made by: parlor --print-example-config\n",
    );
    let defaults = Config::default();
    by_section(|section, settings| {
        if !section.is_empty() {
            _ = writeln!(text, "\n[{section}]");
        }
        for setting in settings {
            text.push('\n');
            for line in wrap(setting.doc(), WIDTH) {
                _ = writeln!(text, "# {line}");
            }
            _ = writeln!(text, "# {} = {}", name_in_section(setting), (setting.show)(&defaults));
        }
    });
    text + TEMPLATE
}

/// The settings in force, as a file that would bring them about.
pub fn effective(config: &Config, sources: &Sources) -> String {
    let mut text = String::new();
    by_section(|section, settings| {
        if !section.is_empty() {
            _ = writeln!(text, "\n[{section}]");
        }
        for setting in settings {
            let value = (setting.show)(config);
            let note = match sources.of(setting.key) {
                Source::Default => String::new(),
                source @ (Source::File { .. } | Source::Variable(_) | Source::Flag(_)) => {
                    format!("  # {source}").replace(|c: char| c.is_control(), "?")
                }
            };
            _ = writeln!(text, "{} = {value}{note}", name_in_section(setting));
        }
    });
    text + &config.room_templates.show() + "\n# configuration is valid\n"
}

fn by_section(mut each: impl FnMut(&str, &[Setting])) {
    for group in SETTINGS.chunk_by(|a, b| a.group == b.group) {
        let section = group.first().and_then(|setting| setting.key.split_once('.'));
        each(section.map_or("", |(section, _)| section), group);
    }
}

fn name_in_section(setting: &Setting) -> &'static str {
    setting.key.rsplit('.').next().unwrap_or(setting.key)
}

/// Lines of at most `width` characters, broken between words.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// The table of settings for the manual.
    fn table() -> String {
        let mut text = String::from("| key | default | flag | what |\n|---|---|---|---|\n");
        let defaults = Config::default();
        for setting in SETTINGS {
            let shown = (setting.show)(&defaults);
            let doc = setting.doc().replace('|', "\\|");
            _ = writeln!(text, "| `{}` | `{shown}` | `{}` | {doc} |", setting.key, setting.flag());
        }
        text
    }

    /// `BLESS=1 cargo test` writes the files anew.
    fn check(path: &Path, wanted: &str) {
        let found = std::fs::read_to_string(path).unwrap_or_default();
        if found != wanted && std::env::var_os("BLESS").is_some() {
            std::fs::write(path, wanted).unwrap();
        } else {
            assert!(found == wanted, "{} is stale; BLESS=1 cargo test renews it", path.display());
        }
    }

    #[test]
    fn the_example_file_is_fresh() {
        check(&root().join("parlor.example.toml"), &example());
    }

    #[test]
    fn the_manual_lists_every_setting_as_it_is() {
        let path = root().join("docs/operating.md");
        let manual = std::fs::read_to_string(&path).unwrap();
        let (start, end) = ("<!-- settings -->\n", "<!-- end of settings -->");
        let (before, rest) = manual.split_once(start).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        check(&path, &format!("{before}{start}{}{end}{after}", table()));
    }

    #[test]
    fn the_example_without_its_hashes_is_the_default_configuration() {
        let live: Vec<&str> = SETTINGS.iter().map(name_in_section).collect();
        let uncommented: String = example()
            .lines()
            .map(|line| {
                let bare = line.strip_prefix("# ").unwrap_or(line);
                let key = bare.split(" = ").next().unwrap_or_default();
                if live.contains(&key) { format!("{bare}\n") } else { format!("{line}\n") }
            })
            .collect();
        let entries = super::super::file::entries(&uncommented).unwrap();
        assert_eq!(entries.len(), SETTINGS.len());
        let mut config = Config::default();
        for entry in entries {
            let setting = Setting::find(&entry.key).unwrap();
            assert_eq!((setting.read)(&entry.raw, &mut config), Ok(()), "{}", entry.key);
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("toolongword x", 3), ["toolongword", "x"]);
    }
}
