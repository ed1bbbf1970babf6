//! A call between such a client and a member who speaks another dialect: whose offer counts, and whether it goes on with
//! what the two have.

use std::sync::Arc;

use parlor_rooms::{Json, Signal};

/// A browser finds a few dozen.
const MAX_EARLY: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Talk {
    /// An own offer is out, and not answered.
    offering: bool,
    /// The session in the other's last description: another one is another connection (RFC 8829, section 5.2.1).
    session: Option<Arc<str>>,
    /// The other's offer crossed an own one and was passed over, with the candidates that belong to it.
    passed_over: bool,
    /// Candidates of the other that came before its answer.
    early: Vec<Json>,
}

/// What the client is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Offer {
        sdp: Arc<str>,
        renegotiating: bool,
    },
    Answer(Arc<str>),
    Candidate(Json),
    /// What the two had is over.
    StartOver,
}

impl Talk {
    /// Whether the other has described itself, so that nobody need ask for an offer.
    pub(super) fn is_begun(&self) -> bool {
        self.session.is_some()
    }

    pub(super) fn say(&mut self, signal: &Signal) {
        match signal {
            Signal::Offer(_) => {
                self.offering = true;
                self.early.clear();
            }
            Signal::Answer(_) => self.offering = false,
            Signal::Candidate(_) => {}
        }
    }

    /// The others yield to who was there before them: tutorials' pages take back their offer, so does the SDK.
    pub(super) fn hear_offer(&mut self, sdp: &Arc<str>, was_there_first: bool) -> Vec<Said> {
        if self.offering && was_there_first {
            self.passed_over = true;
            return Vec::new();
        }
        let session = Arc::<str>::from(session_of(sdp));
        let had_one = self.offering || self.session.is_some();
        let goes_on = self.session.as_ref().map_or(self.offering, |known| *known == session);
        *self = Self { session: Some(session), ..Self::default() };
        let offer = Said::Offer { sdp: sdp.clone(), renegotiating: goes_on };
        if had_one && !goes_on { vec![Said::StartOver, offer] } else { vec![offer] }
    }

    pub(super) fn hear_answer(&mut self, sdp: &Arc<str>) -> Vec<Said> {
        if !self.offering {
            return Vec::new(); // To an offer that was taken back.
        }
        let early = std::mem::take(&mut self.early);
        *self = Self { session: Some(session_of(sdp).into()), ..Self::default() };
        let candidates = early.into_iter().map(Said::Candidate);
        std::iter::once(Said::Answer(sdp.clone())).chain(candidates).collect()
    }

    pub(super) fn hear_candidate(&mut self, candidate: &Json) -> Option<Said> {
        // These clients have no word for the end of candidates.
        if candidate.as_str() == "null" || self.passed_over {
            return None;
        }
        if self.session.is_some() {
            return Some(Said::Candidate(candidate.clone()));
        }
        if self.early.len() < MAX_EARLY {
            self.early.push(candidate.clone());
        }
        None
    }
}

/// The number of the session in a description's origin line (RFC 8866, section 5.2).
fn session_of(sdp: &str) -> &str {
    let origin = sdp.lines().find_map(|line| line.strip_prefix("o="));
    origin.and_then(|origin| origin.split(' ').nth(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(session: u64) -> Arc<str> {
        format!("v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\ns=-\r\n").into()
    }

    fn offer(session: u64, renegotiating: bool) -> Said {
        Said::Offer { sdp: sdp(session), renegotiating }
    }

    fn candidate(text: &str) -> Json {
        Json::from_checked(text)
    }

    #[test]
    fn a_second_offer_of_the_same_connection_goes_on_with_it() {
        let mut talk = Talk::default();
        assert_eq!(talk.hear_offer(&sdp(7), true), [offer(7, false)]);
        talk.say(&Signal::Answer("v=0".into()));
        assert_eq!(talk.hear_offer(&sdp(7), true), [offer(7, true)]);
        assert_eq!(talk.hear_offer(&sdp(8), true), [Said::StartOver, offer(8, false)]);
    }

    #[test]
    fn of_two_offers_that_cross_the_one_of_who_was_there_first_counts() {
        let mut first = Talk::default();
        first.say(&Signal::Offer("v=0".into()));
        assert_eq!(first.hear_offer(&sdp(7), true), []);
        assert_eq!(
            first.hear_candidate(&candidate("{}")),
            None,
            "it belongs to what was passed over"
        );
        assert_eq!(first.hear_answer(&sdp(7)), [Said::Answer(sdp(7))]);
        assert_eq!(first.hear_candidate(&candidate("{}")), Some(Said::Candidate(candidate("{}"))));
        let mut second = Talk::default();
        second.say(&Signal::Offer("v=0".into()));
        assert_eq!(second.hear_offer(&sdp(7), false), [offer(7, true)]);
        assert_eq!(second.hear_answer(&sdp(7)), [], "its own was taken back");
    }

    #[test]
    fn candidates_wait_for_the_answer_and_their_end_is_not_told() {
        let mut talk = Talk::default();
        talk.say(&Signal::Offer("v=0".into()));
        let early = |number: usize| candidate(&format!("{{\"candidate\":\"{number}\"}}"));
        for number in 0..MAX_EARLY + 5 {
            assert_eq!(talk.hear_candidate(&early(number)), None);
        }
        let told = talk.hear_answer(&sdp(7));
        assert_eq!(told.len(), 1 + MAX_EARLY);
        assert_eq!(told.last(), Some(&Said::Candidate(early(MAX_EARLY - 1))));
        assert_eq!(talk.hear_candidate(&candidate("null")), None);
    }
}
