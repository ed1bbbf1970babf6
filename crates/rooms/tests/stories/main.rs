//! What rooms promise, told as stories: what happens, then everything that comes out, in virtual time.

#[cfg(test)]
mod aside;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resuming;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod talking;
#[cfg(test)]
mod told;
