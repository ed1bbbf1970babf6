//! Group 7: close frames, their codes, their reasons, and what follows them.

use parlor_websocket::{Error, Opcode};

use crate::harness::{Heard, begun, close, frame, hear, text};

fn closed(code: u16, reason: &str) -> Heard {
    Heard::Close(Some((code, reason.into())))
}

#[test]
fn nothing_is_read_after_a_close() {
    for after in [
        frame(Opcode::Text, "late"),
        frame(Opcode::Ping, "late"),
        close(1000, "again"),
        frame(Opcode::Continuation, "no rules either"),
        vec![0xff; 300],
    ] {
        let bytes = [frame(Opcode::Text, "before"), close(1000, ""), after].concat();
        hear(&bytes).is(&[text("before"), closed(1000, "")]);
    }
    let within = [begun(Opcode::Text, "frag"), close(1000, ""), frame(Opcode::Continuation, "")];
    hear(&within.concat()).is(&[closed(1000, "")]);
}

#[test]
fn a_close_may_be_without_code_or_reason() {
    hear(&frame(Opcode::Close, "")).is(&[Heard::Close(None)]);
    hear(&frame(Opcode::Close, "x")).fails(&[], Error::BadClose);
    hear(&close(1000, "Hello World!")).is(&[closed(1000, "Hello World!")]);
    hear(&close(1000, "x".repeat(123))).is(&[closed(1000, &"x".repeat(123))]);
    hear(&close(1000, "x".repeat(124))).fails(&[], Error::LongControl);
    hear(&close(1000, b"\xce\xba\xed\xa0\x80")).fails(&[], Error::InvalidUtf8);
}

#[test]
fn only_some_codes_may_be_sent() {
    let good = (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]);
    for code in good {
        hear(&close(code, "")).is(&[closed(code, "")]);
        hear(&close(code, "why")).is(&[closed(code, "why")]);
    }
    let bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    for code in bad {
        hear(&close(code, "")).fails(&[], Error::BadClose);
        hear(&close(code, "why")).fails(&[], Error::BadClose);
    }
}
