//! Anything that may happen to allocations, compared with the reference.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::relay(input));
