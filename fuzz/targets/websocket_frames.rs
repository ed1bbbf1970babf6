//! Bytes of the other end of a WebSocket, or anything else.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::read_and_write(input));
