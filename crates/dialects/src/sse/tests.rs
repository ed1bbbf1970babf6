//! What is said on streams and in POSTs: whole texts.

use std::sync::Arc;
use std::time::Duration;

use parlor_rooms::{
    Aside, Body, Command, DisplayName, Event, Joined, Json, PeerId, Picture, Refusal, Reply,
    RequestId, Resumed, RoomName, Secret, Seq, Timestamp,
};

use super::*;
use crate::{Close, Ice, IceServer, Problem};

const PEER: &str = "AQEBAQEBAQEBAQEBAQEBAQ";
const SECRET: &str = "AgICAgICAgICAgICAgICAgICAgICAgIC";
const TOKEN: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD";

fn peer() -> PeerId {
    PeerId::from_entropy([1; 16])
}

fn secret() -> Secret {
    Secret::from_entropy([2; 24])
}

fn token() -> Token {
    Token { peer: peer(), secret: Secret::from_entropy([3; 24]) }
}

fn room() -> RoomName {
    RoomName::parse("standup").unwrap()
}

fn event(seq: Option<u64>, body: Body) -> Event {
    Event { room: room(), seq: seq.map(Seq), at: Timestamp(7), body }
}

fn joined() -> Reply {
    Reply::Joined(Box::new(Joined {
        room: room(),
        peer: peer(),
        secret: secret(),
        seq: Seq(4),
        members: Vec::new(),
        history: Vec::new(),
        rules: parlor_rooms::Rules::default(),
        waiting: Vec::new(),
        grace: Duration::from_secs(30),
        picture: Picture::New,
    }))
}

fn resumed() -> Reply {
    let (peer, secret) = (peer(), secret());
    Reply::Resumed(Resumed { room: room(), peer, secret, seq: Seq(9), replayed: 5 })
}

