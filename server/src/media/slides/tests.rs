//! Tests of the text engine and of the shipped templates.

use std::path::{Path, PathBuf};

use super::fit::{self, Part};
use super::language::Language;
use super::library::{self, Loaded};
use super::lines::break_lines;
use super::shape::{Shaped, shape};
use super::words::Setup;
use super::*;

const GEOMETRIES: [&str; 5] = ["64x256", "256x128", "640x320", "960x540", "1920x1080"];

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn geometry(text: &str) -> Geometry {
    text.parse().expect("a geometry")
}

fn shaped(text: &str, language: Language) -> Shaped {
    shape(text, language, 700, false).expect("every character has a glyph")
}

/// The lines of a text within a measure, as texts, by counting its pieces back.
fn lines(text: &str, language: Language, measure: f32) -> Option<Vec<String>> {
    let shaped = shaped(text, language);
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    for piece in &shaped.pieces {
        let mut taken = 0;
        let mut glyphs = 0;
        for (at, character) in rest.char_indices() {
            if character.is_whitespace() {
                taken = at + character.len_utf8();
                if glyphs >= piece.glyphs.len() {
                    break;
                }
            } else if glyphs < piece.glyphs.len() {
                glyphs += 1;
                taken = at + character.len_utf8();
            } else {
                break;
            }
        }
        words.push(rest[..taken].to_owned());
        rest = &rest[taken..];
    }
    let broken = break_lines(&shaped, measure)?;
    Some(broken.into_iter().map(|line| words[line.pieces].concat().trim_end().to_owned()).collect())
}

#[test]
fn lines_are_as_few_and_as_even_as_they_can_be() {
    let title = "Festival Trà Thái Nguyên lần thứ năm";
    let broken = lines(title, Language::Vi, 14.0).expect("it fits");
    assert_eq!(broken, ["Festival Trà Thái Nguyên", "lần thứ năm"].map(str::to_owned), "a name stays together");
    let shaped = shaped(title, Language::Vi);
    for tenths in 40..300_u16 {
        let measure = f32::from(tenths) / 10.0;
        let Some(found) = break_lines(&shaped, measure) else { continue };
        assert!(found.iter().all(|line| line.width <= measure + 0.001), "{measure}");
        // Greedy filling needs the fewest lines there can be.
        let mut greedy = 1;
        let mut used = 0.0;
        for piece in &shaped.pieces {
            if used + piece.width > measure + 0.0001 {
                greedy += 1;
                used = 0.0;
            }
            used += piece.width + piece.space;
        }
        assert_eq!(found.len(), greedy, "{measure}");
    }
}

#[test]
fn a_vietnamese_syllable_does_not_stand_alone_at_the_end() {
    for tenths in 60..160_u16 {
        let Some(broken) = lines("Chung tay xây dựng nông thôn mới", Language::Vi, f32::from(tenths) / 10.0) else {
            continue;
        };
        let last = broken.last().expect("a line");
        assert!(broken.len() == 1 || last.contains(' '), "{broken:?}");
    }
}

#[test]
fn korean_words_stay_whole_and_chinese_may_break_between_characters() {
    let korean = "타이응우옌을 방문하신 여러분을 환영합니다";
    for tenths in 60..200_u16 {
        let Some(broken) = lines(korean, Language::Ko, f32::from(tenths) / 10.0) else { continue };
        assert_eq!(broken.join(" "), korean, "lines end at spaces only");
    }
    let longest = shaped(korean, Language::Ko).pieces.iter().map(|piece| piece.width).fold(0.0, f32::max);
    assert_eq!(break_lines(&shaped(korean, Language::Ko), longest - 0.1), None, "a word is never broken to fit");
    let chinese = lines("热烈欢迎各国朋友，来到太原。", Language::Zh, 5.2).expect("it fits");
    assert!(chinese.len() >= 3, "{chinese:?}");
    assert!(chinese.iter().all(|line| !line.starts_with(['，', '。'])), "no line begins with a comma: {chinese:?}");
}

#[test]
fn numbers_stay_with_what_they_count() {
    let broken = lines("Kỷ niệm ngày 2 tháng 9 năm 2026", Language::Vi, 9.0).expect("it fits");
    assert!(broken.iter().all(|line| !line.starts_with(|c: char| c.is_ascii_digit())), "{broken:?}");
}

#[test]
fn decomposed_and_composed_texts_draw_the_same_pixels() {
    let loaded = library::shipped("text").expect("it is shipped");
    let draw = |body: &str| {
        let text = serde_json::json!({"texts": {"vi": {"body": body}}}).to_string();
        let content = Content::read(&text).expect("a content");
        pixels(&loaded, &content, &Pictures::new(), Language::Vi, geometry("256x128"), day("2026-01-01")).expect("drawn")
    };
    let composed = "Đề nghị Nguyễn Ái Quốc, Ướt, Ẫm, Ộp";
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed).collect();
    assert_ne!(composed, decomposed);
    assert_eq!(draw(composed), draw(&decomposed));
}

