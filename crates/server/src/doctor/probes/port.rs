//! Names, TCP ports, and what speaks on them.

use super::super::findings::Trouble;
use super::super::findings::certificate::Shown;
use super::super::findings::protocol::{Greeted, Plain};
use super::super::findings::reach::{Connected, Resolved};
use super::super::findings::shown;
use super::super::target::Target;
use super::link::{Cover, Door, look_up};
use super::within;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Of a name with more addresses than that the first ones stand for the rest.
const MAX_ADDRESSES: usize = 8;
/// As much as the first words of a server need.
const FIRST_WORDS: usize = 2_048;

pub async fn resolve(target: &Target, deadline: Duration) -> Resolved {
    use super::super::target::Host;
    if let Host::Ip(ip) = target.host {
        return Resolved::Literal(ip);
    }
    match timeout(deadline, look_up(&target.host, target.port)).await {
        Err(_) => Resolved::Late,
        Ok(Err(error)) => Resolved::Failed(shown(&error.to_string())),
        Ok(Ok(addresses)) if addresses.is_empty() => Resolved::Failed("it has no address".into()),
        Ok(Ok(addresses)) => {
            Resolved::Addresses(addresses.iter().map(SocketAddr::ip).take(MAX_ADDRESSES).collect())
        }
    }
}

pub async fn connect(address: SocketAddr, deadline: Duration) -> (SocketAddr, Connected) {
    let began = Instant::now();
    let connected = within(deadline, async {
        TcpStream::connect(address).await.map_err(|error| super::trouble(&error))
    });
    let connected = match connected.await {
        Ok(_) => Connected::Open(began.elapsed()),
        Err(Trouble::Refused) => Connected::Refused,
        Err(Trouble::Silent) => Connected::Silent,
        Err(trouble) => Connected::Other(trouble.to_string()),
    };
    (address, connected)
}

/// Whether plain HTTP is answered.
pub async fn plain(address: SocketAddr, authority: &str, deadline: Duration) -> Plain {
    let mut heard = Vec::new();
    let asking = ask_plain(address, authority, &mut heard);
    let ended = timeout(deadline, asking).await;
    match (ended, heard.as_slice()) {
        (_, [0x15, 0x03, ..]) => Plain::WantsTls,
        (_, words) if words.starts_with(b"HTTP/") => {
            let words = String::from_utf8_lossy(words).to_ascii_lowercase();
            // nginx, Apache, Caddy and Go say so with 400.
            let asks_for_tls = words.contains("https") || words.contains("ssl");
            let refused = words.split(' ').nth(1) == Some("400");
            if refused && asks_for_tls { Plain::WantsTls } else { Plain::Http }
        }
        (Err(_), []) => Plain::Silent,
        (Ok(_), []) => Plain::Closed,
        (_, words) => Plain::Other(shown(&String::from_utf8_lossy(words))),
    }
}

async fn ask_plain(
    address: SocketAddr,
    authority: &str,
    heard: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /livez HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // Only a 400 is read on: whether TLS was meant stands in its body.
    while heard.len() < FIRST_WORDS && (heard.len() < 12 || heard.get(9..12) == Some(b"400")) {
        if stream.read_buf(heard).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Whether a TLS greeting is answered, and with which certificate.
pub async fn greet(door: &Door, deadline: Duration) -> (Greeted, Option<Shown>) {
    let door = Door { cover: Cover::Tls, ..door.clone() };
    let greeted = within(deadline, door.open()).await;
    let greeted = match greeted {
        Ok((_, shown)) => return (Greeted::Tls, shown),
        Err(Trouble::Silent) => Greeted::Silent,
        Err(Trouble::Closed | Trouble::Refused) => Greeted::Closed,
        // rustls' words for bytes that are no TLS record.
        Err(Trouble::Tls(error)) if error.contains("corrupt message") => Greeted::NotTls,
        Err(Trouble::NotHttp) => Greeted::NotTls,
        Err(Trouble::Tls(error) | Trouble::Other(error)) => Greeted::Refused(error),
    };
    (greeted, None)
}
