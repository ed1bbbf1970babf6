//! Clients of different dialects in one room can't tell.

use std::time::Duration;

use parlor_dialects::Door;
use parlor_rooms::Counters;

use crate::table::Table;

fn say(table: &mut Table, name: &str, frame: &str) -> Vec<String> {
    let said = table.say(name, frame);
    table.lines(&said)
}

/// Ada speaks the native protocol, Bob the tutorials' JSON.
fn room() -> Table {
    let mut table = Table::new();
    table.open("ada", Door::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"room123","name":"Ada"}"#);
    table.open("bob", Door::Root);
    table
}

const JOIN: &str = r#"{"type":"join","roomId":"room123","name":"Bob"}"#;

#[test]
fn each_sees_the_other_in_its_own_words() {
    let mut table = room();
    assert_eq!(
        say(&mut table, "bob", JOIN),
        [
            r#"ada: {"type":"member-joined","seq":2,"member":{"peer":"$peer2","name":"Bob","attributes":{},"role":"speaker","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe"],"tracks":[],"state":"connected","incarnation":1,"order":2},"at":1767225600000}"#,
            r#"bob: {"type":"existing-user","userId":"$peer1","roomId":"room123","name":"Ada"}"#,
        ]
    );
}

#[test]
fn a_call_is_made_across_dialects() {
    let mut table = room();
    table.say("bob", JOIN);
    let conversation = [
        (
            "ada",
            r#"{"type":"offer","id":2,"to":"$peer2","sdp":"v=0"}"#,
            r#"bob: {"type":"offer","sdp":{"type":"offer","sdp":"v=0"},"roomId":"room123","sender":"$peer1"}"#,
        ),
        (
            "bob",
            r#"{"type":"answer","sdp":{"type":"answer","sdp":"v=1"},"roomId":"room123"}"#,
            r#"ada: {"type":"answer","seq":4,"from":"$peer2","sdp":"v=1"}"#,
        ),
        (
            "ada",
            r#"{"type":"candidate","id":3,"to":"$peer2","candidate":{"candidate":"c"}}"#,
            r#"bob: {"type":"ice-candidate","candidate":{"candidate":"c"},"roomId":"room123","sender":"$peer1"}"#,
        ),
        (
            "bob",
            r#"{"type":"ice-candidate","candidate":null,"roomId":"room123"}"#,
            r#"ada: {"type":"candidate","seq":6,"from":"$peer2","candidate":null}"#,
        ),
        (
            "bob",
            r#"{"type":"message","data":[1],"target":"$peer1"}"#,
            r#"ada: {"type":"message","seq":7,"from":"$peer2","data":[1]}"#,
        ),
        (
            "ada",
            r#"{"type":"send","id":4,"data":[2],"volatile":true}"#,
            r#"bob: {"type":"message","data":[2],"roomId":"room123","sender":"$peer1"}"#,
        ),
    ];
    for (name, frame, heard) in conversation {
        assert_eq!(say(&mut table, name, frame)[0], heard);
    }
}

#[test]
fn chat_is_heard_by_all_in_the_same_order() {
    let mut table = room();
    table.say("bob", JOIN);
    assert_eq!(
        say(&mut table, "bob", r#"{"type":"chat","text":"hi","roomId":"room123"}"#),
        [
            r#"ada: {"type":"chat","seq":3,"from":"$peer2","name":"Bob","text":"hi","at":1767225600000}"#,
            r#"bob: {"type":"chat","text":"hi","name":"Bob","roomId":"room123","sender":"$peer2"}"#,
        ]
    );
}

#[test]
fn the_tutorials_clients_are_told_of_leaves_but_not_of_reconnects_and_updates() {
    let mut table = room();
    table.say("bob", JOIN);
    let said = say(&mut table, "ada", r#"{"type":"update","attributes":{"mic":"on"}}"#);
    assert!(said.len() == 1 && said[0].starts_with("ada: "), "{said:?}");
    assert_eq!(table.cut("ada"), []);
    let said = table.pass(Duration::from_secs(30));
    assert_eq!(
        table.lines(&said),
        [r#"bob: {"type":"user-left","userId":"$peer1","roomId":"room123"}"#]
    );
}

#[test]
fn a_tutorial_client_that_goes_is_gone_for_the_native_one_too() {
    let mut table = room();
    table.say("bob", JOIN);
    let said = table.cut("bob");
    assert_eq!(
        table.lines(&said),
        [
            r#"ada: {"type":"member-left","seq":3,"peer":"$peer2","reason":"left","at":1767225600000}"#
        ]
    );
    table.cut("ada");
    table.pass(Duration::from_secs(30));
    table.pass(Duration::from_secs(30));
    assert_eq!(table.counters(), Counters::default());
}
