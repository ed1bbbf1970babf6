//! The end of a WebSocket: how long it may take, and that the last frames arrive.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a client may take to read its last frames.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of what a client still sends is thrown away after a close; closing a socket that has
/// unread bytes would reset the connection, and the client would never see the reason.
const LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// Closes for good, and hears out a client that is still sending: cut off, it would not see the last frames.
pub async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let drained = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    _ = timeout(CLOSE_TIMEOUT, drained).await;
}
