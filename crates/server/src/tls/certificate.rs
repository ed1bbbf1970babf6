//! A certificate with its key, ready for handshakes, and what is worth knowing about it. No files, no clock.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

/// Names of one certificate that are shown; some have hundreds.
const SHOWN_NAMES: usize = 8;

#[derive(Debug)]
pub struct Certificate {
    pub signed: Arc<CertifiedKey>,
    /// Host names and addresses that it is for.
    pub names: Vec<String>,
    pub from: SystemTime,
    pub until: SystemTime,
    /// The last day, for people.
    pub last_day: String,
    /// SHA-256 of the whole, as browsers show it.
    pub fingerprint: String,
    /// Nobody else vouches for it.
    pub self_issued: bool,
}

/// What is the matter with a certificate or its key. Completes "… cannot be used: ".
#[derive(Debug, PartialEq)]
pub enum Unusable {
    NoCertificate,
    NoKey,
    DamagedPem,
    DamagedCertificate,
    Key(String),
    Mismatch,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("there is no certificate (BEGIN CERTIFICATE)"),
            Self::NoKey => f.write_str("there is no private key (BEGIN PRIVATE KEY)"),
            Self::DamagedPem => f.write_str("the PEM text is damaged or ends too early"),
            Self::DamagedCertificate => f.write_str("the certificate is damaged"),
            Self::Key(why) => write!(f, "the private key is of no use: {why}"),
            Self::Mismatch => f.write_str(
                "the private key does not belong to the certificate, which has to be the first in its file",
            ),
        }
    }
}

impl Certificate {
    /// From the PEM of a chain, the server's own certificate first, and of its key.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, Unusable> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Unusable::DamagedPem)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            if matches!(error, PemError::NoItemsFound) {
                Unusable::NoKey
            } else {
                Unusable::DamagedPem
            }
        })?;
        Self::new(chain, &key)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Result<Self, Unusable> {
        let first = chain.first().ok_or(Unusable::NoCertificate)?;
        let (_, read) =
            X509Certificate::from_der(first).map_err(|_| Unusable::DamagedCertificate)?;
        let validity = read.validity();
        let certificate = Self {
            names: names(&read),
            from: time(validity.not_before),
            until: time(validity.not_after),
            last_day: validity.not_after.to_datetime().date().to_string(),
            fingerprint: fingerprint(first),
            self_issued: read.subject() == read.issuer(),
            signed: {
                let key =
                    any_supported_type(key).map_err(|error| Unusable::Key(error.to_string()))?;
                Arc::new(CertifiedKey::new(chain.clone(), key))
            },
        };
        match certificate.signed.keys_match() {
            // A key that does not tell its public half is tried in handshakes.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certificate),
            Err(_) => Err(Unusable::Mismatch),
        }
    }

    pub fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Why browsers will not take it at this time.
    pub fn out_of_date(&self, now: SystemTime) -> Option<&'static str> {
        if now >= self.until {
            Some("has expired")
        } else if now < self.from {
            Some("is not valid yet (is this machine's clock right?)")
        } else {
            None
        }
    }

    /// When so much of the time of a certificate is gone that the next is due: two thirds.
    pub fn renewal(&self) -> SystemTime {
        let life = self.until.duration_since(self.from).unwrap_or_default();
        self.from + life * 2 / 3
    }
}

/// For one line of the log.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<&str> = self.names.iter().take(SHOWN_NAMES).map(String::as_str).collect();
        let rest = self.names.len().saturating_sub(SHOWN_NAMES);
        match shown.as_slice() {
            [] => f.write_str("for no name at all")?,
            shown => write!(f, "for {}", shown.join(", "))?,
        }
        if rest > 0 {
            write!(f, " and {rest} more")?;
        }
        write!(f, ", valid until {}", self.last_day)
    }
}

/// Host names and addresses that it is for.
pub fn names(read: &X509Certificate<'_>) -> Vec<String> {
    let extension = read.subject_alternative_name().ok().flatten();
    let all = extension.map(|found| found.value.general_names.as_slice()).unwrap_or_default();
    all.iter().filter_map(written).collect()
}

fn written(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        return Some((*name).to_owned());
    }
    let GeneralName::IPAddress(bytes) = name else { return None };
    let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok()?;
    Some(address.to_string())
}

fn time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let moment = if time.timestamp() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    moment.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// SHA-256 of the whole, as browsers show it.
pub fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, der).as_ref() {
        let colon = if text.is_empty() { "" } else { ":" };
        _ = write!(text, "{colon}{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made(names: &[&str], key: &KeyPair) -> String {
        let names: Vec<String> = names.iter().copied().map(Into::into).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 4, 1);
        params.self_signed(key).unwrap().pem()
    }

    fn key() -> KeyPair {
        KeyPair::generate().unwrap()
    }

    fn unusable(chain: &str, key: &str) -> Unusable {
        Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err()
    }

    #[test]
    fn names_days_and_fingerprint_are_read() {
        let key = key();
        let pem = made(&["meet.example.org", "192.0.2.1", "2001:db8::1"], &key);
        let found = Certificate::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
        assert_eq!(
            found.to_string(),
            "for meet.example.org, 192.0.2.1, 2001:db8::1, valid until 2026-04-01"
        );
        assert!(found.is_for("Meet.Example.org") && !found.is_for("example.org"));
        assert!(found.self_issued);
        assert_eq!(found.fingerprint.len(), 32 * 3 - 1);
        let day = Duration::from_secs(86_400);
        assert_eq!(found.renewal(), found.from + 60 * day);
        assert_eq!(found.out_of_date(found.from), None);
        assert_eq!(found.out_of_date(found.until), Some("has expired"));
        assert!(found.out_of_date(found.from - day).is_some());
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let (own, other) = (key(), key());
        let pem = made(&["a.example.org"], &own);
        let secret = own.serialize_pem();
        assert_eq!(unusable(&pem, &other.serialize_pem()), Unusable::Mismatch);
        assert_eq!(unusable("", &secret), Unusable::NoCertificate);
        assert_eq!(unusable(&secret, &secret), Unusable::NoCertificate);
        assert_eq!(unusable(&pem, &pem), Unusable::NoKey);
        assert_eq!(unusable(&pem[..200], &secret), Unusable::DamagedPem);
        assert_eq!(unusable(&pem, &secret[..80]), Unusable::DamagedPem);
        let not_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(unusable(not_der, &secret), Unusable::DamagedCertificate);
        let not_a_key = not_der.replace("CERTIFICATE", "PRIVATE KEY");
        assert!(matches!(unusable(&pem, &not_a_key), Unusable::Key(_)));
    }
}
