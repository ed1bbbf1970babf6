//! The native protocol, frame by frame as in its description.

use std::time::Duration;

use parlor_dialects::Door;

use crate::table::Table;

/// Ada and Grace in one room, speaking the native protocol.
struct Standup(Table);

const WELCOME: &str = r#"{"type":"welcome","protocol":{"min":1,"max":1},"server":"parlor/test","pingIntervalMs":5000,"idleTimeoutMs":20000,"maxFrameBytes":262144,"messagesPerSecond":200,"burst":400}"#;

impl Standup {
    fn new() -> Self {
        let mut standup = Self(Table::new());
        for (name, shown) in [("ada", "Ada"), ("grace", "Grace")] {
            standup.open(name);
            let join = r#"{"type":"join","id":1,"protocol":1,"room":"standup","name":"#;
            standup.say(name, &format!(r#"{join}"{shown}"}}"#));
        }
        standup
    }

    fn open(&mut self, name: &str) -> Vec<String> {
        let said = self.0.open(name, Door::Native);
        self.0.lines(&said)
    }

    fn say(&mut self, name: &str, frame: &str) -> Vec<String> {
        let said = self.0.say(name, frame);
        self.0.lines(&said)
    }

    fn cut(&mut self, name: &str) -> Vec<String> {
        let said = self.0.cut(name);
        self.0.lines(&said)
    }
}

#[test]
fn a_conversation_goes_as_the_protocol_tells_it() {
    let mut table = Standup(Table::new());
    assert_eq!(table.open("ada"), [format!("ada: {WELCOME}")]);
    assert_eq!(
        table.say(
            "ada",
            r#"{"type":"join","id":1,"protocol":1,"room":"standup","name":"Ada","attributes":{"mic":"on"},"identity":"ada@example.org","nonce":"0123456789abcdef"}"#
        ),
        [
            r#"ada: {"type":"joined","id":1,"room":"standup","peer":"$peer1","secret":"$secret1","seq":1,"members":[{"peer":"$peer1","name":"Ada","identity":"ada@example.org","attributes":{"mic":"on"},"role":"owner","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe","moderate","record"],"tracks":[],"state":"connected","incarnation":1,"order":1}],"rules":{"locked":false,"waitingRoom":false,"muteOnEntry":false,"permanent":false},"history":[],"graceMs":30000,"iceServers":[{"urls":["stun:stun.example.org"]},{"urls":["turn:turn.example.org?transport=udp"],"username":"1767229200:ada","credential":"c2VjcmV0"}],"resumed":false,"lost":false}"#
        ]
    );
    assert_eq!(
        table.say("ada", r#"{"type":"chat","id":2,"text":"Good morning","key":"k1"}"#),
        [
            r#"ada: {"type":"chat","seq":2,"from":"$peer1","name":"Ada","text":"Good morning","key":"k1","at":1767225600000}"#,
            r#"ada: {"type":"ok","id":2,"seq":2}"#,
        ]
    );
    table.open("grace");
    assert_eq!(
        table.say("grace", r#"{"type":"join","protocol":1,"room":"standup"}"#),
        [
            r#"ada: {"type":"member-joined","seq":3,"member":{"peer":"$peer2","name":"Guest","attributes":{},"role":"speaker","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe"],"tracks":[],"state":"connected","incarnation":1,"order":2},"at":1767225600000}"#,
            r#"grace: {"type":"joined","room":"standup","peer":"$peer2","secret":"$secret2","seq":3,"members":[{"peer":"$peer1","name":"Ada","identity":"ada@example.org","attributes":{"mic":"on"},"role":"owner","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe","moderate","record"],"tracks":[],"state":"connected","incarnation":1,"order":1},{"peer":"$peer2","name":"Guest","attributes":{},"role":"speaker","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe"],"tracks":[],"state":"connected","incarnation":1,"order":2}],"rules":{"locked":false,"waitingRoom":false,"muteOnEntry":false,"permanent":false},"history":[{"type":"chat","seq":2,"from":"$peer1","name":"Ada","text":"Good morning","key":"k1","at":1767225600000}],"graceMs":30000,"iceServers":[{"urls":["stun:stun.example.org"]},{"urls":["turn:turn.example.org?transport=udp"],"username":"1767229200:ada","credential":"c2VjcmV0"}],"resumed":false,"lost":false}"#,
        ]
    );
    assert_eq!(
        table.say("ada", r#"{"type":"leave","id":3}"#),
        [
            r#"grace: {"type":"member-left","seq":4,"peer":"$peer1","reason":"left","at":1767225600000}"#,
            r#"grace: {"type":"member-updated","seq":5,"member":{"peer":"$peer2","name":"Guest","attributes":{},"role":"owner","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe","moderate","record"],"tracks":[],"state":"connected","incarnation":1,"order":2},"at":1767225600000}"#,
            r#"ada: {"type":"ok","id":3}"#,
            "ada: closed 1000 left",
        ]
    );
}

#[test]
fn ids_and_secrets_are_text_of_a_fixed_length() {
    let mut table = Table::new();
    table.open("ada", Door::Native);
    let said = table.say("ada", r#"{"type":"join","protocol":1,"room":"standup"}"#);
    let joined: serde_json::Value = serde_json::from_slice(&said[0].frame).unwrap();
    assert_eq!(joined["peer"], "AQEBAQEBAQEBAQEBAQEBAQ");
    assert_eq!(joined["secret"], "_wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB");
}

#[test]
fn data_arrives_letter_by_letter_as_it_was_sent() {
    let data = r#"{ "b":1.50, "a" : [1e400,-0,"\u00e9\ud800"],"b":null }"#;
    let mut table = Standup::new();
    assert_eq!(
        table.say("ada", &format!(r#"{{"type":"send","id":2,"data":{data}}}"#)),
        [
            format!(r#"grace: {{"type":"message","seq":3,"from":"$peer1","data":{data}}}"#),
            r#"ada: {"type":"ok","id":2,"seq":3}"#.into(),
        ]
    );
}

#[test]
fn what_is_sent_reaches_those_it_is_sent_to() {
    let mut table = Standup::new();
    let conversation = [
        (
            r#"{"type":"send","id":2,"data":null,"to":["$peer2"]}"#,
            r#"grace: {"type":"message","seq":3,"from":"$peer1","data":null}"#,
            r#"ada: {"type":"ok","id":2,"seq":3}"#,
        ),
        (
            r#"{"type":"send","id":3,"data":7,"volatile":true}"#,
            r#"grace: {"type":"message","from":"$peer1","data":7}"#,
            r#"ada: {"type":"ok","id":3}"#,
        ),
        (
            r#"{"type":"offer","id":4,"to":"$peer2","sdp":"v=0\r\n"}"#,
            r#"grace: {"type":"offer","seq":4,"from":"$peer1","sdp":"v=0\r\n"}"#,
            r#"ada: {"type":"ok","id":4,"seq":4}"#,
        ),
        (
            r#"{"type":"answer","id":5,"to":"$peer2","sdp":"v=1"}"#,
            r#"grace: {"type":"answer","seq":5,"from":"$peer1","sdp":"v=1"}"#,
            r#"ada: {"type":"ok","id":5,"seq":5}"#,
        ),
        (
            r#"{"type":"candidate","id":6,"to":"$peer2","candidate":{"candidate":"a=…","sdpMid":"0"}}"#,
            r#"grace: {"type":"candidate","seq":6,"from":"$peer1","candidate":{"candidate":"a=…","sdpMid":"0"}}"#,
            r#"ada: {"type":"ok","id":6,"seq":6}"#,
        ),
        (
            r#"{"type":"candidate","id":7,"to":"$peer2","candidate":null}"#,
            r#"grace: {"type":"candidate","seq":7,"from":"$peer1","candidate":null}"#,
            r#"ada: {"type":"ok","id":7,"seq":7}"#,
        ),
    ];
    for (request, heard, answer) in conversation {
        assert_eq!(table.say("ada", request), [heard, answer], "{request}");
    }
}

#[test]
fn an_update_is_merged_and_told_to_everybody() {
    let mut table = Standup::new();
    table.say("ada", r#"{"type":"update","id":2,"attributes":{"mic":"on","camera":"on"}}"#);
    let updated = r#"{"type":"member-updated","seq":4,"member":{"peer":"$peer1","name":"Countess","attributes":{"mic":"muted"},"role":"owner","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe","moderate","record"],"tracks":[],"state":"connected","incarnation":1,"order":1},"at":1767225600000}"#;
    assert_eq!(
        table.say(
            "ada",
            r#"{"type":"update","id":3,"name":"Countess","attributes":{"mic":"muted","camera":null}}"#
        ),
        [
            format!("ada: {updated}"),
            format!("grace: {updated}"),
            r#"ada: {"type":"ok","id":3,"seq":4}"#.into(),
        ]
    );
}

#[test]
fn success_without_an_id_is_not_answered() {
    let mut table = Standup::new();
    assert_eq!(
        table.say("ada", r#"{"type":"send","data":1}"#),
        [r#"grace: {"type":"message","seq":3,"from":"$peer1","data":1}"#]
    );
    assert_eq!(table.say("ada", r#"{"type":"ack","seq":3}"#), [""; 0]);
}

#[test]
fn presence_and_ping_need_no_join() {
    let mut table = Standup::new();
    table.open("eve");
    assert_eq!(
        table.say("eve", r#"{"type":"presence","id":1,"protocol":1,"room":"standup"}"#),
        [
            r#"eve: {"type":"presence","id":1,"room":"standup","members":[{"name":"Ada"},{"name":"Grace"}]}"#
        ]
    );
    assert_eq!(
        table.say("eve", r#"{"type":"ping","id":2}"#),
        [r#"eve: {"type":"pong","id":2,"stable":0}"#]
    );
    assert!(table.0.must_join("eve"));
    table.say("ada", r#"{"type":"ack","seq":2}"#);
    assert_eq!(table.say("ada", r#"{"type":"ping"}"#), [r#"ada: {"type":"pong","stable":2}"#]);
}

#[test]
fn a_lost_connection_is_resumed_and_what_was_missed_follows() {
    let mut table = Standup::new();
    assert_eq!(
        table.cut("grace"),
        [
            r#"ada: {"type":"member-updated","seq":3,"member":{"peer":"$peer2","name":"Grace","attributes":{},"role":"speaker","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe"],"tracks":[],"state":"reconnecting","incarnation":1,"order":2},"at":1767225600000}"#
        ]
    );
    table.say("ada", r#"{"type":"offer","id":2,"to":"$peer2","sdp":"v=0"}"#);
    table.open("grace");
    let said = table.say(
        "grace",
        r#"{"type":"resume","id":1,"protocol":1,"room":"standup","peer":"$peer2","secret":"$secret2","seq":2}"#,
    );
    assert_eq!(
        said[1..],
        [
            r#"grace: {"type":"resumed","id":1,"room":"standup","peer":"$peer2","secret":"$secret3","seq":5,"replayed":1}"#,
            r#"grace: {"type":"offer","seq":4,"from":"$peer1","sdp":"v=0"}"#,
        ]
    );
    assert_eq!(
        table.say("grace", r#"{"type":"answer","id":2,"to":"$peer1","sdp":"v=1"}"#),
        [
            r#"ada: {"type":"answer","seq":6,"from":"$peer2","sdp":"v=1"}"#,
            r#"grace: {"type":"ok","id":2,"seq":6}"#
        ]
    );
}

#[test]
fn a_newer_connection_closes_the_older_one_with_its_reason() {
    let mut table = Standup::new();
    table.open("grace");
    assert_eq!(
        table.say(
            "grace",
            r#"{"type":"resume","id":1,"protocol":1,"room":"standup","peer":"$peer2","secret":"$secret2","seq":2}"#
        ),
        [
            "grace: closed 4001 replaced",
            r#"grace: {"type":"resumed","id":1,"room":"standup","peer":"$peer2","secret":"$secret3","seq":2,"replayed":0}"#,
        ]
    );
}

#[test]
fn a_reloaded_page_gets_the_picture_of_the_same_member() {
    let mut table = Standup::new();
    table.cut("grace");
    table.open("grace");
    let said = table.say(
        "grace",
        r#"{"type":"resume","id":1,"protocol":1,"room":"standup","peer":"$peer2","secret":"$secret2"}"#,
    );
    assert!(said[0].contains(r#""state":"connected","incarnation":2,"order":2"#), "{said:?}");
    assert!(said[1].ends_with(r#""resumed":true,"lost":false}"#), "{said:?}");
}

#[test]
fn a_picture_says_when_events_are_lost() {
    let mut table = Standup(Table::with(parlor_rooms::Limits {
        log_events: 2,
        ..parlor_rooms::Limits::default()
    }));
    for name in ["ada", "grace"] {
        table.open(name);
        table.say(name, r#"{"type":"join","protocol":1,"room":"standup"}"#);
    }
    table.cut("grace");
    for _ in 0..3 {
        table.say("ada", r#"{"type":"send","data":1}"#);
    }
    table.open("grace");
    let said = table.say(
        "grace",
        r#"{"type":"resume","protocol":1,"room":"standup","peer":"$peer2","secret":"$secret2","seq":2}"#,
    );
    assert!(said[1].ends_with(r#""resumed":true,"lost":true}"#), "{said:?}");
}

#[test]
fn a_leave_by_timeout_and_one_by_identity_give_their_reasons() {
    let mut table = Standup::new();
    table.cut("grace");
    let said = table.0.pass(Duration::from_secs(30));
    assert_eq!(
        table.0.lines(&said),
        [
            r#"ada: {"type":"member-left","seq":4,"peer":"$peer2","reason":"timeout","at":1767225630000}"#
        ]
    );
    let mut table = Standup(Table::with(parlor_rooms::Limits {
        duplicate_identity: parlor_rooms::DuplicateIdentity::Replace,
        ..parlor_rooms::Limits::default()
    }));
    for name in ["ada", "laptop"] {
        table.open(name);
        let join = r#"{"type":"join","protocol":1,"room":"standup","identity":""#;
        table.say(name, &format!(r#"{join}{name}"}}"#));
    }
    table.open("phone");
    let said =
        table.say("phone", r#"{"type":"join","protocol":1,"room":"standup","identity":"laptop"}"#);
    assert_eq!(
        said[..2],
        [
            r#"ada: {"type":"member-left","seq":3,"peer":"$peer2","reason":"replaced","at":1767225600000}"#,
            "laptop: closed 4001 replaced",
        ]
    );
}

#[test]
fn unknown_fields_are_ignored_everywhere() {
    let mut table = Standup(Table::new());
    table.open("ada");
    let frames = [
        r#"{"type":"presence","protocol":1,"room":"standup","new":{"a":[1]}}"#,
        r#"{"new":1,"type":"join","protocol":1,"room":"standup","name":null,"attributes":null,"identity":null,"nonce":null}"#,
        r#"{"type":"chat","text":"hi","seq":99,"from":"somebody","at":0}"#,
        r#"{"type":"send","data":1,"from":"somebody"}"#,
        r#"{"type":"update","state":"reconnecting","incarnation":9}"#,
        r#"{"type":"ping","new":null}"#,
    ];
    for frame in frames {
        let said = table.say("ada", frame);
        assert!(said.iter().all(|line| !line.contains("error")), "{frame}: {said:?}");
        assert!(said.iter().all(|line| !line.contains("somebody")), "{frame}: {said:?}");
    }
}
