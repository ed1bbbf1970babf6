//! The body of a POST: all of it, within its size and its time.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use parlor_dialects::sse::Trouble;
use tokio::time::timeout;

/// The limit of a body on any network that still works.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

pub async fn read(body: Body, max_bytes: usize) -> Result<Bytes, Trouble> {
    match timeout(READ_TIMEOUT, to_bytes(body, max_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Or the client is gone, and reads no answer.
        Ok(Err(_)) => Err(Trouble::BodyTooLarge { max_bytes }),
        Err(_) => Err(Trouble::BodyTooSlow),
    }
}
