//! A certificate from a certificate authority that speaks ACME (RFC 8555), proven by TLS-ALPN-01 (RFC 8737): got when
//! there is none, renewed before it expires, kept over restarts.

mod client;
mod order;
mod trouble;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::LetsEncrypt;
use tokio::time::{sleep, timeout};

use super::certificate::Certificate;
use super::files::warn_if_out_of_date;
use super::shelf::Shelf;
use super::state::State;
use crate::config;
use client::Client;
use trouble::Trouble;

/// One try from the first request to the certificate.
const TRY_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// After the first failure; doubled with each that follows. Let's Encrypt allows five failures an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(2 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3_600);
/// The clock may be set meanwhile, and the machine may have slept.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

pub struct Acme {
    domain: String,
    directory: String,
    contact: Option<String>,
    client: Client,
    state: State,
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
pub enum StartError {
    Roots(String),
    State(String, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Roots(why) => write!(f, "cannot verify the certificate authority: {why}"),
            Self::State(path, error) => {
                write!(
                    f,
                    "cannot keep certificates in {path}: {error}. Choose a folder with --state-dir"
                )
            }
        }
    }
}

impl Acme {
    /// With the certificate of last time on the shelf, if there is one.
    pub fn open(
        domain: &str,
        config: &config::Acme,
        state: State,
        shelf: Arc<Shelf>,
    ) -> Result<Self, StartError> {
        let client = Client::new(config.ca_file.0.as_deref()).map_err(StartError::Roots)?;
        let usual = if config.staging { LetsEncrypt::Staging } else { LetsEncrypt::Production };
        let acme = Self {
            domain: domain.into(),
            directory: config.directory.0.clone().unwrap_or_else(|| usual.url().into()),
            contact: config.contact.0.as_ref().map(|address| format!("mailto:{address}")),
            client,
            state,
            shelf,
        };
        let of_state = |error| StartError::State(acme.state.path("").display().to_string(), error);
        acme.state.try_out().map_err(of_state)?;
        acme.take_kept().map_err(of_state)?;
        Ok(acme)
    }

    fn take_kept(&self) -> io::Result<()> {
        let file = self.certificate_file();
        let Some(pem) = self.state.read(&file)? else { return Ok(()) };
        match Certificate::from_pem(&pem, &pem) {
            Ok(kept) if kept.is_for(&self.domain) => {
                tracing::info!("the certificate is {kept}");
                warn_if_out_of_date(&kept);
                self.shelf.put(kept);
            }
            Ok(_) => tracing::warn!(file, "the kept certificate is for another name"),
            Err(why) => tracing::warn!(file, %why, "the kept certificate is of no use"),
        }
        Ok(())
    }

    /// Until the task is dropped.
    pub async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            self.until_due().await;
            match self.renew().await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(trouble) => {
                    let pause_now = pause.max(trouble.least_pause());
                    tracing::warn!(
                        "no certificate for {} from {}: {trouble} (next try in {} min)",
                        self.domain,
                        self.directory,
                        pause_now.as_secs() / 60
                    );
                    sleep(pause_now).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn until_due(&self) {
        while let Some(current) = self.shelf.current() {
            let Ok(left) = current.renewal().duration_since(SystemTime::now()) else { return };
            sleep(left.min(LOOK_EVERY)).await;
        }
    }

    async fn renew(&self) -> Result<(), Trouble> {
        tracing::info!(
            "asking {} for a certificate for {}; it will connect to port 443 of that name",
            self.directory,
            self.domain
        );
        let ordered = timeout(TRY_TIMEOUT, order::place(self)).await;
        self.shelf.drop_challenges();
        let pem = ordered.map_err(|_| Trouble::TooSlow)??;
        let certificate =
            Certificate::from_pem(pem.as_bytes(), pem.as_bytes()).map_err(Trouble::Unusable)?;
        let due = certificate.renewal() <= SystemTime::now();
        tracing::info!("got a certificate {certificate}");
        self.shelf.put(certificate);
        let kept = self.state.write(&self.certificate_file(), pem.as_bytes());
        kept.map_err(|error| self.cannot_keep(error))?;
        if due { Err(Trouble::DueAtOnce) } else { Ok(()) }
    }

    fn cannot_keep(&self, error: io::Error) -> Trouble {
        Trouble::State(self.state.path("").display().to_string(), error)
    }

    /// With its key: both change in one step.
    fn certificate_file(&self) -> String {
        self.file(&format!("{}.pem", self.domain))
    }

    /// Authorities know nothing of each other's accounts, and a certificate of a trial is no certificate of the other.
    fn file(&self, name: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let authority = self.directory.trim_start_matches("https://");
        format!("acme/{}/{name}", authority.chars().map(plain).collect::<String>())
    }
}
