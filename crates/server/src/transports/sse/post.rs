//! One POST: who says it, whether it was said before, and what the rooms answer.

use std::time::Instant;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use axum::http::{Response, StatusCode};
use parlor_dialects::sse::{
    BodyKind, Post, Posted, Token, Trouble, What, encode_answer, read_post,
};
use parlor_dialects::{Dialect, Ice, Problem};
use parlor_rooms::{Reply, RoomName};

use super::Carrier;
use super::answered::{Answer, Key};
use super::respond;
use super::seats::{Desk, Seat};
use crate::metrics::{self, Direction};

pub fn carry_out(
    carrier: &Carrier,
    room: &RoomName,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response<Body>, Trouble> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let authorization = text(AUTHORIZATION.as_str()).ok_or(Trouble::NoToken)?;
    let token = Token::from_authorization(authorization).ok_or(Trouble::BadToken)?;
    let seat = carrier.seats.find(room, &token)?;
    let kind = BodyKind::of(text(CONTENT_TYPE.as_str())).ok_or(Trouble::MediaType)?;
    let key = text("idempotency-key").map(Key::parse).transpose()?;

    // One after the other: a repetition that overtakes its request waits here for the answer.
    let mut desk = seat.desk();
    if let Some(key) = &key
        && let Some((status, answer)) = desk.answered.find(key, body)?
    {
        return Ok(respond::json(status, answer));
    }
    let posted = read_post(kind, body);
    metrics::passed(Dialect::Sse, Direction::In, count(&posted), body.len());
    let (status, answer) = first_time(carrier, &seat, &mut desk, &posted)?;
    if let Some(key) = key {
        desk.answered.remember(key, body, (status, answer.clone()));
    }
    Ok(respond::json(status, answer))
}

fn first_time(
    carrier: &Carrier,
    seat: &Seat,
    desk: &mut Desk,
    posted: &Result<Posted, Problem>,
) -> Result<Answer, Trouble> {
    let taken = desk.rate.take_many(count(posted), Instant::now());
    taken.map_err(|retry_after| Problem::RateLimited { retry_after })?;
    match posted.as_ref().map_err(Clone::clone)? {
        Posted::One(post) => Ok(say(carrier, seat, post)),
        Posted::Many(posts) => Ok(say_all(carrier, seat, posts)),
    }
}

/// What can't be read counts as well.
fn count(posted: &Result<Posted, Problem>) -> usize {
    posted.as_ref().map_or(1, |posted| posted.posts().len())
}

/// In their order, up to the first that is refused.
fn say_all(carrier: &Carrier, seat: &Seat, posts: &[Post]) -> Answer {
    let (mut status, mut list) = (StatusCode::OK, b"[".to_vec());
    for post in posts {
        let (said, answer) = say(carrier, seat, post);
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(&answer);
        if said != StatusCode::OK {
            status = said;
            break;
        }
    }
    list.push(b']');
    (status, list.into())
}

fn say(carrier: &Carrier, seat: &Seat, post: &Post) -> Answer {
    let rooms = &carrier.node.rooms;
    let reply = match &post.what {
        What::Aside(aside) => rooms.ask_aside(&seat.who, aside.clone()),
        What::Refresh(token) => rooms.refresh_aside(&seat.who, token),
    };
    if reply == Ok(Reply::Left) {
        seat.leave();
    }
    let status = match &reply {
        Ok(_) => StatusCode::OK,
        Err(refusal) => {
            let status = Trouble::Problem(Problem::Refused(*refusal)).status();
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)
        }
    };
    (status, encode_answer(post.id, &reply, &Ice::default()))
}
