//! Whom the server trusts as a client: the system's roots, and those of a file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// Trusts what the system trusts, and the roots in the file.
pub fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = ca_file {
        let broken = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
        let added = CertificateDer::pem_file_iter(path).map_err(|error| broken(&error))?;
        for root in added {
            let root = root.map_err(|error| broken(&error))?;
            roots.add(root).map_err(|error| broken(&error))?;
        }
    }
    if roots.is_empty() {
        return Err(
            "this system has no root certificates (Debian: apt-get install ca-certificates)".into(),
        );
    }
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
