//! The certificate that new handshakes get, and those that answer the challenges of a certificate authority. Open
//! connections keep what they began with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::Certificate;

#[derive(Debug, Default)]
pub struct Shelf {
    current: RwLock<Option<Arc<Certificate>>>,
    /// By the name that is proven.
    challenges: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Shelf {
    pub fn put(&self, certificate: Certificate) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Arc::new(certificate));
    }

    pub fn current(&self) -> Option<Arc<Certificate>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn put_challenge(&self, name: &str, answer: Arc<ServerConfig>) {
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.insert(name.into(), answer);
    }

    pub fn drop_challenges(&self) {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn challenge(&self, name: &str) -> Option<Arc<ServerConfig>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl ResolvesServerCert for Shelf {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current().map(|certificate| Arc::clone(&certificate.signed))
    }
}
