//! Waiting rooms and removals, as clients of each kind see them: who has no word for it just has not joined yet, or is closed.

use parlor_dialects::Door;

use crate::peerjs::{open, say};
use crate::table::Table;

const JOIN: &str = r#"{"type":"join","roomId":"peerjs","name":"Bob"}"#;

/// Ada speaks the native protocol, is `$peer1`, and guards the room.
fn guarded() -> Table {
    let mut table = Table::new();
    table.open("ada", Door::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"peerjs","name":"Ada"}"#);
    order(&mut table, r#""action":"set-rules","waitingRoom":true"#);
    table
}

/// What comes of it for the others.
fn order(table: &mut Table, fields: &str) -> Vec<String> {
    let said = table.say("ada", &format!(r#"{{"type":"moderate",{fields}}}"#));
    table.lines(&said).into_iter().filter(|line| !line.starts_with("ada")).collect()
}

#[test]
fn a_native_client_is_told_that_it_waits_and_how_it_ends() {
    let mut table = guarded();
    table.open("grace", Door::Native);
    let join = r#"{"type":"join","id":1,"protocol":1,"room":"peerjs","name":"Grace"}"#;
    assert_eq!(
        say(&mut table, "grace", join),
        [
            r#"grace: {"type":"waiting","id":1,"room":"peerjs","peer":"$peer2"}"#,
            r#"ada: {"type":"knock","seq":3,"who":{"peer":"$peer2","name":"Grace","since":1767225600000}}"#,
        ]
    );
    assert!(!table.must_join("grace"), "it has as long as it takes");
    let chat = say(&mut table, "grace", r#"{"type":"chat","text":"hi"}"#);
    assert!(chat[0].contains("not-joined"), "{chat:?}");
    let joined = order(&mut table, r#""action":"admit","peer":"$peer2""#);
    assert!(joined[0].starts_with(r#"grace: {"type":"joined","id":1,"#), "{joined:?}");
    let chat = say(&mut table, "grace", r#"{"type":"chat","text":"hi"}"#);
    assert_eq!(chat.len(), 2, "{chat:?}");
    assert_eq!(
        order(&mut table, r#""action":"remove","peer":"$peer2""#),
        ["grace: closed 4006 removed"]
    );
}

#[test]
fn a_native_client_that_is_denied_is_told_so_and_closed() {
    let mut table = guarded();
    table.open("eve", Door::Native);
    table.say("eve", r#"{"type":"join","id":1,"protocol":1,"room":"peerjs"}"#);
    let denied = order(&mut table, r#""action":"deny","peer":"$peer2""#);
    assert!(denied[0].starts_with(r#"eve: {"type":"error","id":1,"code":"denied","#), "{denied:?}");
    assert_eq!(denied[1..], ["eve: closed 4012 denied"]);
}

#[test]
fn a_tutorials_client_hears_nothing_before_it_is_let_in() {
    let mut table = guarded();
    table.open("bob", Door::Root);
    let said = say(&mut table, "bob", JOIN);
    assert!(said.iter().all(|line| line.starts_with("ada")), "{said:?}");
    assert_eq!(
        order(&mut table, r#""action":"admit","peer":"$peer2""#),
        [r#"bob: {"type":"existing-user","userId":"$peer1","roomId":"peerjs","name":"Ada"}"#]
    );
    let chat = say(&mut table, "bob", r#"{"type":"chat","text":"hi"}"#);
    assert!(chat[0].contains(r#""text":"hi""#), "it is a member now: {chat:?}");
    assert_eq!(
        order(&mut table, r#""action":"remove","peer":"$peer2""#),
        ["bob: closed 4006 removed"]
    );
}

#[test]
fn who_is_put_out_of_one_of_its_rooms_is_told_so_and_keeps_the_other() {
    let mut table = guarded();
    order(&mut table, r#""action":"set-rules","waitingRoom":false"#);
    table.open("bob", Door::Root);
    table.say("bob", JOIN);
    table.say("bob", r#"{"type":"join","roomId":"elsewhere"}"#);
    let out = order(&mut table, r#""action":"remove","peer":"$peer2""#);
    assert_eq!(out.len(), 1, "{out:?}");
    assert!(out[0].contains(r#""code":"removed""#), "{out:?}");
    let chat = say(&mut table, "bob", r#"{"type":"chat","text":"still here"}"#);
    assert!(chat[0].contains(r#""text":"still here""#), "{chat:?}");
}

#[test]
fn a_peerjs_client_is_open_once_it_is_let_in() {
    let mut table = guarded();
    let lines = open(&mut table, "bob");
    assert!(lines.iter().all(|line| line.starts_with("ada")), "{lines:?}");
    assert!(!table.must_join("bob"), "it has as long as it takes");
    let said = order(&mut table, r#""action":"admit","peer":"$peer2""#);
    assert_eq!(said, [r#"bob: {"type":"OPEN"}"#]);
}
