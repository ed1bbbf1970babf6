//! One order: the account, the proof that the name is ours, and the certificate.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationHandle, AuthorizationStatus, ChallengeType, Error,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::{self, sign::any_supported_type};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::Acme;
use super::trouble::Trouble;
use crate::tls::ACME_TLS;

const ACCOUNT_FILE: &str = "account.json";
/// An authority that looks from several places takes some seconds.
const POLLING: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(120));

/// PEM of the chain and of its key.
pub async fn place(acme: &Acme) -> Result<String, Trouble> {
    let name = [Identifier::Dns(acme.domain.clone())];
    let wanted = NewOrder::new(&name);
    let mut order = match account(acme).await?.new_order(&wanted).await {
        Err(error) if is_unknown_account(&error) => {
            acme.state.remove(&acme.file(ACCOUNT_FILE)).map_err(|error| acme.cannot_keep(error))?;
            account(acme).await?.new_order(&wanted).await?
        }
        ordered => ordered?,
    };
    prove(acme, &mut order).await?;
    let key = KeyPair::generate().map_err(Trouble::Made)?;
    order.finalize_csr(&request(acme, &key).map_err(Trouble::Made)?).await?;
    let chain = order.poll_certificate(&POLLING).await?;
    Ok(chain + "\n" + &key.serialize_pem())
}

/// The one of last time, else a new one. Whoever asks for a certificate agrees to the authority's terms.
async fn account(acme: &Acme) -> Result<Account, Trouble> {
    let builder = || Account::builder_with_http(Box::new(acme.client.clone()));
    let file = acme.file(ACCOUNT_FILE);
    let kept = acme.state.read(&file).map_err(|error| acme.cannot_keep(error))?;
    if let Some(credentials) =
        kept.and_then(|json| serde_json::from_slice::<AccountCredentials>(&json).ok())
    {
        return Ok(builder().from_credentials(credentials).await?);
    }
    let contact: Vec<&str> = acme.contact.as_deref().into_iter().collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, credentials) = builder().create(&wanted, acme.directory.clone(), None).await?;
    let json = serde_json::to_vec(&credentials).map_err(Error::from)?;
    acme.state.write(&file, &json).map_err(|error| acme.cannot_keep(error))?;
    Ok(account)
}

fn is_unknown_account(error: &Error) -> bool {
    const UNKNOWN: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
    matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(UNKNOWN))
}

async fn prove(acme: &Acme, order: &mut Order) -> Result<(), Trouble> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        answer(acme, authorization?).await?;
    }
    let problem = match order.poll_ready(&POLLING).await {
        Ok(OrderStatus::Ready | OrderStatus::Valid) => return Ok(()),
        Ok(_) => None,
        // The order says only that something failed; the challenge says what.
        Err(Error::Api(problem)) => Some(problem),
        Err(error) => return Err(error.into()),
    };
    let problem = why_refused(order).await.or(problem);
    Err(problem.map_or(Trouble::Refused, Trouble::Validation))
}

async fn answer(acme: &Acme, mut authorization: AuthorizationHandle<'_>) -> Result<(), Trouble> {
    if authorization.status == AuthorizationStatus::Valid {
        return Ok(()); // Proven not long ago.
    }
    let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
    let mut challenge = challenge.ok_or(Trouble::OtherChallenges)?;
    let digest = challenge.key_authorization().digest();
    let config = challenge_config(&acme.domain, digest.as_ref())?;
    acme.shelf.put_challenge(&acme.domain, config);
    Ok(challenge.set_ready().await?)
}

async fn why_refused(order: &mut Order) -> Option<Problem> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let mut problems = authorization.challenges.iter().filter_map(|one| one.error.clone());
        if let Some(problem) = problems.next() {
            return Some(problem);
        }
    }
    None
}

/// What the authority gets to see, RFC 8737, section 3.
fn challenge_config(domain: &str, digest: &[u8]) -> Result<Arc<ServerConfig>, Trouble> {
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(Trouble::Made)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(Trouble::Made)?;
    let certificate = params.self_signed(&key).map_err(Trouble::Made)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let key = any_supported_type(&key).map_err(Trouble::Tls)?;
    // Not compared with each other, as rustls offers to: it reads no certificate with an extension that is critical.
    let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(Trouble::Tls)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![ACME_TLS.into()];
    Ok(Arc::new(config))
}

fn request(acme: &Acme, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::new([acme.domain.clone()])?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}
