//! Clients on the root are told apart by their first frame, and stay what they are.

use parlor_dialects::{Door, Frame};

use crate::table::Table;

fn first_answer(frame: Frame<'_>) -> String {
    let mut table = Table::new();
    table.open("bob", Door::Root);
    let said = table.hear("bob", frame);
    table.lines(&said).join(" | ")
}

#[test]
fn the_first_frame_tells_the_dialect() {
    for (frame, answer) in [
        ("hello", "bob: Server received your message => hello"),
        ("", "bob: Server received your message => "),
        (r#"{"checkPresence":true,"channel":"c"}"#, r#"bob: {"isChannelPresent":false}"#),
        (r#"{"type":"ping"}"#, r#"bob: {"type":"pong"}"#),
        (r#"{"type":"join","roomId":"r"}"#, ""),
    ] {
        assert_eq!(first_answer(Frame::Text(frame)), answer, "{frame}");
    }
}

#[test]
fn what_looks_like_json_and_fits_nothing_is_told_so() {
    for (frame, code) in [
        ("{", "bad-json"),
        ("{}", "bad-message"),
        ("[]", "bad-json"),
        (r#"{"channel":"c"}"#, "bad-message"),
        (r#"{"type":"shout"}"#, "unknown-type"),
        (r#"{"type":5}"#, "bad-message"),
    ] {
        let answer = first_answer(Frame::Text(frame));
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{frame} {answer}");
    }
    let deep = "[".repeat(1_000);
    assert!(first_answer(Frame::Text(&deep)).contains("too-deep"));
}

#[test]
fn binary_first_frames_are_read_as_text() {
    let join = br#"{"type":"offer","roomId":"r","sdp":"v=0"}"#;
    assert!(first_answer(Frame::Binary(join)).contains("not-joined"));
    assert_eq!(first_answer(Frame::Binary(b"hi")), "bob: Server received your message => hi");
    for broken in [&b"{"[..], b" \t\r\n{\xff}", b"[\xff", b"{\"type\":\"\xff\"}"] {
        assert!(first_answer(Frame::Binary(broken)).contains("bad-json"), "{broken:?}");
    }
    assert!(first_answer(Frame::Binary(b"\xff{")).contains("Server received"));
}

#[test]
fn an_echo_stays_an_echo() {
    let mut table = Table::new();
    table.open("bob", Door::Root);
    table.say("bob", "hello");
    let said = table.say("bob", r#"{"type":"join","roomId":"r"}"#);
    let echo = r#"bob: Server received your message => {"type":"join","roomId":"r"}"#;
    assert_eq!(table.lines(&said), [echo]);
}
