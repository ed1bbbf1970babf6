//! How deep a JSON text is nested, told without parsing it: readers elsewhere may recurse.

/// Deep enough for every message of ours; far below what exhausts a client's stack.
pub(crate) const MAX_DEPTH: usize = 64;

pub(crate) fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_only_outside_of_strings() {
        assert!(!is_too_deep(&format!("{}{}", "[".repeat(64), "]".repeat(64))));
        assert!(is_too_deep(&"[".repeat(65)));
        assert!(is_too_deep(&"{\"a\":".repeat(65)));
        assert!(!is_too_deep(&format!("\"{}\"", "[".repeat(100))));
        assert!(!is_too_deep(&format!("\"\\\"{}\"", "[".repeat(100))));
        assert!(!is_too_deep(&"[]".repeat(100)));
    }
}
