//! What is wrong with a slide is told of its fields, and shown as far as it can be.

use super::*;

#[test]
fn what_does_not_fit_is_refused_with_block_and_language() {
    let loaded = library::shipped("text").expect("it is shipped");
    let long = "Ủy ban nhân dân xã thông báo ".repeat(5);
    let content = serde_json::json!({"texts": {"vi": {"body": long}}}).to_string();
    let content = Content::read(&content).expect("a content");
    let draw = |board: &str| pixels(&loaded, &content, &Pictures::new(), Language::Vi, geometry(board), day("2026-01-01"));
    let refused = draw("64x256").expect_err("too long").to_string();
    assert!(refused.contains("in vi does not fit at 64x256") && refused.contains("tall[2]"), "{refused}");
    assert!(draw("1920x1080").is_ok(), "a large board has room");
}

fn proof_of(id: &str, json: &serde_json::Value, language: Language, board: &str) -> Proof {
    let loaded = library::shipped(id).expect("it is shipped");
    proof(&loaded, &content(json), &Pictures::new(), language, geometry(board), day("2026-08-30")).expect("a proof")
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_fields() {
    let json = serde_json::json!({
        "texts": {"vi": {"title": "Festival Trà Thái Nguyên lần thứ năm, chào đón bạn bè năm châu ".repeat(4), "nothing": "x"}}
    });
    let proof = proof_of("event", &json, Language::Vi, "64x256");
    let told: Vec<(&str, Vec<String>)> = proof
        .faults
        .iter()
        .map(|fault| {
            let what = match fault {
                SlideError::UnknownField(_) => "unknown",
                SlideError::Overflow { .. } => "overflow",
                SlideError::NoText { .. } => "no text",
                SlideError::NoValue(_) => "no value",
                other => panic!("{other}"),
            };
            (what, fault.fields().to_vec())
        })
        .collect();
    for expected in [("unknown", "nothing"), ("overflow", "title"), ("no text", "place"), ("no value", "day")] {
        assert!(told.contains(&(expected.0, vec![expected.1.to_owned()])), "{expected:?} in {told:?}");
    }
    assert!(proof.faults.iter().all(|fault| fault.language().is_none_or(|language| language == Language::Vi)));
}

#[test]
fn a_text_that_does_not_fit_is_shown_cut_off_and_framed_and_the_rest_stays() {
    let long = "Ủy ban nhân dân xã thông báo ".repeat(9);
    let json = |body: &str| serde_json::json!({"texts": {"vi": {"body": body}}});
    let right = proof_of("text", &json("Ủy ban nhân dân"), Language::Vi, "256x128");
    let cut = proof_of("text", &json(&long), Language::Vi, "256x128");
    assert!(right.faults.is_empty() && cut.faults.len() == 1);
    let alarm = |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0[0] > 230 && pixel.0[1] < 60).count();
    assert_eq!(alarm(&right.pixels), 0);
    assert!(alarm(&cut.pixels) > 100, "a frame in a colour that no slide has");
    let letters = |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0.iter().all(|value| *value > 170)).count();
    assert!(letters(&cut.pixels) > 300, "letters as far as they go: {}", letters(&cut.pixels));
    let bar = |picture: &RgbImage| *picture.get_pixel(1, 64);
    assert_eq!(bar(&cut.pixels), bar(&right.pixels), "what is outside the block stays");
}

#[test]
fn a_logo_is_whole_and_on_its_plate() {
    let loaded = template(&serde_json::json!({
        "name": {"vi": "Thử", "en": "Test"},
        "about": {"vi": "Thử.", "en": "A test."},
        "fields": {"logo": {"kind": "picture", "optional": true, "name": {"vi": "Biểu trưng", "en": "Logo"}}},
        "colours": {},
        "variants": [{"name": "all", "blocks": [{"logo": {"at": [0.25, 0.0, 0.5, 1.0], "field": "logo", "plate": "#00ff00"}}]}]
    }));
    let draw = |svg: Option<&str>, board: &str| {
        let decoded = svg.map(|svg| Arc::new(Decoded::of(svg.as_bytes()).expect("a drawing")));
        let pictures = decoded.map(|decoded| ("logo".to_owned(), (decoded, None))).into_iter().collect();
        pixels(&loaded, &Content::default(), &pictures, Language::Vi, geometry(board), day("2026-01-01")).expect("drawn")
    };
    let wide =
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20" fill="#ff0000"/></svg>"##;
    let box_of = |picture: &RgbImage, is: fn([u8; 3]) -> bool| {
        let lit = picture.enumerate_pixels().filter(|(_, _, pixel)| is(pixel.0));
        lit.fold([u32::MAX, u32::MAX, 0, 0], |[l, t, r, b], (x, y, _)| [l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)])
    };
    let picture = draw(Some(wide), "200x100");
    assert_eq!(box_of(&picture, |[red, _, blue]| red > 200 && blue < 50), [60, 40, 140, 60], "whole, in the middle");
    assert_eq!(
        box_of(&picture, |[red, green, _]| red > 20 || green > 20),
        [50, 30, 150, 70],
        "with a margin, and nothing beyond"
    );
    assert!(draw(None, "200x100").pixels().all(|pixel| pixel.0 == [0; 3]), "no plate without a logo");
    for board in ["8x8", "64x256", "17x300", "500x9"] {
        let picture = draw(Some(wide), board);
        let [left, _, right, _] = box_of(&picture, |[red, green, _]| red > 20 || green > 20);
        assert!(left >= picture.width() / 4 - 1 && right <= picture.width() * 3 / 4 + 1, "{board}: {left} {right}");
    }
}
