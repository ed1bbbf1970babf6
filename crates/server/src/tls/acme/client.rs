//! The certificate authority as an HTTPS server that is asked.

use std::path::Path;

use axum::body::Bytes;
use axum::http::Request;
use http_body_util::Full;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

use crate::outgoing::https;
pub use crate::outgoing::https::Unreachable;

#[derive(Clone)]
pub struct Client(https::Client);

impl Client {
    /// Trusts what the system trusts, and the roots in the file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        https::Client::new(ca_file, "acme.ca_file").map(Self)
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let answered = client.send(request).await;
            let answer = answered.map_err(|unreachable| Error::Other(Box::new(unreachable)))?;
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}
