//! Datagrams of strangers and of clients, and requests that are proved.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parlor_fuzz::turn_message(input));
