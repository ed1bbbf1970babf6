//! Long-term credentials: RFC 8489, section 9.2, and coturn's time-limited ones.

use parlor_turn::{Timestamp, Transport, mint};

use super::harness::*;
use super::wire::*;

/// An Allocate without what proves it.
fn order(world: &mut World) -> Msg {
    world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP)
}

fn reply(world: &mut World, client: &Client, bytes: &[u8]) -> Msg {
    Msg::parse(&answer_to(client, world.say(client.addr, bytes)))
}

#[test]
fn a_stranger_is_told_how_to_prove_itself_in_few_bytes() {
    let mut world = World::new(settings());
    let request = order(&mut world).encode();
    let Heard::Client(_, bytes) = world.say(client_addr(1, Transport::Udp), &request) else {
        panic!("no answer")
    };
    let answer = Msg::parse(&bytes);
    assert_eq!((answer.kind, answer.code()), (0x113, 401));
    assert_eq!(answer.get(REALM).unwrap(), b"parlor");
    assert!(answer.get(NONCE).unwrap().starts_with(b"obMatJos2"));
    assert_eq!(answer.get(PASSWORD_ALGORITHMS).unwrap(), [0, 2, 0, 0, 0, 1, 0, 0]);
    assert!(bytes.len() <= 112, "{} bytes", bytes.len());
}

#[test]
fn the_answer_is_proved_as_the_request_was() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let request = order(&mut world);
    let Heard::Client(_, bytes) = world.say(ada.addr, &ada.sign(request)) else { panic!() };
    assert_eq!(Msg::parse(&bytes).code(), 0);
    assert!(is_signed(&bytes, MESSAGE_INTEGRITY, &ada.key()));
}

/// Every pair of a password algorithm and an attribute of integrity.
#[test]
fn sha_256_proves_a_client_too() {
    for algorithm in [None, Some([0, 1, 0, 0]), Some([0, 2, 0, 0])] {
        for length in [16, 20, 32] {
            let mut world = World::new(settings());
            let mut ada = Client::udp(1);
            ada.learn_nonce(&mut world);
            let mut request = order(&mut world)
                .with(USERNAME, "ada")
                .with(REALM, "parlor")
                .with(NONCE, &ada.nonce);
            if let Some(algorithm) = algorithm {
                request = request
                    .with(PASSWORD_ALGORITHMS, [0, 2, 0, 0, 0, 1, 0, 0])
                    .with(PASSWORD_ALGORITHM, algorithm);
            }
            let key = match algorithm {
                Some([0, 2, 0, 0]) => sha256_key("ada", "parlor", "lovelace"),
                _ => ada.key(),
            };
            let mut bytes = request.encode();
            sign_sha256(&mut bytes, &key, length);
            let Heard::Client(_, bytes) = world.say(ada.addr, &bytes) else { panic!() };
            assert_eq!(Msg::parse(&bytes).code(), 0, "{algorithm:?} {length}");
            assert!(is_signed(&bytes, MESSAGE_INTEGRITY_SHA256, &key));
        }
    }
}

#[test]
fn a_mark_that_was_cut_too_short_proves_nothing() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    for length in [0, 4, 12] {
        let request =
            order(&mut world).with(USERNAME, "ada").with(REALM, "parlor").with(NONCE, &ada.nonce);
        let mut bytes = request.encode();
        sign_sha256(&mut bytes, &ada.key(), length);
        assert_eq!(reply(&mut world, &ada, &bytes).code(), 401, "{length}");
    }
}

#[test]
fn a_changed_list_of_algorithms_is_refused() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let md5_only: &[u8] = &[0, 1, 0, 0];
    let ours: &[u8] = &[0, 2, 0, 0, 0, 1, 0, 0];
    let cases = [
        (Some(md5_only), Some(md5_only)),
        (Some(ours), None),
        (None, Some(md5_only)),
        (Some(ours), Some(&[0, 3, 0, 0][..])),
        (Some(ours), Some(&[0, 1][..])),
    ];
    for (list, chosen) in cases {
        let mut request = order(&mut world);
        if let Some(list) = list {
            request = request.with(PASSWORD_ALGORITHMS, list);
        }
        if let Some(chosen) = chosen {
            request = request.with(PASSWORD_ALGORITHM, chosen);
        }
        assert_eq!(ada.ask(&mut world, request).code(), 400, "{list:?} {chosen:?}");
    }
}

