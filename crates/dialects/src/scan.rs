//! One pass over a JSON text that tells where its parts lie and builds nothing.
//!
//! It may decline what is JSON, and never takes what is none: who is declined is read by serde, which also says what is wrong.

use crate::depth::MAX_DEPTH;

/// Of one number: as many as mean anything.
const MAX_DIGITS: usize = 32;

pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Tells the key and the raw value of every field, if the text is an object and nothing else. Declines keys with escapes,
    /// and whatever `tell` declines.
    pub(crate) fn fields(
        mut self,
        mut tell: impl FnMut(&'a str, &'a str) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        loop {
            let key = self.plain_string()?;
            self.expect(b':')?;
            tell(key, self.raw(MAX_DEPTH - 1)?)?;
            if !self.takes(b',') {
                break;
            }
        }
        self.expect(b'}')?;
        self.skip_space();
        self.rest().is_empty().then_some(())
    }

    /// Tells the raw value of every item, if the text is a list and nothing else. Declines whatever `tell` declines.
    pub(crate) fn items(mut self, mut tell: impl FnMut(&'a str) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        if !self.takes(b']') {
            tell(self.raw(MAX_DEPTH - 1)?)?;
            while self.takes(b',') {
                tell(self.raw(MAX_DEPTH - 1)?)?;
            }
            self.expect(b']')?;
        }
        self.skip_space();
        self.rest().is_empty().then_some(())
    }

    /// Tells every item, if the text is a list of strings without escapes and not empty.
    pub(crate) fn plain_strings(
        mut self,
        mut tell: impl FnMut(&'a str) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'[')?;
        loop {
            tell(self.plain_string()?)?;
            if !self.takes(b',') {
                break;
            }
        }
        self.expect(b']')
    }

    fn plain_string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        self.at += plain_len(self.rest());
        let text = self.text.get(start..self.at);
        (self.next()? == b'"').then_some(text?)
    }

    /// The text of the next value, in which so many others may be nested.
    fn raw(&mut self, depth: usize) -> Option<&'a str> {
        self.skip_space();
        let start = self.at;
        self.value(depth)?;
        self.text.get(start..self.at)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        self.skip_space();
        match self.next()? {
            b'"' => self.rest_of_string(),
            b'{' => self.rest_of_object(depth.checked_sub(1)?),
            b'[' => self.rest_of_list(depth.checked_sub(1)?),
            b't' => self.letters(b"rue"),
            b'f' => self.letters(b"alse"),
            b'n' => self.letters(b"ull"),
            b'-' => {
                let first = self.next()?;
                self.rest_of_number(first)
            }
            first => self.rest_of_number(first),
        }
    }

    fn rest_of_object(&mut self, depth: usize) -> Option<()> {
        if self.takes(b'}') {
            return Some(());
        }
        loop {
            self.expect(b'"')?;
            self.rest_of_string()?;
            self.expect(b':')?;
            self.value(depth)?;
            if !self.takes(b',') {
                return self.expect(b'}');
            }
        }
    }

    fn rest_of_list(&mut self, depth: usize) -> Option<()> {
        if self.takes(b']') {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if !self.takes(b',') {
                return self.expect(b']');
            }
        }
    }

    fn rest_of_string(&mut self) -> Option<()> {
        loop {
            self.at += plain_len(self.rest());
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => self.escaped()?,
                _ => return None,
            }
        }
    }

    fn escaped(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.rest().first_chunk::<4>()?;
                let all = digits.iter().all(u8::is_ascii_hexdigit);
                self.at += digits.len();
                all.then_some(())
            }
            _ => None,
        }
    }

    /// RFC 8259, section 6. Declines what may be infinite to whoever reads it.
    fn rest_of_number(&mut self, first: u8) -> Option<()> {
        match first {
            b'0' => {}
            b'1'..=b'9' if matches!(self.rest().first(), Some(b'0'..=b'9')) => self.digits()?,
            b'1'..=b'9' => {}
            _ => return None,
        }
        if self.is_next(b'.') {
            self.digits()?;
        }
        let has_exponent = matches!(self.rest().first(), Some(b'e' | b'E'));
        (!has_exponent).then_some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (1..=MAX_DIGITS).contains(&count).then_some(())
    }

    fn letters(&mut self, letters: &[u8]) -> Option<()> {
        let found = self.rest().starts_with(letters);
        self.at += letters.len();
        found.then_some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.takes(byte).then_some(())
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.is_next(byte)
    }

    fn is_next(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.rest().first() {
            self.at += 1;
        }
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.rest().first().copied();
        self.at += 1;
        next
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// How many bytes of a string there are before its end, an escape, or what must not be in a string. Most strings end within
/// a word; what is longer is looked at in blocks, each of which is a few instructions.
fn plain_len(bytes: &[u8]) -> usize {
    if let Some(word) = bytes.first_chunk()
        && let len @ 0..8 = plain_in_word(*word)
    {
        return len;
    }
    let special =
        |byte: u8| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < b' ');
    let mut len = 0;
    for block in bytes.as_chunks::<16>().0 {
        if block.iter().fold(0, |any, byte| any | special(*byte)) != 0 {
            break;
        }
        len += block.len();
    }
    let rest = bytes.get(len..).unwrap_or_default();
    for word in rest.as_chunks().0 {
        let in_word = plain_in_word(*word);
        len += in_word;
        if in_word < word.len() {
            return len;
        }
    }
    let rest = bytes.get(len..).unwrap_or_default();
    len + rest.iter().take_while(|byte| special(**byte) == 0).count()
}

