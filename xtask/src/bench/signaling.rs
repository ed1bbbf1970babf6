//! The benchmark of signaling: which runs, and which figures of them the budget is about.

use super::rounds::{Run, Scenario};
use super::servers::Server;
use super::table::{Bound, Budget, Row, Table, of};
use Server::{Parlor, PeerJs, SocketIo, TcpFloor, Ws};

/// Clients of a benchmark say more than people do.
const PARLOR: &[&str] = &[
    "--limits-max-members",
    "2000",
    "--limits-messages-per-second",
    "1000000",
    "--limits-burst",
    "1000000",
    "--log",
    "warn",
];

/// More than a socket holds for somebody who does not read.
const LARGE: &[&str] = &["--bytes", "16000", "--rate", "200", "--warmup", "3"];

const CPU: &str = "cpuMicros";

pub fn scenarios() -> Vec<Scenario> {
    let relay = ["--connections", "200"];
    let one = [relay.as_slice(), &["--window", "1"]].concat();
    let many = [relay.as_slice(), &["--window", "16"]].concat();
    let rooms = [(Parlor, "native"), (Ws, "json"), (TcpFloor, "raw")];
    vec![
        scenario("relay 1", &one, &rooms),
        scenario("relay 16", &many, &rooms),
        scenario("json 1", &one, &[(Parlor, "json"), (Ws, "json")]),
        scenario("json 16", &many, &[(Parlor, "json"), (Ws, "json")]),
        scenario("socketio 1", &one, &[(Parlor, "socketio"), (SocketIo, "socketio")]),
        scenario("socketio 16", &many, &[(Parlor, "socketio"), (SocketIo, "socketio")]),
        scenario("peerjs 1", &one, &[(Parlor, "peerjs"), (PeerJs, "peerjs")]),
        scenario("peerjs 16", &many, &[(Parlor, "peerjs"), (PeerJs, "peerjs")]),
        broadcast("broadcast 1", "1001", &["--window", "1"]),
        broadcast("broadcast 4", "1001", &["--window", "4"]),
        broadcast("stalled 0", "21", LARGE),
        broadcast("stalled 10", "31", &[LARGE, &["--stalled", "10"]].concat()),
        crowd("idle", &["--scenario", "idle", "--connections", "19000", "--warmup", "3"]),
        crowd("storm", &["--scenario", "storm", "--connections", "10000"]),
    ]
}

fn scenario(
    name: &'static str,
    options: &[&'static str],
    dialects: &[(Server, &'static str)],
) -> Scenario {
    let run = |(server, dialect): &(Server, &'static str)| Run {
        server: *server,
        flags: if *server == Parlor { PARLOR.to_vec() } else { Vec::new() },
        load: [&["signaling", "--dialect", dialect], options].concat(),
    };
    Scenario { name, runs: dialects.iter().map(run).collect() }
}

fn broadcast(name: &'static str, members: &'static str, options: &[&'static str]) -> Scenario {
    let fixed = ["--scenario", "broadcast", "--connections", members];
    crowd(name, &[&fixed, options].concat())
}

fn crowd(name: &'static str, options: &[&'static str]) -> Scenario {
    scenario(name, options, &[(Parlor, "native"), (Ws, "json"), (SocketIo, "socketio")])
}

pub fn tables() -> Vec<Table> {
    vec![relay(), broadcasts(), members(), stalled(), comers()]
}

fn relay() -> Table {
    let row = |label, scenario, budgets| row(label, scenario, "relay", CPU, budgets);
    Table {
        name: "signaling-relay",
        title: "Signaling, server CPU per message between two in a room",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, TcpFloor, Ws, SocketIo, PeerJs],
        rows: vec![
            row("native, 1 in flight", "relay 1", vec![of(TcpFloor, 1.2), of(Ws, 0.55)]),
            row("native, 16 in flight", "relay 16", vec![of(TcpFloor, 2.0), of(Ws, 0.07)]),
            row("JSON, 1 in flight", "json 1", vec![]),
            row("JSON, 16 in flight", "json 16", vec![]),
            row("Socket.IO, 1 in flight", "socketio 1", vec![of(SocketIo, 0.45)]),
            row("Socket.IO, 16 in flight", "socketio 16", vec![of(SocketIo, 0.08)]),
            row("PeerJS, 1 in flight", "peerjs 1", vec![]),
            row("PeerJS, 16 in flight", "peerjs 16", vec![]),
        ],
    }
}

fn broadcasts() -> Table {
    let row = |label, scenario, budgets| row(label, scenario, "broadcast", CPU, budgets);
    Table {
        name: "signaling-broadcast",
        title: "Signaling, server CPU per delivery from one to a thousand",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: vec![
            row("one by one", "broadcast 1", vec![]),
            row("bursts of 4", "broadcast 4", vec![of(Ws, 0.2)]),
        ],
    }
}

fn members() -> Table {
    let limits = vec![of(Ws, 0.6), Budget { bound: Bound::Absolute, at_most: 4.0 }];
    Table {
        name: "signaling-memory",
        title: "Signaling, memory per member who says nothing, 19,000 of them",
        unit: "KiB",
        scale: 1.0 / 1024.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: vec![row("idle", "idle", "idle", "memoryPerClient", limits)],
    }
}

/// 200 messages of 16 kB per second, to twenty who listen, and to ten who read nothing.
fn stalled() -> Table {
    let row = |label, scenario| row(label, scenario, "broadcast", "memoryGrowth", vec![]);
    Table {
        name: "signaling-stalled",
        title: "Signaling, memory that a broadcast to twenty adds",
        unit: "MiB",
        scale: 1.0 / 1024.0 / 1024.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: vec![row("all read", "stalled 0"), row("ten more read nothing", "stalled 10")],
    }
}

fn comers() -> Table {
    Table {
        name: "signaling-storm",
        title: "Signaling, server CPU for each of 10,000 who come at once",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: vec![row("into a room of two", "storm", "storm", CPU, vec![])],
    }
}

fn row(
    label: &'static str,
    scenario: &'static str,
    part: &'static str,
    figure: &'static str,
    budgets: Vec<Budget>,
) -> Row {
    Row { label, scenario, parts: vec![part], figure, budgets }
}
