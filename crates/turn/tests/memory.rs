//! What the engine takes of memory: nothing for a packet, little for an allocation, nothing for a stranger.

#[cfg(test)]
#[path = "stories/harness.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod harness;
#[cfg(test)]
#[path = "stories/wire.rs"]
#[allow(dead_code, reason = "the stories use more of it")]
mod wire;

#[cfg(test)]
#[expect(unsafe_code, reason = "an allocator that counts is the only witness of what is allocated")]
mod counting {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    thread_local! {
        static CALLS: Cell<u64> = const { Cell::new(0) };
        static BYTES: Cell<i64> = const { Cell::new(0) };
    }

    struct Counting;

    fn count(bytes: i64) {
        CALLS.set(CALLS.get() + 1);
        BYTES.set(BYTES.get() + bytes);
    }

    fn size(layout: Layout) -> i64 {
        i64::try_from(layout.size()).unwrap_or(i64::MAX)
    }

    // SAFETY: every call goes to the system's allocator as it is.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(size(layout));
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            count(-size(layout));
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// Calls of the allocator in this thread, and bytes that are held.
    pub fn now() -> (u64, i64) {
        (CALLS.get(), BYTES.get())
    }
}

#[cfg(test)]
mod promises {
    use std::net::SocketAddr;

    use parlor_turn::{Arrival, Delivery, Output, PeerAddr, Peers, Transport, Turn};

    use super::counting;
    use super::harness::*;
    use super::wire::*;

    /// An allocation with one permission and one channel, as a call of two has them.
    fn open(world: &mut World, number: u16) -> (Client, SocketAddr) {
        let mut addr = client_addr(1, Transport::Tcp);
        addr.remote.set_port(number);
        let mut client = Client::named(addr, "ada", "lovelace");
        let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP);
        client.try_ask(world, request);
        let outputs = world.outputs();
        let [Output::OpenRelay { relay, address }] = outputs[..] else { panic!("{outputs:?}") };
        world.turn.handle_relay_opened(relay, world.now);
        world.outputs();
        let peer = "8.8.8.8:53".parse().unwrap();
        assert_eq!(client.bind(world, 0x4000, peer), 0);
        (client, address)
    }

    fn world() -> World {
        let mut settings = settings();
        settings.policy.peers = Peers::Public;
        settings.limits.allocations_per_user = 10_000;
        World::new(settings)
    }

    #[test]
    fn an_allocation_takes_less_than_four_kilobytes() {
        const COUNT: u16 = 2_000;
        let mut world = world();
        let (_, before) = counting::now();
        for number in 1..=COUNT {
            drop(open(&mut world, number));
        }
        let (_, after) = counting::now();
        let each = (after - before) / i64::from(COUNT);
        assert!(each < 4_096, "{each} bytes");
        assert!(each > 100, "{each} bytes: nothing was counted");
    }

    #[test]
    fn strangers_take_nothing() {
        let mut world = world();
        let request = world.request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP).encode();
        let mut buffer = vec![0; 1_500];
        let (_, before) = counting::now();
        for port in 1..10_000 {
            let mut addr = client_addr(1, Transport::Tcp);
            addr.remote.set_port(port);
            let delivery = world.turn.handle_client(addr, &request, &mut buffer, world.now);
            assert!(matches!(delivery, Delivery::ToClient { .. }));
        }
        assert_eq!(counting::now().1, before);
    }

    #[test]
    fn a_packet_allocates_nothing_in_any_direction() {
        let mut world = world();
        let (mut ada, at_ada) = open(&mut world, 1);
        let (mut grace, at_grace) = open(&mut world, 2);
        assert_eq!((ada.permit(&mut world, at_grace), grace.permit(&mut world, at_ada)), (0, 0));
        assert_eq!(ada.bind(&mut world, 0x4001, at_grace), 0);
        let peer: SocketAddr = "8.8.8.8:53".parse().unwrap();
        let relay = world.turn.relay_at(at_ada).unwrap();
        let send = |to| Msg::indication(SEND).peer_at(to).with(DATA, [7; 170]).encode();
        let packets = [
            channel_data(0x4000, &[7; 170]),
            channel_data(0x4001, &[7; 170]),
            send(peer),
            send(at_grace),
        ];
        let mut buffer = vec![0; Turn::BUFFER];
        let (before, _) = counting::now();
        for packet in &packets {
            let delivery = world.turn.handle_client(ada.addr, packet, &mut buffer, world.now);
            assert!(!matches!(delivery, Delivery::Nothing));
        }
        for port in [53, 54] {
            let from = PeerAddr(SocketAddr::new(peer.ip(), port));
            let arrival = Arrival { relay, from };
            let delivery = world.turn.handle_relayed(arrival, &[7; 170], &mut buffer, world.now);
            assert!(!matches!(delivery, Delivery::Nothing));
        }
        assert_eq!(counting::now().0, before);
    }

    #[test]
    fn a_binding_allocates_nothing() {
        let mut world = world();
        let request = world.request(BINDING).encode();
        let mut buffer = vec![0; 100];
        let (before, _) = counting::now();
        for number in 0..100 {
            let addr = client_addr(number, Transport::Udp);
            let delivery = world.turn.handle_client(addr, &request, &mut buffer, world.now);
            assert!(matches!(delivery, Delivery::ToClient { bytes, .. } if bytes.len() == 32));
        }
        assert_eq!(counting::now().0, before);
    }
}
