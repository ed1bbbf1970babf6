//! The cases that the public test suite for WebSocket asks, by its groups, each with the bytes whole and in pieces.

#[cfg(test)]
mod closing;
#[cfg(test)]
mod deflate;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod utf8;
