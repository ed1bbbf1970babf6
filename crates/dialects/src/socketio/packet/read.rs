//! A packet of the default format: a line of text, and how many binary messages follow it.

use bytes::Bytes;

use super::args::{Args, MAX_ATTACHMENTS, is_object, split_first, without_lone_surrogates};
use super::{BadPacket, Body, MAX_ID, Namespace, Packet, is_event_name};

/// A packet whose attachments are still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    namespace: Namespace,
    kind: Kind,
    pub(super) attachments: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Whole(Body),
    Event { id: Option<u64>, json: String },
    Ack { id: u64, json: String },
}

impl Header {
    pub(super) fn read(text: &str) -> Result<Self, BadPacket> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(BadPacket)?;
        let (attachments, rest) = match kind {
            '5' | '6' => {
                let (count, rest) = rest.as_str().split_once('-').ok_or(BadPacket)?;
                (number(count, MAX_ATTACHMENTS as u64)?, rest)
            }
            _ => (0, rest.as_str()),
        };
        let (namespace, rest) = namespace(rest)?;
        let (id, payload) = id(rest)?;
        let kind = match (kind, id) {
            ('0', None) => Kind::Whole(Body::Connect(auth(payload)?)),
            ('1', None) if payload.is_empty() => Kind::Whole(Body::Disconnect),
            ('2' | '5', id) => Kind::Event { id, json: payload.into() },
            ('3' | '6', Some(id)) => Kind::Ack { id, json: payload.into() },
            _ => return Err(BadPacket),
        };
        Ok(Self { namespace, kind, attachments: attachments as usize })
    }

    /// The packet with all that followed its line.
    pub(super) fn complete(self, attachments: Vec<Bytes>) -> Result<Packet, BadPacket> {
        let body = match self.kind {
            Kind::Whole(body) => body,
            Kind::Event { id, json } => event(id, &json, attachments)?,
            Kind::Ack { id, json } => {
                let json = without_lone_surrogates(&json);
                Body::Ack { id, args: Args::checked(&json, attachments)? }
            }
        };
        Ok(Packet { namespace: self.namespace, body })
    }
}

pub(super) fn event(
    id: Option<u64>,
    json: &str,
    attachments: Vec<Bytes>,
) -> Result<Body, BadPacket> {
    let json = without_lone_surrogates(json);
    let whole = Args::checked(&json, attachments)?;
    let (name, args) = split_first(whole.json()).ok_or(BadPacket)?;
    if !is_event_name(&name) {
        return Err(BadPacket);
    }
    let args = Args::trusted(args, whole.attachments().to_vec());
    Ok(Body::Event { id, name: name.into(), args })
}

/// `/name,`; the comma may be missing at the end, and all of it for the main one.
fn namespace(text: &str) -> Result<(Namespace, &str), BadPacket> {
    if !text.starts_with('/') {
        return Ok((Namespace::default(), text));
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    Ok((Namespace::parse(name).ok_or(BadPacket)?, rest))
}

fn id(text: &str) -> Result<(Option<u64>, &str), BadPacket> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(digits).ok_or(BadPacket)?;
    let id = if digits.is_empty() { None } else { Some(number(digits, MAX_ID)?) };
    Ok((id, rest))
}

fn auth(payload: &str) -> Result<Option<std::sync::Arc<str>>, BadPacket> {
    if payload.is_empty() {
        return Ok(None);
    }
    let payload = without_lone_surrogates(payload);
    if is_object(&payload) { Ok(Some(payload.as_ref().into())) } else { Err(BadPacket) }
}

fn number(digits: &str, max: u64) -> Result<u64, BadPacket> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| all_digits && *number <= max);
    number.ok_or(BadPacket)
}
