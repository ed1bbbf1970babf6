//! Frames of a client that speaks y-webrtc, or anything else.
#![no_main]

use parlor_dialects::Door;

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::converse(Door::YWebrtc, input));
