//! y-webrtc: topics, published data that also its publisher hears, ping.

use parlor_dialects::Door;

use crate::table::Table;

const NOTHING: [&str; 0] = [];

struct Documents(Table);

impl Documents {
    fn of(names: &[&str]) -> Self {
        let mut documents = Self(Table::new());
        for name in names {
            documents.0.open(name, Door::YWebrtc);
            documents.say(name, r#"{"type":"subscribe","topics":["doc"]}"#);
        }
        documents
    }

    fn say(&mut self, name: &str, frame: &str) -> Vec<String> {
        let said = self.0.say(name, frame);
        self.0.lines(&said)
    }
}

#[test]
fn what_is_published_reaches_every_subscriber_and_its_publisher() {
    let mut table = Documents::of(&["bob", "carol"]);
    let data = r#"{"type":"announce","from":"b"}"#;
    let frame = format!(r#"{{"type":"publish","topic":"doc","data":{data}}}"#);
    let expected = format!(r#"{{"type":"publish","topic":"doc","data":{data},"clients":2}}"#);
    let told = [format!("bob: {expected}"), format!("carol: {expected}")];
    assert_eq!(table.say("bob", &frame), told);
}

#[test]
fn a_reconnecting_client_may_subscribe_again_and_hears_everything_once() {
    let mut table = Documents::of(&["bob"]);
    assert_eq!(table.say("bob", r#"{"type":"subscribe","topics":["doc","doc"]}"#), NOTHING);
    let said = table.say("bob", r#"{"type":"publish","topic":"doc","data":"x"}"#);
    assert_eq!(said, [r#"bob: {"type":"publish","topic":"doc","data":"x","clients":1}"#]);
}

#[test]
fn who_has_unsubscribed_hears_nothing_more() {
    let mut table = Documents::of(&["bob", "carol"]);
    assert_eq!(table.say("carol", r#"{"type":"unsubscribe","topics":["doc"]}"#), NOTHING);
    let said = table.say("bob", r#"{"type":"publish","topic":"doc","data":1}"#);
    assert_eq!(said, [r#"bob: {"type":"publish","topic":"doc","data":1,"clients":1}"#]);
}

#[test]
fn a_ping_is_answered_without_any_topic() {
    let mut table = Documents(Table::new());
    table.0.open("bob", Door::YWebrtc);
    assert_eq!(table.say("bob", r#"{"type":"ping"}"#), [r#"bob: {"type":"pong"}"#]);
}

#[test]
fn who_has_not_subscribed_can_not_publish_and_mistakes_are_told() {
    let mut table = Documents::of(&["bob"]);
    table.0.open("eve", Door::YWebrtc);
    for (frame, code) in [
        (r#"{"type":"publish","topic":"doc","data":1}"#, "not-joined"),
        (r#"{"type":"unsubscribe","topics":["doc"]}"#, "not-joined"),
        (r#"{"type":"subscribe"}"#, "bad-message"),
        (r#"{"type":"subscribe","topics":[{}]}"#, "bad-message"),
        (r#"{"type":"subscribe","topics":"doc"}"#, "bad-message"),
        (r#"{"type":"publish","data":1}"#, "bad-message"),
        (r#"{"type":"shout"}"#, "unknown-type"),
        ("nonsense", "bad-json"),
        ("[]", "bad-json"),
    ] {
        let said = table.say("eve", frame);
        assert_eq!(said.len(), 1, "{frame} {said:?}");
        assert!(said[0].contains(&format!(r#""code":"{code}""#)), "{frame} {said:?}");
    }
}

#[test]
fn what_a_list_unsubscribes_can_be_subscribed_again() {
    let mut table = Documents::of(&["bob"]);
    assert_eq!(table.say("bob", r#"{"type":"subscribe","topics":["a","b","a"]}"#), NOTHING);
    assert_eq!(table.say("bob", r#"{"type":"unsubscribe","topics":["a","b"]}"#), NOTHING);
    assert_eq!(table.say("bob", r#"{"type":"subscribe","topics":["b","a"]}"#), NOTHING);
    for topic in ["a", "b"] {
        let frame = format!(r#"{{"type":"publish","topic":"{topic}","data":1}}"#);
        let heard = format!(r#"bob: {{"type":"publish","topic":"{topic}","data":1,"clients":1}}"#);
        assert_eq!(table.say("bob", &frame), [heard]);
    }
}

#[test]
fn one_client_gets_so_many_topics_however_it_asks_for_them() {
    let mut table = Documents::of(&["bob"]);
    let subscribe = |count: usize| {
        let topics: Vec<_> = (0..count).map(|topic| format!(r#""t{topic}""#)).collect();
        format!(r#"{{"type":"subscribe","topics":[{}]}}"#, topics.join(","))
    };
    let refused = |said: &[String]| {
        assert!(said.iter().all(|line| line.contains(r#""code":"too-many-rooms""#)), "{said:?}");
        said.len()
    };
    assert_eq!(refused(&table.say("bob", &subscribe(20))), 5, "one of the 16 is `doc`");
    assert_eq!(refused(&table.say("bob", &subscribe(5_000))), 1);
    assert_eq!(table.0.counters().rooms, 16);
}
