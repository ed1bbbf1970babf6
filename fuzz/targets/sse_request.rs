//! Requests of a client of event streams, or anything else.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::request(input));
