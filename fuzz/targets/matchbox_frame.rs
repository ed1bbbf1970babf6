//! Frames of a client that speaks matchbox, or anything else.
#![no_main]

use parlor_dialects::Door;
use parlor_dialects::matchbox::Lobby;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(lobby) = Lobby::parse("r", "next=3") else { return };
    parlor_fuzz::converse(Door::Matchbox(lobby), input);
});
