//! Properties: whatever is written gives a value or a clear error, and whatever is set stays within its block.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Any JSON, three deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just(1e39), Just(-0.1), Just(0.5), Just(1e-30), Just(600.0)].prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop_oneof![Just("vi"), Just("#12345g"), Just("2026-02-30"), Just("title"), Just("body"), Just("\u{0}")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let name = prop_oneof![Just("texts"), Just("vi"), Just("at"), Just("text"), Just("field"), Just("parts"), Just("x")];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// All places within a value, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(all) => all.iter().enumerate().for_each(|(number, inner)| places(inner, &format!("{at}/{number}"), found)),
        Value::Object(all) => {
            all.iter().for_each(|(name, inner)| places(inner, &format!("{at}/{}", name.replace('/', "~1")), found))
        }
        _ => {}
    }
}

/// A value with another one somewhere in it.
fn changed(mut value: Value, place: prop::sample::Index, other: Value) -> Value {
    let mut all = Vec::new();
    places(&value, "", &mut all);
    let chosen: &String = place.get(&all);
    if let Some(there) = value.pointer_mut(chosen) {
        *there = other;
    }
    value
}

fn shipped_id() -> impl Strategy<Value = String> {
    prop::sample::select(library::ids())
}

/// Letters of the four scripts, with what is hard about each: marks on marks, breaks, joiners, what no font has.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec!["ẾỄỘỮ", "Ằ", "nghiêng ", "xã Nghinh Tường ", "jfy", "gj", "Đệ ", "e\u{302}\u{301}", "\u{323}"]),
        4 => prop::sample::select(vec!["Congratulations ", "f", "j ", "W", "incomprehensibilities ", "-", "& "]),
        4 => prop::sample::select(vec!["热烈", "庆祝，", "《太原》", "——", "。"]),
        4 => prop::sample::select(vec!["환영합니다 ", "뷔페", "·", "ㅎ"]),
        2 => prop::sample::select(vec!["\n", " ", "\u{a0}", "\u{2060}", "\u{ad}", "\t", "\r\n", "\u{200d}", "\u{202e}", "2026"]),
        1 => any::<char>().prop_map(|_| "𓀀").boxed(),
        1 => Just("\u{0}"),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn board() -> impl Strategy<Value = Geometry> {
    (8_u32..300, 8_u32..300).prop_map(|(width, height)| Geometry::new(width, height).expect("a size of board"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_content_or_a_fault_in_words(json in any_json(), id in shipped_id(), place in any::<prop::sample::Index>()) {
        let sample = library::shipped(&id).expect("it is shipped").sample_content().expect("a sample");
        let nearly = changed(serde_json::to_value(&sample).expect("JSON"), place, json.clone());
        for text in [json.to_string(), nearly.to_string(), nearly.to_string().chars().take(40).collect()] {
            match Content::read(&text) {
                Ok(content) => prop_assert_eq!(content.clone().checked().expect("checked"), content, "checked twice is checked once"),
                Err(fault) => prop_assert!(fault.to_string().len() > 10, "{}", fault),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_template_that_can_be_painted_or_a_fault_in_words(
        json in any_json(),
        id in shipped_id(),
        place in any::<prop::sample::Index>(),
        board in board(),
    ) {
        let loaded = library::shipped(&id).expect("it is shipped");
        let nearly = changed(serde_json::to_value(&loaded.template).expect("JSON"), place, json.clone());
        for text in [json.to_string(), nearly.to_string()] {
            // Its drawings are not beside it here: what names one is refused, and what does not is painted.
            let files = [(library::TEMPLATE_FILE.to_owned(), text.clone().into_bytes())].into();
            match Loaded::from_files("test", files) {
                Ok(read) => {
                    let (content, pictures) = loaded.sample().expect("a sample");
                    let made = proof(&read, &content, &pictures, Language::Vi, board, day("2026-09-01")).expect("a proof");
                    prop_assert_eq!(made.pixels.dimensions(), (board.width(), board.height()));
                }
                Err(fault) => prop_assert!(crate::telemetry::chain(&fault).len() > 10),
            }
        }
    }

    #[test]
    fn whatever_is_written_stays_within_its_block(
        words in words(),
        language in prop::sample::select(Language::ALL.to_vec()),
        board in board(),
        at in (0.0_f32..0.8, 0.0_f32..0.8, 0.05_f32..1.0, 0.05_f32..1.0),
        set in (prop::sample::select(vec!["left", "centre", "right"]), prop::sample::select(vec!["top", "middle", "bottom"])),
        part in (0.01_f32..0.4, 0.0_f32..1.0, prop::sample::select(vec![400, 600, 700]), any::<bool>()),
    ) {
        let (left, top) = (at.0, at.1);
        let area = [left, top, at.2.min(1.0 - left), at.3.min(1.0 - top)];
        let (align, stand) = set;
        let (least, more, weight, capitals) = part;
        let loaded = template(&json!({
            "name": {"vi": "Thử", "en": "Test"},
            "about": {"vi": "Thử.", "en": "A test."},
            "fields": {"body": {"kind": "text", "name": {"vi": "Chữ", "en": "Text"}}},
            "colours": {},
            "variants": [{"name": "all", "blocks": [{"text": {"at": area, "align": align, "stand": stand, "parts": [{
                "say": {"field": "body"}, "size": [least, least + more], "weight": weight, "capitals": capitals, "colour": "#ffffff"
            }]}}]}]
        }));
        let content = Content::read(&json!({"texts": {language.code(): {"body": words}}}).to_string()).expect("a content");
        let made = proof(&loaded, &content, &Pictures::new(), language, board, day("2026-01-01")).expect("a proof");
        let edge = |share: f32, side: u32| (share * side as f32).round() as u32;
        let (x, y) = (edge(area[0], board.width()), edge(area[1], board.height()));
        let right = edge(area[0] + area[2], board.width()).max(x + 1);
        let bottom = edge(area[1] + area[3], board.height()).max(y + 1);
        for (column, row, pixel) in made.pixels.enumerate_pixels() {
            let inside = (x..right).contains(&column) && (y..bottom).contains(&row);
            // What is below 8 of 255 is the rounding of an edge, which no board shows.
            prop_assert!(inside || pixel.0.iter().all(|value| *value < 8), "{words:?} at {column},{row}: {:?}; {:?}", pixel.0, made.faults);
        }
    }
}
