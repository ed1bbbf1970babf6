//! Sockets that meet in real rooms, in virtual time.

use std::sync::Arc;

use bytes::Bytes;
use parlor_rooms::{Admission, Call, ConnectionId, Entry, Fresh, Limits, Output, Rooms, Timestamp};

use super::*;

mod conference;

const NOW: Timestamp = Timestamp(1_000);

/// Rooms, and the sockets that are in them.
struct World {
    rooms: Rooms,
    members: Vec<Member>,
    /// What each socket was given, oldest first: `name args`, or `ack id args`.
    given: Vec<Vec<String>>,
    connections: u64,
}

impl World {
    fn new(sockets: usize) -> Self {
        let mut world = Self {
            rooms: Rooms::new(Limits::default()),
            members: vec![],
            given: vec![],
            connections: 0,
        };
        (0..sockets).for_each(|_| world.come(None));
        world
    }

    fn come(&mut self, handshake: Option<Handshake>) {
        let line = self.line(None);
        self.members.push(Member::new(line, Namespace::default(), handshake));
        self.given.push(Vec::new());
    }

    fn line(&mut self, peer: Option<PeerId>) -> LineId {
        self.connections += 1;
        let byte = u8::try_from(self.connections).unwrap();
        let peer = peer.unwrap_or_else(|| PeerId::from_entropy([byte; 16]));
        LineId { connection: ConnectionId(self.connections), peer }
    }

    fn id(&self, socket: usize) -> String {
        self.members[socket].peer().to_string()
    }

    /// A socket emits an event; everybody is given what comes of it.
    fn emit(&mut self, socket: usize, name: &str, args: &str) {
        self.emit_with(socket, (None, name), Args::checked(args, Vec::new()).unwrap());
    }

    fn emit_with(&mut self, socket: usize, (id, name): (Option<u64>, &str), args: Args) {
        self.members[socket].handle_event(id, name, &args);
        self.settle();
    }

    fn settle(&mut self) {
        for socket in 0..self.members.len() {
            while let Some(step) = self.members[socket].poll_output() {
                self.take_step(socket, step);
            }
        }
    }

    fn take_step(&mut self, socket: usize, step: Step) {
        let given = match step {
            Step::Ask(ask) => return self.ask(socket, ask),
            Step::Hold(_) => "holds a token".into(),
            Step::Emit { name, args } => show(&name, &args),
            Step::Acknowledge { id, args } => show(&format!("ack {id}"), &args),
        };
        self.given[socket].push(given);
    }

    fn ask(&mut self, socket: usize, ask: Ask) {
        let peer = self.members[socket].peer();
        for (connection, heard) in self.carry_out(ask, peer) {
            let hearer = self.members.iter_mut().find(|m| m.line.connection == connection);
            hearer.into_iter().for_each(|member| member.handle_heard(&heard));
        }
        self.settle();
    }

    fn carry_out(&mut self, ask: Ask, peer: PeerId) -> Vec<(ConnectionId, Heard)> {
        let fresh = Fresh { peer, secret: Secret::from_entropy([7; 24]) };
        match ask {
            Ask::Join(call, join, _) => {
                let entry = Entry { join, admission: Admission::default(), fresh };
                self.rooms.handle_join(call, entry, NOW);
            }
            Ask::Resume(call, resume) => self.rooms.handle_resume(call, &resume, fresh, NOW),
            Ask::Command(call, who, command) => self.rooms.handle_command(call, &who, command, NOW),
            Ask::Ack(who, seq) => {
                let peer = self.members.iter().find(|member| member.peer() == who.peer).unwrap();
                self.rooms.handle_ack(peer.line.connection, &who, seq);
            }
            Ask::Refresh(..) => {}
            Ask::Presence(call, room, _) => self.rooms.handle_presence(call, room),
            Ask::Ping(..) => unreachable!("sockets don't ask this"),
        }
        self.heard()
    }

    fn heard(&mut self) -> Vec<(ConnectionId, Heard)> {
        let mut heard = Vec::new();
        while let Some(output) = self.rooms.poll_output() {
            match output {
                Output::Reply { call, reply } => {
                    heard.push((call.connection, Heard::Reply(call, reply)));
                }
                Output::Event { to, event } => {
                    heard.extend(to.into_iter().map(|to| (to, Heard::Event(Arc::clone(&event)))));
                }
                Output::Expelled { connection, who, reason, is_last: false } => {
                    heard.push((connection, Heard::Expelled(who, reason)));
                }
                Output::Replaced { .. }
                | Output::Expelled { .. }
                | Output::RoomStarted { .. }
                | Output::RoomEnded { .. } => {}
            }
        }
        heard
    }

