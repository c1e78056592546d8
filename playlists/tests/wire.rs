//! Topics and packing under whatever may arrive: nothing wider passes, nothing larger unpacks, nothing panics.

use playlists::geometry::Geometry;
use playlists::id::BoardId;
use playlists::wire::pack::{MAX_PACKED_BYTES, PackError, pack, unpack};
use playlists::wire::topics::{ALL, Down, Up, may_publish, may_subscribe, to_board, to_geometry};
use proptest::prelude::*;

const DOWN: [Down; 3] = [Down::Desired, Down::Cmd, Down::Ack];

fn board_ids() -> impl Strategy<Value = BoardId> {
    "[a-z0-9-]{4,32}".prop_map(|text| text.parse().expect("of the form of a board's id"))
}

fn geometries() -> impl Strategy<Value = Geometry> {
    (1_u32..=2_048, 1_u32..=2_048).prop_map(|(width, height)| Geometry::new(width, height).expect("within the bounds"))
}

/// Topics and filters made of what an attacker would make them of.
fn attempts() -> impl Strategy<Value = String> {
    let parts = [
        "bangtin", "1", "2", "d", "u", "g", "all", "+", "#", "$share", "$SYS", "b-05443", "b-05446", "64x256", "640x320",
        "desired", "cmd", "ack", "hello", "bye", "state", "event", "plays", "server", "", " ", "\0", "B-05443", "x",
    ];
    let made = prop::collection::vec(prop::sample::select(parts.to_vec()), 0..8).prop_map(|parts| parts.join("/"));
    let near = prop::sample::select(vec![
        "bangtin/1/d/b-05443/+",
        "bangtin/1/all/+",
        "bangtin/1/g/64x256/+",
        "bangtin/1/u/b-05443/state",
    ]);
    let changed = (near, any::<prop::sample::Index>(), any::<char>()).prop_map(|(near, index, new)| {
        let place = index.index(near.len());
        near.chars().enumerate().map(|(number, old)| if number == place { new } else { old }).collect()
    });
    prop_oneof![made, changed, any::<String>()]
}

/// Whether a filter matches a topic, by MQTT 5, section 4.7, written from the standard alone.
fn matches(filter: &str, topic: &str) -> bool {
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return false,
        }
    }
}

fn own() -> BoardId {
    "b-05443".parse().expect("a board's id")
}

