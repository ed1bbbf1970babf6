//! What one client's session promises, in virtual time.

use super::*;

const START: Timestamp = Timestamp(1_000);

fn session() -> Session {
    Session::new(Settings::default(), START)
}

fn main() -> Namespace {
    Namespace::default()
}

fn named(name: &str) -> Namespace {
    Namespace::parse(name).unwrap()
}

fn args(json: &str) -> Args {
    Args::checked(json, Vec::new()).unwrap()
}

fn hear(session: &mut Session, line: &str) -> Vec<Output> {
    session.handle_message(Message::Text(line.into()), START);
    outputs(session)
}

fn outputs(session: &mut Session) -> Vec<Output> {
    std::iter::from_fn(|| session.poll_output()).collect()
}

fn send(line: &str) -> Output {
    Output::Send(Message::Text(line.into()))
}

/// A client that has connected to the main namespace and may be recovered.
fn connected() -> Session {
    let mut session = session();
    let asked = Output::Connect { namespace: main(), auth: None, comeback: None };
    assert_eq!(hear(&mut session, "0"), [asked]);
    session.accept(&main(), "a", Some("secret"));
    assert_eq!(outputs(&mut session), [send(r#"0{"sid":"a","pid":"secret"}"#)]);
    session
}

fn cut(session: Session) -> Kept {
    session.into_kept().pop().unwrap().1
}

/// The same client on a new connection.
fn comes_back(kept: Kept, auth: &str) -> (Session, Result<(), Kept>, Vec<Output>) {
    let mut session = session();
    let comeback = match hear(&mut session, &format!("0{auth}")).pop() {
        Some(Output::Connect { comeback: Some(comeback), .. }) => comeback,
        other => panic!("{other:?}"),
    };
    assert_eq!(comeback.pid, kept.pid());
    let recovered = session.recover(&main(), kept, &comeback);
    let outputs = outputs(&mut session);
    (session, recovered, outputs)
}

#[test]
fn events_go_both_ways_and_carry_an_offset_when_they_can_be_recovered() {
    let mut session = connected();
    let event =
        Output::Event { namespace: main(), id: Some(3), name: "hi".into(), args: args("[1]") };
    assert_eq!(hear(&mut session, r#"23["hi",1]"#), [event]);
    session.acknowledge(&main(), 3, args(r#"["ok"]"#));
    session.emit(&main(), "yo".into(), args("[1,2]"));
    session.emit(&main(), "yo".into(), args("[]"));
    let wanted = [send(r#"33["ok"]"#), send(r#"2["yo",1,2,"1"]"#), send(r#"2["yo","2"]"#)];
    assert_eq!(outputs(&mut session), wanted);
}

#[test]
fn without_recovery_nothing_is_added() {
    let mut session = Session::new(Settings { recovery: false, ..Settings::default() }, START);
    hear(&mut session, "0");
    session.accept(&main(), "a", Some("secret"));
    session.emit(&main(), "yo".into(), args("[1]"));
    assert_eq!(outputs(&mut session), [send(r#"0{"sid":"a"}"#), send(r#"2["yo",1]"#)]);
    assert!(session.into_kept().is_empty());
}

#[test]
fn namespaces_are_apart() {
    let mut session = connected();
    let auth = Some(r#"{"token":"t"}"#.into());
    let asked = Output::Connect { namespace: named("/chat"), auth, comeback: None };
    assert_eq!(hear(&mut session, r#"0/chat,{"token":"t"}"#), [asked]);
    session.accept(&named("/chat"), "b", None);
    session.emit(&named("/chat"), "yo".into(), args("[]"));
    let wanted = [send(r#"0/chat,{"sid":"b"}"#), send(r#"2/chat,["yo"]"#)];
    assert_eq!(outputs(&mut session), wanted);
    assert_eq!(hear(&mut session, "1/chat,"), [Output::Disconnected(named("/chat"))]);
    session.emit(&named("/chat"), "yo".into(), args("[]"));
    assert_eq!(outputs(&mut session), []);
    assert_eq!(session.poll_timeout(), None, "it is still in the main one");
}

#[test]
fn a_refusal_says_why() {
    let mut session = session();
    hear(&mut session, "0/x");
    session.refuse(&named("/x"), "Invalid namespace", None);
    hear_and_refuse(&mut session, r#"{"code":"room-full"}"#);
    let wanted = [
        send(r#"4/x,{"message":"Invalid namespace"}"#),
        send(r#"4/x,{"message":"\"no\"","data":{"code":"room-full"}}"#),
    ];
    assert_eq!(outputs(&mut session), wanted);
}

fn hear_and_refuse(session: &mut Session, data: &str) {
    session.handle_message(Message::Text("0/x,".into()), START);
    let first = session.poll_output();
    let asked = session.poll_output();
    assert!(matches!(asked, Some(Output::Connect { .. })), "{asked:?}");
    session.outputs.extend(first);
    session.refuse(&named("/x"), "\"no\"", Some(data));
}

#[test]
fn the_wrong_thing_at_the_wrong_time_closes() {
    for line in [r#"2["hi"]"#, "1", "31[]", "2[\"hi\"]", "abc"] {
        assert_eq!(hear(&mut session(), line), [Output::Close], "{line}");
    }
    for line in ["0", r#"2/chat,["hi"]"#, "abc"] {
        let mut session = connected();
        assert_eq!(hear(&mut session, line), [Output::Close], "{line}");
        assert_eq!(hear(&mut session, r#"2["late"]"#), []);
    }
}

#[test]
fn a_client_in_no_namespace_is_closed_in_time() {
    let mut session = session();
    let by = START.after(Duration::from_secs(45));
    assert_eq!(session.poll_timeout(), Some(by));
    session.handle_timeout(by);
    assert_eq!(outputs(&mut session), [Output::Close]);

    let mut session = connected();
    assert_eq!(session.poll_timeout(), None);
    hear(&mut session, "1");
    assert_eq!(session.poll_timeout(), Some(by));
}

#[test]
fn who_was_sent_out_is_not_heard_but_may_come_again() {
    let mut session = connected();
    session.dismiss(&main(), START);
    assert_eq!(outputs(&mut session), [send("1")]);
    assert_eq!(hear(&mut session, r#"2["sent before it knew"]"#), []);
    assert!(matches!(hear(&mut session, "0").as_slice(), [Output::Connect { .. }]));
}

#[test]
fn there_is_an_end_to_namespaces() {
    let mut session = session();
    for number in 0..MAX_NAMESPACES {
        hear(&mut session, &format!("0/{number}"));
        session.accept(&named(&format!("/{number}")), "a", None);
    }
    outputs(&mut session);
    let refused = send(r#"4/more,{"message":"Too many namespaces"}"#);
    assert_eq!(hear(&mut session, "0/more"), [refused]);
}

#[test]
fn a_question_is_answered_once_or_not_in_time() {
    let mut session = connected();
    let soon = START.after(Duration::from_secs(1));
    let ask = |session: &mut Session| session.ask(&main(), ("q".into(), args("[1]")), soon);
    assert_eq!((ask(&mut session), ask(&mut session)), (Some(1), Some(2)));
    assert_eq!(outputs(&mut session), [send(r#"21["q",1]"#), send(r#"22["q",1]"#)]);
    let answered = Output::Answered { namespace: main(), id: 2, args: args("[true]") };
    assert_eq!(hear(&mut session, "32[true]"), [answered]);
    assert_eq!(hear(&mut session, "32[true]"), [], "twice");
    assert_eq!(hear(&mut session, "39[true]"), [], "never asked");
    assert_eq!(session.poll_timeout(), Some(soon));
    session.handle_timeout(soon);
    assert_eq!(outputs(&mut session), [Output::Unanswered { namespace: main(), id: 1 }]);
    assert_eq!(hear(&mut session, "31[true]"), [], "late");
}

#[test]
fn after_a_cut_the_rest_is_sent_again_in_order() {
    let mut session = connected();
    (1..=4).for_each(|n| session.emit(&main(), "e".into(), args(&format!("[{n}]"))));
    let mut kept = cut(session);
    kept.emit(&main(), "e".into(), args("[5]"));
    let (mut session, recovered, heard) =
        comes_back(kept, r#"{"pid":"secret","offset":"2","token":"t"}"#);
    assert!(recovered.is_ok());
    let wanted = [
        send(r#"0{"sid":"a","pid":"secret"}"#),
        send(r#"2["e",3,"3"]"#),
        send(r#"2["e",4,"4"]"#),
        send(r#"2["e",5,"5"]"#),
    ];
    assert_eq!(heard, wanted);
    session.emit(&main(), "e".into(), args("[6]"));
    assert_eq!(outputs(&mut session), [send(r#"2["e",6,"6"]"#)]);
}

#[test]
fn a_client_that_had_nothing_gets_everything() {
    let mut session = connected();
    session.emit(&main(), "e".into(), args("[1]"));
    let (_, recovered, heard) = comes_back(cut(session), r#"{"pid":"secret"}"#);
    assert!(recovered.is_ok());
    assert_eq!(heard.last(), Some(&send(r#"2["e",1,"1"]"#)));
}

#[test]
fn what_was_confirmed_is_not_kept() {
    let mut session = connected();
    session.emit(&main(), "e".into(), args("[1]"));
    session.handle_pinged();
    session.emit(&main(), "e".into(), args("[2]"));
    session.handle_confirmed();
    let (_, recovered, heard) = comes_back(cut(session), r#"{"pid":"secret","offset":"1"}"#);
    assert!(recovered.is_ok());
    assert_eq!(heard.last(), Some(&send(r#"2["e",2,"2"]"#)));
}

#[test]
fn an_offset_that_was_never_given_recovers_nothing() {
    for auth in [r#"{"pid":"secret","offset":"9"}"#, r#"{"pid":"secret","offset":"!"}"#] {
        let mut session = connected();
        session.emit(&main(), "e".into(), args("[1]"));
        let (mut session, recovered, heard) = comes_back(cut(session), auth);
        assert!(recovered.is_err() && heard.is_empty());
        session.accept(&main(), "b", None);
        assert_eq!(outputs(&mut session), [send(r#"0{"sid":"b"}"#)]);
    }
}
