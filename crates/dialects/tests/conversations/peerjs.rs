//! PeerJS: who comes in under which id, what passes between two of its clients, and what is said of those who are gone.

use std::time::Duration;

use parlor_dialects::peerjs::Entrance;
use parlor_dialects::{Door, Frame};
use parlor_rooms::Limits;

use crate::table::Table;

pub fn door(id: &str, token: &str) -> Door {
    Door::PeerJs(Entrance { key: "peerjs".into(), id: id.into(), token: token.into() })
}

/// Everybody's name at the table is their id, and their token follows from it.
pub fn open(table: &mut Table, id: &str) -> Vec<String> {
    let said = table.open(id, door(id, &format!("token-{id}")));
    table.lines(&said)
}

pub fn say(table: &mut Table, name: &str, frame: &str) -> Vec<String> {
    let said = table.say(name, frame);
    table.lines(&said)
}

pub fn pass(table: &mut Table, millis: u64) -> Vec<String> {
    let said = table.pass(Duration::from_millis(millis));
    table.lines(&said)
}

fn pair() -> Table {
    let mut table = Table::new();
    open(&mut table, "ada");
    open(&mut table, "bob");
    table
}

const OFFER: &str = r#"{"type":"OFFER","dst":"bob","payload":{"sdp":{"type":"offer","sdp":"v=0"},"type":"data","connectionId":"dc_1","metadata":{"a":[1, 2]},"label":"dc_1","reliable":false,"serialization":"binary"}}"#;
const OFFER_TO_BOB: &str = r#"bob: {"type":"OFFER","src":"ada","dst":"bob","payload":{"sdp":{"type":"offer","sdp":"v=0"},"type":"data","connectionId":"dc_1","metadata":{"a":[1, 2]},"label":"dc_1","reliable":false,"serialization":"binary"}}"#;

