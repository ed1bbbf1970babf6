//! What rooms promise, told as stories: what happens, then everything that comes out, in virtual time.

#[cfg(test)]
mod aside;
#[cfg(test)]
mod descriptions;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod houses;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod passes;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod removing;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resuming;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod talking;
#[cfg(test)]
mod told;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod words;
