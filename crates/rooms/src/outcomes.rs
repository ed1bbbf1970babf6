//! The answers to a session's last requests, so that a repeated request is answered and not carried out again.

use std::collections::VecDeque;

use crate::ids::{RequestId, Seq};
use crate::limits::Limits;
use crate::refusal::Refusal;

pub(crate) type Outcome = Result<Option<Seq>, Refusal>;

/// Bounded by [`Limits::MAX_OUTCOMES`]: the oldest is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    kept: VecDeque<(RequestId, Outcome)>,
}

impl Outcomes {
    /// The answer to give at once, or `None` for a request that is new.
    pub(crate) fn repeated(&self, id: RequestId) -> Option<Outcome> {
        let (newest, _) = self.kept.back()?;
        if id > *newest {
            return None;
        }
        let found = self.kept.binary_search_by_key(&id, |(known, _)| *known).ok();
        let answer = found.and_then(|at| self.kept.get(at)).map(|(_, outcome)| *outcome);
        Some(answer.unwrap_or(Err(Refusal::RequestOutOfOrder)))
    }

    pub(crate) fn remember(&mut self, id: RequestId, outcome: Outcome) {
        if self.kept.len() >= Limits::MAX_OUTCOMES {
            self.kept.pop_front();
        }
        self.kept.push_back((id, outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> RequestId {
        RequestId::new(number).unwrap()
    }

    #[test]
    fn a_repeated_request_gets_its_first_answer() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.repeated(id(1)), None);
        outcomes.remember(id(1), Ok(Some(Seq(9))));
        outcomes.remember(id(5), Err(Refusal::UnknownTarget));
        assert_eq!(outcomes.repeated(id(1)), Some(Ok(Some(Seq(9)))));
        assert_eq!(outcomes.repeated(id(5)), Some(Err(Refusal::UnknownTarget)));
        assert_eq!(outcomes.repeated(id(6)), None);
        assert_eq!(outcomes.repeated(id(3)), Some(Err(Refusal::RequestOutOfOrder)));
    }

    #[test]
    fn what_is_forgotten_is_refused_and_not_carried_out_twice() {
        let mut outcomes = Outcomes::default();
        for number in 1..=300 {
            outcomes.remember(id(number), Ok(None));
        }
        assert_eq!(outcomes.repeated(id(44)), Some(Err(Refusal::RequestOutOfOrder)));
        assert_eq!(outcomes.repeated(id(45)), Some(Ok(None)));
    }
}
