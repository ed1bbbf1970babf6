//! What no client should send, and what each dialect makes of it.

use parlor_dialects::{Door, Frame};
use parlor_rooms::{Limits, RequestId};

use crate::table::Table;

fn member(door: Door) -> Table {
    let mut table = Table::new();
    let join = if door == Door::Native {
        r#"{"type":"join","protocol":1,"room":"standup"}"#
    } else {
        r#"{"type":"join","roomId":"standup"}"#
    };
    table.open("ada", door);
    table.say("ada", join);
    table
}

/// The codes that one who is a member is answered with, or `ok`.
fn answer(door: Door, frame: Frame<'_>) -> String {
    let mut table = member(door);
    let said = table.hear("ada", frame);
    let mut codes = said.iter().filter_map(|said| {
        let frame: serde_json::Value = serde_json::from_slice(&said.frame).ok()?;
        Some(frame.get("code")?.as_str()?.to_owned())
    });
    let code = codes.next().unwrap_or_else(|| "ok".into());
    assert_eq!(codes.next(), None, "one frame has at most one error");
    let still_there = table.is_open("ada");
    if still_there { code } else { format!("{code}, closed") }
}

fn check(door: Door, frames: &[(&str, &str)]) {
    for (frame, expected) in frames {
        assert_eq!(answer(door.clone(), Frame::Text(frame)), *expected, "{frame}");
    }
}

#[test]
fn what_is_no_json_object_is_told_so_in_both_dialects() {
    let frames = [
        "",
        " ",
        "\0",
        "hello",
        "null",
        "true",
        "1",
        "\"text\"",
        "[]",
        "[1,2]",
        r#"["chat"]"#,
        "{",
        "}",
        "{]",
        r#"{"type""#,
        r#"{"type":"chat","text":"x"} {}"#,
        r#"{"type":"chat","text":"x"}x"#,
        "{'type':'chat'}",
        r#"{type:"chat"}"#,
        r#"{"type":"chat",}"#,
        r#"{"type":"chat","text":"a
b"}"#,
        "{\"type\":\"chat\",\"text\":\"\0\"}",
        r#"{"type":"chat","text":"\x41"}"#,
        "\u{feff}{\"type\":\"chat\",\"text\":\"x\"}",
        "\u{b}{\"type\":\"chat\",\"text\":\"x\"}",
        r#"{"type":"chat","text":"\ud800"}"#,
        r#"{"type":"chat","text":"\udc00\ud800"}"#,
        r#"{"type":"chat","text":NaN}"#,
        r#"{"type":"chat","text":01}"#,
        r#"{"type":"chat","text":.5}"#,
    ];
    for frame in frames {
        for door in [Door::Native, Door::Root] {
            let code = answer(door.clone(), Frame::Text(frame));
            assert_eq!(code, "bad-json", "{door:?} {frame:?}");
        }
    }
}

