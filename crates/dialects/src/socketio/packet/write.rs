//! Packets as the messages that carry them.

use std::fmt::Write;

use super::{Args, Body, Format, Packet, msgpack};
use crate::socketio::engine::Message;

/// In the default format a line of text and the attachments, else one binary message.
#[must_use]
pub fn encode(packet: &Packet, format: Format) -> Vec<Message> {
    match format {
        Format::MessagePack => vec![Message::Binary(msgpack::write(packet).into())],
        Format::Default => {
            let mut messages = vec![Message::Text(line(packet).into())];
            if let Body::Event { args, .. } | Body::Ack { args, .. } = &packet.body {
                messages.extend(args.attachments().iter().cloned().map(Message::Binary));
            }
            messages
        }
    }
}

fn line(packet: &Packet) -> String {
    let mut line = String::new();
    match &packet.body {
        Body::Connect(payload) => {
            start(&mut line, packet, "0", None);
            line.push_str(payload.as_deref().unwrap_or_default());
        }
        Body::Disconnect => start(&mut line, packet, "1", None),
        Body::Event { id, name, args } => {
            line.reserve(args.json().len() + name.len() + 16);
            start(&mut line, packet, &kind(["2", "5"], args), *id);
            _ = write!(line, "[{}", quoted(name));
            if !args.inner().is_empty() {
                _ = write!(line, ",{}", args.inner());
            }
            line.push(']');
        }
        Body::Ack { id, args } => {
            start(&mut line, packet, &kind(["3", "6"], args), Some(*id));
            line.push_str(args.json());
        }
        Body::ConnectError(payload) => {
            start(&mut line, packet, "4", None);
            line.push_str(payload);
        }
    }
    line
}

fn kind([plain, binary]: [&str; 2], args: &Args) -> String {
    match args.attachments().len() {
        0 => plain.into(),
        count => format!("{binary}{count}-"),
    }
}

fn start(line: &mut String, packet: &Packet, kind: &str, id: Option<u64>) {
    line.push_str(kind);
    if !packet.namespace.is_main() {
        _ = write!(line, "{},", packet.namespace);
    }
    if let Some(id) = id {
        _ = write!(line, "{id}");
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
