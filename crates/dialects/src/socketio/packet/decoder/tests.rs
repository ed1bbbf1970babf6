//! Packets in both formats, read and written.

use super::*;
use crate::socketio::packet::{Args, Body, Namespace, encode};

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

fn binary(bytes: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(bytes))
}

fn packet(namespace: &str, body: Body) -> Packet {
    Packet { namespace: Namespace::parse(namespace).unwrap(), body }
}

fn args(json: &str, attachments: &[&[u8]]) -> Args {
    let attachments = attachments.iter().map(|bytes| Bytes::copy_from_slice(bytes)).collect();
    Args::checked(json, attachments).unwrap()
}

fn event(name: &str, args: Args) -> Body {
    Body::Event { id: None, name: name.into(), args }
}

fn decode(messages: Vec<Message>) -> Result<Option<Packet>, BadPacket> {
    let mut decoder = Decoder::new(1_000);
    let mut last = Ok(None);
    for message in messages {
        last = decoder.handle(message);
        if last.is_err() {
            break;
        }
    }
    last
}

/// What the original writes, and what it means.
fn lines() -> Vec<(Vec<Message>, Packet)> {
    let two = r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let event_of_two = format!(r#"452-["up",{}"#, &two[1..]);
    vec![
        (vec![text("0")], packet("/", Body::Connect(None))),
        (vec![text("0/chat,{\"a\":1}")], packet("/chat", Body::Connect(Some("{\"a\":1}".into())))),
        (vec![text("1")], packet("/", Body::Disconnect)),
        (vec![text("1/chat,")], packet("/chat", Body::Disconnect)),
        (vec![text("2[\"hi\",1,\"2\",{\"3\":[true]}]")], {
            packet("/", event("hi", args(r#"[1,"2",{"3":[true]}]"#, &[])))
        }),
        (vec![text("2[\"hi\"]")], packet("/", event("hi", args("[]", &[])))),
        (vec![text("2/chat,7[\"hi\",null]")], {
            let (name, args) = ("hi".into(), args("[null]", &[]));
            packet("/chat", Body::Event { id: Some(7), name, args })
        }),
        (vec![text("3/chat,7[]")], packet("/chat", Body::Ack { id: 7, args: args("[]", &[]) })),
        (vec![text(&event_of_two[1..]), binary(&[1, 2]), binary(&[])], {
            packet("/", event("up", args(two, &[&[1, 2], &[]])))
        }),
        (vec![text(&format!("62-456{two}")), binary(&[1, 2]), binary(&[3])], {
            packet("/", Body::Ack { id: 456, args: args(two, &[&[1, 2], &[3]]) })
        }),
    ]
}

#[test]
fn packets_are_written_as_the_original_does_and_read_back() {
    for (messages, packet) in lines() {
        assert_eq!(encode(&packet, Format::Default), messages);
        assert_eq!(decode(messages), Ok(Some(packet)));
    }
}

#[test]
fn packets_survive_messagepack() {
    for (_, packet) in lines() {
        let messages = encode(&packet, Format::MessagePack);
        assert!(matches!(messages.as_slice(), [Message::Binary(_)]));
        assert_eq!(decode(messages), Ok(Some(packet)));
    }
}

#[test]
fn numbers_and_lengths_of_every_size_survive_messagepack() {
    let long = |length: usize| format!("\"{}\"", "x".repeat(length));
    let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let parts = [
        "127,128,255,256,65535,65536,4294967295,4294967296,18446744073709551615".into(),
        "-1,-33,-129,-32769,-2147483649,-9223372036854775808,1.5,-0.25,1e300".into(),
        format!("{},{},{},{}", long(31), long(32), long(255), long(256)),
        format!("{},{},{}", many(15), many(16), many(300)),
        "true,false,null,{},[],\"\",\"\\u0000\\\"é😀\"".into(),
    ];
    for part in parts {
        let sent = packet("/", event("all", args(&format!("[{part}]"), &[])));
        let Ok(Some(Packet { body: Body::Event { args, .. }, .. })) =
            decode(encode(&sent, Format::MessagePack))
        else {
            panic!("{part}")
        };
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(args.json()), value(&format!("[{part}]")));
    }
}

#[test]
fn messagepack_of_the_common_encoder_is_understood() {
    // {type: 0, nsp: "/", data: undefined}
    let connect = b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\xd4\x00\x00";
    assert_eq!(decode(vec![binary(connect)]), Ok(Some(packet("/", Body::Connect(None)))));
    // {type: 2, nsp: "/", data: ["at", Date, undefined, 0.5 as float 32], options: {compress: true}}
    let event_with_date = b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x94\xa2at\xd7\x00\x00\x00\x00\x00\x00\x00\x03\xe8\xd4\x00\x00\xca\x3f\x00\x00\x00\xa7options\x81\xa8compress\xc3";
    let wanted = packet("/", event("at", args("[1000,null,0.5]", &[])));
    assert_eq!(decode(vec![binary(event_with_date)]), Ok(Some(wanted)));
}

#[test]
fn the_first_message_tells_the_format_for_good() {
    let mut decoder = Decoder::new(1_000);
    assert_eq!(decoder.format(), None);
    assert!(decoder.handle(text("0")).is_ok());
    assert_eq!(decoder.format(), Some(Format::Default));
    assert_eq!(decoder.handle(binary(b"\x82\xa4type\x01\xa3nsp\xa1/")), Err(BadPacket));
}

#[test]
fn lines_that_are_no_packets_are_refused() {
    let lines = r#"
abc 7 0[] 0{ 0"x" 01 1{} 2 2{} 2[] 2[null] 2[{}]
2abc["a"] 2["a" 2["a"]x 2["connect"] 2["disconnect"] 2["connect_error"] 2["newListener"] 3[] 3 31{} 4{} 4"x"
5["a"] 5-["a"] 51["a"] 5x-["a"] 511-["a"] 5+1-["a"] 52 29007199254740993["a"] 299999999999999999999["a"]
"#;
    for line in lines.split_ascii_whitespace().chain(["", "é", "2/a\u{0},[\"a\"]"]) {
        assert_eq!(decode(vec![text(line)]), Err(BadPacket), "{line}");
    }
    let long = format!("2[\"a\",\"{}\"]", "x".repeat(1_000));
    assert_eq!(decode(vec![text(&long)]), Err(BadPacket));
    assert_eq!(decode(vec![text(&format!("0/{}", "n".repeat(128)))]), Err(BadPacket));
}

#[test]
fn attachments_come_right_after_their_line() {
    let header = || text(r#"51-["a",{"_placeholder":true,"num":0}]"#);
    assert_eq!(decode(vec![header()]), Ok(None));
    assert_eq!(decode(vec![header(), text("2[\"a\"]")]), Err(BadPacket));
    assert_eq!(decode(vec![text("2[\"a\"]"), binary(&[1])]), Err(BadPacket));
    assert_eq!(decode(vec![header(), binary(&[0; 1_000])]), Err(BadPacket), "together too large");
    let dangling = text(r#"51-["a",{"_placeholder":true,"num":1}]"#);
    assert_eq!(decode(vec![dangling, binary(&[1])]), Err(BadPacket));
}

#[test]
fn messagepack_that_is_no_packet_is_refused() {
    let good = encode(&lines().remove(4).1, Format::MessagePack).remove(0);
    let Message::Binary(good) = good else { panic!("binary") };
    for length in 0..good.len() {
        assert_eq!(decode(vec![binary(&good[..length])]), Err(BadPacket), "{length} bytes of it");
    }
    let mut longer = good.to_vec();
    longer.push(0);
    assert_eq!(decode(vec![binary(&longer)]), Err(BadPacket));
    let cases: [&[u8]; 7] = [
        b"\xc1",
        b"\x90",
        b"\x80",
        b"\xdf\xff\xff\xff\xff",
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\xdd\xff\xff\xff\xff",
        b"\x83\xa4type\x02\xa3nsp\xa1x\xa4data\x91\xa1a",
        b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a\x81\x01\x02",
    ];
    for case in cases {
        assert_eq!(decode(vec![binary(case)]), Err(BadPacket), "{case:x?}");
    }
    let mut deep = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a".to_vec();
    deep.extend([0x91; 500]);
    deep.push(0xc0);
    assert_eq!(decode(vec![binary(&deep)]), Err(BadPacket));
}

#[test]
fn a_placeholder_that_was_data_can_not_break_who_gets_it_with_an_attachment() {
    // ["a", {_placeholder: true, num: 9}, <1 byte>]
    let forged = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x93\xa1a\x82\xac_placeholder\xc3\xa3num\x09\xc4\x01\xff";
    assert_eq!(decode(vec![binary(forged)]), Err(BadPacket));
}
