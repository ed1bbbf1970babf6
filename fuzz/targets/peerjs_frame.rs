//! Frames of a client that speaks PeerJS, or anything else.
#![no_main]

use parlor_dialects::Door;
use parlor_dialects::peerjs::Entrance;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let entrance = Entrance { key: "r".into(), id: "eve".into(), token: "token".into() };
    parlor_fuzz::converse(Door::PeerJs(entrance), input);
});
