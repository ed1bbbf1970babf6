//! TLS on the port that everything shares: where the certificate comes from, and handshakes.

mod acme;
pub mod certificate;
mod files;
mod lan;
pub mod phone;
mod self_signed;
mod shelf;
mod state;
pub mod trust;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{Config, ListenAddress};
use acme::Acme;
use certificate::Certificate;
pub use files::{FileError, Files};
use self_signed::SelfSignedError;
use shelf::Shelf;
pub use state::State;

/// What may be spoken inside. A TURN client may say so (RFC 7443), and would be refused if it were not in the list.
const INSIDE: [&[u8]; 3] = [b"h2", b"http/1.1", b"stun.turn"];
/// RFC 8737, section 6.2.
const ACME_TLS: &[u8] = b"acme-tls/1";

pub struct Tls {
    config: Arc<ServerConfig>,
    shelf: Arc<Shelf>,
    trusted: bool,
    /// Where redirects lead, when the name is known.
    pub domain: Option<String>,
    /// Kept up to date by somebody else.
    files: Option<Files>,
    /// What keeps the certificate up to date; ends with this.
    _keeping: JoinSet<()>,
}

#[derive(Debug)]
pub enum StartError {
    Files(FileError),
    SelfSigned(SelfSignedError),
    Acme(acme::StartError),
    Crypto(rustls::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(error) => write!(f, "{error}"),
            Self::SelfSigned(error) => write!(f, "{error}"),
            Self::Acme(error) => write!(f, "{error}"),
            Self::Crypto(error) => write!(f, "cannot prepare TLS: {error}"),
        }
    }
}

/// `None` if no certificate is configured.
pub fn start(config: &Config) -> Result<Option<Arc<Tls>>, StartError> {
    let shelf = Arc::new(Shelf::default());
    let mut keeping = JoinSet::new();
    let (mut trusted, mut kept) = (true, None);
    if let Some(domain) = &config.server.domain.0 {
        let state = State::new(config.server.state_dir.0.as_deref());
        let acme = Acme::open(domain, &config.acme, state, Arc::clone(&shelf))
            .map_err(StartError::Acme)?;
        trusted = !config.acme.staging;
        keeping.spawn(acme.run());
    } else if config.tls.self_signed {
        let state = State::new(config.server.state_dir.0.as_deref());
        let names = own_names(&config.server.listen);
        let made = self_signed::load_or_make(&state, &names, SystemTime::now());
        shelf.put(made.map_err(StartError::SelfSigned)?);
        trusted = false;
    } else if let (Some(chain), Some(key)) = (&config.tls.certificate.0, &config.tls.key.0) {
        let files = Files { chain: chain.clone(), key: key.clone() };
        let certificate = files.load().map_err(StartError::Files)?;
        tracing::info!("the certificate is {certificate}");
        files::warn_if_out_of_date(&certificate);
        shelf.put(certificate);
        keeping.spawn(files.clone().watch(Arc::clone(&shelf)));
        kept = Some(files);
    } else {
        return Ok(None);
    }
    let server = server_config(&shelf).map_err(StartError::Crypto)?;
    let domain = config.server.domain.0.clone();
    Ok(Some(Arc::new(Tls {
        config: server,
        shelf,
        trusted,
        domain,
        files: kept,
        _keeping: keeping,
    })))
}

impl Tls {
    /// Shakes hands. `None`: that was a certificate authority, and it has seen what it wanted to see.
    pub async fn accept<S>(&self, stream: S) -> io::Result<Option<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if let Some(name) = challenged(&begun.client_hello()) {
            let answer = self.shelf.challenge(&name).ok_or_else(|| {
                io::Error::other(format!("somebody validates {name}, which was not asked for"))
            })?;
            begun.into_stream(answer).await?.shutdown().await?;
            return Ok(None);
        }
        begun.into_stream(Arc::clone(&self.config)).await.map(Some)
    }

    /// Reads the files again now. A pair that can't be used changes nothing.
    pub fn reload(&self) {
        if let Some(files) = &self.files {
            files.renew(&self.shelf);
        }
    }

    /// Whether browsers may be told to come by HTTPS alone: they could not get past a certificate that they refuse.
    pub fn is_trusted(&self) -> bool {
        self.trusted && self.current().is_some_and(|certificate| !certificate.self_issued)
    }

    /// The host name by which clients find a certificate that fits.
    pub fn name(&self) -> Option<String> {
        self.domain.clone().or_else(|| {
            let certificate = self.current()?;
            certificate.names.iter().find(|name| is_of_one_host(name)).cloned()
        })
    }

    /// When the certificate that new connections get is of no use any more.
    pub fn expires(&self) -> Option<SystemTime> {
        self.current().map(|certificate| certificate.until)
    }

    fn current(&self) -> Option<Arc<Certificate>> {
        self.shelf.current()
    }
}

/// The name that a certificate authority wants to see proven, RFC 8737, section 3.
fn challenged(hello: &ClientHello<'_>) -> Option<String> {
    let mut protocols = hello.alpn()?;
    let asks = protocols.next() == Some(ACME_TLS) && protocols.next().is_none();
    asks.then(|| hello.server_name().unwrap_or_default().to_ascii_lowercase())
}

fn server_config(shelf: &Arc<Shelf>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(shelf) as _);
    config.alpn_protocols = INSIDE.map(<[u8]>::to_vec).into();
    // What a client needs to come back quickly is kept by the client.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Arc::new(config))
}

fn is_of_one_host(name: &str) -> bool {
    !name.starts_with('*') && name != "localhost" && name.parse::<IpAddr>().is_err()
}

/// What this machine is called in its own network.
fn own_names(listen: &[ListenAddress]) -> Vec<String> {
    let mut addresses: Vec<IpAddr> = crate::config::LOOPBACK.into();
    addresses.extend(reachable(listen));
    let mut names = vec!["localhost".to_owned()];
    for address in addresses {
        let name = address.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Addresses beyond loopback that are listened on, as others write them.
fn reachable(listen: &[ListenAddress]) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for address in listen {
        match address {
            ListenAddress::Ip(ip) if ip.ip().is_unspecified() => found.extend(lan::addresses()),
            ListenAddress::Ip(ip) if !address.is_loopback() => found.push(ip.ip().to_canonical()),
            ListenAddress::Localhost(_) | ListenAddress::Ip(_) => {}
        }
    }
    found
}
