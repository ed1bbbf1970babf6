//! PeerJS clients in a room with others: each hears of a call in its own words, under addresses that nobody can forge.

use parlor_dialects::Door;

use crate::peerjs::{door, open, pass, say};
use crate::table::Table;

/// Ada speaks the native protocol and is `$peer1`; Bob speaks PeerJS and is `$peer2`.
fn room() -> Table {
    let mut table = Table::new();
    table.open("ada", Door::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"peerjs","name":"Ada"}"#);
    open(&mut table, "bob");
    table
}

const CALL: &str = r#"{"type":"OFFER","dst":"$peer1","payload":{"sdp":{"type":"offer","sdp":"v=0"},"type":"media","connectionId":"mc_1","metadata":null}}"#;

#[test]
fn they_see_each_other_come_and_go() {
    let mut table = Table::new();
    table.open("ada", Door::Native);
    table.say("ada", r#"{"type":"join","id":1,"protocol":1,"room":"peerjs","name":"Ada"}"#);
    assert_eq!(
        open(&mut table, "bob"),
        [
            r#"ada: {"type":"member-joined","seq":2,"member":{"peer":"$peer2","name":"bob","alias":"bob","attributes":{"client":"peerjs"},"role":"speaker","permissions":["chat","message","signal","update","microphone","camera","screen","subscribe"],"tracks":[],"state":"connected","incarnation":1,"order":2},"at":1767225600000}"#,
            r#"bob: {"type":"OPEN"}"#,
        ]
    );
    say(&mut table, "bob", CALL);
    let said = say(&mut table, "ada", r#"{"type":"leave","id":2}"#);
    let leave = r#"bob: {"type":"LEAVE","src":"$peer1","dst":"bob"}"#;
    assert_eq!(said.iter().filter(|line| line.starts_with("bob")).collect::<Vec<_>>(), [leave]);
}

#[test]
fn a_call_by_a_peerjs_client_is_answered_on_its_own_connection() {
    let mut table = room();
    assert_eq!(
        say(&mut table, "bob", CALL),
        [r#"ada: {"type":"offer","seq":3,"from":"$peer2","sdp":"v=0"}"#]
    );
    let answer = r#"{"type":"answer","to":"$peer2","sdp":"v=1"}"#;
    assert_eq!(
        say(&mut table, "ada", answer),
        [
            r#"bob: {"type":"ANSWER","src":"$peer1","dst":"bob","payload":{"sdp":{"type":"answer","sdp":"v=1"},"type":"media","connectionId":"mc_1"}}"#
        ]
    );
    let candidate = r#"{"type":"candidate","to":"$peer2","candidate":{"candidate":"c"}}"#;
    assert_eq!(
        say(&mut table, "ada", candidate),
        [
            r#"bob: {"type":"CANDIDATE","src":"$peer1","dst":"bob","payload":{"candidate":{"candidate":"c"},"type":"media","connectionId":"mc_1"}}"#
        ]
    );
    let end = r#"{"type":"candidate","to":"$peer2","candidate":null}"#;
    assert!(say(&mut table, "ada", end).is_empty(), "there is no word for it");
    let own = r#"{"type":"CANDIDATE","dst":"$peer1","payload":{"candidate":{"candidate":"d"},"type":"media","connectionId":"mc_1"}}"#;
    assert_eq!(
        say(&mut table, "bob", own),
        [r#"ada: {"type":"candidate","seq":7,"from":"$peer2","candidate":{"candidate":"d"}}"#]
    );
}

#[test]
fn a_call_by_another_comes_as_a_connection_named_after_the_caller() {
    let mut table = room();
    let offer = r#"{"type":"offer","to":"$peer2","sdp":"v=0\r\nm=audio 9"}"#;
    assert_eq!(
        say(&mut table, "ada", offer),
        [
            r#"bob: {"type":"OFFER","src":"$peer1","dst":"bob","payload":{"sdp":{"type":"offer","sdp":"v=0\r\nm=audio 9"},"type":"media","connectionId":"mc_$peer1"}}"#
        ]
    );
    let answer = r#"{"type":"ANSWER","dst":"$peer1","payload":{"sdp":{"type":"answer","sdp":"v=1"},"type":"media","connectionId":"mc_$peer1"}}"#;
    assert_eq!(
        say(&mut table, "bob", answer),
        [r#"ada: {"type":"answer","seq":4,"from":"$peer2","sdp":"v=1"}"#]
    );
    let candidate = r#"{"type":"candidate","to":"$peer2","candidate":{"candidate":"c"}}"#;
    assert_eq!(
        say(&mut table, "ada", candidate),
        [
            r#"bob: {"type":"CANDIDATE","src":"$peer1","dst":"bob","payload":{"candidate":{"candidate":"c"},"type":"media","connectionId":"mc_$peer1"}}"#
        ]
    );
}

#[test]
fn an_offer_of_data_alone_comes_as_a_data_connection_that_takes_data_as_it_is() {
    let mut table = room();
    let offer = r#"{"type":"offer","to":"$peer2","sdp":"v=0\r\nm=application 9"}"#;
    assert_eq!(
        say(&mut table, "ada", offer),
        [
            r#"bob: {"type":"OFFER","src":"$peer1","dst":"bob","payload":{"sdp":{"type":"offer","sdp":"v=0\r\nm=application 9"},"type":"data","connectionId":"dc_$peer1","label":"dc_$peer1","reliable":true,"serialization":"raw"}}"#
        ]
    );
}

#[test]
fn what_has_no_word_in_peerjs_is_not_told() {
    let mut table = room();
    for frame in [
        r#"{"type":"chat","text":"hi"}"#,
        r#"{"type":"send","data":1}"#,
        r#"{"type":"update","attributes":{"mic":"on"}}"#,
        r#"{"type":"answer","to":"$peer2","sdp":"v=1"}"#,
        r#"{"type":"candidate","to":"$peer2","candidate":{"candidate":"c"}}"#,
    ] {
        let said = say(&mut table, "ada", frame);
        assert!(said.iter().all(|line| line.starts_with("ada: ")), "{said:?}");
    }
    for payload in ["null", "5", "{}", r#"{"connectionId":"x"}"#, r#"{"sdp":"v=0"}"#] {
        let frame = format!(r#"{{"type":"OFFER","dst":"$peer1","payload":{payload}}}"#);
        assert!(say(&mut table, "bob", &frame).is_empty(), "{frame}");
    }
    assert!(pass(&mut table, 60_000).iter().all(|line| line.starts_with("ada: ")));
}

#[test]
fn a_peer_of_another_dialect_that_is_gone_expires() {
    let mut table = room();
    say(&mut table, "ada", r#"{"type":"leave","id":2}"#);
    assert!(say(&mut table, "bob", CALL).is_empty());
    assert_eq!(pass(&mut table, 5_000), [r#"bob: {"type":"EXPIRE","src":"$peer1","dst":"bob"}"#]);
}

#[test]
fn a_page_that_was_loaded_anew_has_left_its_calls() {
    let mut table = room();
    say(&mut table, "bob", CALL);
    table.cut("ada");
    table.open("ada", Door::Native);
    let resume = r#"{"type":"resume","id":1,"protocol":1,"room":"peerjs","peer":"$peer1","secret":"$secret1"}"#;
    let said = say(&mut table, "ada", resume);
    assert!(
        said.contains(&r#"bob: {"type":"LEAVE","src":"$peer1","dst":"bob"}"#.into()),
        "{said:?}"
    );
}

#[test]
fn a_tutorial_client_calls_everybody_and_may_speak_to_one_in_full() {
    let mut table = Table::new();
    open(&mut table, "bob");
    table.open("carol", Door::Root);
    say(&mut table, "carol", r#"{"type":"join","roomId":"peerjs"}"#);
    let offer = r#"{"type":"offer","sdp":"v=0\r\nm=video 9","roomId":"peerjs"}"#;
    assert_eq!(
        say(&mut table, "carol", offer),
        [
            r#"bob: {"type":"OFFER","src":"$peer2","dst":"bob","payload":{"sdp":{"type":"offer","sdp":"v=0\r\nm=video 9"},"type":"media","connectionId":"mc_$peer2"}}"#
        ]
    );
    let event = |args: &str| {
        format!(r#"{{"type":"event","name":"peerjs","target":"$peer1","args":{args}}}"#)
    };
    assert_eq!(
        say(&mut table, "carol", &event(r#"[{"type":"OFFER","src":"bob","payload":{"a":1}}]"#)),
        [r#"bob: {"type":"OFFER","src":"$peer2","dst":"bob","payload":{"a":1}}"#]
    );
    for args in ["[]", "[1]", r#"[{"type":"OPEN"}]"#, r#"[{"type":"ERROR"}]"#, r#"[{},{}]"#] {
        assert!(say(&mut table, "carol", &event(args)).is_empty(), "{args}");
    }
}

#[test]
fn nobody_gets_anothers_mail_by_choosing_the_others_address_for_an_id() {
    let mut table = room();
    // What the table draws first is all ones, which spells without hyphens: an id that PeerJS allows.
    let address = "AQEBAQEBAQEBAQEBAQEBAQ";
    let said = table.open("eve", door(address, "token"));
    assert!(table.lines(&said).contains(&r#"eve: {"type":"OPEN"}"#.to_owned()));
    assert_eq!(
        say(&mut table, "bob", CALL),
        [r#"ada: {"type":"offer","seq":4,"from":"$peer2","sdp":"v=0"}"#]
    );
    let forged = r#"{"type":"OFFER","dst":"bob","payload":{"a":1}}"#;
    let told = say(&mut table, "eve", forged);
    assert_eq!(told, [r#"bob: {"type":"OFFER","src":"$peer3","dst":"bob","payload":{"a":1}}"#]);
}
