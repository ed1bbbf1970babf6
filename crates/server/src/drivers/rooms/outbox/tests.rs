//! What gives way, what is told, and what ends a connection.

use super::*;

fn outbox(frames: usize) -> Outbox {
    let nobody = PeerId::from_entropy([0; 16]);
    Outbox::new(OutboxLimits { frames, bytes: 1_000 }, None, (nobody, None))
}

fn drain(outbox: &Outbox) -> (Vec<Bytes>, Option<Close>) {
    let mut frames = Vec::new();
    loop {
        let next = outbox.lock().take(1_000);
        match next {
            Some(Next::Frames(more)) => frames.extend(more.iter().cloned()),
            Some(Next::Ping) => {}
            Some(Next::Close(why)) => return (frames, Some(why)),
            None => return (frames, None),
        }
    }
}

#[test]
fn volatile_frames_give_way_first() {
    let outbox = outbox(8);
    for _ in 0..4 {
        outbox.push("cursor".into(), Sending::Volatile);
    }
    outbox.push("chat".into(), Sending::Reliable);
    assert_eq!(drain(&outbox), (vec!["cursor".into(), "cursor".into(), "chat".into()], None));
}

#[test]
fn a_reader_who_is_too_slow_is_closed_and_told_why() {
    let outbox = outbox(2);
    for _ in 0..3 {
        outbox.push("chat".into(), Sending::Reliable);
    }
    assert_eq!(drain(&outbox), (vec![], Some(Close::SlowConsumer)));
}

#[test]
fn bytes_count_too() {
    let outbox = outbox(100);
    outbox.push(vec![b'x'; 1_001].into(), Sending::Reliable);
    assert_eq!(drain(&outbox), (vec![], Some(Close::SlowConsumer)));
}

#[test]
fn what_a_member_missed_arrives_whole_however_much_it_is() {
    let outbox = outbox(2);
    outbox.push("resumed".into(), Sending::Reliable);
    outbox.begin_replay(5);
    for missed in ["1", "2", "3", "4", "5"] {
        outbox.push(missed.into(), Sending::Reliable);
    }
    outbox.push("6".into(), Sending::Reliable);
    outbox.push("7".into(), Sending::Reliable);
    let expected = ["resumed", "1", "2", "3", "4", "5", "6", "7"].map(Bytes::from);
    assert_eq!(drain(&outbox), (expected.to_vec(), None));
}

#[test]
fn what_waits_is_written_before_a_close_and_nothing_after_it() {
    let outbox = outbox(8);
    outbox.push("ok".into(), Sending::Reliable);
    outbox.close(Close::Left);
    outbox.push("late".into(), Sending::Reliable);
    outbox.close(Close::ServerStopping);
    assert_eq!(drain(&outbox), (vec!["ok".into()], Some(Close::Left)));
}