#[test]
fn types_are_known_strings() {
    for dialect in [Door::Native, Door::Root] {
        check(
            dialect,
            &[
                ("{}", "bad-message"),
                (r#"{"type":null}"#, "bad-message"),
                (r#"{"type":1}"#, "bad-message"),
                (r#"{"type":["chat"]}"#, "bad-message"),
                (r#"{"type":{"chat":1}}"#, "bad-message"),
                (r#"{"Type":"chat"}"#, "bad-message"),
                (r#"{"type":"chat","type":"leave"}"#, "bad-message"),
                (r#"{"type":""}"#, "unknown-type"),
                (r#"{"type":"CHAT"}"#, "unknown-type"),
                (r#"{"type":"chat "}"#, "unknown-type"),
                (r#"{"type":"__proto__"}"#, "unknown-type"),
                (r#"{"type":"constructor"}"#, "unknown-type"),
                (r#"{"type":"joined"}"#, "unknown-type"),
                (r#"{"type":"ch\u0061t","text":"x"}"#, "ok"),
            ],
        );
    }
}

#[test]
fn ids_are_positive_integers_that_every_reader_keeps_exact() {
    let max = RequestId::MAX;
    let ids = [
        ("1".into(), "ok"),
        (max.to_string(), "ok"),
        ("null".into(), "ok"),
        ("0".into(), "bad-message"),
        ("-1".into(), "bad-message"),
        ("-0".into(), "bad-message"),
        ("1.5".into(), "bad-message"),
        ("1.0".into(), "bad-message"),
        ("1e3".into(), "bad-message"),
        ((max + 1).to_string(), "bad-message"),
        (u64::MAX.to_string(), "bad-message"),
        ("9".repeat(400), "bad-message"),
        ("1e999".into(), "bad-message"),
        (r#""1""#.into(), "bad-message"),
        ("true".into(), "bad-message"),
        ("[1]".into(), "bad-message"),
        ("{}".into(), "bad-message"),
    ];
    for (id, expected) in ids {
        let frame = format!(r#"{{"type":"chat","id":{id},"text":"x"}}"#);
        assert_eq!(answer(Door::Native, Frame::Text(&frame)), expected, "{id}");
    }
    check(Door::Native, &[(r#"{"type":"chat","id":1,"id":2,"text":"x"}"#, "bad-message")]);
}

#[test]
fn fields_of_the_native_protocol_are_there_and_of_their_type() {
    check(
        Door::Native,
        &[
            (r#"{"type":"chat"}"#, "bad-message"),
            (r#"{"type":"chat","text":null}"#, "bad-message"),
            (r#"{"type":"chat","text":1}"#, "bad-message"),
            (r#"{"type":"chat","text":["x"]}"#, "bad-message"),
            (r#"{"type":"chat","text":"x","text":"y"}"#, "bad-message"),
            (r#"{"type":"chat","text":"x","key":1}"#, "bad-message"),
            (r#"{"type":"chat","text":"x","key":""}"#, "bad-message"),
            (r#"{"type":"chat","text":"x","key":"\n"}"#, "bad-message"),
            (r#"{"type":"send"}"#, "bad-message"),
            (r#"{"type":"send","data":1,"to":"x"}"#, "bad-message"),
            (r#"{"type":"send","data":1,"to":[]}"#, "bad-message"),
            (r#"{"type":"send","data":1,"to":[1]}"#, "bad-message"),
            (r#"{"type":"send","data":1,"to":[""]}"#, "unknown-target"),
            (r#"{"type":"send","data":1,"volatile":1}"#, "bad-message"),
            (r#"{"type":"send","data":1,"volatile":null}"#, "bad-message"),
            (r#"{"type":"send","data":null,"to":null}"#, "ok"),
            (r#"{"type":"offer"}"#, "bad-message"),
            (r#"{"type":"offer","to":"x","sdp":{"type":"offer","sdp":""}}"#, "bad-message"),
            (r#"{"type":"answer","to":["x"],"sdp":""}"#, "bad-message"),
            (r#"{"type":"candidate","to":"$peer1"}"#, "bad-message"),
            (r#"{"type":"update","name":""}"#, "bad-message"),
            (r#"{"type":"update","name":"a\u0000b"}"#, "bad-message"),
            (r#"{"type":"update","attributes":[]}"#, "bad-message"),
            (r#"{"type":"update","attributes":{"a":1}}"#, "bad-message"),
            (r#"{"type":"update","attributes":{"":"x"}}"#, "bad-message"),
            (r#"{"type":"update","attributes":{"a":"1","a":"2"}}"#, "ok"),
            (r#"{"type":"update"}"#, "ok"),
            (r#"{"type":"ack"}"#, "bad-message"),
            (r#"{"type":"ack","seq":-1}"#, "bad-message"),
            (r#"{"type":"ack","seq":1.5}"#, "bad-message"),
            (r#"{"type":"ack","seq":18446744073709551615}"#, "ok"),
            (r#"{"type":"ack","seq":18446744073709551616}"#, "bad-message"),
            (r#"{"type":"presence","protocol":1}"#, "bad-message"),
            (r#"{"type":"presence","room":"r"}"#, "bad-message"),
            (r#"{"type":"presence","protocol":"1","room":"r"}"#, "bad-message"),
            (r#"{"type":"presence","protocol":1,"room":""}"#, "bad-message"),
            (r#"{"type":"presence","protocol":0,"room":"r"}"#, "unsupported-protocol, closed"),
            (r#"{"type":"resume","protocol":1,"room":"r","peer":"x"}"#, "bad-message"),
            (
                r#"{"type":"resume","protocol":1,"room":"r","peer":"x","secret":"x","seq":"1"}"#,
                "bad-message",
            ),
        ],
    );
}

#[test]
fn candidates_are_objects_or_null() {
    for (candidate, expected) in [
        ("{}", "ok"),
        ("null", "ok"),
        ("[]", "bad-message"),
        ("1", "bad-message"),
        ("\"x\"", "bad-message"),
    ] {
        let mut table = member(Door::Native);
        let frame = format!(r#"{{"type":"candidate","to":"$peer1","candidate":{candidate}}}"#);
        let lines = table.say("ada", &frame);
        let refused =
            lines.iter().any(|said| said.frame.windows(11).any(|part| part == b"bad-message"));
        assert_eq!(if refused { "bad-message" } else { "ok" }, expected, "{candidate}");
    }
}

#[test]
fn names_have_their_longest_length() {
    let long = |max: usize, field: &str| {
        let text = "é".repeat(max + 1);
        let frame = format!(
            r#"{{"type":"join","protocol":1,"{field}":"{text}"{}}}"#,
            if field == "room" { "" } else { r#","room":"r""# }
        );
        let mut table = Table::new();
        table.open("eve", Door::Native);
        let said = table.say("eve", &frame);
        table.lines(&said).join("\n")
    };
    let told = |field: &str, max: usize| {
        format!(
            r#"eve: {{"type":"error","code":"bad-message","message":"`{field}` has more than {max} characters","hint":"See the fields of this type in docs/protocol.md."}}"#
        )
    };
    for (field, max) in [("room", 64), ("name", 64), ("identity", 128), ("nonce", 128)] {
        assert_eq!(long(max, field), told(field, max));
    }
}

#[test]
fn a_message_names_at_most_64_targets() {
    let targets = |count: usize| vec![r#""$peer1""#; count].join(",");
    for (count, code) in [(Limits::MAX_TARGETS, "ok"), (Limits::MAX_TARGETS + 1, "bad-message")] {
        let mut table = member(Door::Native);
        let frame = format!(r#"{{"type":"send","id":1,"data":1,"to":[{}]}}"#, targets(count));
        let said = table.say("ada", &frame);
        let last = String::from_utf8_lossy(&said.last().unwrap().frame).into_owned();
        assert!(last.contains(code), "{count}: {last}");
    }
}

#[test]
fn deep_nesting_is_refused_unread_and_brackets_in_strings_are_no_nesting() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"type":"send","data":{open}{close}}}"#)
    };
    let in_json = |levels: usize| nested(levels).replace("send", "message");
    for (levels, code) in [(63, "ok"), (64, "too-deep"), (100_000, "too-deep")] {
        assert_eq!(answer(Door::Native, Frame::Text(&nested(levels))), code, "{levels}");
        assert_eq!(answer(Door::Root, Frame::Text(&in_json(levels))), code, "{levels}");
    }
    let text = format!(r#"{{"type":"chat","text":"{}\"{}"}}"#, "[".repeat(100), "{".repeat(100));
    assert_eq!(answer(Door::Native, Frame::Text(&text)), "ok");
    assert_eq!(answer(Door::Native, Frame::Text(&"{\"a\":".repeat(65))), "too-deep");
}

#[test]
fn numbers_without_bounds_pass_through_as_data_and_nowhere_else() {
    for number in ["1e999", "-1e999", &"9".repeat(5_000), "0.1e-999", "-0"] {
        let frame = format!(r#"{{"type":"send","data":{number}}}"#);
        assert_eq!(answer(Door::Native, Frame::Text(&frame)), "ok", "{number}");
        let frame = format!(r#"{{"type":"ack","seq":{number}}}"#);
        assert_ne!(answer(Door::Native, Frame::Text(&frame)), "ok", "{number}");
    }
}

#[test]
fn binary_frames_are_read_by_the_tutorials_dialect_alone() {
    let chat = br#"{"type":"chat","text":"x"}"#;
    assert_eq!(answer(Door::Native, Frame::Binary(chat)), "binary-unsupported");
    assert_eq!(answer(Door::Root, Frame::Binary(chat)), "ok");
    assert_eq!(answer(Door::Root, Frame::Binary(b"\xff\xfe")), "bad-json");
    assert_eq!(answer(Door::Root, Frame::Binary(b"")), "bad-json");
}

#[test]
fn a_clients_own_words_are_given_back_only_in_part() {
    let mut table = member(Door::Native);
    let said = table.say("ada", &format!(r#"{{"type":"{}"}}"#, "<script>é".repeat(1_000)));
    let frame = String::from_utf8_lossy(&said[0].frame).into_owned();
    assert!(frame.contains("unknown-type") && frame.len() < 500, "{frame}");
    let said =
        table.say("ada", &format!(r#"{{"type":"chat","text":{{"{}":1}}}}"#, "x".repeat(10_000)));
    assert!(said[0].frame.len() < 500);
}
