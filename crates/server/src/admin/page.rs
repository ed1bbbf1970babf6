//! Long lists by the page: so many at once, and after whom the next page begins. The place is a value, not a count, so
//! what comes and goes meanwhile shifts nothing.

use super::problem::{Code, Problem};

pub const MAX_LIMIT: usize = 500;
pub const DEFAULT_LIMIT: usize = 100;

/// How many at once.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    let wrong =
        || Problem::new(Code::BadParameter, format!("`limit` must be from 1 to {MAX_LIMIT}"));
    (1..=MAX_LIMIT).contains(&limit).then_some(limit).ok_or_else(wrong)
}

/// Cuts what is beyond the page, which was asked for to see whether there is more; with the place of the last on it.
pub fn cut<T, P>(mut found: Vec<T>, limit: usize, place: impl Fn(&T) -> P) -> (Vec<T>, Option<P>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(place);
    (found, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_next_page_only_if_there_is_something_on_it() {
        assert_eq!(cut(vec![1, 2, 3], 2, |last| *last), (vec![1, 2], Some(2)));
        assert_eq!(cut(vec![1, 2], 2, |last| *last), (vec![1, 2], None));
        assert_eq!(limit(None), Ok(DEFAULT_LIMIT));
        assert!(limit(Some(0)).is_err() && limit(Some(MAX_LIMIT + 1)).is_err());
    }
}