#[test]
fn stacked_capitals_touch_neither_the_line_above_nor_the_edge() {
    // The deepest mark over the highest: ộ hangs below, Ằ and Ễ reach up.
    let text = shaped("ỘỆỢ\nẰỄẪ", Language::Vi);
    let part = Part { text, least: 12.2, greatest: 60.0, lines: 2, gap: 0.0 };
    let setting = fit::fit(&[part], 200.0, 100.0).expect("it fits");
    let [upper, lower] = setting.lines.as_slice() else { panic!("two lines") };
    assert!(upper.baseline + upper.below <= lower.baseline - lower.above, "{setting:?}");
    assert!(upper.baseline - upper.above >= 0.0 && lower.baseline + lower.below <= 100.0, "{setting:?}");
    assert!(lower.size * 1.17 < lower.above, "the marks are counted: {lower:?}");
    let pitch = (lower.baseline - upper.baseline) / upper.size;
    assert!(pitch >= 1.4, "line height {pitch}");
}

/// Paints a text block on the whole board and says which rows and columns hold light pixels.
fn ink_box(words: &str, language: Language, at: [f32; 4], board: &str) -> [u32; 4] {
    let template = serde_json::json!({
        "name": {"vi": "Thử", "en": "Test"},
        "fields": {"body": {"kind": "text", "name": {"vi": "Chữ", "en": "Text"}}},
        "colours": {},
        "variants": [{"name": "all", "blocks": [{"text": {"at": at, "align": "centre", "parts": [
            {"say": {"field": "body"}, "size": [0.01, 1.0], "colour": "#ffffff"}]}}]}]
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(library::TEMPLATE_FILE), template.to_string()).expect("written");
    let loaded = library::from_folder(folder.path()).expect("a template");
    let content = serde_json::json!({"texts": {language.code(): {"body": words}}}).to_string();
    let content = Content::read(&content).expect("a content");
    let picture = pixels(&loaded, &content, &Pictures::new(), language, geometry(board), day("2026-01-01")).expect("drawn");
    let lit = picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 8);
    lit.fold([u32::MAX, u32::MAX, 0, 0], |[l, t, r, b], (x, y, _)| [l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)])
}

#[test]
fn no_ink_leaves_its_block() {
    for (language, words) in [
        (Language::Vi, "ẰỄẪỘỆỢ Ỷ nghiêng"),
        (Language::Vi, "Xã Nghinh Tường – xã Quảng Bạch"),
        (Language::En, "Jolly quay fjord"),
        (Language::Zh, "热烈欢迎《太原》"),
        (Language::Ko, "환영합니다, 뷔페"),
    ] {
        let [left, top, right, bottom] = ink_box(words, language, [0.25, 0.25, 0.5, 0.5], "400x200");
        assert!(left >= 99 && top >= 49 && right <= 301 && bottom <= 151, "{words}: {left} {top} {right} {bottom}");
        assert!(bottom - top > 40, "it grows until the block is full: {words}: {top} {bottom}");
    }
}

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

#[test]
fn what_is_missing_unknown_or_unreadable_is_named() {
    let loaded = library::shipped("countdown").expect("it is shipped");
    let draw = |content: serde_json::Value, today: &str| {
        let content = Content::read(&content.to_string()).expect("a content");
        pixels(&loaded, &content, &Pictures::new(), Language::Vi, geometry("640x320"), day(today))
            .expect_err("refused")
            .to_string()
    };
    let title = serde_json::json!({"vi": {"title": "Quốc khánh"}});
    assert!(draw(serde_json::json!({"dates": {"day": "2026-09-02"}}), "2026-09-01").contains("title is missing in vi"));
    assert!(draw(serde_json::json!({"texts": title}), "2026-09-01").contains("day is missing"));
    let late = serde_json::json!({"texts": title, "dates": {"day": "2026-09-02"}});
    assert!(draw(late, "2026-09-03").contains("has ended"));
    let other = serde_json::json!({"texts": {"vi": {"headline": "x"}}});
    assert!(draw(other, "2026-09-01").contains("no field headline"));
    let odd = serde_json::json!({"texts": {"vi": {"title": "Chào 𓀀"}}, "dates": {"day": "2026-09-02"}});
    assert!(draw(odd, "2026-09-01").contains("U+13000"));
}

