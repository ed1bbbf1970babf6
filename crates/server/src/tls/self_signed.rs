//! A certificate that the server vouches for itself, for the local network. It is kept, so that the exception which
//! somebody made for it on a phone goes on being good.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};

use super::certificate::{Certificate, Unusable};
use super::state::State;

const FILE: &str = "self-signed.pem";
const DAY: Duration = Duration::from_secs(86_400);
/// Apple's systems refuse certificates that are valid for longer than 825 days, others for longer than 398.
const VALID: Duration = Duration::from_secs(397 * 86_400);
/// A new one is made when less is left.
const MIN_LEFT: Duration = Duration::from_secs(30 * 86_400);
/// Clocks of phones are not always right.
const BACKDATED: Duration = DAY;
/// A laptop that has been in many networks need not name them all for ever.
const MAX_NAMES: usize = 24;

#[derive(Debug)]
pub enum SelfSignedError {
    State(String, io::Error),
    Made(rcgen::Error),
    Unusable(Unusable),
}

impl fmt::Display for SelfSignedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(path, error) => {
                write!(
                    f,
                    "cannot keep the certificate in {path}: {error}. Choose a folder with --state-dir"
                )
            }
            Self::Made(error) => write!(f, "cannot make a certificate: {error}"),
            Self::Unusable(why) => write!(f, "the certificate that was made cannot be used: {why}"),
        }
    }
}

/// The one that is kept if it is for all these names, else a new one, which is also for the names of the old.
pub fn load_or_make(
    state: &State,
    names: &[String],
    now: SystemTime,
) -> Result<Certificate, SelfSignedError> {
    let failed = |error| SelfSignedError::State(state.path(FILE).display().to_string(), error);
    let kept = state.read(FILE).map_err(failed)?;
    let kept = kept.and_then(|pem| Certificate::from_pem(&pem, &pem).ok());
    let mut wanted = names.to_vec();
    if let Some(kept) = kept {
        let fresh = kept.from <= now && now + MIN_LEFT < kept.until;
        if fresh && names.iter().all(|name| kept.is_for(name)) {
            return Ok(kept);
        }
        wanted.extend(kept.names.into_iter().filter(|name| !names.contains(name)));
        wanted.truncate(MAX_NAMES);
    }
    let pem = make(wanted, now).map_err(SelfSignedError::Made)?;
    state.write(FILE, pem.as_bytes()).map_err(failed)?;
    Certificate::from_pem(pem.as_bytes(), pem.as_bytes()).map_err(SelfSignedError::Unusable)
}

/// PEM of the certificate and its key.
fn make(names: Vec<String>, now: SystemTime) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Parlor on the local network");
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now - BACKDATED + VALID).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok(params.self_signed(&key)?.pem() + &key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("parlor-self-{}-{name}", std::process::id())))
        }

        fn certificate(&self, names: &[&str], now: SystemTime) -> Certificate {
            let names: Vec<String> = names.iter().copied().map(Into::into).collect();
            load_or_make(&State::new(Some(&self.0)), &names, now).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_is_kept_as_long_as_it_is_good_for_these_names() {
        let (folder, now) = (Folder::new("kept"), SystemTime::now());
        let first = folder.certificate(&["localhost", "192.168.1.5"], now);
        assert_eq!(first.out_of_date(now), None);
        let again = folder.certificate(&["192.168.1.5"], now + 300 * DAY);
        assert_eq!(again.fingerprint, first.fingerprint);
    }

    #[test]
    fn another_network_is_added_and_the_old_one_remembered() {
        let (folder, now) = (Folder::new("moved"), SystemTime::now());
        let home = folder.certificate(&["localhost", "192.168.1.5"], now);
        let office = folder.certificate(&["localhost", "10.0.0.7"], now);
        assert_ne!(office.fingerprint, home.fingerprint);
        assert_eq!(office.names, ["localhost", "10.0.0.7", "192.168.1.5"]);
        let back = folder.certificate(&["localhost", "192.168.1.5"], now);
        assert_eq!(back.fingerprint, office.fingerprint);
    }

    #[test]
    fn one_that_expires_soon_is_replaced() {
        let (folder, now) = (Folder::new("old"), SystemTime::now());
        let old = folder.certificate(&["localhost"], now);
        let new = folder.certificate(&["localhost"], now + 380 * DAY);
        assert_ne!(new.fingerprint, old.fingerprint);
    }

    #[test]
    fn what_was_damaged_is_made_anew() {
        let (folder, now) = (Folder::new("damaged"), SystemTime::now());
        State::new(Some(&folder.0)).write(FILE, b"-----BEGIN CERT").unwrap();
        assert!(folder.certificate(&["localhost"], now).is_for("localhost"));
    }
}
