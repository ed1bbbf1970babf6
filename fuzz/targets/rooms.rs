//! Anything that may happen to rooms, compared with the reference.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::run_bytes(input));
