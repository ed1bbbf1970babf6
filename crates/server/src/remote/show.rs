//! Answers for people, in columns; or as the server gave them.

use serde_json::Value;

use super::commands::Answer;

pub fn json(answer: &Answer) -> String {
    let value = match answer {
        Answer::Table(_, value) | Answer::Object(value) => value.clone(),
        Answer::Done(_) => Value::Object(serde_json::Map::new()),
    };
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

pub fn text(answer: &Answer) -> String {
    match answer {
        Answer::Done(sentence) => format!("{}\n", visible(sentence)),
        Answer::Object(object) => facts("", object),
        Answer::Table(what, table) => {
            let rows: Vec<&Value> = table[*what].as_array().into_iter().flatten().collect();
            if rows.is_empty() { "none\n".into() } else { columns(columns_of(what), &rows) }
        }
    }
}

/// A title and where its value is found.
type Column = (&'static str, &'static str);

fn columns_of(what: &str) -> &'static [Column] {
    match what {
        "rooms" => &[
            ("ROOM", "/name"),
            ("MEMBERS", "/members"),
            ("WAITING", "/waiting"),
            ("LOCKED", "/rules/locked"),
            ("PERMANENT", "/rules/permanent"),
        ],
        "members" => &[
            ("PEER", "/peer"),
            ("NAME", "/name"),
            ("IDENTITY", "/identity"),
            ("ROLE", "/role"),
            ("STATE", "/state"),
        ],
        "bans" => &[("PEER", "/peer"), ("IDENTITY", "/identity"), ("UNTIL (MS)", "/until")],
        _ => &[
            ("PEER", "/peer"),
            ("NAME", "/name"),
            ("IDENTITY", "/identity"),
            ("SINCE (MS)", "/since"),
        ],
    }
}

fn columns(columns: &[Column], rows: &[&Value]) -> String {
    let titles: Vec<String> = columns.iter().map(|(title, _)| (*title).into()).collect();
    let cells =
        rows.iter().map(|row| columns.iter().map(|(_, place)| cell(row.pointer(place))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(cells).collect();
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| line.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// One fact on each line, what is inside of others with dots between.
fn facts(prefix: &str, value: &Value) -> String {
    let Value::Object(object) = value else { return format!("{prefix}: {}\n", cell(Some(value))) };
    let inner = |(key, value): (&String, &Value)| {
        facts(&if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") }, value)
    };
    object.iter().map(inner).collect()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::Bool(true)) => "yes".into(),
        Some(Value::Bool(false)) => "no".into(),
        Some(Value::String(text)) => visible(text),
        Some(other) => other.to_string(),
    }
}

/// Names are what members say they are: none may move the cursor of a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

/// Turns the direction of what follows, or hides.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_has_its_columns_under_each_other() {
        let rooms = json!({ "rooms": [
            { "name": "standup", "members": 12, "waiting": 0, "rules": { "locked": true, "permanent": false } },
            { "name": "a", "members": 1, "waiting": 3, "rules": { "locked": false, "permanent": true } },
        ] });
        assert_eq!(
            text(&Answer::Table("rooms", rooms)),
            "ROOM     MEMBERS  WAITING  LOCKED  PERMANENT\n\
             standup  12       0        yes     no\n\
             a        1        3        no      yes\n"
        );
        assert_eq!(text(&Answer::Table("bans", json!({ "bans": [] }))), "none\n");
    }

    #[test]
    fn no_name_moves_the_cursor() {
        let members = json!({ "members": [{ "peer": "x", "name": "\u{1b}[2J\u{202e}Ada" }] });
        assert!(text(&Answer::Table("members", members)).contains("\u{fffd}[2J\u{fffd}Ada"));
    }

    #[test]
    fn facts_are_one_on_each_line() {
        let shown = text(&Answer::Object(json!({ "a": 1, "b": { "c": true, "d": null } })));
        assert_eq!(shown, "a: 1\nb.c: yes\nb.d: -\n");
    }
}
