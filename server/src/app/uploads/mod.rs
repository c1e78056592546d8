//! Files on their way in: as one stream of a form ([`Upload`]), or in pieces that outlive cut connections and restarts
//! ([`resumable`]); looked over when whole ([`settle`]), and if they are refused the reason is kept in words of everybody ([`fault`]).

pub mod fault;
mod received;
pub mod resumable;
pub mod settle;
#[cfg(test)]
mod tests;

pub use self::received::Upload;
pub(super) use self::received::{Received, Seen};
