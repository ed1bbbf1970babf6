//! The page of all metrics: reads every engine by value, and what was counted, and names it.

use std::time::UNIX_EPOCH;

use parlor_rooms::{Counters as RoomCounters, Totals};
use parlor_turn::{Counters as TurnCounters, Denials, Drops};

use super::labels::{self, DIALECTS, Direction};
use super::text::{Kind, Page};
use super::{
    BYTES, CLOSES, ENGINEIO_SOCKETS, HANDSHAKES, ICE_SELECTED, JOIN_SECONDS, JOINS, LINES,
    MESSAGES, POLLING, REFUSALS, REPLAYED, REQUESTS, RESUMES, VOLATILE_DROPS, cell, process,
};
use crate::node::Node;
use crate::webhooks::Standing;

pub fn page(node: &Node) -> Page {
    let mut page = Page::default();
    build(&mut page, node);
    rooms(&mut page, node.rooms.counters());
    sessions(&mut page);
    joins(&mut page);
    messages(&mut page);
    refusals(&mut page);
    http(&mut page, node);
    ice(&mut page);
    turn(&mut page, &node.turn.as_ref().map(|turn| turn.counters()).unwrap_or_default());
    webhooks(&mut page, &node.webhooks.as_ref().map(|hooks| hooks.standings()).unwrap_or_default());
    process::write(&mut page);
    page
}