    /// The connection of a socket is cut.
    fn cut(&mut self, socket: usize) {
        let connection = self.members[socket].line.connection;
        self.rooms.handle_disconnect(connection, NOW);
        for (connection, heard) in self.heard() {
            let hearer = self.members.iter_mut().find(|m| m.line.connection == connection);
            hearer.into_iter().for_each(|member| member.handle_heard(&heard));
        }
        self.settle();
    }

    fn come_back(&mut self, socket: usize) -> Result<(), Lost> {
        let peer = self.members[socket].peer();
        let line = self.line(Some(peer));
        let asks = self.members[socket].resume(line);
        let mut heard = Vec::new();
        for ask in asks {
            heard.extend(self.carry_out(ask, peer));
        }
        let (own, others): (Vec<_>, Vec<_>) =
            heard.into_iter().partition(|(to, _)| *to == line.connection);
        let own: Vec<Heard> = own.into_iter().map(|(_, heard)| heard).collect();
        self.members[socket].handle_resumed(&own)?;
        own.iter().for_each(|heard| self.members[socket].handle_heard(heard));
        for (connection, heard) in others {
            let hearer = self.members.iter_mut().find(|m| m.line.connection == connection);
            hearer.into_iter().for_each(|member| member.handle_heard(&heard));
        }
        self.settle();
        Ok(())
    }

    fn take(&mut self, socket: usize) -> Vec<String> {
        std::mem::take(&mut self.given[socket])
    }

    /// Everybody joins, and has read who is there.
    fn joined(sockets: usize, room: &str) -> Self {
        let mut world = Self::new(sockets);
        (0..sockets).for_each(|socket| world.emit(socket, "join-room", &format!("[\"{room}\"]")));
        (0..sockets).for_each(|socket| _ = world.take(socket));
        world
    }
}

fn show(name: &str, args: &Args) -> String {
    let parts: Vec<String> = args.attachments().iter().map(|part| format!(" {part:?}")).collect();
    format!("{name} {}{}", args.json(), parts.join(""))
}

const OFFER: &str = r#"{"type":"offer","sdp":"v=0"}"#;
const ANSWER: &str = r#"{"type":"answer","sdp":"v=0"}"#;

