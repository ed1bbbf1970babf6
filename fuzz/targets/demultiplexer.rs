//! The first bytes of a connection.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::what_was_told_stays_told(input));
