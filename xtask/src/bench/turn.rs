//! The benchmark of the TURN server: which runs, and which figures of them the budget is about.

use super::rounds::{Cores, Run, Scenario};
use super::servers::{Server, USER};
use super::table::{Bound, Budget, Row, Table, of};
use Server::{Coturn, Parlor, UdpFloor};

/// Thousands of allocations have one name and one address here.
const CROWDED: &[&str] = &[
    "--turn-user",
    USER,
    "--turn-max-allocations-per-credential",
    "20000",
    "--turn-max-allocations",
    "20000",
    "--turn-unauthenticated-per-second",
    "1000000",
];

/// Peers outside are let in, as coturn is told to.
const OPEN: &[&str] = &["--turn-peers", "any"];

const CPU: &str = "cpuMicros";

pub fn scenarios() -> Vec<Scenario> {
    vec![
        outside("turn 20 allocations", "20", "1"),
        outside("turn 1000 allocations", "1000", "1"),
        outside("turn 3000 allocations", "3000", "1"),
        outside("turn bursts", "1000", "8"),
        between_clients(),
    ]
}

/// Packets to peers that are no clients, and back.
fn outside(name: &'static str, allocations: &'static str, burst: &'static str) -> Scenario {
    let load = ["turn", "--path", "up", "--path", "down", "--rate", "20000", "--bytes", "170"];
    let sizes = ["--allocations", allocations, "--burst", burst];
    let run = |server, flags, user: &[&'static str]| Run {
        server,
        flags,
        cores: Cores::Own,
        load: [&load, sizes.as_slice(), user].concat(),
    };
    let user = ["--user", USER];
    let runs = vec![
        run(Parlor, [CROWDED, OPEN].concat(), &user),
        run(Coturn, vec![], &user),
        run(UdpFloor, vec![], &[]),
    ];
    Scenario { name, runs }
}

fn between_clients() -> Scenario {
    let load = ["turn", "--path", "pairs", "--rate", "20000", "--bytes", "170"];
    let load = [load.as_slice(), &["--allocations", "1000", "--user", USER]].concat();
    let run = |server, flags| Run { server, flags, cores: Cores::Own, load: load.clone() };
    Scenario { name: "turn pairs", runs: vec![run(Parlor, CROWDED.to_vec()), run(Coturn, vec![])] }
}

pub fn tables() -> Vec<Table> {
    vec![packets(), ways(), memory()]
}

/// The budget's own table: a packet there and one back.
fn packets() -> Table {
    let row = |label, scenario, parts: &[&'static str], budgets| Row {
        label,
        scenario,
        parts: parts.to_vec(),
        figure: CPU,
        budgets,
    };
    let there_and_back = |label, scenario, budgets| row(label, scenario, &["up", "down"], budgets);
    let floor = of(UdpFloor, 1.15);
    Table {
        name: "turn-packets",
        title: "TURN, server CPU per packet there and back",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, Coturn, UdpFloor],
        rows: vec![
            there_and_back("20 allocations", "turn 20 allocations", vec![of(Coturn, 0.9), floor]),
            there_and_back(
                "1,000 allocations",
                "turn 1000 allocations",
                vec![of(Coturn, 0.85), floor],
            ),
            there_and_back(
                "3,000 allocations",
                "turn 3000 allocations",
                vec![of(Coturn, 0.85), floor],
            ),
            there_and_back("bursts of 8", "turn bursts", vec![of(Coturn, 0.35)]),
            row("client to client, one way", "turn pairs", &["pairs"], vec![of(Coturn, 0.6)]),
        ],
    }
}

fn ways() -> Table {
    let row = |label, scenario, part| Row {
        label,
        scenario,
        parts: vec![part],
        figure: CPU,
        budgets: Vec::new(),
    };
    Table {
        name: "turn-ways",
        title: "TURN, server CPU per packet by its way",
        unit: "µs",
        scale: 1.0,
        servers: &[Parlor, Coturn, UdpFloor],
        rows: vec![
            row("20 allocations, up", "turn 20 allocations", "up"),
            row("20 allocations, down", "turn 20 allocations", "down"),
            row("1,000 allocations, up", "turn 1000 allocations", "up"),
            row("1,000 allocations, down", "turn 1000 allocations", "down"),
            row("3,000 allocations, up", "turn 3000 allocations", "up"),
            row("3,000 allocations, down", "turn 3000 allocations", "down"),
            row("bursts of 8, up", "turn bursts", "up"),
            row("bursts of 8, down", "turn bursts", "down"),
        ],
    }
}

fn memory() -> Table {
    let row = |label, scenario, part| Row {
        label,
        scenario,
        parts: vec![part],
        figure: "memoryPerClient",
        budgets: vec![Budget { bound: Bound::Absolute, at_most: 4.0 }],
    };
    Table {
        name: "turn-memory",
        title: "TURN, memory per allocation with a channel",
        unit: "KiB",
        scale: 1.0 / 1024.0,
        servers: &[Parlor, Coturn],
        rows: vec![
            row("to peers outside, 3,000", "turn 3000 allocations", "up"),
            row("between clients, 1,000", "turn pairs", "pairs"),
        ],
    }
}
