//! Bytes and what they mean. Nothing here decides anything.

pub(crate) mod channel;
pub(crate) mod integrity;
pub(crate) mod message;
pub(crate) mod reply;
#[cfg(test)]
mod vectors;

/// Methods (RFC 8489, section 18.2; RFC 8656, section 17; RFC 6062, section 6.1).
pub(crate) mod method {
    pub(crate) const BINDING: u16 = 0x001;
    pub(crate) const ALLOCATE: u16 = 0x003;
    pub(crate) const REFRESH: u16 = 0x004;
    pub(crate) const SEND: u16 = 0x006;
    pub(crate) const DATA: u16 = 0x007;
    pub(crate) const CREATE_PERMISSION: u16 = 0x008;
    pub(crate) const CHANNEL_BIND: u16 = 0x009;
    pub(crate) const CONNECT: u16 = 0x00a;
    pub(crate) const CONNECTION_BIND: u16 = 0x00b;
    pub(crate) const CONNECTION_ATTEMPT: u16 = 0x00c;
}