fn came_with(seq: u64) -> Option<EventId> {
    EventId::parse(&format!("{seq}.{PEER}.{TOKEN}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// As it arrives on a stream of this session.
fn whole(event: &Event) -> String {
    let (_, tail) = encode_entered(&joined(), None, token(), &Ice::default()).unwrap();
    let mut out = Vec::new();
    tail.complete(&encode_event(event), &mut out);
    text(&out)
}

#[test]
fn a_stream_begins_with_the_picture_and_the_token() {
    let (first, _) = encode_entered(&joined(), None, token(), &Ice::default()).unwrap();
    let data = format!(
        r#"{{"type":"joined","room":"standup","peer":"{PEER}","secret":"{SECRET}","seq":4,"members":[],"rules":{{"locked":false,"waitingRoom":false,"muteOnEntry":false,"permanent":false}},"history":[],"graceMs":30000,"iceServers":[],"resumed":false,"lost":false,"token":"{PEER}.{TOKEN}"}}"#
    );
    assert_eq!(text(&first), format!("event: joined\ndata: {data}\nid: 4.{PEER}.{SECRET}\n\n"));
}

#[test]
fn a_resumed_stream_begins_where_the_client_was() {
    let (first, _) = encode_entered(&resumed(), came_with(4), token(), &Ice::default()).unwrap();
    let first = text(&first);
    assert!(first.starts_with(
        r#"event: resumed
data: {"type":"resumed","room":"standup","#
    ));
    assert!(first.contains(r#""seq":9,"replayed":5,"#));
    assert!(first.ends_with(&format!("\nid: 4.{PEER}.{SECRET}\n\n")));
}

#[test]
fn only_what_can_be_missed_has_an_id() {
    let data = Json::from_checked("1");
    let message = |seq| event(seq, Body::Message { from: peer(), data: data.clone() });
    let id = format!("id: 5.{PEER}.{SECRET}\n");
    let json = format!(r#"{{"type":"message","seq":5,"from":"{PEER}","data":1}}"#);
    assert_eq!(whole(&message(Some(5))), format!("event: message\ndata: {json}\n{id}\n"));
    let json = format!(r#"{{"type":"message","from":"{PEER}","data":1}}"#);
    assert_eq!(whole(&message(None)), format!("event: message\ndata: {json}\n\n"));
}

#[test]
fn line_breaks_in_what_members_send_make_no_fields() {
    let data = Json::from_checked("[1,\r\n\n\r9\n]");
    let said = whole(&event(Some(5), Body::Message { from: peer(), data }));
    let fields: Vec<&str> = said.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(fields, ["event", "data", "data", "data", "data", "data", "data", "id", ""]);
    assert!(said.contains("\ndata: 9\n"));
    let name = DisplayName::parse("Ada").unwrap();
    let chat = Body::Chat { from: peer(), name, text: Arc::from("a\nid: 9"), key: None };
    assert!(whole(&event(Some(5), chat)).contains(r#""text":"a\nid: 9""#));
}

#[test]
fn the_end_of_a_stream_says_why() {
    assert_eq!(
        text(&encode_closing(Close::Replaced)),
        "event: closing\ndata: {\"type\":\"closing\",\"code\":4001,\"reason\":\"replaced\"}\n\n"
    );
    let problem = text(&encode_problem(&Refusal::SessionUnknown.into()));
    assert!(
        problem.starts_with("event: error\ndata: {\"type\":\"error\",\"code\":\"session-unknown\"")
    );
    assert!(problem.ends_with("}\n\n"));
}

#[test]
fn a_stream_that_goes_on_is_padded() {
    let retry = Duration::from_millis(500);
    assert_eq!(opening(retry, false), ":\nretry: 500\n\n");
    assert_eq!(opening(retry, true).len(), ":\nretry: 500\n\n".len() + 2048);
}

#[test]
fn an_id_and_a_token_are_read_back() {
    let id = EventId { seq: Some(Seq(17)), peer: peer(), secret: secret() };
    assert_eq!(id.to_string(), format!("17.{PEER}.{SECRET}"));
    assert_eq!(EventId::parse(&id.to_string()), Some(id));
    let anew = EventId { seq: None, ..id };
    assert_eq!(EventId::parse(&format!(".{PEER}.{SECRET}")), Some(anew));
    for wrong in ["", "17", "17.", "x.y.z", "+1.", "99999999999999999999.", "-1."] {
        assert_eq!(EventId::parse(wrong), None, "{wrong}");
        assert_eq!(EventId::parse(&format!("{wrong}{PEER}")), None);
    }
    assert_eq!(EventId::parse(&format!("+1.{PEER}.{SECRET}")), None);
    assert_eq!(EventId::parse(&format!("1.{PEER}.{SECRET}.")), None);
    let header = |scheme: &str| Token::from_authorization(&format!("{scheme} {}", token()));
    assert_eq!([header("Bearer"), header("bearer")], [Some(token()); 2]);
    assert_eq!([header("Basic"), header("")], [None; 2]);
}

#[test]
fn an_address_says_who_comes() {
    let query = "name=Ada+L%C3%B6we&identity=ada%40example.org&a.mic=on&a.x=&other=1&wait=25";
    let entrance = Entrance::read("standup", query, None).unwrap();
    assert_eq!(entrance.join.name.as_str(), "Ada Löwe");
    assert_eq!(entrance.join.identity.as_ref().unwrap().as_str(), "ada@example.org");
    assert_eq!(entrance.join.attributes.iter().collect::<Vec<_>>(), [("mic", "on"), ("x", "")]);
    assert_eq!(entrance.wait, Some(Duration::from_secs(25)));
    assert_eq!((entrance.has_name, entrance.last_event), (true, None));
    assert!(!Entrance::read("standup", "", None).unwrap().has_name);
}

#[test]
fn the_id_of_the_header_is_the_newer_one() {
    let query = format!("last_event_id=4.{PEER}.{SECRET}");
    let id = |header| Entrance::read("r", &query, header).unwrap().last_event;
    let four = EventId { seq: Some(Seq(4)), peer: peer(), secret: secret() };
    assert_eq!(id(None), Some(Ok(four)));
    assert_eq!(id(Some("")), None);
    let nine = EventId { seq: Some(Seq(9)), ..four };
    let header = nine.to_string();
    assert_eq!(id(Some(&header)), Some(Ok(nine)));
    assert!(matches!(id(Some("17")), Some(Err(Problem::BadMessage(_)))));
}

#[test]
fn an_address_that_says_nonsense_is_told_so() {
    for query in ["name=", "name=%ff", "name=%00", "wait=x", "wait=61", "wait=-1", "nonce=short"] {
        let read = Entrance::read("standup", query, None);
        assert!(matches!(read, Err(Problem::BadMessage(_))), "{query}: {read:?}");
    }
    let long = "x".repeat(65);
    assert!(Entrance::read(&long, "", None).is_err());
    assert!(Entrance::read("r", &format!("a.{long}=1"), None).is_err());
}

fn post(id: Option<u64>, text: &str) -> Post {
    let command = Command::Chat { text: text.into(), key: None };
    Post { id: id.and_then(RequestId::new), what: What::Aside(Aside::Command(command)) }
}

#[test]
fn a_body_is_a_message_a_list_or_a_text() {
    let json = |body: &str| read_post(BodyKind::Json, body.as_bytes());
    let hi = r#"{"type":"chat","id":3,"text":"hi"}"#;
    assert_eq!(json(hi), Ok(Posted::One(post(Some(3), "hi"))));
    let two = format!(" [{hi},{hi}]");
    assert_eq!(json(&two), Ok(Posted::Many(vec![post(Some(3), "hi"); 2])));
    let text = |body: &str| read_post(BodyKind::Text, body.as_bytes());
    for said in ["{hi}", "{hi}\n", "{hi}\r\n"] {
        assert_eq!(text(said), Ok(Posted::One(post(None, "{hi}"))), "{said:?}");
    }
    assert_eq!(text("a\n\n"), Ok(Posted::One(post(None, "a\n"))));
    assert_eq!(
        json(r#"{"type":"ack","seq":9}"#),
        Ok(Posted::One(Post { id: None, what: What::Aside(Aside::Ack(Seq(9))) }))
    );
}

#[test]
fn a_body_that_is_none_is_told_so() {
    let code = |body: &[u8]| read_post(BodyKind::Json, body).unwrap_err().code();
    for body in ["", " ", "hi", "[hi]", "[[]]", "\"x\"", "[1]", "[{}", "{\"type\":\"chat\""] {
        assert_eq!(code(body.as_bytes()), "bad-json", "{body}");
    }
    assert_eq!(code(b"\xff"), "bad-json");
    assert_eq!(code(b"[]"), "bad-message");
    assert_eq!(code("[".repeat(65).as_bytes()), "too-deep");
    assert_eq!(code(br#"{"type":"dance"}"#), "unknown-type");
    let ping = r#"{"type":"ping"}"#;
    let many = |count: usize| format!("[{}]", vec![ping; count].join(","));
    assert!(read_post(BodyKind::Json, many(MAX_MESSAGES).as_bytes()).is_ok());
    assert_eq!(code(many(MAX_MESSAGES + 1).as_bytes()), "bad-message");
    let join = br#"{"type":"join","protocol":1,"room":"r"}"#;
    assert!(read_post(BodyKind::Json, join).unwrap_err().to_string().contains("GET of …/events"));
    assert_eq!(read_post(BodyKind::Text, b"\n").unwrap_err().code(), "bad-message");
}

#[test]
fn kinds_of_bodies_are_told_by_their_type() {
    assert_eq!(BodyKind::of(None), Some(BodyKind::Json));
    assert_eq!(BodyKind::of(Some("Application/JSON; charset=utf-8")), Some(BodyKind::Json));
    assert_eq!(BodyKind::of(Some("application/x-www-form-urlencoded")), Some(BodyKind::Json));
    assert_eq!(BodyKind::of(Some("text/plain;charset=UTF-8")), Some(BodyKind::Text));
    assert_eq!([BodyKind::of(Some("multipart/form-data")), BodyKind::of(Some(""))], [None; 2]);
}

#[test]
fn trouble_is_a_status_and_the_protocols_error() {
    let full = Trouble::Problem(Refusal::RoomFull.into());
    assert_eq!(full.status(), 503);
    assert!(text(&full.encode()).starts_with(r#"{"type":"error","code":"room-full","#));
    let slow = Trouble::Problem(Problem::RateLimited { retry_after: Duration::from_millis(7) });
    assert_eq!(slow.status(), 429);
    assert!(text(&slow.encode()).ends_with(r#""retryAfterMs":8}"#));
    assert_eq!(Trouble::BodyTooLarge { max_bytes: 9 }.status(), 413);
    assert!(text(&Trouble::BadToken.encode()).contains(r#""code":"bad-token""#));
}

#[test]
fn new_servers_for_peer_connections_have_no_id_so_that_a_stream_resumes_where_it_was() {
    let turn = IceServer {
        urls: vec!["turn:a:1".into()],
        username: Some("7:ada".into()),
        credential: Some("c2VjcmV0".into()),
    };
    let (_, tail) = encode_entered(&joined(), None, token(), &Ice::default()).unwrap();
    let mut out = Vec::new();
    let ice = Ice { servers: vec![turn], ttl: Duration::from_secs(60) };
    tail.complete(&encode_ice_servers(&ice), &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "event: ice-servers\ndata: {\"type\":\"ice-servers\",\"iceServers\":[{\"urls\":[\"turn:a:1\"],\
         \"username\":\"7:ada\",\"credential\":\"c2VjcmV0\"}],\"ttlMs\":60000}\n\n"
    );
}