fn own_geometry() -> Geometry {
    "64x256".parse().expect("a geometry")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_report_s_topic_names_its_board_and_kind(board in board_ids()) {
        for up in Up::ALL {
            prop_assert_eq!(Up::parse(&up.topic(&board)), Some((board.clone(), up)));
            prop_assert!(may_publish(&board, &up.topic(&board)));
        }
        for down in DOWN {
            prop_assert_eq!(Down::parse(&down.topic(&board), &board), Some(down));
            prop_assert_eq!(Up::parse(&down.topic(&board)), None);
        }
    }

    #[test]
    fn only_one_text_names_a_report(topic in attempts()) {
        if let Some((board, up)) = Up::parse(&topic) {
            prop_assert_eq!(up.topic(&board), topic);
        }
    }

    #[test]
    fn a_board_publishes_on_its_five_topics_only(topic in attempts()) {
        let allowed = Up::ALL.iter().any(|up| up.topic(&own()) == topic);
        prop_assert_eq!(may_publish(&own(), &topic), allowed, "{:?}", topic);
    }

    #[test]
    fn a_board_subscribes_its_three_filters_only(filter in attempts()) {
        let allowed = ["bangtin/1/d/b-05443/+", "bangtin/1/all/+", "bangtin/1/g/64x256/+"].contains(&filter.as_str());
        prop_assert_eq!(may_subscribe(&own(), own_geometry(), &filter), allowed, "{:?}", filter);
    }

    #[test]
    fn no_filter_that_passes_hears_another_board(board in board_ids(), other in board_ids(), geometry in geometries(), elsewhere in geometries()) {
        prop_assume!(board != other && geometry != elsewhere);
        for filter in [to_board(&board), ALL.to_owned(), to_geometry(geometry)] {
            prop_assert!(may_subscribe(&board, geometry, &filter));
            for topic in DOWN.iter().map(|down| down.topic(&other)).chain(Up::ALL.iter().flat_map(|up| [up.topic(&other), up.topic(&board)])) {
                prop_assert!(!matches(&filter, &topic), "{} hears {}", filter, topic);
            }
            let foreign = to_geometry(elsewhere).replace('+', "notice");
            prop_assert!(!matches(&filter, &foreign), "{} hears {}", filter, foreign);
        }
        prop_assert!(!may_subscribe(&board, geometry, &to_board(&other)));
        prop_assert!(!may_subscribe(&board, geometry, &to_geometry(elsewhere)));
        prop_assert!(DOWN.iter().all(|down| matches(&to_board(&board), &down.topic(&board))));
    }

    #[test]
    fn a_board_never_publishes_what_another_hears(board in board_ids(), other in board_ids(), geometry in geometries()) {
        for up in Up::ALL {
            for filter in [to_board(&other), to_board(&board), ALL.to_owned(), to_geometry(geometry)] {
                prop_assert!(!matches(&filter, &up.topic(&board)));
            }
            prop_assert_eq!(may_publish(&other, &up.topic(&board)), board == other);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_packed_unpacks_to_the_same_bytes_and_to_no_more(bytes in prop::collection::vec(any::<u8>(), 0..5_000), less in 1_usize..100) {
        let packed = pack(&bytes).expect("five thousand bytes stay below the limit");
        prop_assert_eq!(unpack(&packed, bytes.len()), Ok(bytes.clone()));
        prop_assert_eq!(unpack(&packed, usize::MAX), Ok(bytes.clone()));
        if let Some(max) = bytes.len().checked_sub(less) {
            prop_assert_eq!(unpack(&packed, max), Err(PackError::Bomb(max)));
        }
    }

    #[test]
    fn a_packed_text_that_was_cut_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..500), cut in any::<prop::sample::Index>()) {
        let packed = pack(&bytes).expect("small");
        let cut = packed.get(..cut.index(packed.len())).expect("base64 is ASCII");
        prop_assert!(unpack(cut, 1_000).is_err());
    }

    #[test]
    fn a_packed_text_that_was_changed_stays_within_the_limit(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..128), 1..5),
    ) {
        let mut packed = pack(&bytes).expect("small").into_bytes();
        for (index, byte) in changes {
            let place = index.index(packed.len());
            if let Some(old) = packed.get_mut(place) {
                *old = byte;
            }
        }
        let text = String::from_utf8(packed).expect("ASCII");
        prop_assert!(unpack(&text, 2_000).map_or(true, |unpacked| unpacked.len() <= 2_000));
    }

    #[test]
    fn any_text_is_unpacked_or_refused(text in any::<String>(), max in 0_usize..100) {
        prop_assert!(unpack(&text, max).map_or(true, |unpacked| unpacked.len() <= max));
    }
}

#[test]
fn what_does_not_pack_small_enough_is_not_packed() {
    // A sequence that does not repeat within a block, so that packing gains nothing.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
    .take(MAX_PACKED_BYTES + 1)
    .collect();
    assert_eq!(pack(&noise), None);
    let fits = pack(noise.get(..MAX_PACKED_BYTES - 100).expect("shorter")).expect("just fits");
    assert!(fits.len() <= MAX_PACKED_BYTES.div_ceil(3) * 4);
}

#[test]
fn a_packed_bomb_within_a_bomb_costs_no_more_than_the_limit() {
    let inner = pack(&vec![0; 20_000_000]).expect("zeros pack well");
    assert_eq!(unpack(&inner, 0), Err(PackError::Bomb(0)));
    let outer = pack(inner.as_bytes()).expect("small");
    assert_eq!(unpack(&outer, inner.len()), Ok(inner.into_bytes()));
}
