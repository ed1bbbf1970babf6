//! The bytes that were read to tell what a connection is, and that whoever goes on reads first.

use std::io;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::first::{ENOUGH, First, Kind, tell};
use crate::transports::through::{Reading, Through};

#[derive(Debug, Default)]
pub struct Prefix {
    bytes: [u8; ENOUGH],
    read: usize,
    taken: usize,
}

impl Prefix {
    fn so_far(&self) -> &[u8] {
        self.bytes.get(self.taken..self.read).unwrap_or_default()
    }
}

impl Reading for Prefix {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = self.so_far();
        if rest.is_empty() {
            return std::pin::Pin::new(stream).poll_read(context, buffer);
        }
        let fits = rest.get(..buffer.remaining()).unwrap_or(rest);
        buffer.put_slice(fits);
        self.taken += fits.len();
        Poll::Ready(Ok(()))
    }
}

/// Reads until it is told what comes in on the stream; the stream that is returned begins with what was read. `None`
/// if it is nothing that is spoken here, or ends.
pub async fn look<S: AsyncRead + Unpin>(mut stream: S) -> Option<(Kind, Through<S, Prefix>)> {
    let mut prefix = Prefix::default();
    loop {
        match tell(prefix.so_far()) {
            First::Is(kind) => return Some((kind, Through { stream, reading: prefix })),
            First::Unknown => return None,
            First::Unclear => {}
        }
        let room = prefix.bytes.get_mut(prefix.read..)?;
        match stream.read(room).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => prefix.read += count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn whoever_goes_on_reads_every_byte_once() {
        let request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let (mut client, server) = tokio::io::duplex(1);
        let writing = tokio::spawn(async move {
            client.write_all(request).await.unwrap();
        });
        let (kind, mut stream) = look(server).await.unwrap();
        assert_eq!(kind, Kind::Http2);
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        writing.await.unwrap();
        assert_eq!(heard, request);
    }

    #[tokio::test]
    async fn a_small_buffer_takes_what_was_read_in_parts() {
        let (_, mut stream) = look(b"GET / HTTP/1.1".as_slice()).await.unwrap();
        let mut heard = [0; 14];
        for part in heard.chunks_mut(3) {
            stream.read_exact(part).await.unwrap();
        }
        assert_eq!(&heard, b"GET / HTTP/1.1");
    }

    #[tokio::test]
    async fn who_leaves_or_speaks_nothing_known_is_not_waited_for() {
        for bytes in [b"".as_slice(), b"PR", b"\x00\x01\x00\x00\x00"] {
            assert!(look(bytes).await.is_none(), "{bytes:?}");
        }
    }
}
