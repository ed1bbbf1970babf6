//! Frames of a client on the root that opens channels first, then anything.
#![no_main]

use parlor_dialects::Door;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut frames = br#"{"open":true,"channel":"r"}"#.to_vec();
    frames.push(b'\n');
    frames.extend(input);
    parlor_fuzz::converse(Door::Root, &frames);
});
