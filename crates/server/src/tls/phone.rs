//! What somebody needs to open the server on another device of the local network: its address, also as a QR code, and
//! the fingerprint by which to know the certificate.

use std::fmt::Write;
use std::net::SocketAddr;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use super::{Tls, reachable};
use crate::config::ListenAddress;

/// Lines for standard output; `picture` is whether it is a terminal that can show one.
pub fn invitation(tls: &Tls, listen: &[ListenAddress], picture: bool) -> String {
    let mut text = String::new();
    let urls = urls(listen);
    for url in &urls {
        _ = writeln!(text, "open {url} on other devices of this network");
    }
    if let Some(url) = urls.first().filter(|_| picture) {
        text.push_str(&code(url));
    }
    if let Some(certificate) = tls.current() {
        text.push_str(
            "browsers warn of the certificate, because only this machine vouches for it; SHA-256:\n",
        );
        _ = writeln!(text, "{}", certificate.fingerprint);
    }
    text
}

fn urls(listen: &[ListenAddress]) -> Vec<String> {
    let mut urls = Vec::new();
    for address in listen {
        for ip in reachable(std::slice::from_ref(address)) {
            let url = format!("https://{}", SocketAddr::new(ip, address.port()));
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    urls
}

/// Two squares to a character. Empty when the text is too long for a code, which no address is.
fn code(text: &str) -> String {
    let Ok(code) = QrCode::new(text) else { return String::new() };
    // Characters are light on most terminals.
    let picture = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    picture + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_reach_are_told() {
        let listen = ["192.168.1.5:8443", "127.0.0.1:8443"]
            .map(|text| ListenAddress::Ip(text.parse().unwrap()));
        assert_eq!(urls(&listen), ["https://192.168.1.5:8443"]);
        assert!(urls(&[ListenAddress::Localhost(8443)]).is_empty());
    }

    #[test]
    fn a_code_is_square_with_a_quiet_margin() {
        let picture = code("https://192.168.1.5:8443");
        let widths: Vec<usize> = picture.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0] && *width >= 21 + 8));
        assert!(widths.len().abs_diff(widths[0] / 2) <= 1, "{widths:?}");
    }
}