fn build(page: &mut Page, node: &Node) {
    page.family("parlor_build_info", Kind::Gauge, "Always 1; the labels say what runs.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let help = "1 from the moment on that the server stops taking new clients.";
    let draining = u8::from(node.stopping.has_begun());
    page.family("parlor_draining", Kind::Gauge, help).plain(draining);
}

fn rooms(page: &mut Page, (counters, totals): (RoomCounters, Totals)) {
    page.family("parlor_rooms", Kind::Gauge, "Rooms.").plain(counters.rooms);
    let help = "Members with a connection, of all rooms.";
    page.family("parlor_members", Kind::Gauge, help).plain(counters.memberships);
    let help = "People who wait to be let into a room.";
    page.family("parlor_waiting", Kind::Gauge, help).plain(counters.waiting);
    let help = "Rooms that have come to be.";
    page.family("parlor_rooms_started_total", Kind::Counter, help).plain(totals.rooms_started);
    let help =
        "Memberships that others have ended: removed by who moderates, expired with their token.";
    page.family("parlor_expelled_total", Kind::Counter, help)
        .sample(&[("reason", "removed")], totals.removed)
        .sample(&[("reason", "expired")], totals.expired);
    let help = "What the logs and histories of all rooms hold, by estimate.";
    page.family("parlor_room_log_bytes", Kind::Gauge, help).plain(counters.log_bytes);
}

fn sessions(page: &mut Page) {
    let help = "Connections that have spoken to a room; Socket.IO's by what carries them now.";
    let mut family = page.family("parlor_sessions", Kind::Gauge, help);
    for (dialect, level) in DIALECTS.iter().zip(&LINES) {
        let transport = labels::transport(*dialect);
        if transport != "engineio" {
            let labels = [("transport", transport), ("dialect", labels::dialect(*dialect))];
            family = family.sample(&labels, level.get());
        }
    }
    family
        .sample(&[("transport", "polling"), ("dialect", "socketio")], POLLING.get())
        .sample(&[("transport", "websocket"), ("dialect", "socketio")], ENGINEIO_SOCKETS.get());
}

fn joins(page: &mut Page) {
    let help = "Requests to join, by dialect and result: ok, or the code of the refusal.";
    let mut family = page.family("parlor_joins_total", Kind::Counter, help);
    for ((dialect, result), count) in JOINS.all() {
        family = family.sample(&[("dialect", dialect), ("result", result)], count);
    }
    let help = "Time in the server from a request to join to its answer.";
    page.family("parlor_join_seconds", Kind::Histogram, help).distribution(JOIN_SECONDS.read());
    let help = "Requests to go on with a session: ok, restarted, lost, or the code of the refusal.";
    let mut family = page.family("parlor_resumes_total", Kind::Counter, help);
    for ((dialect, result), count) in RESUMES.all() {
        family = family.sample(&[("dialect", dialect), ("result", result)], count);
    }
    let help = "Events that were told again to members who came back.";
    page.family("parlor_replayed_messages_total", Kind::Counter, help).plain(REPLAYED.get());
}

fn messages(page: &mut Page) {
    let help = "Messages from clients and to them.";
    by_dialect(page, ("parlor_messages_total", help), |cell| MESSAGES.sum(cell));
    let help = "What is in those messages, without what carries them.";
    by_dialect(page, ("parlor_message_bytes_total", help), |cell| BYTES.sum(cell));
    let help = "Volatile messages that were dropped because their reader is slow.";
    page.family("parlor_queue_drops_total", Kind::Counter, help).plain(VOLATILE_DROPS.get());
}

fn by_dialect(page: &mut Page, (name, help): (&'static str, &str), sum: impl Fn(usize) -> u64) {
    let mut family = page.family(name, Kind::Counter, help);
    for dialect in DIALECTS {
        for direction in Direction::ALL {
            let labels = [("dialect", labels::dialect(dialect)), ("direction", direction.word())];
            family = family.sample(&labels, sum(cell(dialect, direction)));
        }
    }
}

fn refusals(page: &mut Page) {
    let help = "Requests that were refused, by the stable code.";
    let mut family = page.family("parlor_refusals_total", Kind::Counter, help);
    for (code, count) in REFUSALS.all() {
        family = family.sample(&[("code", code)], count);
    }
    let help = "Connections that the server has closed, by the reason that clients are told.";
    let mut family = page.family("parlor_closes_total", Kind::Counter, help);
    for (reason, count) in CLOSES.all() {
        family = family.sample(&[("reason", reason)], count);
    }
}

fn http(page: &mut Page, node: &Node) {
    let help = "Requests of HTTP, by kind of address and status; 101 has become a WebSocket.";
    let mut family = page.family("parlor_http_requests_total", Kind::Counter, help);
    for ((route, status), count) in REQUESTS.all() {
        family = family.sample(&[("route", route), ("status", &status.to_string())], count);
    }
    let help = "TLS handshakes by result: ok, failed, timeout, acme (an authority has looked).";
    let mut family = page.family("parlor_tls_handshakes_total", Kind::Counter, help);
    for (result, count) in HANDSHAKES.all() {
        family = family.sample(&[("result", result)], count);
    }
    let help = "When the certificate in use expires, in seconds since 1970.";
    let family = page.family("parlor_certificate_expiry_timestamp_seconds", Kind::Gauge, help);
    let until = node.tls.as_ref().and_then(|tls| tls.expires());
    if let Some(until) = until.and_then(|until| until.duration_since(UNIX_EPOCH).ok()) {
        family.plain(until.as_secs());
    }
}

fn ice(page: &mut Page) {
    let help = "Peer connections that were made, by the type of the client's own candidate and how it is reached.";
    let mut family = page.family("parlor_ice_selected_total", Kind::Counter, help);
    for ((kind, protocol), count) in ICE_SELECTED.all() {
        family = family.sample(&[("type", kind), ("protocol", protocol)], count);
    }
}

fn turn(page: &mut Page, counters: &TurnCounters) {
    let help = "Allocations of the relay.";
    page.family("parlor_turn_allocations", Kind::Gauge, help).plain(counters.allocations);
    let help = "Allocations that were made.";
    page.family("parlor_turn_allocations_total", Kind::Counter, help).plain(counters.allocated);
    let help = "Allocations that were not refreshed in time.";
    page.family("parlor_turn_expired_total", Kind::Counter, help).plain(counters.expired);
    let help = "Answers to STUN binding requests.";
    page.family("parlor_turn_bindings_total", Kind::Counter, help).plain(counters.bindings);
    let help = "TCP connections to peers (RFC 6062).";
    page.family("parlor_turn_connections", Kind::Gauge, help).plain(counters.connections);
    let ways = [(Direction::In, counters.sent), (Direction::Out, counters.received)];
    let help = "Packets that clients have sent over the relay (in) and got over it (out).";
    let mut family = page.family("parlor_turn_packets_total", Kind::Counter, help);
    for (direction, traffic) in ways {
        family = family.sample(&[("direction", direction.word())], traffic.packets);
    }
    let help = "The payload of those packets.";
    let mut family = page.family("parlor_turn_bytes_total", Kind::Counter, help);
    for (direction, traffic) in ways {
        family = family.sample(&[("direction", direction.word())], traffic.bytes);
    }
    let help = "Requests that the relay has answered by an error. Each conversation begins with one that is unauthorized.";
    let mut family = page.family("parlor_turn_denied_total", Kind::Counter, help);
    for (reason, count) in denials(&counters.denied) {
        family = family.sample(&[("reason", reason)], count);
    }
    let help = "Packets that the relay has passed on to nobody.";
    let mut family = page.family("parlor_turn_dropped_total", Kind::Counter, help);
    for (reason, count) in drops(&counters.dropped) {
        family = family.sample(&[("reason", reason)], count);
    }
}

fn webhooks(page: &mut Page, receivers: &[Standing]) {
    let help = "Attempts to deliver an event, by receiver and result.";
    let mut family = page.family("parlor_webhook_deliveries_total", Kind::Counter, help);
    for Standing { receiver, attempts, .. } in receivers {
        for (result, count) in attempts {
            family = family.sample(&[("receiver", receiver), ("result", result)], count);
        }
    }
    let help = "Events that a receiver will not get, by reason.";
    let mut family = page.family("parlor_webhook_lost_total", Kind::Counter, help);
    for Standing { receiver, lost, .. } in receivers {
        for (reason, count) in lost {
            family = family.sample(&[("receiver", receiver), ("reason", reason)], count);
        }
    }
    let help = "Events that wait for a receiver or are on their way.";
    let mut family = page.family("parlor_webhook_queue_events", Kind::Gauge, help);
    for Standing { receiver, waiting, .. } in receivers {
        family = family.sample(&[("receiver", receiver)], waiting);
    }
    let help = "What those events take, by estimate.";
    let mut family = page.family("parlor_webhook_queue_bytes", Kind::Gauge, help);
    for Standing { receiver, waiting_bytes, .. } in receivers {
        family = family.sample(&[("receiver", receiver)], waiting_bytes);
    }
}

fn denials(denied: &Denials) -> [(&'static str, u64); 13] {
    let Denials {
        malformed,
        unauthorized,
        forbidden,
        mobility,
        unknown_attribute,
        mismatch,
        stale_nonce,
        family,
        wrong_credentials,
        transport,
        connection,
        quota,
        capacity,
    } = *denied;
    [
        ("malformed", malformed),
        ("unauthorized", unauthorized),
        ("forbidden", forbidden),
        ("mobility", mobility),
        ("unknown-attribute", unknown_attribute),
        ("mismatch", mismatch),
        ("stale-nonce", stale_nonce),
        ("family", family),
        ("wrong-credentials", wrong_credentials),
        ("transport", transport),
        ("connection", connection),
        ("quota", quota),
        ("capacity", capacity),
    ]
}

fn drops(dropped: &Drops) -> [(&'static str, u64); 7] {
    let Drops { malformed, unaddressed, unpermitted, forbidden, bandwidth, oversized, unanswered } =
        *dropped;
    [
        ("malformed", malformed),
        ("unaddressed", unaddressed),
        ("unpermitted", unpermitted),
        ("forbidden", forbidden),
        ("bandwidth", bandwidth),
        ("oversized", oversized),
        ("unanswered", unanswered),
    ]
}
