//! Which rooms a token is for: a name, or a pattern in which `*` stands for any letters.

use parlor_rooms::RoomName;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub const MAX_BYTES: usize = 512;

    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_BYTES;
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Byte for byte: what only looks alike is another room.
    pub fn fits(&self, room: &RoomName) -> bool {
        let name = room.as_str();
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(last) = parts.next_back() else { return name == first };
        let Some(rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
            return false;
        };
        // The leftmost place of each part leaves the most for those after it.
        parts.try_fold(rest, |rest, part| rest.split_once(part).map(|(_, behind)| behind)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, room: &str) -> bool {
        Pattern::parse(pattern).unwrap().fits(&RoomName::parse(room).unwrap())
    }

    #[test]
    fn a_name_is_itself_and_nothing_that_looks_like_it() {
        assert!(fits("standup", "standup"));
        for room in
            ["Standup", "standup ", " standup", "standup2", "st\u{430}ndup", "stand\u{200b}up"]
        {
            assert!(!fits("standup", room), "{room}");
        }
        // One letter with its accent, and a letter followed by one.
        assert!(!fits("caf\u{e9}", "cafe\u{301}"));
    }

    #[test]
    fn a_star_stands_for_any_letters_or_none() {
        for (pattern, room) in [
            ("*", "anything"),
            ("team-*", "team-"),
            ("team-*", "team-red"),
            ("*-team", "red-team"),
            ("a*c", "abc"),
            ("a*c", "ac"),
            ("a**c", "ac"),
            ("a*b*c", "a-b-b-c"),
            ("*ab*ab*", "abab"),
            ("caf*", "caf\u{e9}"),
        ] {
            assert!(fits(pattern, room), "{pattern} {room}");
        }
        for (pattern, room) in [
            ("team-*", "team"),
            ("team-*", "steam-red"),
            ("a*a", "a"),
            ("ab*ba", "aba"),
            ("*ab*ab*", "abxa"),
            ("a*b*c", "acb"),
        ] {
            assert!(!fits(pattern, room), "{pattern} {room}");
        }
    }

    #[test]
    fn a_pattern_is_a_short_line_of_text() {
        for text in ["", "a\nb", &"x".repeat(513)] {
            assert_eq!(Pattern::parse(text), None);
        }
    }
}
