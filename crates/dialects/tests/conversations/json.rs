//! The tutorials' JSON: what their pages send and what they wait for, with their servers' mistakes mended.

use parlor_dialects::{Door, Frame};

use crate::table::Table;

/// Bob and Carol in `room123`, as the tutorials' pages.
struct Tutorial(Table);

impl Tutorial {
    fn new() -> Self {
        let mut tutorial = Self(Table::new());
        for name in ["bob", "carol"] {
            tutorial.open(name);
            tutorial.say(name, r#"{"type":"join","roomId":"room123"}"#);
        }
        tutorial
    }

    fn open(&mut self, name: &str) -> Vec<String> {
        let said = self.0.open(name, Door::Root);
        self.0.lines(&said)
    }

    fn say(&mut self, name: &str, frame: &str) -> Vec<String> {
        let said = self.0.say(name, frame);
        self.0.lines(&said)
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn the_newcomer_hears_of_those_who_are_there_and_they_of_the_newcomer() {
    let mut table = Tutorial(Table::new());
    assert_eq!(table.open("bob"), NOTHING);
    assert_eq!(table.say("bob", r#"{"type":"join","roomId":"room123"}"#), NOTHING);
    table.open("carol");
    assert_eq!(
        table.say("carol", r#"{"type":"join","roomId":"room123","name":"Carol"}"#),
        [
            r#"bob: {"type":"user-joined","userId":"$peer2","roomId":"room123","name":"Carol"}"#,
            r#"carol: {"type":"existing-user","userId":"$peer1","roomId":"room123","name":"Guest"}"#,
        ]
    );
    table.open("dave");
    assert_eq!(
        table.say("dave", r#"{"type":"join","roomId":"room123"}"#),
        [
            r#"bob: {"type":"user-joined","userId":"$peer3","roomId":"room123","name":"Guest"}"#,
            r#"carol: {"type":"user-joined","userId":"$peer3","roomId":"room123","name":"Guest"}"#,
            r#"dave: {"type":"existing-user","userId":"$peer1","roomId":"room123","name":"Guest"}"#,
            r#"dave: {"type":"existing-user","userId":"$peer2","roomId":"room123","name":"Carol"}"#,
        ]
    );
}

#[test]
fn a_description_may_be_an_object_or_a_string_and_arrives_as_an_object() {
    let mut table = Tutorial::new();
    let offer = [
        r#"carol: {"type":"offer","sdp":{"type":"offer","sdp":"v=0\r\n"},"roomId":"room123","sender":"$peer1"}"#,
    ];
    for sdp in [
        r#"{"type":"offer","sdp":"v=0\r\n"}"#,
        r#""v=0\r\n""#,
        r#"{"sdp":"v=0\r\n"}"#,
        r#"{"type":null,"sdp":"v=0\r\n"}"#,
    ] {
        let frame = format!(r#"{{"type":"offer","sdp":{sdp},"roomId":"room123"}}"#);
        assert_eq!(table.say("bob", &frame), offer, "{sdp}");
    }
    let answer = [
        r#"bob: {"type":"answer","sdp":{"type":"answer","sdp":"v=1"},"roomId":"room123","sender":"$peer2"}"#,
    ];
    for sdp in [r#"{"type":"answer","sdp":"v=1"}"#, r#""v=1""#] {
        let frame = format!(r#"{{"type":"answer","sdp":{sdp},"roomId":"room123"}}"#);
        assert_eq!(table.say("carol", &frame), answer, "{sdp}");
    }
}

#[test]
fn what_is_no_description_is_refused() {
    let mut table = Tutorial::new();
    for sdp in [
        "null",
        "1",
        "[]",
        r#"["offer","v=0"]"#,
        "{}",
        r#"{"type":"offer"}"#,
        r#"{"type":"answer","sdp":"v=0"}"#,
        r#"{"type":"offer","sdp":null}"#,
    ] {
        let frame = format!(r#"{{"type":"offer","sdp":{sdp},"roomId":"room123"}}"#);
        assert_eq!(
            table.say("bob", &frame),
            [
                r#"bob: {"type":"error","code":"bad-message","message":"`sdp` must be {type: \"offer\", sdp: string}","hint":"See the fields of this type in docs/protocol.md."}"#
            ],
            "{sdp}"
        );
    }
}

#[test]
fn candidates_pass_as_they_are_and_null_ends_them() {
    let mut table = Tutorial::new();
    let candidate = r#"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}"#;
    assert_eq!(
        table.say(
            "bob",
            &format!(r#"{{"type":"ice-candidate","candidate":{candidate},"roomId":"room123"}}"#)
        ),
        [format!(
            r#"carol: {{"type":"ice-candidate","candidate":{candidate},"roomId":"room123","sender":"$peer1"}}"#
        )]
    );
    for frame in [
        r#"{"type":"ice-candidate","candidate":null,"roomId":"room123"}"#,
        r#"{"type":"ice-candidate","roomId":"room123"}"#,
    ] {
        assert_eq!(
            table.say("bob", frame),
            [
                r#"carol: {"type":"ice-candidate","candidate":null,"roomId":"room123","sender":"$peer1"}"#
            ]
        );
    }
}

#[test]
fn nothing_comes_back_to_its_author_but_its_own_chat() {
    let mut table = Tutorial::new();
    for frame in [
        r#"{"type":"offer","sdp":"v=0","roomId":"room123"}"#,
        r#"{"type":"answer","sdp":"v=0","roomId":"room123"}"#,
        r#"{"type":"ice-candidate","candidate":{},"roomId":"room123"}"#,
        r#"{"type":"message","data":1,"roomId":"room123"}"#,
    ] {
        let said = table.say("bob", frame);
        assert!(said.len() == 1 && said[0].starts_with("carol: "), "{said:?}");
    }
    let chat = r#"{"type":"chat","text":"hi","name":"Guest","roomId":"room123","sender":"$peer1"}"#;
    assert_eq!(
        table.say("bob", r#"{"type":"chat","text":"hi","roomId":"room123"}"#),
        [format!("bob: {chat}"), format!("carol: {chat}")]
    );
}

#[test]
fn the_sender_is_stamped_whatever_the_client_says_of_itself() {
    let mut table = Tutorial::new();
    assert_eq!(
        table.say(
            "bob",
            r#"{"type":"offer","sdp":"v=0","roomId":"room123","sender":"$peer2","userId":"$peer2"}"#
        ),
        [
            r#"carol: {"type":"offer","sdp":{"type":"offer","sdp":"v=0"},"roomId":"room123","sender":"$peer1"}"#
        ]
    );
}

#[test]
fn a_target_gets_what_is_meant_for_it_and_null_means_everybody_else() {
    let mut table = Tutorial::new();
    table.open("dave");
    table.say("dave", r#"{"type":"join","roomId":"room123"}"#);
    let to = |target: &str| {
        format!(r#"{{"type":"message","data":1,"roomId":"room123","target":{target}}}"#)
    };
    let message = |name: &str| {
        format!(r#"{name}: {{"type":"message","data":1,"roomId":"room123","sender":"$peer1"}}"#)
    };
    assert_eq!(table.say("bob", &to(r#""$peer3""#)), [message("dave")]);
    assert_eq!(table.say("bob", &to("null")), [message("carol"), message("dave")]);
    for nobody in [r#""Dave""#, r#""""#, r#""AAAAAAAAAAAAAAAAAAAAAA""#] {
        let said = table.say("bob", &to(nobody));
        assert_eq!(
            said,
            [
                r#"bob: {"type":"error","code":"unknown-target","message":"a target is not a member of the room","hint":"Address only members of your own room, by their `peer`."}"#
            ]
        );
    }
}

#[test]
fn a_member_of_another_room_is_no_target() {
    let mut table = Tutorial::new();
    table.open("eve");
    table.say("eve", r#"{"type":"join","roomId":"elsewhere"}"#);
    let said = table.say("eve", r#"{"type":"offer","sdp":"v=0","target":"$peer1"}"#);
    assert!(said.len() == 1 && said[0].contains("unknown-target"), "{said:?}");
}

#[test]
fn who_is_no_member_is_not_heard() {
    let mut table = Tutorial::new();
    table.open("eve");
    let refused = [
        r#"eve: {"type":"error","code":"not-joined","message":"this connection is not a member of the room","hint":"Send `join` first and wait for `joined`."}"#,
    ];
    for kind in ["offer", "answer"] {
        let frame = format!(r#"{{"type":"{kind}","sdp":"v=0","roomId":"room123"}}"#);
        assert_eq!(table.say("eve", &frame), refused);
    }
    for frame in [
        r#"{"type":"ice-candidate","candidate":{},"roomId":"room123"}"#,
        r#"{"type":"chat","text":"hi","roomId":"room123"}"#,
        r#"{"type":"message","data":1,"roomId":"room123"}"#,
        r#"{"type":"leave","roomId":"room123"}"#,
        r#"{"type":"leave"}"#,
    ] {
        assert_eq!(table.say("eve", frame), refused);
    }
    assert!(!table.0.must_join("eve"), "a page may wait for a click");
}

#[test]
fn a_room_may_be_named_by_a_number() {
    let mut table = Tutorial(Table::new());
    for (name, room) in [("bob", "42"), ("carol", r#""42""#)] {
        table.open(name);
        table.say(name, &format!(r#"{{"type":"join","roomId":{room}}}"#));
    }
    assert_eq!(
        table.say("bob", r#"{"type":"message","data":1,"roomId":42}"#),
        [r#"carol: {"type":"message","data":1,"roomId":"42","sender":"$peer1"}"#]
    );
}

#[test]
fn what_names_no_room_is_refused() {
    let mut table = Tutorial(Table::new());
    table.open("bob");
    for (frame, why) in [
        (r#"{"type":"join"}"#, "`roomId` is missing"),
        (r#"{"type":"join","roomId":null}"#, "`roomId` is missing"),
        (r#"{"type":"join","roomId":true}"#, "`roomId` must be a string"),
        (r#"{"type":"join","roomId":["a"]}"#, "`roomId` must be a string"),
        (r#"{"type":"join","roomId":{}}"#, "`roomId` must be a string"),
        (r#"{"type":"join","roomId":""}"#, "`roomId` must not be empty"),
        (r#"{"type":"join","roomId":"a\u0000b"}"#, "`roomId` has a control character"),
        (r#"{"type":"join","roomId":"r","name":""}"#, "`name` must not be empty"),
    ] {
        let said = table.say("bob", frame);
        assert_eq!(
            said,
            [format!(
                r#"bob: {{"type":"error","code":"bad-message","message":"{why}","hint":"See the fields of this type in docs/protocol.md."}}"#
            )]
        );
    }
}

#[test]
fn one_socket_may_be_in_several_rooms_and_says_in_which_it_speaks() {
    let mut table = Tutorial::new();
    table.open("dave");
    table.say("dave", r#"{"type":"join","roomId":"kitchen"}"#);
    table.say("bob", r#"{"type":"join","roomId":"kitchen"}"#);
    assert_eq!(
        table.say("bob", r#"{"type":"message","data":1,"roomId":"kitchen"}"#),
        [r#"dave: {"type":"message","data":1,"roomId":"kitchen","sender":"$peer4"}"#]
    );
    assert_eq!(
        table.say("bob", r#"{"type":"message","data":2,"roomId":"room123"}"#),
        [r#"carol: {"type":"message","data":2,"roomId":"room123","sender":"$peer1"}"#]
    );
    let said = table.say("bob", r#"{"type":"message","data":3}"#);
    assert!(said[0].contains("not-joined"), "{said:?}");
}

#[test]
fn a_room_left_out_is_the_only_one_that_the_client_is_in() {
    let mut table = Tutorial::new();
    assert_eq!(
        table.say("bob", r#"{"type":"message","data":1}"#),
        [r#"carol: {"type":"message","data":1,"roomId":"room123","sender":"$peer1"}"#]
    );
}

#[test]
fn a_second_join_of_the_same_room_is_refused_and_not_announced_again() {
    let mut table = Tutorial::new();
    let said = table.say("bob", r#"{"type":"join","roomId":"room123"}"#);
    assert_eq!(
        said,
        [
            r#"bob: {"type":"error","code":"already-joined","message":"this connection is a member of the room already","hint":"Open another connection for another membership."}"#
        ]
    );
}

#[test]
fn one_socket_is_in_at_most_16_rooms() {
    let mut table = Tutorial(Table::new());
    table.open("bob");
    let join = |number: usize| format!(r#"{{"type":"join","roomId":"room {number}"}}"#);
    for number in 0..16 {
        assert_eq!(table.say("bob", &join(number)), NOTHING);
    }
    assert!(table.say("bob", &join(16))[0].contains("too-many-rooms"));
    table.say("bob", r#"{"type":"leave","roomId":"room 3"}"#);
    assert_eq!(table.say("bob", &join(16)), NOTHING);
}

#[test]
fn who_leaves_is_gone_from_that_room_and_may_come_back() {
    let mut table = Tutorial::new();
    table.say("bob", r#"{"type":"join","roomId":"kitchen"}"#);
    let gone = r#"carol: {"type":"user-left","userId":"$peer1","roomId":"room123"}"#;
    assert_eq!(table.say("bob", r#"{"type":"leave","roomId":"room123"}"#), [gone]);
    let said = table.say("bob", r#"{"type":"message","data":1,"roomId":"room123"}"#);
    assert!(said[0].contains("not-joined"), "{said:?}");
    let chat = r#"bob: {"type":"chat","text":"still here","name":"Guest","roomId":"kitchen","sender":"$peer3"}"#;
    assert_eq!(table.say("bob", r#"{"type":"chat","text":"still here"}"#), [chat]);
    assert_eq!(
        table.say("bob", r#"{"type":"join","roomId":"room123"}"#),
        [
            r#"carol: {"type":"user-joined","userId":"$peer4","roomId":"room123","name":"Guest"}"#,
            r#"bob: {"type":"existing-user","userId":"$peer2","roomId":"room123","name":"Guest"}"#,
        ]
    );
}

#[test]
fn a_closed_socket_leaves_all_its_rooms_at_once() {
    let mut table = Tutorial::new();
    table.open("dave");
    table.say("dave", r#"{"type":"join","roomId":"kitchen"}"#);
    table.say("bob", r#"{"type":"join","roomId":"kitchen"}"#);
    let said = table.0.cut("bob");
    assert_eq!(
        table.0.lines(&said),
        [
            r#"carol: {"type":"user-left","userId":"$peer1","roomId":"room123"}"#,
            r#"dave: {"type":"user-left","userId":"$peer4","roomId":"kitchen"}"#,
        ]
    );
}

#[test]
fn too_many_messages_are_told_so() {
    let mut table = Tutorial::new();
    let wait = std::time::Duration::from_secs(1);
    let said = table.0.hear_excess("bob", Frame::Text("anything"), wait);
    assert_eq!(
        table.0.lines(&said),
        [
            r#"bob: {"type":"error","code":"rate-limited","message":"too many messages","hint":"Not carried out. Send more slowly; `welcome` names the rate."}"#
        ]
    );
}

#[test]
fn missing_and_mistyped_fields_are_named() {
    let mut table = Tutorial::new();
    for (frame, why) in [
        (r#"{"type":"chat"}"#, "`text` is missing"),
        (r#"{"type":"message"}"#, "`data` is missing"),
        (r#"{"type":"chat","text":1}"#, "`text` must be a string"),
        (r#"{"type":"message","data":1,"target":[]}"#, "`target` must be a string"),
        (r#"{"type":"join","roomId":"r","name":{}}"#, "`name` must be a string"),
        (r#"{"type":"ice-candidate","candidate":1}"#, "`candidate` must be an object or null"),
    ] {
        let said = table.say("bob", frame);
        assert!(said.len() == 1 && said[0].contains(why), "{said:?}");
    }
}

#[test]
fn null_is_data_too() {
    let mut table = Tutorial::new();
    assert_eq!(
        table.say("bob", r#"{"type":"message","data":null}"#),
        [r#"carol: {"type":"message","data":null,"roomId":"room123","sender":"$peer1"}"#]
    );
}

#[test]
fn fields_that_a_type_does_not_have_may_be_anything() {
    let mut table = Tutorial::new();
    for frame in [
        r#"{"type":"message","data":1,"name":7,"text":[],"sdp":{},"candidate":3}"#,
        r#"{"type":"message","data":1,"sender":{"id":1},"timestamp":1}"#,
        r#"{"type":"chat","text":"hi","target":{"id":1},"name":{"first":"Bob"}}"#,
    ] {
        let said = table.say("bob", frame);
        assert!(said.iter().all(|line| !line.contains("error")), "{frame}: {said:?}");
    }
}
