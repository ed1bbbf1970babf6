//! What somebody shows as a token.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::a_token_is_read_in_one_way(input));
