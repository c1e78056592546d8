//! Which publishes are on their way, so that a row of the outbox goes exactly at its own PubAck. Pure: no sockets.
//!
//! The client gives a publish its packet id when it takes it from its channel and says so in an event. Publishes keep their
//! order, so the oldest one without an id is the one that got it; one that is sent again after a reconnect has its id already.
//! Nothing is handed to the client while the link is down, so between a broken connection and the next one the order stands
//! still, and it is known exactly what a connection without session has thrown away.

use std::collections::{HashMap, VecDeque};

use playlists::id::{BoardId, Revision};

/// Most publishes on their way; half of the client's in-flight limit, so that acknowledgements never wait behind them.
pub(super) const MOST: usize = 50;

/// What a publish was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ticket {
    /// A row of the outbox.
    Desired(BoardId, Revision),
    /// Anything that is not sent again.
    Message,
}

/// The publishes on their way over one link.
#[derive(Debug, Default)]
pub(super) struct Window {
    up: bool,
    most: usize,
    generation: u64,
    /// Given to the client, without packet id yet.
    given: VecDeque<Ticket>,
    /// On the wire, by packet id.
    flying: HashMap<u16, Ticket>,
}

impl Window {
    /// The connection stands. Without session the client has thrown away everything on its way. The broker takes at most
    /// `receive_max` at once.
    pub(super) fn rise(&mut self, session: bool, receive_max: Option<u16>) {
        self.up = true;
        self.most = receive_max.map_or(MOST, |most| usize::from(most).clamp(1, MOST));
        if !session {
            self.given.clear();
            self.flying.clear();
        }
    }
    /// The connection broke: what was received over it must no longer be acknowledged.
    pub(super) fn fall(&mut self) {
        self.up = false;
        self.generation += 1;
    }
    /// Whether the connection stands.
    pub(super) fn is_up(&self) -> bool {
        self.up
    }
    /// Which connection this is.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }
    /// Whether one more may be given to the client.
    pub(super) fn has_room(&self) -> bool {
        self.up && self.given.len() + self.flying.len() < self.most
    }
    /// Whether this board's desired state is on its way.
    pub(super) fn carries(&self, board: &BoardId) -> bool {
        self.given.iter().chain(self.flying.values()).any(|ticket| matches!(ticket, Ticket::Desired(of, _) if of == board))
    }
    /// One more was given to the client.
    pub(super) fn gave(&mut self, ticket: Ticket) {
        self.given.push_back(ticket);
    }
    /// The client put a publish of this packet id on the wire, perhaps again.
    pub(super) fn flew(&mut self, id: u16) {
        if !self.flying.contains_key(&id)
            && let Some(ticket) = self.given.pop_front()
        {
            self.flying.insert(id, ticket);
        }
    }
    /// The broker answered the publish of this packet id.
    pub(super) fn landed(&mut self, id: u16) -> Option<Ticket> {
        self.flying.remove(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(board: &str) -> Ticket {
        Ticket::Desired(board.parse().expect("a board id"), Revision(1))
    }

    fn up() -> Window {
        let mut window = Window::default();
        window.rise(false, None);
        window
    }

    #[test]
    fn each_answer_finds_its_own_publish() {
        let mut window = up();
        for board in ["b-0001", "b-0002", "b-0003"] {
            window.gave(desired(board));
        }
        window.flew(1);
        window.flew(2);
        assert_eq!(window.landed(2), Some(desired("b-0002")));
        window.flew(3);
        assert_eq!(window.landed(3), Some(desired("b-0003")));
        assert_eq!(window.landed(3), None);
        assert!(window.carries(&"b-0001".parse().expect("a board id")));
        assert!(!window.carries(&"b-0002".parse().expect("a board id")));
    }

    #[test]
    fn what_is_sent_again_after_a_reconnect_keeps_its_place() {
        let mut window = up();
        for board in ["b-0001", "b-0002", "b-0003"] {
            window.gave(desired(board));
        }
        window.flew(1);
        window.flew(2);
        window.fall();
        assert!(!window.has_room());
        window.rise(true, None);
        for id in [1, 2, 3] {
            window.flew(id);
        }
        assert_eq!(window.landed(3), Some(desired("b-0003")));
        assert_eq!(window.landed(1), Some(desired("b-0001")));
    }

    #[test]
    fn a_connection_without_session_has_nothing_on_its_way() {
        let mut window = up();
        window.gave(desired("b-0001"));
        window.flew(1);
        window.gave(desired("b-0002"));
        window.fall();
        window.rise(false, None);
        assert_eq!(window.landed(1), None);
        window.gave(desired("b-0003"));
        window.flew(2);
        assert_eq!(window.landed(2), Some(desired("b-0003")));
    }

    #[test]
    fn there_is_room_up_to_the_bound_and_only_while_the_link_stands() {
        let mut window = Window::default();
        assert!(!window.has_room());
        window.rise(false, Some(2));
        window.gave(Ticket::Message);
        assert!(window.has_room());
        window.flew(1);
        window.gave(Ticket::Message);
        assert!(!window.has_room());
        window.landed(1);
        assert!(window.has_room());
    }
}
