//! Events as most clients send them, told from everything else in one pass and without a copy.

use super::args::may_have_surrogates;
use super::{MAX_ID, is_event_name};
use crate::scan::Scan;

/// An event without attachments, in JSON that needs no mending. What is not as plain as this is read by `Header`, slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'a> {
    pub namespace: &'a str,
    /// Wanted: an acknowledgement under this number.
    pub id: Option<u64>,
    pub name: &'a str,
    /// The arguments, without brackets around them.
    pub args: &'a str,
    pub first: Option<&'a str>,
    pub count: usize,
}

impl<'a> Plain<'a> {
    #[must_use]
    pub fn read(line: &'a str) -> Option<Self> {
        let rest = line.strip_prefix('2')?;
        let (namespace, rest) = match rest.strip_prefix('/') {
            Some(_) => rest.split_once(',')?,
            None => ("/", rest),
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, json) = rest.split_at_checked(digits)?;
        let id = if digits.is_empty() { None } else { Some(number(digits)?) };
        if may_have_surrogates(json) {
            return None;
        }
        let mut list = List::default();
        Scan::new(json).items(|item| list.take(item))?;
        let name = list.name.filter(|name| is_event_name(name))?;
        let args = match (list.first, list.last) {
            (Some(first), Some(last)) => between(json, first, last)?,
            _ => "",
        };
        Some(Self { namespace, id, name, args, first: list.first, count: list.count })
    }
}

/// What is seen of a list of a name and arguments.
#[derive(Default)]
struct List<'a> {
    name: Option<&'a str>,
    first: Option<&'a str>,
    last: Option<&'a str>,
    count: usize,
}

impl<'a> List<'a> {
    fn take(&mut self, item: &'a str) -> Option<()> {
        if self.name.is_none() {
            let name = item.strip_prefix('"')?.strip_suffix('"')?;
            self.name = (!name.contains('\\')).then_some(name);
            return self.name.map(|_| ());
        }
        self.first = self.first.or(Some(item));
        self.last = Some(item);
        self.count += 1;
        Some(())
    }
}

/// From the beginning of one part to the end of another.
fn between<'a>(text: &'a str, first: &str, last: &str) -> Option<&'a str> {
    let at = |part: &str| part.as_ptr().addr().checked_sub(text.as_ptr().addr());
    text.get(at(first)?..at(last)? + last.len())
}

/// More digits are checked by whoever knows all rules of a number.
fn number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|number| digits.len() <= 16 && *number <= MAX_ID)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read::Header;
    use super::super::{Body, Packet};
    use super::*;

    /// The same by the reader that knows all rules.
    fn slowly(line: &str) -> Option<Packet> {
        Header::read(line).ok().filter(|header| header.attachments == 0)?.complete(vec![]).ok()
    }

    fn agree(line: &str) -> bool {
        let Some(plain) = Plain::read(line) else { return false };
        let packet = slowly(line).unwrap_or_else(|| panic!("{line} is no packet"));
        let Body::Event { id, name, args } = packet.body else { panic!("{line} is no event") };
        assert_eq!(
            (packet.namespace.as_str(), id, &*name, args.inner()),
            (plain.namespace, plain.id, plain.name, plain.args),
        );
        let list: Vec<&serde_json::value::RawValue> = serde_json::from_str(args.json()).unwrap();
        assert_eq!(list.len(), plain.count, "{line}");
        assert_eq!(list.first().map(|first| first.get()), plain.first, "{line}");
        true
    }

    #[test]
    fn what_clients_send_is_plain() {
        for line in [
            r#"2["a"]"#,
            r#"2["message",{"t":"0001","fill":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]"#,
            r#"2/ns,17["offer",{"type":"offer","sdp":"v=0\r\na=x\r\n"},"room",null]"#,
            r#"29007199254740991["é",[],{},[[{"a":[]}]],-0.5,0,12,true,false,"\"\\\/"]"#,
        ] {
            assert!(agree(line), "{line}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_others() {
        let deep = |levels| format!("2[\"a\",{}1{}]", "[".repeat(levels), "]".repeat(levels));
        assert!(agree(&deep(50)) && !agree(&deep(64)) && !agree(&deep(1_000)));
        for line in [
            "",
            "2",
            "2[",
            "2[]",
            "2[1]",
            r#"2["a""#,
            r#"2["a",]"#,
            r#"2["a",1]]"#,
            r#"2["a",01]"#,
            r#"2["a",1e999]"#,
            r#"2["a",-]"#,
            r#"2["a",1.]"#,
            r#"2["a",tru]"#,
            r#"2["a",{"b":}]"#,
            r#"2["a",{"b"}]"#,
            r#"2["a",{,}]"#,
            r#"2["a",[1,]]"#,
            r#"2["a",[1}]"#,
            "2[\"a\",\"\u{1}\"]",
            r#"2["a",1e5]"#,
            r#"2["a","\ud83d"]"#,
            r#"2["a","\x"]"#,
            r#"2["connect"]"#,
            r#"2["\u0061"]"#,
            r#"2/a["b"]"#,
            r#"51-["a"]"#,
            r#"99999999999999999["a"]"#,
            r#"299999999999999999["a"]"#,
        ] {
            assert_eq!(Plain::read(line), None, "{line}");
        }
        assert_eq!(Plain::read(&format!("2[\"a\",{}]", "1".repeat(400))), None);
    }

    proptest! {
        #[test]
        fn whoever_reads_faster_reads_the_same(args in r#"[\[\]{}:,"\\0-9a-z.eE \u{1}é-]{0,24}"#) {
            agree(&format!("2[\"a\",{args}]"));
            agree(&format!("2{args}"));
        }

        #[test]
        fn what_serde_writes_is_plain(text in "[^\u{0}-\u{1f}\u{7f}]{0,40}", number in any::<i64>()) {
            let json = serde_json::json!(["a", text, { "k": [number, text], "l": {} }]);
            let line = format!("2{json}");
            prop_assert!(agree(&line), "{}", line);
        }
    }
}
