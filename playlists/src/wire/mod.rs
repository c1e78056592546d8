//! What travels between server and board: topics and messages of `bangtin/1`.

pub mod messages;
pub mod pack;
pub mod reports;
pub mod topics;
