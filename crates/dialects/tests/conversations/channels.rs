//! Channels: presence, opening, and data that arrives bare.

use parlor_dialects::Door;

use crate::table::Table;

const NOTHING: [&str; 0] = [];

struct Channels(Table);

impl Channels {
    fn of(names: &[&str]) -> Self {
        let mut channels = Self(Table::new());
        for name in names {
            channels.0.open(name, Door::Root);
            channels.say(name, r#"{"open":true,"channel":"c"}"#);
        }
        channels
    }

    fn say(&mut self, name: &str, frame: &str) -> Vec<String> {
        let said = self.0.say(name, frame);
        self.0.lines(&said)
    }
}

#[test]
fn presence_is_told_before_and_after_somebody_opens() {
    let mut table = Channels(Table::new());
    table.0.open("bob", Door::Root);
    table.0.open("carol", Door::Root);
    let ask = r#"{"checkPresence":true,"channel":"c"}"#;
    assert_eq!(table.say("bob", ask), [r#"bob: {"isChannelPresent":false}"#]);
    assert_eq!(table.say("carol", r#"{"open":true,"channel":"c"}"#), NOTHING);
    assert_eq!(table.say("bob", ask), [r#"bob: {"isChannelPresent":true}"#]);
    table.0.cut("carol");
    assert_eq!(table.say("bob", ask), [r#"bob: {"isChannelPresent":false}"#]);
    let proto = r#"{"checkPresence":true,"channel":"constructor"}"#;
    assert_eq!(table.say("bob", proto), [r#"bob: {"isChannelPresent":false}"#]);
}

#[test]
fn data_arrives_bare_at_the_others_and_never_at_its_author() {
    let mut table = Channels::of(&["bob", "carol"]);
    let falsy = ["0", r#""""#, "false", "null", r#""hi""#, r#"{"userid":"x"}"#];
    for data in falsy {
        let frame = format!(r#"{{"data":{data},"channel":"c"}}"#);
        assert_eq!(table.say("bob", &frame), [format!("carol: {data}")]);
    }
}

#[test]
fn opening_twice_does_not_double_what_arrives() {
    let mut table = Channels::of(&["bob", "carol"]);
    assert_eq!(table.say("carol", r#"{"open":true,"channel":"c"}"#), NOTHING);
    assert_eq!(table.say("bob", r#"{"data":1,"channel":"c"}"#), ["carol: 1"]);
}

#[test]
fn only_members_are_heard() {
    let mut table = Channels::of(&["bob"]);
    table.0.open("eve", Door::Root);
    let said = table.say("eve", r#"{"data":1,"channel":"c"}"#);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(r#"eve: {"error":{"code":"not-joined""#), "{said:?}");
}

#[test]
fn a_leave_is_said_in_words_that_these_clients_know() {
    let mut table = Channels::of(&["bob", "carol"]);
    let said = table.0.cut("carol");
    assert_eq!(table.0.lines(&said), [r#"bob: {"userLeft":true,"userid":"$peer2"}"#]);
}

#[test]
fn of_several_wishes_in_one_frame_the_first_counts() {
    let mut table = Channels::of(&["bob", "carol"]);
    let all = r#"{"data":1,"open":true,"checkPresence":true,"channel":"c"}"#;
    assert_eq!(table.say("bob", all), [r#"bob: {"isChannelPresent":true}"#]);
    assert_eq!(table.say("bob", r#"{"data":1,"open":true,"channel":"c"}"#), NOTHING);
}

#[test]
fn what_is_missing_is_named() {
    let mut table = Channels::of(&["bob"]);
    for (frame, code) in [
        (r#"{"data":1}"#, "bad-message"),
        (r#"{"channel":"c"}"#, "bad-message"),
        (r#"{"data":1,"channel":{}}"#, "bad-message"),
        (r#"{"data":1,"channel":""}"#, "bad-message"),
        ("[1]", "bad-json"),
        ("{", "bad-json"),
    ] {
        let said = table.say("bob", frame);
        assert!(said[0].contains(&format!(r#""code":"{code}""#)), "{frame} {said:?}");
    }
}
