//! What the operator does: rooms made in advance, closed for good, words of the server.

use parlor_rooms::{
    Announcement, Body, DisplayName, Limits, Moderation, PeerId, Refusal, Rooms, Rules, Targets,
};

use crate::harness::{epoch, peer, room};

fn permanent() -> Rules {
    Rules { permanent: true, ..Rules::default() }
}

fn chat(text: &str) -> Announcement {
    Announcement::Chat { name: DisplayName::parse("Reception").unwrap(), text: text.into() }
}

#[test]
fn a_room_made_in_advance_is_there_once_and_ends_if_nobody_comes() {
    let (mut rooms, board) = (Rooms::new(Limits::default()), room("board"));
    assert_eq!(rooms.handle_make(&board, Rules::default(), epoch()), Ok(true));
    assert_eq!(rooms.handle_make(&board, permanent(), epoch()), Ok(false));
    let end = epoch().after(Limits::default().empty_grace);
    assert_eq!(rooms.poll_timeout(), Some(end));
    rooms.handle_timeout(end);
    assert_eq!(rooms.room(&board), None);
}

#[test]
fn a_permanent_room_begins_anew_when_it_is_ended_and_is_over_when_it_is_closed() {
    let (mut rooms, board) = (Rooms::new(Limits::default()), room("board"));
    assert_eq!(rooms.handle_make(&board, permanent(), epoch()), Ok(true));
    assert_eq!(rooms.poll_timeout(), None);
    assert_eq!(rooms.handle_moderation(&board, Moderation::End, epoch()), Ok(None));
    assert!(rooms.room(&board).is_some());
    assert_eq!(rooms.handle_close(&board, epoch()), Ok(()));
    assert_eq!(rooms.room(&board), None);
    assert_eq!(rooms.handle_close(&board, epoch()), Err(Refusal::RoomUnknown));
}

#[test]
fn an_empty_room_gives_way_to_one_that_is_made_and_a_permanent_one_does_not() {
    let mut rooms = Rooms::new(Limits { max_rooms: 1, ..Limits::default() });
    assert_eq!(rooms.handle_make(&room("a"), Rules::default(), epoch()), Ok(true));
    assert_eq!(rooms.handle_make(&room("b"), permanent(), epoch()), Ok(true));
    assert_eq!(rooms.names().collect::<Vec<_>>(), [&room("b")]);
    let refused = rooms.handle_make(&room("c"), Rules::default(), epoch());
    assert_eq!(refused, Err(Refusal::TooManyRooms));
}

#[test]
fn the_server_speaks_under_an_address_that_no_member_has() {
    let (mut rooms, board) = (Rooms::new(Limits::default()), room("board"));
    assert_eq!(rooms.handle_announcement(&board, chat("x"), epoch()), Err(Refusal::RoomUnknown));
    assert_eq!(rooms.handle_make(&board, Rules::default(), epoch()), Ok(true));
    let said = rooms.handle_announcement(&board, chat("We close soon."), epoch()).unwrap();
    let history = rooms.history(&board).unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].seq, said);
    assert!(matches!(&history[0].body, Body::Chat { from, .. } if *from == PeerId::SERVER));

    let long = chat(&"x".repeat(Limits::default().chat_bytes + 1));
    let refused = rooms.handle_announcement(&board, long, epoch());
    assert!(matches!(refused, Err(Refusal::TooLarge { what: "text", .. })));
    let data = parlor_rooms::Json::from_checked("1");
    let nobody = Announcement::Message { to: Targets::Peers(vec![peer(7)]), data };
    assert_eq!(rooms.handle_announcement(&board, nobody, epoch()), Err(Refusal::UnknownTarget));
}
