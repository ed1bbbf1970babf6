//! TLS as a client that goes on whatever the certificate, and says what it thinks of it.

use super::super::findings::Trouble;
use super::super::findings::certificate::{Shown, Trust};
use super::super::target::Host;
use super::trouble;
use crate::tls::certificate::fingerprint;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The roots that this system trusts, read once.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    pub fn of_system() -> Self {
        let mut store = RootCertStore::empty();
        // Some systems have roots that are none; the others still count.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self(Arc::new(store))
    }
}

/// Goes on with any certificate.
pub async fn greet(
    stream: TcpStream,
    host: &Host,
    roots: &Roots,
) -> Result<(TlsStream<TcpStream>, Shown), Trouble> {
    let provider = Arc::new(default_provider());
    let verifier = Arc::new(Witness::new(roots, &provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = match host {
        Host::Ip(ip) => ServerName::from(*ip),
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| Trouble::Tls("the name is none for a certificate".into()))?,
    };
    let greeting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = greeting.await.map_err(|error| {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        of_tls.map_or_else(|| trouble(&error), |inner| Trouble::Tls(inner.to_string()))
    })?;
    let shown = verifier.take().ok_or(Trouble::Tls("no certificate was shown".into()))?;
    Ok((stream, shown))
}

/// Accepts every certificate, and remembers what the real verifier thinks of it.
#[derive(Debug)]
struct Witness {
    /// Absent where the system trusts nobody.
    judge: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Shown>>,
}

impl Witness {
    fn new(roots: &Roots, provider: &Arc<CryptoProvider>) -> Self {
        let provider = Arc::clone(provider);
        let builder = WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&roots.0),
            Arc::clone(&provider),
        );
        Self { judge: builder.build().ok(), provider, seen: Mutex::default() }
    }

    fn take(&self) -> Option<Shown> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn trust(verdict: Result<ServerCertVerified, Error>) -> Trust {
    let error = match verdict {
        Ok(_) => return Trust::Trusted,
        Err(Error::InvalidCertificate(error)) => error,
        Err(error) => return Trust::Other(error.to_string()),
    };
    use CertificateError as E;
    if matches!(error, E::Expired | E::ExpiredContext { .. }) {
        Trust::Expired
    } else if matches!(error, E::NotValidYet | E::NotValidYetContext { .. }) {
        Trust::NotYetValid
    } else if matches!(error, E::NotValidForName | E::NotValidForNameContext { .. }) {
        Trust::WrongName
    } else if error == E::UnknownIssuer {
        Trust::UnknownIssuer
    } else {
        Trust::Other(error.to_string())
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.judge.as_ref().map_or(Trust::NoRoots, |judge| {
            trust(judge.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ))
        });
        let chain = std::iter::once(end_entity).chain(intermediates);
        let shown = Shown {
            chain: chain.map(|certificate| certificate.to_vec()).collect(),
            fingerprint: fingerprint(end_entity),
            trust,
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