#[test]
fn text_on_a_ground_too_close_to_it_is_refused() {
    let loaded = library::shipped("place").expect("it is shipped");
    let template = serde_json::to_string(&loaded.template).expect("JSON").replace("#031c22", "#8a8a8a");
    let folder = tempfile::tempdir().expect("a folder");
    let art = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/slides/place/lake.svg");
    std::fs::copy(art, folder.path().join("lake.svg")).expect("copied");
    std::fs::write(folder.path().join(library::TEMPLATE_FILE), template).expect("written");
    let grey = library::from_folder(folder.path()).expect("a template");
    let (content, pictures) = loaded.sample().expect("a sample");
    let drawn = pixels(&grey, &content, &pictures, Language::Vi, geometry("640x320"), day("2026-01-01"));
    assert!(drawn.expect_err("refused").to_string().contains("less than 7 : 1"));
}

#[test]
fn a_template_tells_everything_that_is_wrong_with_it() {
    let wrong = serde_json::json!({
        "name": {"vi": "Thử"},
        "fields": {"body": {"kind": "text", "name": {"vi": "Chữ", "en": "Text"}}},
        "colours": {},
        "variants": [{"name": "all", "when": {"side_below": 100}, "blocks": [
            {"fill": {"at": [0.5, 0.0, 0.6, 1.0], "colour": "night"}},
            {"art": {"at": [0, 0, 1, 1], "file": "none.svg"}},
            {"qr": {"at": [0, 0, 1, 1], "field": "body"}},
        ]}]
    });
    let told = check::read(&wrong.to_string(), |_| false).expect_err("wrong").to_string();
    for part in [
        "name: has no words in en",
        "the last has conditions",
        "blocks[0]: its area",
        "\"night\" is neither",
        "none.svg",
        "a Address is needed",
        "fields.body: no variant shows it",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let place = check::read("{\n  \"name\": {\"vi\": 3}\n}", |_| true).expect_err("wrong").to_string();
    assert!(place.starts_with("line 2, column 18, at name."), "{place}");
}

#[test]
fn every_shipped_template_works_at_every_size_in_every_language_and_no_ink_leaves_its_block() {
    assert!(library::ids().len() >= 12);
    for id in library::ids() {
        let loaded = library::shipped(&id).expect("it is shipped");
        let (content, pictures) = loaded.sample().expect("a sample");
        let today = content.dates.values().min().copied().unwrap_or_default();
        for text in GEOMETRIES {
            for language in Language::ALL {
                let setup = Setup { content: &content, language, geometry: geometry(text), today };
                let painted = paint::paint(&loaded, &pictures, setup).unwrap_or_else(|e| panic!("{id} {text} {language}: {e}"));
                for (block, [left, top, width, height], ink) in painted.inks {
                    let whole = |pixels: u32| f64::from(pixels);
                    let inside = f64::from(ink[0]) >= whole(left) - 0.01
                        && f64::from(ink[1]) >= whole(top) - 1.01
                        && f64::from(ink[2]) <= whole(left + width) + 1.01
                        && f64::from(ink[3]) <= whole(top + height) + 1.01;
                    assert!(inside, "{id} {text} {language} {block}: {ink:?}");
                }
            }
        }
    }
}

#[test]
fn every_commune_fits_where_a_place_is_named() {
    let communes = include_str!("../../../../playlists/data/communes_thai_nguyen.csv");
    let loaded = library::shipped("traffic").expect("it is shipped");
    for line in communes.lines().skip(1) {
        let name = line.split(',').nth(1).expect("a name");
        let text = serde_json::json!({"texts": {"vi": {"what": "Cấm đường", "place": format!("Quốc lộ 3, xã {name}")}}});
        let content = Content::read(&text.to_string()).expect("a content");
        for board in ["64x256", "256x128"] {
            let drawn = pixels(&loaded, &content, &Pictures::new(), Language::Vi, geometry(board), day("2026-01-01"));
            assert!(drawn.is_ok(), "{name} at {board}: {drawn:?}");
        }
    }
}

#[test]
fn a_code_on_a_slide_can_be_read_at_every_size() {
    let loaded: std::sync::Arc<Loaded> = library::shipped("invitation").expect("it is shipped");
    let (content, pictures) = loaded.sample().expect("a sample");
    let today = content.dates["day"];
    for text in GEOMETRIES {
        let picture = pixels(&loaded, &content, &pictures, Language::Vi, geometry(text), today).expect("drawn");
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        // A camera sees a board larger than its pixels: each is three wide here.
        let grey = |x: usize, y: usize| picture.get_pixel(x as u32 / 3, y as u32 / 3).0[1];
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width * 3, height * 3, grey);
        let grids = seen.detect_grids();
        assert_eq!(grids.len(), 1, "{text}");
        assert_eq!(grids[0].decode().expect("read").1, content.addresses["link"], "{text}");
    }
}

