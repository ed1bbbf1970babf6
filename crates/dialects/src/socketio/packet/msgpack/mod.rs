//! Whole packets as MessagePack: a map of `type`, `nsp`, `data` and, if wanted, `id`. Binary parts stand where they belong.

mod reader;
mod writer;

use bytes::Bytes;

use super::args::is_object;
use super::read::event;
use super::{Args, BadPacket, Body, MAX_ID, Namespace, Packet};
use reader::Reader;
use writer::Writer;

pub(super) fn read(bytes: &Bytes) -> Result<Packet, BadPacket> {
    let mut reader = Reader::new(bytes);
    let mut fields = Fields::default();
    for _ in 0..reader.map()? {
        fields.read(&mut reader)?;
    }
    if !reader.is_at_end() {
        return Err(BadPacket);
    }
    let namespace = Namespace::parse(&fields.namespace).ok_or(BadPacket)?;
    Ok(Packet { namespace, body: fields.body(reader.into_attachments())? })
}

#[derive(Default)]
struct Fields {
    kind: String,
    namespace: String,
    /// `None` also for what JavaScript calls undefined.
    data: Option<String>,
    id: Option<u64>,
}

impl Fields {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), BadPacket> {
        let key = reader.text()?;
        match key.as_str() {
            "nsp" => self.namespace = reader.text()?,
            "type" => self.kind = reader.json()?,
            "data" => self.data = reader.optional_json()?,
            "id" => {
                let id = reader.optional_json()?.map(|id| id.parse().map_err(|_| BadPacket));
                self.id = id.transpose()?.filter(|id| *id <= MAX_ID);
            }
            _ => {
                reader.optional_json()?;
            }
        }
        Ok(())
    }

    fn body(self, attachments: Vec<Bytes>) -> Result<Body, BadPacket> {
        match (self.kind.as_str(), self.data, self.id) {
            ("0", None, _) => Ok(Body::Connect(None)),
            ("0", Some(auth), _) if is_object(&auth) => Ok(Body::Connect(Some(auth.into()))),
            ("1", None, _) => Ok(Body::Disconnect),
            ("2", Some(data), id) => event(id, &data, attachments),
            ("3", Some(data), Some(id)) => {
                Ok(Body::Ack { id, args: Args::checked(&data, attachments)? })
            }
            _ => Err(BadPacket),
        }
    }
}

pub(super) fn write(packet: &Packet) -> Vec<u8> {
    let namespace = packet.namespace.as_str();
    let mut writer = Writer::default();
    match &packet.body {
        Body::Connect(payload) => {
            writer.start(0, namespace, None, payload.is_some());
            payload.iter().for_each(|payload| writer.json(payload, &[]));
        }
        Body::Disconnect => writer.start(1, namespace, None, false),
        Body::Event { id, name, args } => {
            writer.start(2, namespace, *id, true);
            writer.event(name, args);
        }
        Body::Ack { id, args } => {
            writer.start(3, namespace, Some(*id), true);
            writer.json(args.json(), args.attachments());
        }
        Body::ConnectError(payload) => {
            writer.start(4, namespace, None, true);
            writer.json(payload, &[]);
        }
    }
    writer.finish()
}
