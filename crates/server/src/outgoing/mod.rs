//! Requests that the server makes by itself: where to, over which connection, and what came of it. Redirects are never
//! followed.

mod courier;
pub mod https;
mod place;

pub use courier::{Courier, Unanswered};
pub use place::Place;
