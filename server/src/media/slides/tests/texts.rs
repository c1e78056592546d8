//! The text engine: where lines end, what touches what, what has no letters.

use super::super::fit::{self, Part};
use super::super::lines::break_lines;
use super::super::ticker;
use super::*;

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
            if used + piece.width > measure + 0.00001 {
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
