//! Streams of STUN and channel data, however they are cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::turn_stream(input));
