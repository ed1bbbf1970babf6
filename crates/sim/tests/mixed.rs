//! Native and tutorial clients in one room: neither can tell what the other is.

use parlor_sim::{Chat, ClientId, Minutes, Order, Setup, World, checks, for_each_seed, gather};

/// Sends a native signal, and one in the tutorials' words, to a member by name.
fn signal(world: &mut World, from: ClientId, kind: &str, to: &str) {
    let peer = world.client(from).peer_of(to).map(str::to_owned);
    let Some(peer) = peer else { return };
    let is_native = world.client(from).peer().is_some();
    let text = match (is_native, kind) {
        (true, "candidate") => format!(r#"{{"type":"candidate","to":"{peer}","candidate":null}}"#),
        (true, _) => format!(r#"{{"type":"{kind}","to":"{peer}","sdp":"v=0"}}"#),
        (false, "candidate") => {
            format!(r#"{{"type":"ice-candidate","target":"{peer}","candidate":null}}"#)
        }
        (false, _) => {
            format!(
                r#"{{"type":"{kind}","target":"{peer}","sdp":{{"type":"{kind}","sdp":"v=0"}}}}"#
            )
        }
    };
    world.inject(from, text);
}

#[test]
fn a_native_and_a_tutorial_client_meet_talk_and_part() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let [ada, grace] = [world.native("Ada", "standup"), world.json("Grace", "standup")];
        world.run_for(2_000);
        assert_eq!(world.client(ada).roster().len(), 2);
        assert_eq!(world.client(grace).roster(), ["Ada"]);
        for (from, to) in [(ada, "Grace"), (grace, "Ada")] {
            for kind in ["offer", "answer", "candidate"] {
                signal(&mut world, from, kind, to);
            }
        }
        world.chat(ada, "Hello");
        world.run_for(500);
        world.chat(grace, "Hello yourself");
        for (from, to) in [(ada, "Grace"), (grace, "Ada")] {
            world.order(from, Order::Send { data: "hand".into(), to: vec![to.into()] });
        }
        world.run_for(500);
        let said = [("Ada", "Hello"), ("Grace", "Hello yourself")]
            .map(|(name, text)| Chat { name: name.into(), text: text.into() });
        checks::everyone_has_each_chat_once(&world, &[ada, grace], &said);
        let of = |id| world.client(id).record();
        let heard = ["offer", "answer", "candidate"].map(|kind| format!("{kind} from Grace"));
        assert_eq!(of(ada).signals, heard);
        let heard = ["offer", "answer", "ice-candidate"].map(|kind| format!("{kind} from Ada"));
        assert_eq!(of(grace).signals, heard);
        assert_eq!([of(ada).messages.len(), of(grace).messages.len()], [1, 1]);
        world.order(grace, Order::Leave);
        world.run_for(500);
        assert_eq!(of_changes(&world, ada).last().unwrap(), "Grace left: left");
        world.order(ada, Order::Leave);
        world.run_for(60_000);
        checks::nothing_is_kept(&world);
    });
}

fn of_changes(world: &World, id: ClientId) -> Vec<String> {
    world.client(id).record().changes.clone()
}

#[test]
fn cut_tutorial_clients_do_not_disturb_what_native_ones_are_promised() {
    for_each_seed(20, |seed| {
        let mut world = World::new(seed, Setup::default());
        let natives = gather(&mut world, 3);
        let tutorials = ["Edith", "Mary"].map(|name| world.json(name, "standup"));
        world.run_for(1_000);
        let mut minutes = Minutes::default();
        for number in 0..200 {
            minutes.anything(&mut world, &natives);
            let speaker = tutorials[number % 2];
            world.chat(speaker, format!("tutorial {number}"));
            if number % 5 == 0 {
                let everybody = [natives.as_slice(), &tutorials].concat();
                let victim = everybody[world.rng.index(everybody.len())];
                world.cut_somehow(victim);
            }
            world.run_for(150);
        }
        world.run_for(60_000);
        checks::everyone_is_well(&world, &natives);
        checks::everyone_has_the_same_order(&world, &natives);
        checks::nothing_was_carried_out_twice(&world, &natives);
        let all = world.client(natives[0]).record().chats.clone();
        let is_native = |chat: &&Chat| !chat.text.starts_with("tutorial");
        let mut said: Vec<Chat> = all.iter().filter(is_native).cloned().collect();
        said.sort();
        minutes.chats.sort();
        assert_eq!(said, minutes.chats);
        for member in &natives {
            checks::has_all_messages(&world, *member, &minutes.messages);
        }
        for member in tutorials {
            let seen = &world.client(member).record().chats;
            let mut rest = all.iter();
            let in_order = seen.iter().all(|chat| rest.any(|other| other == chat));
            assert!(in_order, "a tutorial client saw another order, or something twice");
        }
    });
}