#[test]
fn a_hashed_name_is_found_where_all_names_are_known() {
    use sha2::{Digest, Sha256};
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    assert!(ada.nonce.starts_with(b"obMatJos2AAAD"), "anonymity is offered");
    let hash = Sha256::digest("ada:parlor");
    for (hash, code) in [(hash.as_slice(), 0), (&[7; 32][..], 401)] {
        let request =
            order(&mut world).with(USERHASH, hash).with(REALM, "parlor").with(NONCE, &ada.nonce);
        let mut bytes = request.encode();
        sign_sha256(&mut bytes, &ada.key(), 32);
        assert_eq!(reply(&mut world, &ada, &bytes).code(), code);
        world.turn.handle_stream_closed(ada.addr, world.now);
    }
    let mut settings = settings();
    settings.credentials.secrets.push(SECRET.into());
    let mut world = World::new(settings);
    ada.learn_nonce(&mut world);
    assert!(ada.nonce.starts_with(b"obMatJos2AAAB"), "time-limited names can't be found by hash");
}

#[test]
fn wrong_credentials_are_a_401() {
    for (user, password) in [("ada", "hopper"), ("alan", "lovelace"), ("", ""), ("ada", "")] {
        let mut world = World::new(settings());
        let mut client = Client::named(client_addr(1, Transport::Udp), user, password);
        let request = order(&mut world);
        let answer = client.ask(&mut world, request);
        assert_eq!(answer.code(), 401, "{user}");
        assert!(answer.get(NONCE).is_some() && answer.get(MESSAGE_INTEGRITY).is_none());
        assert_eq!(world.counters().allocations, 0);
    }
}

#[test]
fn a_message_that_was_changed_on_the_way_is_a_401() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let mut bytes = ada.sign(order(&mut world));
    bytes[24] ^= 23; // UDP becomes TCP.
    assert_eq!(reply(&mut world, &ada, &bytes).code(), 401);
}

#[test]
fn what_follows_the_mark_is_not_read() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let mut bytes = ada.sign(order(&mut world));
    push(&mut bytes, EVEN_PORT, &[0x80]);
    push(&mut bytes, 0x7abc, &[]);
    let answer = reply(&mut world, &ada, &bytes);
    assert_eq!((answer.code(), answer.get(RESERVATION_TOKEN)), (0, None));
}

#[test]
fn a_mark_without_name_realm_or_nonce_is_a_400() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    let nonce = ada.nonce.clone();
    let parts: [(u16, &[u8]); 3] = [(USERNAME, b"ada"), (REALM, b"parlor"), (NONCE, &nonce)];
    for missing in 0..3 {
        let mut request = order(&mut world);
        for (at, (kind, value)) in parts.iter().enumerate() {
            if at != missing {
                request = request.with(*kind, value);
            }
        }
        let mut bytes = request.encode();
        sign_sha1(&mut bytes, &ada.key());
        assert_eq!(reply(&mut world, &ada, &bytes).code(), 400);
    }
}

#[test]
fn an_old_nonce_is_a_438_with_a_new_one_that_works() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    world.wait(3_600);
    let request = order(&mut world);
    let answer = ada.ask(&mut world, request);
    assert_eq!((answer.code(), answer.get(MESSAGE_INTEGRITY)), (438, None));
    assert_eq!(answer.get(REALM).unwrap(), b"parlor");
    ada.nonce = answer.get(NONCE).unwrap().to_vec();
    ada.allocate(&mut world);
    assert_eq!(world.counters().denied.stale_nonce, 1);
}

#[test]
fn a_nonce_of_another_client_is_a_438() {
    let mut world = World::new(settings());
    let mut thief = Client::udp(2);
    let mut ada = Client::udp(1);
    ada.learn_nonce(&mut world);
    thief.nonce = ada.nonce.clone();
    for nonce in [thief.nonce.clone(), b"".to_vec(), b"obMatJos2AAAB".to_vec(), vec![0xff; 200]] {
        thief.nonce = nonce;
        let request = order(&mut world);
        let bytes = thief.sign(request);
        assert_eq!(reply(&mut world, &thief, &bytes).code(), 438);
    }
}

