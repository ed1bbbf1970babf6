//! What the registries say about addresses (RFC 6890 and its successors), and the addresses that hide in others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address as it is, and every IPv4 address that a router on the way may read out of it. A packet may end up at any
/// of them, so a peer has to be good by all.
pub(super) fn readings(ip: IpAddr) -> impl Iterator<Item = IpAddr> {
    let hidden = match ip {
        IpAddr::V4(_) => [None; 2],
        IpAddr::V6(ip) => hidden(ip),
    };
    std::iter::once(ip).chain(hidden.into_iter().flatten().map(IpAddr::V4))
}

fn hidden(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let last = Some(v4(g, h));
    match (a, b, c, d, e, f) {
        // The unspecified address and loopback.
        (0, 0, 0, 0, 0, 0) if g == 0 && h <= 1 => [None; 2],
        // Mapped (RFC 4291, section 2.5.5.2), compatible (2.5.5.1), translated (RFC 2765).
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0, 0, 0, 0, 0xffff, 0) => [last, None],
        // NAT64 (RFC 6052); within the local prefix (RFC 8215) at the end, or as in a prefix of 48 bits, around bits 64–71.
        (0x64, 0xff9b, 0 | 1, 0, 0, 0) => [last, None],
        (0x64, 0xff9b, 1, high, mid, _) => {
            let [_, low] = mid.to_be_bytes();
            let [lowest, _] = f.to_be_bytes();
            [last, Some(v4(high, u16::from_be_bytes([low, lowest])))]
        }
        // 6to4 (RFC 3056).
        (0x2002, high, low, _, _, _) => [Some(v4(high, low)), None],
        // Teredo (RFC 4380): the server, and the client with its bits turned.
        (0x2001, 0, high, low, _, _) => [Some(v4(high, low)), Some(v4(!g, !h))],
        // ISATAP (RFC 5214, section 6.1), in any network.
        (_, _, _, _, 0 | 0x200, 0x5efe) => [last, None],
        _ => [None; 2],
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

/// Unspecified, multicast and broadcast addresses are nobody's.
pub(super) fn can_be_host(ip: IpAddr) -> bool {
    readings(ip).all(|ip| match ip {
        IpAddr::V4(ip) => {
            let [first, ..] = ip.octets();
            // On Linux 0.0.0.0 is the host itself.
            first != 0 && !ip.is_multicast() && !ip.is_broadcast()
        }
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    })
}

/// Whether the address alone, without what hides in it, is global unicast and for no special purpose.
pub(super) fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !within(&SPECIAL_V4, u32::from(ip)),
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            // NAT64 is as good as what it leads to, and that is judged besides.
            bits >> 32 == NAT64 || (bits >> 125 == 1 && !within(&SPECIAL_V6, bits))
        }
    }
}

/// 64:ff9b::/96 without its last 32 bits.
const NAT64: u128 = 0x0064_ff9b_0000_0000_0000_0000;

trait Prefix: Copy + PartialEq {
    fn shifted(self, prefix: u32) -> Self;
}

impl Prefix for u32 {
    fn shifted(self, prefix: u32) -> Self {
        self >> (Self::BITS - prefix)
    }
}

impl Prefix for u128 {
    fn shifted(self, prefix: u32) -> Self {
        self >> (Self::BITS - prefix)
    }
}

fn within<T: Prefix>(table: &[(T, u32)], bits: T) -> bool {
    table.iter().any(|(network, prefix)| bits.shifted(*prefix) == network.shifted(*prefix))
}

const fn block(a: u8, b: u8, c: u8, prefix: u32) -> (u32, u32) {
    (u32::from_be_bytes([a, b, c, 0]), prefix)
}

/// IANA's registry of special IPv4 addresses, and what is multicast or reserved.
const SPECIAL_V4: [(u32, u32); 18] = [
    block(0, 0, 0, 8),       // this network
    block(10, 0, 0, 8),      // private
    block(100, 64, 0, 10),   // shared by customers of a provider
    block(127, 0, 0, 8),     // loopback
    block(169, 254, 0, 16),  // link-local; clouds keep their metadata there
    block(172, 16, 0, 12),   // private
    block(192, 0, 0, 24),    // protocol assignments
    block(192, 0, 2, 24),    // documentation
    block(192, 31, 196, 24), // AS112
    block(192, 52, 193, 24), // AMT
    block(192, 88, 99, 24),  // 6to4 relays
    block(192, 168, 0, 16),  // private
    block(192, 175, 48, 24), // AS112
    block(198, 18, 0, 15),   // benchmarks
    block(198, 51, 100, 24), // documentation
    block(203, 0, 113, 24),  // documentation
    block(224, 0, 0, 4),     // multicast
    block(240, 0, 0, 4),     // reserved, broadcast
];

const fn block6(a: u16, b: u16, c: u16, prefix: u32) -> (u128, u32) {
    (((a as u128) << 112) | ((b as u128) << 96) | ((c as u128) << 80), prefix)
}

/// IANA's registry of special IPv6 addresses, as far as they are within 2000::/3: nothing else is global.
const SPECIAL_V6: [(u128, u32); 6] = [
    block6(0x2001, 0, 0, 23), // protocol assignments: Teredo, ORCHID, benchmarks
    block6(0x2001, 0xdb8, 0, 32), // documentation
    block6(0x2002, 0, 0, 16), // 6to4
    block6(0x2620, 0x4f, 0x8000, 48), // AS112
    block6(0x3ffe, 0, 0, 16), // 6bone, returned
    block6(0x3fff, 0, 0, 20), // documentation
];
