//! Every refusal of the native protocol, whole, and what the connection is good for afterwards.

use std::time::Duration;

use parlor_dialects::{Door, Frame};
use parlor_rooms::{Attributes, DuplicateIdentity, Limits, Permissions};

use crate::table::Table;

fn table(change: impl FnOnce(&mut Limits)) -> Table {
    let mut limits = Limits::default();
    change(&mut limits);
    let mut table = Table::with(limits);
    for name in ["ada", "grace"] {
        table.open(name, Door::Native);
        join(&mut table, name);
    }
    table.open("eve", Door::Native);
    table
}

fn join(table: &mut Table, name: &str) {
    let join = r#"{"type":"join","protocol":1,"room":"standup","identity":""#;
    table.say(name, &format!(r#"{join}{name}"}}"#));
}

fn say(table: &mut Table, name: &str, frame: &str) -> Vec<String> {
    let said = table.say(name, frame);
    table.lines(&said)
}

/// What Ada (a member) and Eve (none) are told, the code first.
fn refusal(name: &str, frame: &str) -> String {
    let mut table = table(|_| {});
    let lines = say(&mut table, name, frame);
    let [line] = &lines[..] else { panic!("{frame}: {lines:?}") };
    let error: serde_json::Value = serde_json::from_str(line.split_once(": ").unwrap().1).unwrap();
    assert_eq!(error["type"], "error", "{frame}");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{frame}");
    let id = error.get("id").map_or(String::new(), |id| format!("{id} "));
    format!("{id}{}: {}", error["code"].as_str().unwrap(), error["message"].as_str().unwrap())
}

/// The wait is rounded up, so that who keeps to it is not refused again.
#[test]
fn an_error_carries_the_id_of_its_request_a_code_a_message_and_a_hint() {
    let mut table = table(|_| {});
    assert_eq!(
        say(&mut table, "eve", r#"{"type":"chat","id":7,"text":"hi"}"#),
        [
            r#"eve: {"type":"error","id":7,"code":"not-joined","message":"this connection is not a member of the room","hint":"Send `join` first and wait for `joined`."}"#
        ]
    );
    let said = table.hear_excess(
        "ada",
        Frame::Text(r#"{"type":"ping","id":8}"#),
        Duration::from_millis(250),
    );
    assert_eq!(
        table.lines(&said),
        [
            r#"ada: {"type":"error","id":8,"code":"rate-limited","message":"too many messages","hint":"Not carried out. Send more slowly; `welcome` names the rate.","retryAfterMs":251}"#
        ]
    );
    for unread in [Frame::Text("{"), Frame::Binary(b"x")] {
        let said = table.hear_excess("ada", unread, Duration::from_millis(250));
        assert!(table.lines(&said)[0].starts_with(r#"ada: {"type":"error","code":"rate-limited""#));
    }
}

#[test]
fn what_is_not_understood_has_its_code() {
    let refusals = [
        ("hello".into(), "bad-json: the frame is not a JSON object"),
        ("[".repeat(65), "too-deep: the frame is nested too deeply"),
        (r#"{"type":"shout","id":1}"#.into(), "1 unknown-type: there is no message type `shout`"),
        (r#"{"type":"chat","id":1,"text":""}"#.into(), "1 bad-message: `text` must not be empty"),
    ];
    for (frame, expected) in refusals {
        assert_eq!(refusal("ada", &frame), expected);
    }
}

fn resume(peer: &str, secret: &str) -> String {
    let start = r#"{"type":"resume","id":1,"protocol":1,"room":"standup","peer":""#;
    format!(r#"{start}{peer}","secret":"{secret}","seq":1}}"#)
}

/// Well formed and nobody's.
const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const NO_SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn who_is_where_has_its_codes() {
    let not_joined = "not-joined: this connection is not a member of the room";
    let joined = "1 already-joined: this connection is a member of the room already";
    let unknown = "1 session-unknown: there is no such session";
    let bad_secret = "1 bad-secret: the secret is not this session's";
    let elsewhere = r#"{"type":"join","id":1,"protocol":1,"room":"kitchen"}"#;
    let refusals = [
        ("eve", r#"{"type":"leave"}"#.into(), not_joined),
        ("eve", r#"{"type":"ack","seq":1}"#.into(), not_joined),
        ("ada", elsewhere.into(), joined),
        ("ada", resume("$peer2", "$secret2"), joined),
        ("eve", resume(NOBODY, NO_SECRET), unknown),
        ("eve", resume("no address", NO_SECRET), unknown),
        ("eve", resume("$peer1", NO_SECRET), bad_secret),
        ("eve", resume("$peer1", "no secret"), bad_secret),
        ("eve", resume("$peer1", "$secret2"), bad_secret),
    ];
    for (name, frame, expected) in refusals {
        assert_eq!(refusal(name, &frame), expected, "{frame}");
    }
}

#[test]
fn targets_are_members_of_the_room() {
    for frame in [
        format!(r#"{{"type":"offer","to":"{NOBODY}","sdp":""}}"#),
        r#"{"type":"answer","to":"","sdp":""}"#.into(),
        format!(r#"{{"type":"candidate","to":"{NOBODY}","candidate":null}}"#),
        r#"{"type":"send","to":["$peer2","Grace"],"data":1}"#.into(),
    ] {
        assert_eq!(refusal("ada", &frame), "unknown-target: a target is not a member of the room");
    }
}

#[test]
fn what_is_too_large_has_its_code_and_one_byte_less_is_taken() {
    type Frame = fn(String) -> String;
    let limits: [(&str, usize, Frame); 5] = [
        ("text", 8_192, |text| format!(r#"{{"type":"chat","text":"{text}"}}"#)),
        ("data", 65_534, |data| format!(r#"{{"type":"send","data":"{data}"}}"#)),
        ("sdp", 131_072, |sdp| format!(r#"{{"type":"offer","to":"$peer2","sdp":"{sdp}"}}"#)),
        ("sdp", 131_072, |sdp| format!(r#"{{"type":"answer","to":"$peer2","sdp":"{sdp}"}}"#)),
        ("candidate", 4_088, |candidate| {
            format!(r#"{{"type":"candidate","to":"$peer2","candidate":{{"c":"{candidate}"}}}}"#)
        }),
    ];
    for (what, max, frame) in limits {
        let over = refusal("ada", &frame("x".repeat(max + 1)));
        assert_eq!(over, format!("too-large: {what} is too large"));
        let heard = say(&mut table(|_| {}), "ada", &frame("x".repeat(max)));
        assert!(heard.iter().any(|line| line.starts_with("grace: ")), "{what}");
    }
}

#[test]
fn policies_of_the_server_have_their_codes() {
    let code = |limits: fn(&mut Limits), name: &str, frame: &str| {
        let mut table = table(limits);
        let lines = say(&mut table, name, frame);
        lines.last().unwrap().split('"').nth(7).unwrap().to_owned()
    };
    let join = r#"{"type":"join","protocol":1,"room":"standup","identity":"ada"}"#;
    let elsewhere = r#"{"type":"join","protocol":1,"room":"kitchen"}"#;
    let codes = [
        code(|limits| limits.max_members = 2, "eve", join),
        code(|limits| limits.max_rooms = 1, "eve", elsewhere),
        code(|limits| limits.duplicate_identity = DuplicateIdentity::Reject, "eve", join),
    ];
    assert_eq!(codes, ["room-full", "too-many-rooms", "identity-taken"]);
    let mut table = Table::with(Limits::default());
    table.admission.permissions = Some(Permissions::NONE);
    table.open("ada", Door::Native);
    table.say("ada", join);
    let refused = say(&mut table, "ada", r#"{"type":"chat","text":"hi"}"#).concat();
    assert!(refused.contains(r#""code":"not-permitted""#), "{refused}");
}

#[test]
fn ids_that_go_back_are_refused() {
    let mut table = table(|_| {});
    table.say("ada", r#"{"type":"chat","id":5,"text":"hi"}"#);
    let lines = say(&mut table, "ada", r#"{"type":"chat","id":4,"text":"hi"}"#);
    assert_eq!(
        lines,
        [
            r#"ada: {"type":"error","id":4,"code":"request-out-of-order","message":"the request's id is older than what is remembered","hint":"Ids must increase; only the last 256 can be repeated."}"#
        ]
    );
}

#[test]
fn too_many_attributes_are_too_large_also_when_they_come_one_by_one() {
    let mut table = table(|_| {});
    for number in 0..Attributes::MAX_ENTRIES {
        let set = format!(r#"{{"type":"update","attributes":{{"key {number}":""}}}}"#);
        assert_eq!(table.say("ada", &set).len(), 2);
    }
    let lines = say(&mut table, "ada", r#"{"type":"update","id":1,"attributes":{"one more":""}}"#);
    assert_eq!(
        lines,
        [
            r#"ada: {"type":"error","id":1,"code":"too-large","message":"attributes has too many entries","hint":"A member has at most 32 attributes."}"#
        ]
    );
}

#[test]
fn another_version_of_the_protocol_is_refused_and_the_connection_closed() {
    for frame in [
        r#"{"type":"join","id":1,"protocol":2,"room":"standup"}"#,
        r#"{"type":"presence","id":1,"protocol":2,"room":"standup"}"#,
        r#"{"type":"resume","id":1,"protocol":2,"room":"standup","peer":"","secret":""}"#,
    ] {
        let mut table = table(|_| {});
        assert_eq!(
            say(&mut table, "eve", frame),
            [
                r#"eve: {"type":"error","id":1,"code":"unsupported-protocol","message":"version 2 is not spoken here","hint":"Use a version that `welcome` names."}"#,
                "eve: closed 4007 unsupported-protocol",
            ]
        );
    }
}

#[test]
fn binary_frames_are_refused() {
    let mut table = table(|_| {});
    let said = table.hear("ada", Frame::Binary(br#"{"type":"ping"}"#));
    assert_eq!(
        table.lines(&said),
        [
            r#"ada: {"type":"error","code":"binary-unsupported","message":"binary frames are not understood here","hint":"Send text frames."}"#
        ]
    );
}

#[test]
fn a_refused_join_or_resume_may_be_tried_again() {
    let mut table = table(|limits| limits.duplicate_identity = DuplicateIdentity::Reject);
    let taken = r#"{"type":"join","protocol":1,"room":"standup","identity":"ada"}"#;
    assert!(say(&mut table, "eve", taken)[0].contains("identity-taken"));
    assert!(table.must_join("eve"));
    let unknown =
        r#"{"type":"resume","protocol":1,"room":"attic","peer":"$peer1","secret":"$secret1"}"#;
    assert!(say(&mut table, "eve", unknown)[0].contains("session-unknown"));
    let free = r#"{"type":"join","protocol":1,"room":"standup","identity":"eve"}"#;
    let lines = say(&mut table, "eve", free);
    assert!(lines[2].starts_with(r#"eve: {"type":"joined""#), "{lines:?}");
    assert!(!table.must_join("eve"));
}

#[test]
fn a_refused_request_leaves_the_member_where_it_was() {
    let mut table = table(|_| {});
    for frame in ["", "{}", r#"{"type":"shout"}"#, r#"{"type":"chat"}"#, r#"{"type":"join"}"#] {
        let lines = say(&mut table, "ada", frame);
        assert!(lines[0].starts_with(r#"ada: {"type":"error""#), "{frame}: {lines:?}");
    }
    assert_eq!(
        say(&mut table, "ada", r#"{"type":"send","id":1,"data":1}"#),
        [
            r#"grace: {"type":"message","seq":3,"from":"$peer1","data":1}"#,
            r#"ada: {"type":"ok","id":1,"seq":3}"#
        ]
    );
}
