//! Events in, frames out, over streams that take little, or nothing, or everything.

use std::future::poll_fn;

use parlor_websocket::deflate::{Policy, negotiate};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const LIMITS: Limits = Limits { frame: 1 << 20, message: 1 << 20 };
const KEY: Option<[u8; 4]> = Some([1, 2, 3, 4]);

fn wire(room: usize) -> (Wire<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(room);
    (Wire::new((server, Bytes::new()), LIMITS, None), client)
}

fn said(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    texts.iter().for_each(|text| write_frame(&mut bytes, Opcode::Text, text.as_bytes(), KEY));
    bytes
}

fn text(text: &str) -> Frame {
    (Opcode::Text, Bytes::copy_from_slice(text.as_bytes()))
}

/// Reads until `count` events have come, and breaks off behind each.
async fn hear_one_by_one<S>(wire: &mut Wire<S>, count: usize) -> Vec<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard = Vec::new();
    while heard.len() < count {
        let before = heard.len();
        let mut hear = |event: Event<'_>| {
            heard.push(format!("{event:?}"));
            ControlFlow::Break(())
        };
        let moved = poll_fn(|context| wire.poll(context, true, &mut hear)).await;
        assert!(matches!(moved, Moved::Heard));
        assert!(heard.len() <= before + 1);
    }
    heard
}

#[tokio::test]
async fn who_has_heard_enough_hears_the_rest_later() {
    let (server, mut client) = duplex(1_000);
    let early = said(&["early", "bird"]);
    let mut wire = Wire::new((server, early.into()), LIMITS, None);
    client.write_all(&said(&["a", "b", "c"])).await.unwrap();
    let heard = hear_one_by_one(&mut wire, 5).await;
    let expected = ["early", "bird", "a", "b", "c"].map(|text| format!("Text({text:?})"));
    assert_eq!(heard, expected);
    assert!(wire.early.is_empty());
}

#[tokio::test]
async fn what_the_stream_does_not_take_goes_out_later_and_in_order() {
    let (mut wire, mut client) = wire(100);
    let long = "long ".repeat(5_000);
    wire.write(&[text("first"), text(&long), text("last")]).await;
    assert!(!wire.is_written());
    wire.write(&[text("behind")]).await;
    let mut expected = Vec::new();
    for text in ["first", &long, "last", "behind"] {
        write_frame(&mut expected, Opcode::Text, text.as_bytes(), None);
    }
    let mut got = vec![0; expected.len()];
    let written = poll_fn(|context| wire.poll(context, false, |_| ControlFlow::Continue(())));
    let (moved, read) = tokio::join!(written, client.read_exact(&mut got));
    assert!(matches!(moved, Moved::Written) && read.is_ok());
    assert!(got == expected);
    assert_eq!((wire.unwritten.capacity(), wire.is_written()), (0, true));
}

#[tokio::test]
async fn pings_and_closes_are_answered() {
    let (mut wire, mut client) = wire(1_000);
    let mut bytes = Vec::new();
    write_frame(&mut bytes, Opcode::Ping, b"x", KEY);
    write_close(&mut bytes, Some((4_321, "enough")), KEY);
    client.write_all(&bytes).await.unwrap();
    let mut events = 0;
    let moved = poll_fn(|context| {
        wire.poll(context, true, |_| {
            events += 1;
            ControlFlow::Continue(())
        })
    });
    assert!(matches!(moved.await, Moved::Heard));
    assert_eq!(events, 2);
    tokio::join!(wire.close(None), async {
        let mut answers = Vec::new();
        client.read_to_end(&mut answers).await.unwrap();
        assert_eq!(answers, [0x8a, 1, b'x', 0x88, 2, 0x10, 0xe1]);
        drop(client);
    });
}

#[tokio::test]
async fn what_is_no_websocket_and_what_ends_is_told() {
    let (mut wire, mut client) = wire(1_000);
    client.write_all(&[0x83, 0x80, 0, 0, 0, 0]).await.unwrap();
    let mut poll =
        async || poll_fn(|context| wire.poll(context, true, |_| ControlFlow::Continue(()))).await;
    assert!(matches!(poll().await, Moved::Broken(Error::UnknownOpcode)));
    drop(client);
    assert!(matches!(poll().await, Moved::Gone));
}

#[tokio::test]
async fn all_connections_of_a_thread_share_a_compressor() {
    let offers = ["permessage-deflate", "permessage-deflate; server_max_window_bits=9"];
    let policy = Policy { server_context: false, client_context: false };
    let text_of_many = "candidate ".repeat(300);
    for _ in 0..2 {
        for offer in offers {
            let agreement = negotiate([offer], policy).unwrap();
            let (server, mut client) = duplex(10_000);
            let mut wire = Wire::new((server, Bytes::new()), LIMITS, Some(agreement));
            wire.write(&[text(&text_of_many), text("short")]).await;
            let mut bytes = vec![0; 10_000];
            let len = client.read(&mut bytes).await.unwrap();
            assert!(len < 500);
            let mut decoder = Decoder::new(Role::Server, LIMITS).with_deflate(&agreement);
            let mut input = Input::new(&mut bytes[..len]);
            assert_eq!(decoder.poll(&mut input), Ok(Some(Event::Text(&text_of_many))));
            assert_eq!(decoder.poll(&mut input), Ok(Some(Event::Text("short"))));
        }
    }
}

/// Takes everything, and notes what it was given at once.
#[derive(Default)]
struct Greedy {
    writes: Vec<Vec<usize>>,
}

impl AsyncRead for Greedy {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Greedy {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let lengths: Vec<usize> = slices.iter().map(|slice| slice.len()).collect();
        let taken = lengths.iter().sum();
        self.writes.push(lengths);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_batch_is_one_write_and_what_is_large_is_not_copied() {
    let mut wire = Wire::new((Greedy::default(), Bytes::new()), LIMITS, None);
    let small: Vec<Frame> = (0..100).map(|_| text("candidate")).collect();
    wire.write(&small).await;
    let large = "x".repeat(LARGE);
    wire.write(&[text("before"), text(&large), text("after"), text("it")]).await;
    assert_eq!(wire.stream.writes, [vec![1_100], vec![8 + 4, LARGE], vec![7 + 4]]);
    assert!(wire.is_written());
}
