//! matchbox: an id first, then peers that come, signal and go, in groups where the path asks for them.

use parlor_dialects::{Door, matchbox::Lobby};

use crate::table::Table;

const BOB: &str = "01010101-0101-0101-0101-010101010101";
const CAROL: &str = "02020202-0202-0202-0202-020202020202";

fn door(query: &str) -> Door {
    Door::Matchbox(Lobby::parse("duel", query).unwrap())
}

fn open(table: &mut Table, name: &str, query: &str) -> Vec<String> {
    let said = table.open(name, door(query));
    table.lines(&said)
}

#[test]
fn the_newcomer_gets_an_id_and_those_before_hear_of_it() {
    let mut table = Table::new();
    assert_eq!(open(&mut table, "bob", ""), [format!(r#"bob: {{"IdAssigned":"{BOB}"}}"#)]);
    let told = [
        format!(r#"bob: {{"NewPeer":"{CAROL}"}}"#),
        format!(r#"carol: {{"IdAssigned":"{CAROL}"}}"#),
    ];
    assert_eq!(open(&mut table, "carol", ""), told);
    let said = table.cut("carol");
    assert_eq!(table.lines(&said), [format!(r#"bob: {{"PeerLeft":"{CAROL}"}}"#)]);
}

#[test]
fn a_signal_arrives_as_it_was_sent() {
    let mut table = Table::new();
    open(&mut table, "bob", "");
    open(&mut table, "carol", "");
    let signals = [
        r#"{"Offer":"v=0"}"#,
        r#"{"Answer":"v=0"}"#,
        r#"{"IceCandidate":"{\"candidate\":\"c\",\"sdpMid\":\"0\"}"}"#,
        r#"{"IceCandidate":"null"}"#,
    ];
    for signal in signals {
        let frame = format!(r#"{{"Signal":{{"receiver":"{CAROL}","data":{signal}}}}}"#);
        let said = table.say("bob", &frame);
        let lines = table.lines(&said);
        assert_eq!(lines, [format!(r#"carol: {{"Signal":{{"data":{signal},"sender":"{BOB}"}}}}"#)]);
    }
}

#[test]
fn next_fills_one_group_after_the_other() {
    let mut table = Table::new();
    open(&mut table, "bob", "next=2");
    assert_eq!(open(&mut table, "carol", "next=2").len(), 2);
    let third = open(&mut table, "dave", "next=2");
    assert_eq!(third.len(), 1, "{third:?}");
    let fourth = open(&mut table, "erin", "next=2");
    assert!(fourth[0].starts_with("dave: {\"NewPeer\""), "{fourth:?}");
}

#[test]
fn a_frame_that_is_no_signal_ends_the_connection_of_its_sender_alone() {
    let mut table = Table::new();
    open(&mut table, "bob", "");
    open(&mut table, "carol", "");
    assert_eq!(table.say("carol", r#""KeepAlive""#), []);
    let said = table.say("carol", r#"{"Nonsense":1}"#);
    let lines = table.lines(&said);
    assert_eq!(lines[0], "carol: closed 1002 protocol-error");
    assert!(table.is_open("bob") && !table.is_open("carol"));
}

#[test]
fn a_candidate_that_nobody_could_take_is_no_signal() {
    for candidate in [r#"\"quoted\""#, "", "5", "{", "[]", &"[".repeat(100)] {
        let mut table = Table::new();
        open(&mut table, "bob", "");
        open(&mut table, "carol", "");
        let data = format!(r#"{{"IceCandidate":"{candidate}"}}"#);
        let frame = format!(r#"{{"Signal":{{"receiver":"{CAROL}","data":{data}}}}}"#);
        let said = table.say("bob", &frame);
        let left = format!(r#"carol: {{"PeerLeft":"{BOB}"}}"#);
        assert_eq!(table.lines(&said), ["bob: closed 1002 protocol-error".into(), left]);
    }
}

#[test]
fn a_signal_to_nobody_is_dropped() {
    let mut table = Table::new();
    open(&mut table, "bob", "");
    let frame = format!(r#"{{"Signal":{{"receiver":"{CAROL}","data":{{"Offer":"v=0"}}}}}}"#);
    assert_eq!(table.say("bob", &frame), []);
}

#[test]
fn a_signal_that_is_refused_ends_its_connection() {
    let mut table = Table::new();
    open(&mut table, "bob", "");
    open(&mut table, "carol", "");
    let offer = "v".repeat(200_000);
    let frame = format!(r#"{{"Signal":{{"receiver":"{CAROL}","data":{{"Offer":"{offer}"}}}}}}"#);
    let said = table.say("bob", &frame);
    let left = format!(r#"carol: {{"PeerLeft":"{BOB}"}}"#);
    assert_eq!(table.lines(&said), ["bob: closed 4009 refused".into(), left]);
}

#[test]
fn a_path_that_is_no_room_opens_no_door() {
    assert_eq!(Lobby::parse("", ""), None);
    assert_eq!(Lobby::parse("duel", "next=0"), None);
    assert_eq!(Lobby::parse("duel", "next=x"), None);
    assert!(Lobby::parse("duel", "a=b&next=3").is_some());
}
