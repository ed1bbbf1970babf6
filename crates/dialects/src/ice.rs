//! Servers for a client's peer connections, as values: who mints them knows the time and the secret.

use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

/// What one client is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ice {
    pub servers: Vec<IceServer>,
    /// How long the credentials in it hold.
    pub ttl: Duration,
}

/// An `RTCIceServer` of the W3C.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IceServer {
    /// As in RFC 7064 and RFC 7065.
    pub urls: Vec<String>,
    /// Until when it holds, and for whom: of `turn:` and `turns:` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl Ice {
    /// The answer to somebody who asks for them over HTTP.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer<'a> {
            ice_servers: &'a [IceServer],
            ttl_ms: u64,
        }
        let ttl_ms = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        let answer = Answer { ice_servers: &self.servers, ttl_ms };
        serde_json::to_vec(&answer).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_credentials_has_none_and_the_others_are_an_rtc_ice_server() {
        let stun = IceServer { urls: vec!["stun:a:1".into()], username: None, credential: None };
        let turn = IceServer {
            urls: vec!["turn:a:1?transport=udp".into()],
            username: Some("7:ada".into()),
            credential: Some("c2VjcmV0".into()),
        };
        let ice = Ice { servers: vec![stun, turn], ttl: Duration::from_secs(60) };
        assert_eq!(
            ice.encode(),
            r#"{"iceServers":[{"urls":["stun:a:1"]},{"urls":["turn:a:1?transport=udp"],"username":"7:ada","credential":"c2VjcmV0"}],"ttlMs":60000}"#
        );
    }
}
