//! MQTT topics: who may say what where.

use std::str::FromStr;

use crate::geometry::Geometry;
use crate::id::BoardId;

/// What every topic of this version of the protocol begins with.
pub const PREFIX: &str = "bangtin/1";
/// To all boards, retained: the server's epoch.
pub const ALL_SERVER: &str = "bangtin/1/all/server";
/// To all boards, retained: the recall document.
pub const ALL_RECALL: &str = "bangtin/1/all/recall";
/// To all boards, retained: the notice list.
pub const ALL_NOTICES: &str = "bangtin/1/all/notices";
/// What a board subscribes of the messages to all.
pub const ALL: &str = "bangtin/1/all/+";
/// What the server subscribes: every board's reports.
pub const REPORTS: &str = "bangtin/1/u/+/+";

/// Messages to one board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Down {
    /// The wanted manifest; retained.
    Desired,
    /// A signed order.
    Cmd,
    /// A signed acknowledgement.
    Ack,
}

/// Reports from one board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Up {
    /// The whole reported state, after each connect.
    Hello,
    /// The will, and a clean stop.
    Bye,
    /// Status, on change and now and then.
    State,
    /// What happened; signed, kept until acknowledged.
    Event,
    /// Proof of play; signed, kept until acknowledged.
    Plays,
}

impl Down {
    /// Last part of the topic.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desired => "desired",
            Self::Cmd => "cmd",
            Self::Ack => "ack",
        }
    }
    /// The topic of this message to `board`.
    #[must_use]
    pub fn topic(self, board: &BoardId) -> String {
        format!("{PREFIX}/d/{board}/{}", self.as_str())
    }
    /// Which message a board received on this topic, if it is one for `board`.
    #[must_use]
    pub fn parse(topic: &str, board: &BoardId) -> Option<Self> {
        [Self::Desired, Self::Cmd, Self::Ack].into_iter().find(|down| down.topic(board) == topic)
    }
}

impl Up {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Hello, Self::Bye, Self::State, Self::Event, Self::Plays];

    /// Last part of the topic.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Bye => "bye",
            Self::State => "state",
            Self::Event => "event",
            Self::Plays => "plays",
        }
    }
    /// The topic of this report from `board`.
    #[must_use]
    pub fn topic(self, board: &BoardId) -> String {
        format!("{PREFIX}/u/{board}/{}", self.as_str())
    }
    /// Which board reports what on this topic.
    #[must_use]
    pub fn parse(topic: &str) -> Option<(BoardId, Self)> {
        let (board, name) = topic.strip_prefix(PREFIX)?.strip_prefix("/u/")?.split_once('/')?;
        let up = Self::ALL.into_iter().find(|up| up.as_str() == name)?;
        Some((BoardId::from_str(board).ok()?, up))
    }
}

/// What a board subscribes of the messages to itself.
#[must_use]
pub fn to_board(board: &BoardId) -> String {
    format!("{PREFIX}/d/{board}/+")
}

/// What a board subscribes of the pictures of notices for its geometry.
#[must_use]
pub fn to_geometry(geometry: Geometry) -> String {
    format!("{PREFIX}/g/{geometry}/+")
}

/// Whether `board` may publish on this topic.
#[must_use]
pub fn may_publish(board: &BoardId, topic: &str) -> bool {
    Up::parse(topic).is_some_and(|(from, _)| from == *board)
}

/// Whether a board of this geometry may subscribe this filter: only the three exact ones, so nothing wider passes.
#[must_use]
pub fn may_subscribe(board: &BoardId, geometry: Geometry, filter: &str) -> bool {
    filter == to_board(board) || filter == ALL || filter == to_geometry(geometry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> BoardId {
        "b-05443".parse().expect("a board id")
    }

    #[test]
    fn a_board_may_publish_its_own_reports_and_nothing_else() {
        for up in Up::ALL {
            assert!(may_publish(&board(), &up.topic(&board())));
        }
        for topic in [
            "bangtin/1/u/b-05446/state",
            "bangtin/1/d/b-05443/desired",
            "bangtin/1/all/recall",
            "bangtin/1/u/b-05443/x",
            "bangtin/1/u/b-05443/state/x",
            "$SYS/x",
            "",
        ] {
            assert!(!may_publish(&board(), topic), "{topic}");
        }
    }

    #[test]
    fn a_board_may_subscribe_three_filters_and_nothing_wider() {
        let geometry = Geometry::new(64, 256).expect("a geometry");
        for filter in ["bangtin/1/d/b-05443/+", "bangtin/1/all/+", "bangtin/1/g/64x256/+"] {
            assert!(may_subscribe(&board(), geometry, filter), "{filter}");
        }
        for filter in [
            "#",
            "+/+",
            "bangtin/#",
            "bangtin/1/d/+/+",
            "bangtin/1/d/b-05446/+",
            "bangtin/1/u/+/+",
            "$share/g/bangtin/1/all/+",
            "bangtin/1/g/640x320/+",
        ] {
            assert!(!may_subscribe(&board(), geometry, filter), "{filter}");
        }
    }

    #[test]
    fn topics_name_board_and_report() {
        assert_eq!(Up::parse("bangtin/1/u/b-05443/plays"), Some((board(), Up::Plays)));
        assert_eq!(Up::parse("bangtin/1/u/B/plays"), None);
        assert_eq!(Down::parse("bangtin/1/d/b-05443/ack", &board()), Some(Down::Ack));
        assert_eq!(Down::parse("bangtin/1/d/b-05446/ack", &board()), None);
    }
}