/// The first byte that is special has the lowest bit; those above it may be wrong.
fn plain_in_word(word: [u8; 8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    let (quotes, escapes) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
    let below =
        word.wrapping_sub(ONES * 0x20) | quotes.wrapping_sub(ONES) | escapes.wrapping_sub(ONES);
    let special = below & !word & (ONES << 7);
    (special.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    fn scanned(text: &str) -> Option<Vec<(&str, &str)>> {
        let mut fields = Vec::new();
        Scan::new(text).fields(|key, value| {
            fields.push((key, value));
            Some(())
        })?;
        Some(fields)
    }

    /// What is taken is read alike by serde.
    fn check(text: &str) -> bool {
        let Some(fields) = scanned(text) else { return false };
        let read: BTreeMap<&str, &RawValue> = serde_json::from_str(text).unwrap();
        let fields: BTreeMap<&str, &str> = fields.into_iter().collect();
        assert_eq!(fields, read.into_iter().map(|(key, raw)| (key, raw.get())).collect());
        true
    }

    #[test]
    fn usual_objects_are_taken() {
        for text in [
            r#"{"a":1}"#,
            r#" { "type" : "send" , "data" : { "t":[1,-0.5,0,{}, [] ,null,true,false] } } "#,
            r#"{"sdp":"v=0\r\n\u00e9 \"\\ é 🎻","a":"0123456789abcdef0123456789abcdef"}"#,
        ] {
            assert!(check(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_declined() {
        for text in [
            "",
            "{",
            "{}",
            "[]",
            "1",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":-}"#,
            r#"{"a":1e}"#,
            r#"{"a":1e999}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":nul}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":"}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}"#,
            r#"{"a":{"b":1,}}"#,
            r#"{"a":{b:1}}"#,
            r#"{"\u0061":1}"#,
            r#"{'a':1}"#,
            "{\"a\":1}\u{b}",
        ] {
            assert_eq!(scanned(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_is_limited_as_elsewhere() {
        let nested = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(MAX_DEPTH - 1)));
        assert!(!crate::depth::is_too_deep(&nested(MAX_DEPTH - 1)));
        assert_eq!(scanned(&nested(MAX_DEPTH)), None);
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\"a\"",
            "\"b\":",
            "\\",
            "\\\"",
            "\\u00e9",
            "é",
            "0",
            "1",
            "12",
            "-",
            ".",
            "e",
            "E",
            "+",
            "true",
            "false",
            "null",
            " ",
            "\n",
            "\t",
            "\u{1}",
            "xxxxxxxxxxxxxxxxxxxx",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_read_alike_by_serde(inner in pieces()) {
            check(&inner);
            check(&format!("{{\"a\":{inner}}}"));
            check(&format!("{{{inner}}}"));
        }
    }
}