/// As the server writes a description.
fn told(kind: &str, from: &str) -> String {
    format!(r#"{kind} [{{"sdp":"v=0","type":"{kind}"}},"{from}"]"#)
}

#[test]
fn those_who_join_and_leave_are_told_of_each_other() {
    let mut world = World::new(2);
    world.emit(0, "join-room", r#"["tea","Ada"]"#);
    world.emit(1, "join-room", r#"["tea",{"name":"Grace"}]"#);
    let (ada, grace) = (world.id(0), world.id(1));
    assert_eq!(world.take(0), [format!(r#"user-joined ["{grace}","Grace"]"#)]);
    assert_eq!(world.take(1), [format!(r#"existing-user ["{ada}","Ada"]"#)]);
    world.emit(0, "leave-room", "[]");
    assert_eq!(world.take(1), [format!(r#"user-left ["{ada}"]"#)]);
    world.emit(0, "draw", "[1]");
    let heard = world.take(0);
    assert!(heard.len() == 1 && heard[0].contains(r#""code":"not-joined""#), "{heard:?}");
}

#[test]
fn the_tutorials_call_connects_although_its_clients_name_themselves_as_targets() {
    let mut world = World::joined(2, "r");
    let (caller, callee) = (world.id(0), world.id(1));
    world.emit(0, "offer", &format!(r#"[{OFFER},"r"]"#));
    assert_eq!(world.take(1), [told("offer", &caller)]);
    world.emit(1, "answer", &format!(r#"[{ANSWER},"r","{caller}"]"#));
    assert_eq!(world.take(0), [told("answer", &callee)]);
    for target in [caller.clone(), "null".into(), "nobody".into(), callee.clone()] {
        let target = if target == "null" { target } else { format!("\"{target}\"") };
        world.emit(0, "ice-candidate", &format!(r#"[{{"candidate":"a"}},"r",{target}]"#));
        let wanted = format!(r#"ice-candidate [{{"candidate":"a"}},"{caller}"]"#);
        assert_eq!(world.take(1), [wanted], "{target}");
    }
    assert!(world.take(0).is_empty(), "nothing comes back to its author");
}

#[test]
fn among_three_only_those_who_talk_hear_each_other() {
    let mut world = World::joined(3, "r");
    let (a, b) = (world.id(0), world.id(1));
    world.emit(0, "offer", &format!(r#"[{OFFER},"r","{b}"]"#));
    assert_eq!((world.take(1), world.take(2)), (vec![told("offer", &a)], vec![]));
    world.emit(1, "answer", &format!(r#"[{ANSWER},"r",null]"#));
    assert_eq!((world.take(0), world.take(2)), (vec![told("answer", &b)], vec![]));
    world.emit(0, "ice-candidate", r#"[null,"r",null]"#);
    let wanted = vec![format!("ice-candidate [null,\"{a}\"]")];
    assert_eq!((world.take(1), world.take(2)), (wanted, vec![]));
    world.emit(1, "leave-room", "[\"r\"]");
    world.take(2);
    world.emit(0, "ice-candidate", r#"[null,"r",null]"#);
    assert_eq!(world.take(2).len(), 1, "who has no partner speaks to the room");
}

#[test]
fn an_offer_into_a_strange_room_is_refused() {
    let mut world = World::joined(2, "r");
    world.emit(0, "offer", &format!(r#"[{OFFER},"elsewhere"]"#));
    let heard = world.take(0);
    assert!(heard.len() == 1 && heard[0].contains("not-joined"), "{heard:?}");
    assert!(world.take(1).is_empty());
}

#[test]
fn any_other_event_goes_to_the_room_as_it_is_binary_included() {
    let mut world = World::joined(3, "r");
    let json = r#"[{"_placeholder":true,"num":0},[1, 2.50],"x"]"#;
    let args = Args::checked(json, vec![Bytes::from_static(&[1, 255])]).unwrap();
    world.emit_with(0, (Some(4), "draw line"), args);
    let wanted = vec![format!(r#"draw line {json} b"\x01\xff""#)];
    assert_eq!((world.take(1), world.take(2)), (wanted.clone(), wanted));
    assert_eq!(world.take(0), [r#"ack 4 [{"ok":true}]"#]);
}

#[test]
fn messages_and_chat_are_stamped_with_their_sender() {
    let mut world = World::joined(2, "r");
    let ada = world.id(0);
    world.emit(0, "message", r#"[{"a":1}]"#);
    assert_eq!(world.take(1), [format!(r#"message [{{"a":1}},"{ada}"]"#)]);
    world.emit(0, "chat", r#"["hello"]"#);
    let said = format!(r#"chat [{{"at":1000,"from":"{ada}","name":"Guest","text":"hello"}}]"#);
    assert_eq!((world.take(0), world.take(1)), (vec![said.clone()], vec![said.clone()]));
    world.emit(1, "chat", r#"[{"text":"hi","from":"somebody else"}]"#);
    assert!(world.take(0)[0].contains(&world.id(1)));
}

#[test]
fn who_comes_late_is_told_what_was_said() {
    let mut world = World::new(2);
    world.emit(0, "join-room", r#"["r","Ada"]"#);
    world.emit(0, "chat", r#"["hello"]"#);
    world.emit(1, "join-room", r#"["r"]"#);
    let heard = world.take(1);
    assert!(heard[0].starts_with("existing-user") && heard[1].starts_with("chat"), "{heard:?}");
}

#[test]
fn an_acknowledgement_tells_how_it_went() {
    let mut world = World::new(1);
    let none = || Args::checked("[]", vec![]).unwrap();
    world.emit_with(0, (Some(0), "draw"), none());
    let heard = world.take(0);
    assert!(heard[0].starts_with(r#"ack 0 [{"code":"not-joined""#), "{heard:?}");
    let room = Args::checked(r#"["r","Ada"]"#, vec![]).unwrap();
    world.emit_with(0, (Some(1), "join-room"), room.clone());
    let id = world.id(0);
    let members = format!(r#"[{{"id":"{id}","name":"Ada","role":"owner"}}]"#);
    assert_eq!(
        world.take(0),
        [format!(r#"ack 1 [{{"id":"{id}","members":{members},"ok":true}}]"#)]
    );
    world.emit_with(0, (Some(2), "join-room"), room);
    assert!(world.take(0)[0].contains("already-joined"));
    world.emit_with(0, (Some(3), "leave-room"), none());
    assert_eq!(world.take(0), [r#"ack 3 [{"ok":true}]"#]);
    world.emit_with(0, (Some(4), "disconnecting"), none());
    assert_eq!(world.take(0), [r#"ack 4 [{"ok":true}]"#]);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let mut world = World::joined(2, "r");
    let nonsense = [
        ("join-room", "[]"),
        ("join-room", "[[]]"),
        ("join-room", "[\"\"]"),
        ("offer", "[]"),
        ("offer", "[5]"),
        ("offer", r#"[{"type":"answer","sdp":"v=0"},"r"]"#),
        ("answer", r#"[{"type":"answer"},"r"]"#),
        ("ice-candidate", "[\"x\"]"),
        ("chat", "[]"),
        ("chat", "[\"\"]"),
        ("chat", "[{}]"),
        ("\u{7}", "[]"),
    ];
    for (name, args) in nonsense {
        world.emit(0, name, args);
        let heard = world.take(0);
        assert!(heard.len() == 1 && heard[0].contains("bad-message"), "{name} {args}: {heard:?}");
        assert!(heard[0].contains("docs/bring-your-client.md"), "{heard:?}");
        assert!(world.take(1).is_empty());
    }
}

#[test]
fn events_that_would_break_a_client_are_not_given_to_it() {
    let mut world = World::joined(2, "r");
    for name in ["connect", "disconnect", "newListener", "removeListener", "connect_error"] {
        // The decoder refuses these from clients of its own kind; others may still say them.
        world.emit(0, name, "[]");
        assert!(world.take(1).is_empty(), "{name}");
    }
}

#[test]
fn after_a_cut_what_happened_meanwhile_follows() {
    let mut world = World::joined(2, "r");
    world.emit(0, "draw", "[1]");
    world.cut(1);
    world.emit(0, "draw", "[2]");
    world.emit(0, "draw", "[3]");
    assert_eq!(world.take(1), ["draw [1]"]);
    assert_eq!(world.come_back(1), Ok(()));
    assert_eq!(world.take(1), ["draw [2]", "draw [3]"]);
    world.emit(1, "draw", "[4]");
    assert_eq!(world.take(0), ["draw [4]"], "nobody was told of a leave");
    world.cut(1);
    assert_eq!(world.come_back(1), Ok(()), "a second time, with the new secret");
}

#[test]
fn who_stayed_away_too_long_has_lost_its_place() {
    let mut world = World::joined(2, "r");
    world.cut(1);
    world.rooms.handle_timeout(NOW.after(Limits::default().grace));
    world.heard();
    assert_eq!(world.come_back(1), Err(Lost));
}

#[test]
fn rooms_of_another_namespace_are_others() {
    let mut world = World::new(2);
    world.members[1].namespace = Namespace::parse("/game").unwrap();
    world.emit(0, "join-room", "[\"r\"]");
    world.emit(1, "join-room", "[\"r\"]");
    world.emit(0, "draw", "[]");
    assert!(world.take(0).is_empty() && world.take(1).is_empty());
    let rooms: Vec<&str> =
        world.members[1].rooms.iter().map(|room| room.who.room.as_str()).collect();
    assert_eq!(rooms, ["game/r"]);
}

#[test]
fn a_busy_room_is_told_what_it_need_not_keep() {
    let mut world = World::joined(2, "r");
    (0..200).for_each(|_| world.emit(0, "draw", "[]"));
    let room = &world.members[1].rooms[0];
    assert!(room.acked.0 + ACK_EVERY > room.seq.0);
    let call = Call { connection: world.members[0].line.connection, request: None };
    let who = world.members[0].rooms[0].who.clone();
    world.members.iter_mut().for_each(Member::acknowledge_rooms);
    world.settle();
    world.rooms.handle_ping(call, &who);
    let Some(Output::Reply { reply: Ok(Reply::Pong { stable }), .. }) = world.rooms.poll_output()
    else {
        panic!("a pong")
    };
    assert_eq!(stable, world.members[1].rooms[0].seq);
}
