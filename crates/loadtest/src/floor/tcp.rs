//! Copies bytes between two connections of one room. Frames, people and order are nothing to it.

use crate::Result;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Read at once; the servers that are compared with it read no more.
const READ: usize = 8 * 1024;

/// The name of a room is no longer.
const LONGEST_LINE: usize = 128;

/// Whoever came first waits here for the other's way out.
type Waiting = Arc<Mutex<HashMap<Vec<u8>, (OwnedWriteHalf, oneshot::Sender<OwnedWriteHalf>)>>>;

pub fn run(listen: SocketAddr) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(told)?.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(told)?;
        accept(listener).await.map_err(told)
    })
}

fn told(error: io::Error) -> String {
    error.to_string()
}

async fn accept(listener: TcpListener) -> io::Result<()> {
    let waiting = Waiting::default();
    loop {
        let (stream, _) = listener.accept().await?;
        // Who breaks off ends this connection alone.
        tokio::spawn(serve(stream, Arc::clone(&waiting)));
    }
}

async fn serve(stream: TcpStream, waiting: Waiting) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (mut from, own) = stream.into_split();
    let room = line(&mut from).await?;
    let (found, other) = oneshot::channel();
    let mut to = match meet(&waiting, room, own, found) {
        Some(first) => first,
        None => other.await.ok()?,
    };
    let mut buffer = vec![0; READ];
    loop {
        let count = from.read(&mut buffer).await.ok()?;
        to.write_all(buffer.get(..count).filter(|read| !read.is_empty())?).await.ok()?;
    }
}

/// The way out to whoever was first, who is told ours; `None` for the first.
fn meet(
    waiting: &Waiting,
    room: Vec<u8>,
    own: OwnedWriteHalf,
    found: oneshot::Sender<OwnedWriteHalf>,
) -> Option<OwnedWriteHalf> {
    let mut rooms = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((first, tell)) = rooms.remove(&room) else {
        rooms.insert(room, (own, found));
        return None;
    };
    tell.send(own).ok()?;
    Some(first)
}

async fn line(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    while line.len() < LONGEST_LINE {
        match from.read_u8().await.ok()? {
            b'\n' => return Some(line),
            byte => line.push(byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_of_a_room_hear_each_other_and_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(accept(listener));
        let join = async |room: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(room.as_bytes()).await.unwrap();
            stream
        };
        let (mut ada, mut alan) = (join("one\n").await, join("two\n").await);
        let (mut grace, mut other) = (join("one\nfrom Grace").await, join("two\nfor Alan").await);
        let mut heard = [0; 10];
        ada.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"from Grace");
        alan.read_exact(&mut heard[..8]).await.unwrap();
        assert_eq!(&heard[..8], b"for Alan");
        ada.write_all(b"from Ada").await.unwrap();
        grace.read_exact(&mut heard[..8]).await.unwrap();
        assert_eq!(&heard[..8], b"from Ada");
        alan.write_all(b"hi").await.unwrap();
        other.read_exact(&mut heard[..2]).await.unwrap();
        assert_eq!(&heard[..2], b"hi");
    }
}
