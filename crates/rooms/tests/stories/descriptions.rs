//! Session descriptions: nobody offers or answers with what they may not send.

use parlor_rooms::{Permission, Refusal, Role, Targets};

use crate::harness::*;

const SENDS: &str = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\n";
const RECEIVES: &str = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n";

#[test]
fn a_listener_offers_and_answers_only_to_receive() {
    let mut house = House::of(["ada"]);
    house.join_with("alan", as_role(Role::Listener));
    let to = |house: &House| -> Targets { house.to(["ada"]) };
    for command in [offer(to(&house), SENDS), answer(to(&house), SENDS)] {
        assert_eq!(house.shout("alan", command), ["alan: error 0 not-permitted"]);
    }
    for command in [offer(to(&house), RECEIVES), answer(to(&house), RECEIVES)] {
        assert_eq!(house.shout("alan", command).len(), 1);
    }
    let refused = Refusal::Lacks(Permission::Camera);
    assert_eq!(refused.hint(), "Your `permissions` in this room don't include `camera`.");
}

#[test]
fn what_changes_for_a_member_holds_for_its_next_description() {
    let mut house = House::of(["ada", "grace"]);
    assert_eq!(house.shout("grace", offer(house.to(["ada"]), SENDS)).len(), 1);
    house.moderate("ada", set_role(house.peer("grace"), Role::Listener));
    let again = house.shout("grace", offer(house.to(["ada"]), SENDS));
    assert_eq!(again, ["grace: error 0 not-permitted"]);
}
