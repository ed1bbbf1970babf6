//! What a load client's frames travel over: the socket itself, or TLS on it, whoever the server says it is.

use crate::Result;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider, WebPkiSupportedAlgorithms};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_util::either::Either;

pub type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Lets each connection do its own handshake, as those of different clients are.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// Asks no server who it is: load is sent to servers of one's own, whose certificates they have made themselves.
    pub fn insecure() -> Result<Self> {
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let anybody = Anybody(provider.signature_verification_algorithms);
        let builder = ClientConfig::builder_with_provider(Arc::<CryptoProvider>::clone(&provider));
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(anybody))
            .with_no_client_auth();
        config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub async fn open(&self, socket: TcpStream, host: IpAddr) -> io::Result<Stream> {
        let stream = self.0.connect(ServerName::IpAddress(host.into()), socket).await?;
        Ok(Either::Right(Box::new(stream)))
    }
}

/// Takes every certificate; that the server has its key is checked all the same.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
