//! What clients, peers and drivers may rely on.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod wire;

#[cfg(test)]
mod allocating;
#[cfg(test)]
mod authenticating;
#[cfg(test)]
mod binding;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod refreshing;
#[cfg(test)]
mod relaying;
#[cfg(test)]
mod repeating;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod whom;