#[test]
fn a_code_that_cannot_be_drawn_in_whole_pixels_is_refused() {
    let loaded = library::shipped("invitation").expect("it is shipped");
    let (mut content, pictures) = loaded.sample().expect("a sample");
    content.addresses.insert("link".to_owned(), format!("https://example.vn/{}", "x".repeat(260)));
    let drawn = pixels(&loaded, &content, &pictures, Language::Vi, geometry("64x256"), content.dates["day"]);
    assert!(drawn.expect_err("refused").to_string().contains("take a shorter address"));
}

#[test]
fn a_strip_is_premultiplied_and_holds_every_mark() {
    let strip = |text: &str, height| ticker::strip(text, Language::Vi, 700, height, colour::Colour([255, 220, 0]));
    let made = strip("ẰỄẪ Ộ\u{a0}– CHÀO MỪNG\nQUỐC KHÁNH 2/9", 40).expect("made");
    assert_eq!(made.height(), 40);
    assert!(made.pixels().iter().all(|p| p.red() <= p.alpha() && p.green() <= p.alpha() && p.blue() == 0));
    let row = |y: u32| (0..made.width()).any(|x| made.pixel(x, y).is_some_and(|p| p.alpha() > 0));
    assert!(!row(0) && !row(39), "no mark is cut at the edge");
    assert!((0..40).filter(|&y| row(y)).count() > 30, "and the letters use the height");
    let column = |x: u32| (0..40).any(|y| made.pixel(x, y).is_some_and(|p| p.alpha() > 0));
    assert!((0..4).any(column) && (made.width() - 6..made.width()).any(column), "as wide as the text");
    assert!(matches!(strip("", 40), Err(ticker::TickerError::Empty)));
    assert!(matches!(strip("x", 8), Err(ticker::TickerError::Height(8))));
    assert!(matches!(strip(&"dài ".repeat(9000), 40), Err(ticker::TickerError::Long { .. })));
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/slides");
    for (file, schema) in [("template.schema.json", template_schema()), ("texts.schema.json", content_schema())] {
        let committed = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let committed: serde_json::Value = serde_json::from_str(&committed).unwrap_or_default();
        let command = if file.starts_with("texts") { "bangtin slide schema --texts" } else { "bangtin slide schema" };
        assert!(committed == schema, "{file} differs from the code: `{command}` prints the new one");
    }
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/media/slides/golden").join(name)
}

/// How far a picture may be from its golden one. Fonts are shipped and the rasteriser is ours, in single precision: on x86-64 a change of
/// one value is a change of the program, so nothing is allowed. Elsewhere fused operations may round an edge differently: 3 of 255 in at
/// most one value of 200 is below what a board shows (its cards have 8 bits, LEDs differ by 5 per cent between modules) and below any
/// change of a glyph, which moves whole pixels.
fn near(found: &RgbImage, expected: &RgbImage) -> bool {
    let (most, share) = if cfg!(target_arch = "x86_64") { (0, 0) } else { (3, found.len() / 200) };
    let pairs = found.iter().zip(expected.iter());
    let apart: Vec<_> = pairs.map(|(a, b)| a.abs_diff(*b)).filter(|apart| *apart > 0).collect();
    found.dimensions() == expected.dimensions() && apart.len() <= share && apart.iter().all(|apart| *apart <= most)
}

#[test]
fn texts_look_as_they_did() {
    let loaded = library::shipped("text").expect("it is shipped");
    let cases = [
        (Language::Vi, "stacked", "ẰỄẪỘỢ ẤỆỖ – Nguyễn Ái Quốc, Ướt, Ỹ, Đệ nhất danh trà"),
        (Language::Vi, "long", "Nhiệt liệt chào mừng kỷ niệm 81 năm Cách mạng tháng Tám và Quốc khánh 2/9"),
        (Language::En, "long", "Welcome to Thái Nguyên, capital of the resistance and home of Tân Cương tea"),
        (Language::Zh, "long", "热烈庆祝越南国庆八十一周年——太原省欢迎您"),
        (Language::Ko, "long", "베트남 국경절 81주년을 축하합니다. 타이응우옌에 오신 것을 환영합니다"),
    ];
    let mut wrong = Vec::new();
    for (language, name, body) in cases {
        let text = serde_json::json!({"texts": {language.code(): {"body": body}}}).to_string();
        let content = Content::read(&text).expect("a content");
        let found = pixels(&loaded, &content, &Pictures::new(), language, geometry("256x128"), day("2026-01-01")).expect("drawn");
        let path = golden(&format!("{language}-{name}.png"));
        let expected = image::open(&path).map(|picture| picture.into_rgb8()).unwrap_or_default();
        if !near(&found, &expected) {
            let new = std::env::temp_dir().join(format!("{language}-{name}.png"));
            found.save(&new).expect("written");
            wrong.push(format!("{} is not {}", new.display(), path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "look at the new pictures, and copy them over the old ones if they are right:\n{}",
        wrong.join("\n")
    );
}
