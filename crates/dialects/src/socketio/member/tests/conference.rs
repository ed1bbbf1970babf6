//! Clients of RTCMultiConnection among each other and among members who speak plain Socket.IO.

use super::*;

/// Clients of the library by these ids, whose messages are events called `m`.
fn world(userids: &[&str]) -> World {
    let mut world = World::new(0);
    for userid in userids {
        world.come(Handshake::read(&format!("userid={userid}&msgEvent=m")));
    }
    world
}

/// The same in one room, which the first has opened; what was told meanwhile is forgotten.
fn conference(userids: &[&str]) -> World {
    let mut world = world(userids);
    world.emit(0, "open-room", r#"[{"sessionid":"r"}]"#);
    (1..userids.len()).for_each(|socket| world.emit(socket, "join-room", r#"[{"sessionid":"r"}]"#));
    (0..userids.len()).for_each(|socket| _ = world.take(socket));
    world
}

impl World {
    fn ask_for(&mut self, socket: usize, name: &str, args: &str) -> Vec<String> {
        self.emit_with(socket, (Some(0), name), Args::checked(args, Vec::new()).unwrap());
        self.take(socket)
    }

    fn say(&mut self, socket: usize, to: &str, message: &str) {
        let letter = format!(r#"[{{"remoteUserId":"{to}","sender":"liar","message":{message}}}]"#);
        self.emit(socket, "m", &letter);
    }

    /// A plain client of Socket.IO comes into the room.
    fn tutorial(&mut self) -> (usize, String) {
        self.come(None);
        let socket = self.members.len() - 1;
        self.emit(socket, "join-room", r#"["r","Tutor"]"#);
        self.take(socket);
        (socket, self.id(socket))
    }
}

fn letter(to: &str, from: &str, message: &str) -> String {
    let address = format!(r#""remoteUserId":"{to}","sender":"{from}""#);
    format!(r#"m [{{{address},"message":{message},"extra":{{}}}}]"#)
}

fn letter_of_tutor(to: &str, from: &str, message: &str) -> String {
    letter(to, from, message).replace(r#""extra":{}}]"#, r#""extra":{"fullName":"Tutor"}}]"#)
}

fn sdp(kind: &str, session: u64) -> String {
    format!(r#"{{"type":"{kind}","sdp":"v=0\r\no=- {session} 1 IN IP4 0.0.0.0\r\n"}}"#)
}

#[test]
fn who_opens_is_joined_and_who_joins_what_nobody_opened_is_not_let_in() {
    let mut world = world(&["ada", "bob"]);
    let room = r#"[{"sessionid":"r","extra":{"fullName":"Ada"}}]"#;
    assert_eq!(world.ask_for(1, "join-room", room), [r#"ack 0 [false,"Room not available"]"#]);
    assert_eq!(world.rooms.counters().rooms, 0, "nothing is left of the try");
    assert_eq!(world.ask_for(0, "open-room", room), ["ack 0 [true]"]);
    assert_eq!(world.ask_for(0, "open-room", room), ["ack 0 [true]"], "again, alone");
    assert_eq!(world.ask_for(1, "open-room", room), [r#"ack 0 [false,"Room not available"]"#]);
    assert_eq!(world.ask_for(1, "join-room", room), ["ack 0 [true]", r#"user-connected ["ada"]"#]);
    assert_eq!(world.take(0), [r#"user-connected ["bob"]"#]);
    assert_eq!(
        world.ask_for(1, "check-presence", r#"["r"]"#),
        [r#"ack 0 [true,"r",{"_room":{"isFull":false,"isPasswordProtected":false}}]"#]
    );
}

#[test]
fn a_message_bears_the_server_s_stamp_and_the_sender_s_extra() {
    let mut world = world(&["ada", "bob"]);
    world.emit(0, "open-room", r#"[{"sessionid":"r","extra":{"fullName":"Ada"}}]"#);
    world.emit(1, "join-room", r#"[{"sessionid":"r"}]"#);
    (0..2).for_each(|socket| _ = world.take(socket));
    world.say(0, "bob", r#"{"any":[1, 2.50],"sender":"liar"}"#);
    let wanted = r#"m [{"remoteUserId":"bob","sender":"ada","message":{"any":[1, 2.50],"sender":"liar"},"extra":{"fullName":"Ada"}}]"#;
    assert_eq!(world.take(1), [wanted]);
    world.say(0, "nobody", "1");
    assert_eq!(world.take(0), [r#"user-not-found ["nobody"]"#]);
    world.say(0, "ada", "1");
    assert_eq!(world.take(0), [r#"user-not-found ["ada"]"#], "nobody writes to itself");
}

#[test]
fn who_asks_to_be_called_asks_all_of_its_kind_or_the_owner_of_a_broadcast() {
    let mut mesh = conference(&["ada", "bob", "eve"]);
    let request = r#"{"newParticipationRequest":true}"#;
    mesh.say(2, "r", request);
    assert_eq!(mesh.take(0), [letter("ada", "eve", request)]);
    assert_eq!(mesh.take(1), [letter("bob", "eve", request)]);

    let mut cast = world(&["ada", "bob", "eve"]);
    cast.emit(0, "open-room", r#"[{"sessionid":"r","session":{"oneway":true}}]"#);
    (1..3).for_each(|socket| cast.emit(socket, "join-room", r#"[{"sessionid":"r"}]"#));
    (0..3).for_each(|socket| _ = cast.take(socket));
    cast.say(2, "r", request);
    assert_eq!((cast.take(0), cast.take(1)), (vec![letter("ada", "eve", request)], vec![]));
    cast.emit(0, "leave-room", "[]");
    let closed = r#"closed-entire-session ["r",{}]"#;
    assert_eq!(cast.take(1), [r#"user-disconnected ["ada"]"#, closed]);
    assert_eq!(cast.rooms.counters().memberships, 0, "with its owner a broadcast is over");
}

#[test]
fn the_longest_there_inherits_the_room() {
    let mut world = conference(&["ada", "bob", "eve"]);
    world.say(0, "eve", r#"{"userLeft":true}"#);
    assert_eq!(world.take(1), [r#"user-disconnected ["ada"]"#, r#"set-isInitiator-true ["r"]"#]);
    let farewell = letter("eve", "ada", r#"{"userLeft":true}"#);
    assert_eq!(world.take(2), [farewell, r#"user-disconnected ["ada"]"#.into()]);
    let denied = [r#"ack 0 [false,"Room permission denied"]"#];
    assert_eq!(world.ask_for(2, "close-entire-session", "[]"), denied);
    let closed = [r#"user-disconnected ["eve"]"#, "ack 0 [true]"];
    assert_eq!(world.ask_for(1, "close-entire-session", "[]"), closed);
    assert!(world.take(2).contains(&r#"closed-entire-session ["r",{}]"#.into()));
    assert_eq!(world.rooms.counters().memberships, 0);
}

#[test]
fn nobody_ends_a_session_by_an_event_of_its_own_making() {
    let mut world = conference(&["ada", "bob"]);
    let (tutor, id) = world.tutorial();
    (0..2).for_each(|socket| _ = world.take(socket));
    for forged in [r#"[{"close":true}]"#, r#"[{"bye":true}]"#, r#"[{"message":1}]"#, "[]", "[1]"] {
        world.emit(tutor, "rtcmulticonnection", forged);
        assert!(world.take(0).is_empty() && world.take(1).is_empty(), "{forged} of {id}");
        world.emit(1, "rtcmulticonnection", forged);
        world.take(0);
    }
    assert_eq!(world.rooms.counters().memberships, 3);
}

#[test]
fn a_member_of_another_kind_is_called_and_answers() {
    let mut world = conference(&["ada"]);
    let (tutor, id) = world.tutorial();
    let request = letter_of_tutor("ada", &id, r#"{"newParticipationRequest":true}"#);
    assert_eq!(world.take(0), [format!(r#"user-connected ["{id}"]"#), request]);
    world.say(0, &id, r#"{"enableMedia":true,"userPreferences":{"a":1}}"#);
    let ready = letter_of_tutor("ada", &id, r#"{"readyForOffer":true,"userPreferences":{"a":1}}"#);
    assert_eq!(world.take(0), [ready]);
    world.say(0, &id, &sdp("offer", 1));
    let offer = &world.take(tutor)[0];
    assert!(offer.starts_with(r#"offer [{"sdp":"v=0"#) && offer.contains(&world.id(0)), "{offer}");
    world.say(0, &id, r#"{"candidate":"c","sdpMid":"0"}"#);
    let candidate =
        format!(r#"ice-candidate [{{"candidate":"c","sdpMid":"0"}},"{}"]"#, world.id(0));
    assert_eq!(world.take(tutor), [candidate]);

    world.emit(tutor, "ice-candidate", r#"[{"candidate":"early"},"r"]"#);
    assert!(world.take(0).is_empty());
    world.emit(tutor, "answer", &format!(r#"[{},"r"]"#, sdp("answer", 2)));
    let heard = world.take(0);
    assert!(heard[0].contains(r#""type":"answer""#), "{heard:?}");
    assert_eq!(heard[1..], [letter_of_tutor("ada", &id, r#"{"candidate":"early"}"#)]);
    world.emit(tutor, "leave-room", "[]");
    assert_eq!(world.take(0), [format!(r#"user-disconnected ["{id}"]"#)]);
}

#[test]
fn who_comes_and_calls_at_once_is_not_called_too() {
    let mut world = conference(&["ada"]);
    let (tutor, id) = world.tutorial();
    world.take(0);
    world.emit(tutor, "offer", &format!(r#"[{},"r"]"#, sdp("offer", 1)));
    assert!(world.take(0)[0].contains(r#""renegotiatingPeer":false"#));
    world.say(0, &id, r#"{"enableMedia":true,"userPreferences":{}}"#);
    assert!(world.take(0).is_empty());
    world.say(0, &id, &sdp("answer", 2));
    assert!(world.take(tutor)[0].starts_with("answer"));
}

#[test]
fn a_member_of_another_kind_calls_again_over_what_the_two_have_or_anew() {
    let mut world = world(&[]);
    let (tutor, id) = world.tutorial();
    world.come(Handshake::read("userid=ada&msgEvent=m"));
    world.emit(1, "join-room", r#"[{"sessionid":"r"}]"#);
    assert_eq!(world.take(1), [format!(r#"user-connected ["{id}"]"#)]);
    let call = |world: &mut World, session| {
        world.emit(tutor, "offer", &format!(r#"[{},"r"]"#, sdp("offer", session)));
        world.take(1)
    };
    let is_anew = |told: &str| told.contains(r#""renegotiatingPeer":false"#);
    let first = call(&mut world, 1);
    assert!(first.len() == 1 && is_anew(&first[0]), "{first:?}");
    let again = call(&mut world, 1);
    assert!(again.len() == 1 && !is_anew(&again[0]), "{again:?}");
    let other = call(&mut world, 2);
    assert_eq!(
        other[..2],
        [format!(r#"user-disconnected ["{id}"]"#), format!(r#"user-connected ["{id}"]"#)]
    );
    assert!(is_anew(&other[2]));
}

#[test]
fn what_a_client_says_of_itself_is_seen_by_all() {
    let mut world = conference(&["ada", "bob"]);
    world.emit(0, "extra-data-updated", r#"[{"fullName":"Ada"}]"#);
    assert_eq!(world.take(1), [r#"extra-data-updated ["ada",{"fullName":"Ada"}]"#]);
    world.emit(0, "extra-data-updated", r#"[{"fullName":"Ada"}]"#);
    assert!(world.take(1).is_empty(), "nothing is new");
    let extra = [r#"ack 0 [{"fullName":"Ada"},"ada"]"#];
    assert_eq!(world.ask_for(1, "get-remote-user-extra-data", r#"["ada"]"#), extra);
    let large = format!(r#"[{{"picture":"{}"}}]"#, "x".repeat(1_100));
    world.emit(0, "extra-data-updated", &large);
    assert!(world.take(0)[0].contains("`extra` has more than 1024 characters"));
    let (tutor, id) = world.tutorial();
    assert!(world.take(1).contains(&format!(r#"user-connected ["{id}"]"#)));
    assert_eq!(world.members[tutor].rooms.len(), 1);
    let names: Vec<_> = world.rooms.members(&world.members[0].rooms[0].who.room);
    assert_eq!(names.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["Ada", "bob", "Tutor"]);
}

#[test]
fn two_who_part_are_told_so_and_nobody_else() {
    let mut world = conference(&["ada", "bob", "eve"]);
    let parted = [r#"user-disconnected ["bob"]"#, "ack 0 []"];
    assert_eq!(world.ask_for(0, "disconnect-with", r#"["bob"]"#), parted);
    assert_eq!(world.take(1), [r#"user-disconnected ["ada"]"#]);
    assert!(world.take(2).is_empty());
}

#[test]
fn what_the_server_does_not_keep_is_said_to_be_none() {
    let mut world = conference(&["ada"]);
    for (name, args, answer) in [
        ("set-password", r#"["p"]"#, r#"[false,"r","Room permission denied"]"#),
        ("is-valid-password", r#"["p","r"]"#, r#"[false,"r","This room has no password."]"#),
        ("get-public-rooms", r#"["all"]"#, "[[]]"),
        ("get-public-rooms", "[]", r#"[null,"publicRoomIdentifier is required"]"#),
        ("changed-uuid", r#"["grace"]"#, "[]"),
        ("set-custom-socket-event-listener", r#"["c"]"#, "[]"),
    ] {
        assert_eq!(world.ask_for(0, name, args), [format!("ack 0 {answer}")], "{name}");
    }
}

#[test]
fn who_renames_itself_is_written_to_by_the_new_name_at_the_old_address() {
    let mut world = conference(&["ada", "bob"]);
    world.emit(0, "changed-uuid", r#"["grace"]"#);
    world.say(1, "ada", "1");
    assert_eq!(world.take(0), [letter("grace", "bob", "1")]);
    world.emit(0, "open-room", r#"[{"sessionid":"s"}]"#);
    assert_eq!(world.take(0), [r#"user-disconnected ["bob"]"#], "a client is in one room");
    world.emit(1, "join-room", r#"[{"sessionid":"s"}]"#);
    assert!(world.take(1).contains(&r#"user-connected ["grace"]"#.into()));
}

#[test]
fn words_of_a_wrong_kind_are_refused() {
    let mut world = conference(&["ada", "bob"]);
    for (name, args) in [
        ("join-room", "[{}]"),
        ("join-room", r#"[{"sessionid":[]}]"#),
        ("open-room", r#"[{"sessionid":""}]"#),
        ("open-room", r#"[{"sessionid":"s","password":"p"}]"#),
        ("m", "[]"),
        ("m", "[[]]"),
        ("m", r#"[{"remoteUserId":"bob"}]"#),
        ("m", r#"[{"remoteUserId":{},"message":1}]"#),
        ("check-presence", "[{}]"),
        ("disconnect-with", "[]"),
        ("changed-uuid", r#"[""]"#),
        ("get-remote-user-extra-data", "[null]"),
        ("is-valid-password", r#"["p"]"#),
    ] {
        world.emit(0, name, args);
        let heard = world.take(0);
        assert!(heard.len() == 1 && heard[0].contains("bad-message"), "{name} {args}: {heard:?}");
        assert!(world.take(1).is_empty(), "{name} {args}");
    }
}

#[test]
fn their_events_are_anybody_s_who_is_no_such_client() {
    let mut world = World::joined(2, "r");
    for name in ["check-presence", "set-password", "changed-uuid", "RTCMultiConnection-Message"] {
        world.emit(0, name, "[1]");
        assert_eq!(world.take(1), [format!("{name} [1]")]);
    }
    assert_eq!(
        world.ask_for(0, "open-room", r#"[{"sessionid":"s"}]"#),
        ["ack 0 [true]"],
        "its address said nothing"
    );
}
