//! The benchmark of signaling: which runs, and which figures of them the budget is about.

use super::rounds::{Cores, Run, Scenario};
use super::servers::Server;
use super::table::{Bound, Budget, Row, Table, of};
use Server::{OneThread, Parlor, PeerJs, SocketIo, TcpFloor, Ws};

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

/// What a server of one's own can do without an authority.
const TLS: &[&str] = &["--tls-self-signed"];

/// Empty rooms are kept for who comes back. Nobody does here.
const FORGETFUL: &[&str] = &["--rooms-empty-grace", "1s"];

/// Twenty listen, and fifty read nothing of 3 MB per second.
const STALLED: &[&str] = &[
    "--scenario",
    "stalled",
    "--connections",
    "71",
    "--stalled",
    "50",
    "--bytes",
    "16000",
    "--rate",
    "200",
];

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
        threads("threads 1", &one),
        threads("threads 16", &many),
        crowd("storm at once", &["--scenario", "storm", "--connections", "10000", "--settle", "0"]),
        storm("storm of 10000", "10000", &[(Parlor, "native"), (Ws, "json")]),
        storm("storm of 2000", "2000", &[(Parlor, "socketio"), (SocketIo, "socketio")]),
        scenario("stalled native", STALLED, &[(Parlor, "native")]),
        scenario("stalled socketio", STALLED, &[(Parlor, "socketio")]),
        over_tls("tls 1", &one),
        over_tls("tls 16", &many),
        over_tls("tls idle", &["--scenario", "idle", "--connections", "19000", "--warmup", "3"]),
    ]
}

/// Two threads beside one, on the same two cores as their clients.
fn threads(name: &'static str, options: &[&'static str]) -> Scenario {
    let run = |server, threads| Run {
        server,
        flags: [PARLOR, &["--threads", threads]].concat(),
        cores: Cores::All,
        load: [&["signaling", "--dialect", "native"], options].concat(),
    };
    Scenario { name, runs: vec![run(Parlor, "2"), run(OneThread, "1")] }
}

fn scenario(
    name: &'static str,
    options: &[&'static str],
    dialects: &[(Server, &'static str)],
) -> Scenario {
    let run = |(server, dialect): &(Server, &'static str)| Run {
        server: *server,
        flags: if *server == Parlor { PARLOR.to_vec() } else { Vec::new() },
        cores: Cores::Own,
        load: [&["signaling", "--dialect", dialect], options].concat(),
    };
    Scenario { name, runs: dialects.iter().map(run).collect() }
}

/// They come within ten seconds.
fn storm(
    name: &'static str,
    clients: &'static str,
    dialects: &[(Server, &'static str)],
) -> Scenario {
    let options = ["--scenario", "storm", "--over", "10", "--connections", clients];
    with_flags(FORGETFUL, scenario(name, &options, dialects))
}

fn over_tls(name: &'static str, options: &[&'static str]) -> Scenario {
    let options = [options, &["--insecure"]].concat();
    with_flags(TLS, scenario(name, &options, &[(Parlor, "native")]))
}

fn with_flags(flags: &[&'static str], mut scenario: Scenario) -> Scenario {
    let ours = scenario.runs.iter_mut().filter(|run| run.server == Parlor);
    ours.for_each(|run| run.flags.extend_from_slice(flags));
    scenario
}

fn broadcast(name: &'static str, members: &'static str, options: &[&'static str]) -> Scenario {
    let fixed = ["--scenario", "broadcast", "--connections", members];
    crowd(name, &[&fixed, options].concat())
}

fn crowd(name: &'static str, options: &[&'static str]) -> Scenario {
    scenario(name, options, &[(Parlor, "native"), (Ws, "json"), (SocketIo, "socketio")])
}

pub fn tables() -> Vec<Table> {
    vec![
        relay(),
        broadcasts(),
        members(),
        stalled(),
        beside_stalled(),
        let_go(),
        comers(),
        joins(),
        refused(),
        left_behind(),
        more_threads(),
    ]
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
            row("native over TLS, 1 in flight", "tls 1", vec![]),
            row("native over TLS, 16 in flight", "tls 16", vec![]),
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
    let limits = vec![of(Ws, 0.6), absolute(4.0)];
    Table {
        name: "signaling-memory",
        title: "Signaling, memory per member who says nothing, 19,000 of them",
        unit: "KiB",
        scale: 1.0 / 1024.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: vec![
            row("idle", "idle", "idle", "memoryPerClient", limits),
            row("idle over TLS", "tls idle", "idle", "memoryPerClient", vec![]),
        ],
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
        rows: vec![row("into a room of two", "storm at once", "storm", CPU, vec![])],
    }
}

/// Who takes no more than this for a message does at least 1.7 times as much on two cores as on one.
const TWO_FOR_ONE: f64 = 1.17;

fn more_threads() -> Table {
    let row =
        |label, scenario| row(label, scenario, "relay", CPU, vec![of(OneThread, TWO_FOR_ONE)]);
    Table {
        name: "signaling-threads",
        title: "Signaling, CPU of the server per message with two threads",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, OneThread],
        rows: vec![
            row("native, 1 in flight", "threads 1"),
            row("native, 16 in flight", "threads 16"),
        ],
    }
}

const MANY: &str = "10,000 by WebSocket";
const SOME: &str = "2,000 by Socket.IO";

/// A row for each storm.
fn storms(figure: &'static str, at_most: Option<f64>) -> Vec<Row> {
    let budgets = || at_most.map(absolute).into_iter().collect();
    vec![
        row(MANY, "storm of 10000", "storm", figure, budgets()),
        row(SOME, "storm of 2000", "storm", figure, budgets()),
    ]
}

fn joins() -> Table {
    Table {
        name: "signaling-joins",
        title: "Signaling, 99 % have joined in this time while all come within ten seconds",
        unit: "ms",
        scale: 1.0 / 1000.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: storms("p99Micros", Some(1000.0)),
    }
}

fn refused() -> Table {
    Table {
        name: "signaling-refused",
        title: "Signaling, who came within ten seconds and was not let in",
        unit: "clients",
        scale: 1.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: storms("refused", Some(0.0)),
    }
}

fn left_behind() -> Table {
    Table {
        name: "signaling-left-behind",
        title: "Signaling, memory when all of them have left, by that before",
        unit: "times",
        scale: 1.0,
        servers: &[Parlor, Ws, SocketIo],
        rows: storms("memoryLeft", Some(1.1)),
    }
}

/// A row for each kind of client beside those who stall.
fn beside(figure: &'static str, at_most: f64) -> Vec<Row> {
    let row = |label, scenario| row(label, scenario, "stalled", figure, vec![absolute(at_most)]);
    vec![row("by WebSocket", "stalled native"), row("by Socket.IO", "stalled socketio")]
}

fn beside_stalled() -> Table {
    Table {
        name: "signaling-beside-stalled",
        title: "Signaling, p99 of a delivery beside fifty who read nothing, by that without them",
        unit: "times",
        scale: 1.0,
        servers: &[Parlor],
        rows: beside("p99Ratio", 1.1),
    }
}

/// At most: until an outbox is full at this rate, and the time of a write that was begun.
fn let_go() -> Table {
    Table {
        name: "signaling-let-go",
        title: "Signaling, until the server has let go of fifty who read nothing",
        unit: "s",
        scale: 1.0,
        servers: &[Parlor],
        rows: beside("goneSeconds", 35.0),
    }
}

fn absolute(at_most: f64) -> Budget {
    Budget { bound: Bound::Absolute, at_most }
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
