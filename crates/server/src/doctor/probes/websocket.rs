//! One WebSocket to `/ws`: the upgrade, the first words, a ping.

use super::super::findings::Trouble;
use super::super::findings::websocket::Opened;
use super::http::{Asking, read};
use super::within;
use crate::transports::http::is_websocket;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use sha1_smol::Sha1;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

const MAX_FRAME: usize = 64 << 10;
/// Other frames may come before the answer to a ping.
const FRAMES_BEFORE_PONG: usize = 16;

pub async fn open(asking: &Asking, key: [u8; 16]) -> Opened {
    let key = STANDARD.encode(key);
    let upgraded = within(asking.deadline, upgrade(asking, &key)).await;
    let mut response = match upgraded {
        Ok(Ok(response)) => response,
        Ok(Err(other)) => return other,
        Err(trouble) => return Opened::Trouble(trouble),
    };
    let proof = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if !is_websocket(response.headers()) || proof.is_none_or(|proof| *proof != proof_of(&key)) {
        return Opened::NoProof;
    }
    match timeout(asking.deadline, hyper::upgrade::on(&mut response)).await {
        Ok(Ok(upgraded)) => {
            let socket = ClientBuilder::new()
                .limits(Limits::default().max_payload_len(Some(MAX_FRAME)))
                .take_over(TokioIo::new(upgraded));
            converse(socket, asking.deadline).await
        }
        Ok(Err(error)) => Opened::EndedAfterwards(error.to_string()),
        Err(_) => Opened::SilentAfterwards,
    }
}

/// RFC 6455 section 4.2.2.
fn proof_of(key: &str) -> String {
    let digest = Sha1::from(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    STANDARD.encode(digest.digest().bytes())
}

async fn upgrade(
    asking: &Asking,
    key: &str,
) -> Result<Result<hyper::Response<Incoming>, Opened>, Trouble> {
    let request = asking
        .request("/ws")
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key)
        .body(Body::empty())
        .map_err(|error| Trouble::Other(error.to_string()))?;
    let response = asking.send(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Ok(response));
    }
    Ok(Err(Opened::NotSwitched(read(response).await?)))
}

async fn converse<S>(mut socket: WebSocketStream<S>, deadline: Duration) -> Opened
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = match timeout(deadline, next_text(&mut socket)).await {
        Ok(Ok(text)) => text,
        Ok(Err(why)) => return Opened::EndedAfterwards(why),
        Err(_) => return Opened::SilentAfterwards,
    };
    let began = Instant::now();
    let pong = timeout(deadline, ping(&mut socket)).await;
    let pong = pong.is_ok_and(|pong| pong.is_some()).then(|| began.elapsed());
    // Whether the other side hears the farewell changes nothing.
    _ = timeout(deadline, socket.close()).await;
    Opened::Welcomed { first, pong }
}

async fn ping<S>(socket: &mut WebSocketStream<S>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.send(Message::text(r#"{"type":"ping","id":1}"#)).await.ok()?;
    for _ in 0..FRAMES_BEFORE_PONG {
        let text = next_text(socket).await.ok()?;
        let frame: serde_json::Value = serde_json::from_str(&text).ok()?;
        if frame.get("type").and_then(|kind| kind.as_str()) == Some("pong") {
            return Some(());
        }
    }
    None
}

/// Or why there is none.
async fn next_text<S>(socket: &mut WebSocketStream<S>) -> Result<String, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = socket.next().await {
        let message = message.map_err(|error| error.to_string())?;
        if let Some((code, reason)) = message.as_close() {
            return Err(format!("{} {reason}", u16::from(code)));
        }
        if let Some(text) = message.as_text() {
            return Ok(text.to_owned());
        }
    }
    Err("the connection is closed".into())
}
