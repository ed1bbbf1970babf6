//! A TOML file, flattened to dotted keys with their lines. Which keys exist is not known here.

use super::value::Raw;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub raw: Raw,
    pub line: usize,
}

#[derive(Debug)]
pub struct SyntaxError {
    pub text: String,
    pub line: usize,
}

pub fn entries(text: &str) -> Result<Vec<Entry>, Vec<SyntaxError>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let mut entries = Vec::new();
        flatten(text, "", table.get_ref(), &mut entries);
        entries.sort_by_key(|entry| entry.line);
        return Ok(entries);
    }
    let error = |error: toml::de::Error| SyntaxError {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        text: error.message().trim().replace('\n', ", "),
    };
    Err(errors.into_iter().map(error).collect())
}

fn flatten(text: &str, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<Entry>) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        let section = value.get_ref().as_table().filter(|section| !section.is_empty());
        match section {
            Some(section) => flatten(text, &format!("{key}."), section, entries),
            None => {
                let line = line_of(text, name.span().start);
                entries.push(Entry { key, raw: raw(value), line });
            }
        }
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number out of range"), Raw::Integer),
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::Array(items) => Raw::List(items.iter().map(raw).collect()),
        DeValue::Float(_) => Raw::Other("a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(table) if table.is_empty() => Raw::EmptyTable,
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dotted_and_know_their_line() {
        let text =
            "log = \"info\"\n\n[limits]\nburst = 1_000 # more\n[ice]\nservers = [\"a\", 2]\n";
        let found: Vec<_> = entries(text)
            .unwrap()
            .into_iter()
            .map(|entry| (entry.key, entry.raw, entry.line))
            .collect();
        assert_eq!(
            found,
            [
                ("log".into(), Raw::Text("info".into()), 1),
                ("limits.burst".into(), Raw::Integer(1_000), 4),
                ("ice.servers".into(), Raw::List(vec![Raw::Text("a".into()), Raw::Integer(2)]), 6),
            ]
        );
    }

    #[test]
    fn an_empty_section_is_an_entry_too_so_that_a_misspelt_one_is_found() {
        assert_eq!(entries("[limit]\n").unwrap().remove(0).key, "limit");
    }

    #[test]
    fn syntax_errors_are_one_line_each() {
        let errors = entries("a = 1\nb = = 2\nc = \"open\n").unwrap_err();
        assert_eq!(errors.first().unwrap().line, 2);
        assert!(errors.iter().all(|error| !error.text.is_empty() && !error.text.contains('\n')));
    }
}