#[test]
fn whoever_comes_in_is_told_so_and_a_heartbeat_is_answered_by_nothing() {
    let mut table = Table::new();
    assert_eq!(open(&mut table, "ada"), [r#"ada: {"type":"OPEN"}"#]);
    assert!(!table.must_join("ada"));
    assert!(say(&mut table, "ada", r#"{"type":"HEARTBEAT"}"#).is_empty());
    assert_eq!(open(&mut table, "bob"), [r#"bob: {"type":"OPEN"}"#]);
}

#[test]
fn a_payload_arrives_as_it_was_sent_and_the_sender_is_the_true_one() {
    let mut table = pair();
    assert_eq!(say(&mut table, "ada", OFFER), [OFFER_TO_BOB]);
    let forged = r#"{"type":"ANSWER","src":"eve","dst":"ada","more":1,"payload":{"sdp":{"type":"answer","sdp":"v=1"},"type":"data","connectionId":"dc_1"}}"#;
    assert_eq!(
        say(&mut table, "bob", forged),
        [
            r#"ada: {"type":"ANSWER","src":"bob","dst":"ada","payload":{"sdp":{"type":"answer","sdp":"v=1"},"type":"data","connectionId":"dc_1"}}"#
        ]
    );
    let candidate =
        r#"{"type":"CANDIDATE","dst":"bob","payload":{"candidate":{},"connectionId":"dc_1"}}"#;
    assert_eq!(
        say(&mut table, "ada", candidate),
        [
            r#"bob: {"type":"CANDIDATE","src":"ada","dst":"bob","payload":{"candidate":{},"connectionId":"dc_1"}}"#
        ]
    );
    let said = table.hear("ada", Frame::Binary(br#"{"type":"LEAVE","dst":"bob"}"#));
    assert_eq!(table.lines(&said), [r#"bob: {"type":"LEAVE","src":"ada","dst":"bob"}"#]);
}

#[test]
fn without_id_token_or_key_nobody_comes_in() {
    let told = |key: &str, id: &str, token: &str| {
        let mut table = Table::new();
        let entrance = Entrance { key: key.into(), id: id.into(), token: token.into() };
        let said = table.open("ada", Door::PeerJs(entrance));
        assert!(!table.is_open("ada"));
        table.lines(&said)
    };
    let refused = |msg: &str| {
        let error = format!(r#"ada: {{"type":"ERROR","payload":{{"msg":"{msg}"}}}}"#);
        vec![error, "ada: closed 4009 refused".to_owned()]
    };
    let missing = refused("No id, token, or key supplied to websocket server");
    assert_eq!(told("", "ada", "t"), missing);
    assert_eq!(told("peerjs", "", "t"), missing);
    assert_eq!(told("peerjs", "ada", ""), missing);
    assert_eq!(told(&"k".repeat(65), "ada", "t"), refused("Invalid key provided"));
    assert_eq!(told("a\u{0}b", "ada", "t"), refused("Invalid key provided"));
    assert_eq!(told("peerjs", "<ada>", "t"), refused("Invalid id provided"));
    assert_eq!(told("peerjs", &"a".repeat(129), "t"), refused("Invalid id provided"));
    assert_eq!(told("peerjs", "ada", &"t".repeat(200)), refused("Invalid token provided"));
}

#[test]
fn an_id_is_taken_for_everybody_without_its_token() {
    let mut table = pair();
    let said = table.open("eve", door("ada", "guess"));
    assert_eq!(
        table.lines(&said),
        [r#"eve: {"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#, "eve: closed 4009 refused"]
    );
    assert!(table.is_open("ada"));
    let elsewhere = Entrance { key: "club".into(), id: "ada".into(), token: "other".into() };
    let said = table.open("ada2", Door::PeerJs(elsewhere));
    assert_eq!(table.lines(&said), [r#"ada2: {"type":"OPEN"}"#], "an id is of one key");
}

#[test]
fn who_comes_back_while_the_old_socket_lingers_is_told_open_and_goes_on() {
    let mut table = pair();
    say(&mut table, "ada", OFFER);
    let said = open(&mut table, "ada");
    assert_eq!(said, ["ada: closed 4001 replaced", r#"ada: {"type":"OPEN"}"#]);
    assert_eq!(say(&mut table, "ada", OFFER), [OFFER_TO_BOB]);
    assert!(pass(&mut table, 60_000).is_empty(), "nobody has left");
}

#[test]
fn a_full_room_is_told_in_the_originals_words() {
    let mut table = Table::with(Limits { max_members: 1, ..Limits::default() });
    open(&mut table, "ada");
    assert_eq!(
        open(&mut table, "bob"),
        [
            r#"bob: {"type":"ERROR","payload":{"msg":"Server has reached its concurrent user limit"}}"#,
            "bob: closed 4009 refused"
        ]
    );
}

#[test]
fn what_is_said_to_an_absent_peer_expires_once() {
    let mut table = Table::new();
    open(&mut table, "ada");
    assert!(say(&mut table, "ada", OFFER).is_empty());
    pass(&mut table, 3_000);
    assert!(say(&mut table, "ada", OFFER).is_empty());
    assert!(pass(&mut table, 1_999).is_empty());
    assert_eq!(pass(&mut table, 1), [r#"ada: {"type":"EXPIRE","src":"bob","dst":"ada"}"#]);
    assert!(pass(&mut table, 60_000).is_empty());
    assert_eq!(open(&mut table, "bob"), [r#"bob: {"type":"OPEN"}"#], "nothing old comes");
}

#[test]
fn who_comes_in_time_gets_it_right_after_open() {
    let mut table = Table::new();
    open(&mut table, "ada");
    say(&mut table, "ada", OFFER);
    say(&mut table, "ada", r#"{"type":"CANDIDATE","dst":"bob","payload":{"connectionId":"dc_1"}}"#);
    pass(&mut table, 4_999);
    assert_eq!(
        open(&mut table, "bob"),
        [
            r#"bob: {"type":"OPEN"}"#,
            OFFER_TO_BOB,
            r#"bob: {"type":"CANDIDATE","src":"ada","dst":"bob","payload":{"connectionId":"dc_1"}}"#,
        ]
    );
    assert!(pass(&mut table, 60_000).is_empty());
}

#[test]
fn only_so_much_waits_and_nobody_gets_half_a_conversation() {
    let mut table = Table::new();
    open(&mut table, "ada");
    let expired = [r#"ada: {"type":"EXPIRE","src":"bob","dst":"ada"}"#];
    for _ in 0..256 {
        assert!(say(&mut table, "ada", OFFER).is_empty());
    }
    assert_eq!(say(&mut table, "ada", OFFER), expired);
    let large = OFFER.replace("v=0", &"x".repeat(150_000));
    assert!(say(&mut table, "ada", &large).is_empty());
    assert_eq!(say(&mut table, "ada", &large), expired);
    assert_eq!(open(&mut table, "bob"), [r#"bob: {"type":"OPEN"}"#]);
}

#[test]
fn what_the_room_refuses_expires_at_once() {
    let mut table = pair();
    let large = OFFER.replace("v=0", &"x".repeat(150_000));
    let expired = [r#"ada: {"type":"EXPIRE","src":"bob","dst":"ada"}"#];
    assert_eq!(say(&mut table, "ada", &large), expired);
    let said = table.hear_excess("ada", Frame::Text(OFFER), Duration::from_millis(5));
    assert_eq!(table.lines(&said), expired, "a flood is told what was not carried out");
    assert_eq!(say(&mut table, "ada", OFFER), [OFFER_TO_BOB]);
}

const LEAVE: [&str; 1] = [r#"bob: {"type":"LEAVE","src":"ada","dst":"bob"}"#];

#[test]
fn those_who_talked_with_a_peer_that_died_are_told_leave() {
    let mut table = pair();
    open(&mut table, "carol");
    say(&mut table, "ada", OFFER);
    assert!(table.cut("ada").is_empty());
    assert!(pass(&mut table, 4_999).is_empty(), "it may come back");
    assert_eq!(pass(&mut table, 1), LEAVE);
}

#[test]
fn a_peer_that_comes_back_in_time_has_not_left() {
    let mut table = pair();
    say(&mut table, "ada", OFFER);
    table.cut("ada");
    pass(&mut table, 3_000);
    assert_eq!(open(&mut table, "ada"), [r#"ada: {"type":"OPEN"}"#]);
    assert!(pass(&mut table, 60_000).is_empty());
    table.cut("ada");
    assert_eq!(pass(&mut table, 5_000), LEAVE, "the conversation went on");
}

#[test]
fn a_page_that_goes_away_leaves_at_once() {
    let mut table = pair();
    say(&mut table, "ada", OFFER);
    let said = table.bid_farewell("ada", Some(1001));
    assert_eq!(table.lines(&said), LEAVE);
    assert!(pass(&mut table, 60_000).is_empty(), "once");
}

#[test]
fn disconnect_keeps_what_peers_have_with_each_other() {
    let mut table = pair();
    say(&mut table, "ada", OFFER);
    assert!(table.bid_farewell("ada", None).is_empty());
    assert!(pass(&mut table, 60_000).is_empty());
}

#[test]
fn a_leave_to_the_server_gives_the_id_back_and_keeps_the_socket() {
    let mut table = pair();
    say(&mut table, "ada", OFFER);
    assert!(say(&mut table, "ada", r#"{"type":"LEAVE"}"#).is_empty());
    assert!(table.is_open("ada"));
    assert!(say(&mut table, "ada", OFFER).is_empty(), "only members are heard");
    assert_eq!(pass(&mut table, 5_000), LEAVE);
    let said = table.open("ada2", door("ada", "new"));
    assert_eq!(table.lines(&said), [r#"ada2: {"type":"OPEN"}"#]);
}

#[test]
fn what_the_original_ignores_is_ignored() {
    let mut table = pair();
    let frames = [
        "",
        "{",
        "null",
        "[]",
        "hello",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":"OPEN","dst":"bob"}"#,
        r#"{"type":"ID-TAKEN","dst":"bob"}"#,
        r#"{"type":"ERROR","dst":"bob","payload":{"msg":"x"}}"#,
        r#"{"type":"BYE","dst":"bob"}"#,
        r#"{"type":"offer","dst":"bob"}"#,
        r#"{"type":"OFFER"}"#,
        r#"{"type":"OFFER","dst":""}"#,
        r#"{"type":"OFFER","dst":null}"#,
        r#"{"type":"OFFER","dst":7}"#,
        r#"{"type":"OFFER","dst":["bob"]}"#,
        r#"{"type":"EXPIRE"}"#,
        r#"{"type":"LEAVE","dst":"nobody"}"#,
        r#"{"type":"EXPIRE","dst":"nobody"}"#,
    ];
    for frame in frames {
        assert!(say(&mut table, "ada", frame).is_empty(), "{frame}");
    }
    let deep = OFFER.replace("[1, 2]", &format!("{}{}", "[".repeat(70), "]".repeat(70)));
    assert!(say(&mut table, "ada", &deep).is_empty());
    assert!(table.hear("ada", Frame::Binary(&[0xff])).is_empty());
    assert!(pass(&mut table, 60_000).is_empty());
    assert_eq!(say(&mut table, "ada", OFFER), [OFFER_TO_BOB]);
}
