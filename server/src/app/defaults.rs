//! What plays on a board when nothing else does, through today: which version of which playlist from when until when. Pure.

use playlists::id::PlaylistId;

use crate::store::board_defaults::EndedDefault;

/// A version of a playlist.
pub type Versioned = (PlaylistId, u64);

/// What plays by default for a part of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Which version of which playlist; none: the safe item.
    pub plays: Option<Versioned>,
    /// Since when, UTC milliseconds; none: since before the day began.
    pub from_ms: Option<i64>,
    /// Until when, UTC milliseconds; none: still.
    pub until_ms: Option<i64>,
}

/// The stretches of a day that began at `day_ms`, in order and without gap; at least one. `former` are the board's earlier
/// defaults in the order of their ends, `now` is its present one. `made` gives the versions of a playlist with the time at which
/// each was made, in order: a version plays until the next one is made.
pub fn stretches(
    former: &[EndedDefault],
    now: Option<&PlaylistId>,
    day_ms: i64,
    made: impl Fn(&PlaylistId) -> Vec<(Versioned, i64)>,
) -> Vec<Stretch> {
    let chosen = former.iter().map(|ended| (ended.playlist.as_ref(), ended.ended_ms)).chain([(now, i64::MAX)]);
    let (mut played, mut since): (Vec<(Option<Versioned>, i64, i64)>, _) = (Vec::new(), day_ms);
    for (playlist, until) in chosen {
        for (plays, end) in ends(playlist, until, &made) {
            if end <= since {
                continue;
            }
            match played.last_mut() {
                Some((last, _, last_end)) if *last == plays => *last_end = end,
                _ => played.push((plays, since, end)),
            }
            since = end;
        }
    }
    let last = played.len().saturating_sub(1);
    let stretch =
        |(n, (plays, from, until))| Stretch { plays, from_ms: (n > 0).then_some(from), until_ms: (n < last).then_some(until) };
    played.into_iter().enumerate().map(stretch).collect()
}

/// The versions of a default playlist that was replaced at `until`, with their ends: those made later never played.
fn ends(
    playlist: Option<&PlaylistId>,
    until: i64,
    made: impl Fn(&PlaylistId) -> Vec<(Versioned, i64)>,
) -> Vec<(Option<Versioned>, i64)> {
    let known = playlist.map(made).unwrap_or_default();
    let next = known.iter().skip(1).map(|(_, made_ms)| *made_ms).chain([i64::MAX]);
    let mut versions: Vec<_> =
        known.iter().zip(next).map(|((version, _), end)| (Some(version.clone()), end.min(until))).collect();
    versions.dedup_by_key(|(_, end)| *end);
    if versions.is_empty() { vec![(None, until)] } else { versions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(id: &str) -> PlaylistId {
        id.parse().expect("an id")
    }

    fn ended(id: Option<&str>, ended_ms: i64) -> EndedDefault {
        EndedDefault { board: "b-0001".parse().expect("an id"), ended_ms, playlist: id.map(list) }
    }

    /// Of a day that began at 100; playlist `a` has versions 1 (made at 10), 2 (at 150) and 3 (at 300), `b` one, made at 20.
    fn said(former: &[EndedDefault], now: Option<&str>) -> String {
        let made = |id: &PlaylistId| match id.as_str() {
            "a" => [10, 150, 300].into_iter().zip(1..).map(|(at, version)| ((id.clone(), version), at)).collect(),
            "b" => vec![((id.clone(), 1), 20)],
            _ => Vec::new(),
        };
        let now = now.map(list);
        let name = |plays: &Option<Versioned>| plays.as_ref().map_or_else(|| "safe".to_owned(), |(id, v)| format!("{id}{v}"));
        let edge = |ms: Option<i64>| ms.map(|ms| ms.to_string()).unwrap_or_default();
        let stretches = stretches(former, now.as_ref(), 100, made);
        let said = stretches.iter().map(|s| format!("{}[{},{})", name(&s.plays), edge(s.from_ms), edge(s.until_ms)));
        said.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_day_without_a_change_has_one_default() {
        assert_eq!(said(&[], Some("b")), "b1[,)");
        assert_eq!(said(&[], None), "safe[,)");
        assert_eq!(said(&[], Some("gone")), "safe[,)");
        assert_eq!(said(&[ended(Some("b"), 90)], None), "safe[,)", "yesterday's change");
    }

    #[test]
    fn each_version_plays_until_the_next_is_made() {
        assert_eq!(said(&[], Some("a")), "a1[,150) a2[150,300) a3[300,)");
    }

    #[test]
    fn another_default_plays_from_the_change_on_and_later_versions_of_the_former_never_did() {
        assert_eq!(said(&[ended(Some("a"), 200)], Some("b")), "a1[,150) a2[150,200) b1[200,)");
        assert_eq!(said(&[ended(None, 200)], Some("a")), "safe[,200) a2[200,300) a3[300,)");
        assert_eq!(said(&[ended(Some("b"), 200), ended(None, 250)], Some("b")), "b1[,200) safe[200,250) b1[250,)");
        assert_eq!(said(&[ended(Some("b"), 200)], Some("b")), "b1[,)", "to and fro in one moment");
    }
}