fn with_secrets(secrets: &[&str]) -> World {
    let mut settings = settings();
    settings.credentials.secrets = secrets.iter().map(|secret| (*secret).into()).collect();
    World::new(settings)
}

fn minted(secret: &str, seconds: u64) -> Client {
    let minted = mint(secret, "alan", EPOCH.after(std::time::Duration::from_secs(seconds)));
    Client::named(client_addr(3, Transport::Udp), &minted.username, &minted.credential)
}

#[test]
fn a_time_limited_credential_is_good_until_its_time() {
    for (secret, seconds, code) in [(SECRET, 60, 0), (SECRET, 0, 401), ("south", 60, 401)] {
        let mut world = with_secrets(&[SECRET]);
        let mut alan = minted(secret, seconds);
        let request = order(&mut world);
        assert_eq!(alan.ask(&mut world, request).code(), code, "{secret} {seconds}");
    }
}

#[test]
fn two_secrets_are_good_while_one_replaces_the_other() {
    let mut world = with_secrets(&["new", SECRET]);
    for (number, secret) in [(1, "new"), (2, SECRET)] {
        let mut alan = minted(secret, 60);
        alan.addr = client_addr(number, Transport::Udp);
        alan.allocate(&mut world);
    }
    let mut credentials = settings().credentials;
    credentials.secrets = vec!["new".into()];
    world.turn.handle_credentials(credentials);
    let mut alan = minted(SECRET, 60);
    let request = order(&mut world);
    assert_eq!(alan.ask(&mut world, request).code(), 401);
}

#[test]
fn an_expired_credential_keeps_what_it_has_but_prolongs_nothing() {
    let mut world = with_secrets(&[SECRET]);
    let mut alan = minted(SECRET, 60);
    let relayed = alan.allocate(&mut world);
    world.wait(60);
    assert_eq!(alan.permit(&mut world, relayed), 0);
    assert_eq!(alan.refresh(&mut world, 600).code(), 401);
    assert_eq!(world.counters().allocations, 1);
    assert_eq!(alan.refresh(&mut world, 0).code(), 0, "ending it is always right");
}

#[test]
fn a_grace_lets_an_expired_credential_prolong_but_not_allocate() {
    let mut settings = settings();
    settings.credentials.secrets.push(SECRET.into());
    settings.refresh_grace = std::time::Duration::from_secs(100);
    let mut world = World::new(settings);
    let mut alan = minted(SECRET, 60);
    alan.allocate(&mut world);
    world.wait(159);
    assert_eq!(alan.refresh(&mut world, 600).code(), 0);
    let mut other =
        Client { addr: client_addr(4, Transport::Udp), nonce: Vec::new(), ..alan.clone() };
    let request = order(&mut world);
    assert_eq!(other.ask(&mut world, request).code(), 401);
    world.wait(1);
    assert_eq!(alan.refresh(&mut world, 600).code(), 401);
}

#[test]
fn only_who_made_an_allocation_may_change_it() {
    let mut world = World::new(settings());
    let mut ada = Client::udp(1);
    let relayed = ada.allocate(&mut world);
    let mut grace = Client::named(ada.addr, "grace", "hopper");
    assert_eq!(grace.permit(&mut world, relayed), 441);
    assert_eq!(grace.bind(&mut world, 0x4000, relayed), 441);
    assert_eq!(grace.refresh(&mut world, 0).code(), 441);
    assert_eq!(world.counters().allocations, 1);
}

#[test]
fn strangers_leave_nothing_behind() {
    let mut world = World::new(settings());
    for number in 0..250 {
        let request = order(&mut world).encode();
        world.say(client_addr(number, Transport::Udp), &request);
    }
    let counters = world.counters();
    assert_eq!((counters.allocations, counters.denied.unauthorized), (0, 250));
    assert_eq!(world.turn.poll_timeout(), None::<Timestamp>);
}
