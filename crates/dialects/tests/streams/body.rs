//! Requests of a client of event streams that says anything: what is read can be said again, and what can't is told in JSON.

use parlor_dialects::sse::{BodyKind, Entrance, EventId, Token, Trouble, read_post};

/// The first line is the room's name, the second a query, the third a `Last-Event-ID`, the fourth an `Authorization`,
/// the fifth a `Content-Type`; the rest is a body.
pub fn request(input: &[u8]) {
    let mut parts = input.splitn(6, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let [room, query, id, authorization, kind] = [line(), line(), line(), line(), line()];
    let body = parts.next().unwrap_or_default();

    let header = (!id.is_empty()).then_some(id.as_str());
    match Entrance::read(&room, &query, header) {
        Ok(entrance) => {
            assert_eq!(entrance.room().as_str(), room);
            match &entrance.last_event {
                Some(Ok(id)) => check_id(*id, &entrance),
                Some(Err(problem)) => told(&problem.clone().into()),
                None => assert!(header.is_none()),
            }
        }
        Err(problem) => told(&problem.into()),
    }
    if let Some(token) = Token::from_authorization(&authorization) {
        assert_eq!(Token::parse(&token.to_string()), Some(token));
    }
    match read_post(BodyKind::of(Some(&kind)).unwrap_or(BodyKind::Json), body) {
        Ok(posted) => assert!(!posted.posts().is_empty()),
        Err(problem) => told(&problem.into()),
    }
}

fn check_id(id: EventId, entrance: &Entrance) {
    assert_eq!(EventId::parse(&id.to_string()), Some(id));
    let resume = entrance.resume(id);
    assert_eq!((resume.member.peer, resume.since), (id.peer, id.seq));
}

fn told(trouble: &Trouble) {
    assert!((400..=499).contains(&trouble.status()), "{trouble:?}");
    let object: serde_json::Value = serde_json::from_slice(&trouble.encode()).unwrap_or_default();
    assert_eq!(object.get("type").and_then(|kind| kind.as_str()), Some("error"));
}
