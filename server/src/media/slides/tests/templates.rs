//! Templates: what is wrong with one is told, and the shipped ones work at every size in every language.

use std::path::Path;

use super::*;

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
        "about": {"vi": "Thử.", "en": "A test."},
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
                let setup = words::Setup { content: &content, language, geometry: geometry(text), today };
                let painted = paint::paint(&loaded, &pictures, setup).expect("a size of board");
                assert!(painted.faults.is_empty(), "{id} {text} {language}: {:?}", painted.faults);
                for (block, [left, top, width, height], ink) in painted.inks {
                    let whole = |pixels: u32| f64::from(pixels);
                    let inside = f64::from(ink[0]) >= whole(left) - 0.01
                        && f64::from(ink[1]) >= whole(top) - 0.01
                        && f64::from(ink[2]) <= whole(left + width) + 0.01
                        && f64::from(ink[3]) <= whole(top + height) + 0.01;
                    assert!(inside, "{id} {text} {language} {block}: {ink:?}");
                }
            }
        }
    }
}

#[test]
fn every_commune_fits_where_a_place_is_named() {
    let communes = include_str!("../../../../../playlists/data/communes_thai_nguyen.csv");
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
fn the_committed_schemas_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/slides");
    for (file, schema) in [("template.schema.json", template_schema()), ("texts.schema.json", content_schema())] {
        let committed = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let committed: serde_json::Value = serde_json::from_str(&committed).unwrap_or_default();
        let command = if file.starts_with("texts") { "bangtin slide schema --texts" } else { "bangtin slide schema" };
        assert!(committed == schema, "{file} differs from the code: `{command}` prints the new one");
    }
}

#[test]
fn fields_are_asked_for_from_the_title_to_the_pictures() {
    let order = |id: &str| {
        let loaded = library::shipped(id).expect("it is shipped");
        loaded.template.in_order().iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order("event"), ["title", "place", "time", "day"]);
    assert_eq!(order("notice"), ["level", "title", "advice", "area"]);
    assert_eq!(order("weather"), ["title", "one", "two", "three"]);
    assert_eq!(order("invitation"), ["title", "call", "day", "link", "logo"]);
}

/// The longest names of communes and wards there are, where a template names a place: template, field, and the text in each language.
const LONGEST: [(&str, &str, [&str; 4]); 8] = [
    ("congratulation", "line", ["Phường Phan Đình Phùng", "Phan Đình Phùng Ward", "潘廷逢坊", "판딘풍동"]),
    (
        "event",
        "place",
        ["Nhà văn hóa phường Phan Đình Phùng", "Phan Đình Phùng Culture House", "潘廷逢坊文化馆", "판딘풍동 문화회관"],
    ),
    ("invitation", "title", ["Ngày hội phường Phan Đình Phùng", "Phan Đình Phùng Ward Fair", "潘廷逢坊节日", "판딘풍동 축제"]),
    ("notice", "area", ["Xã Nghinh Tường, xã Phượng Tiến", "Nghinh Tường, Phượng Tiến", "凝祥乡、凤进乡", "응인뜨엉, 프엉띠엔"]),
    ("place", "name", ["Hang Phượng Hoàng", "Phượng Hoàng Cave", "凤凰洞", "프엉호앙 동굴"]),
    ("product", "maker", ["Hợp tác xã Nghinh Tường", "Nghinh Tường Cooperative", "凝祥合作社", "응인뜨엉 협동조합"]),
    (
        "recruitment",
        "employer",
        ["Ủy ban phường Phan Đình Phùng", "Phan Đình Phùng Ward Office", "潘廷逢坊政府", "판딘풍동 사무소"],
    ),
    ("text", "title", ["Phường Phan Đình Phùng", "Phan Đình Phùng Ward", "潘廷逢坊", "판딘풍동"]),
];

#[test]
fn the_longest_names_fit_every_template_that_names_a_place_at_every_size_in_every_language() {
    let mut wrong = Vec::new();
    for (id, field, names) in LONGEST {
        let loaded = library::shipped(id).expect("it is shipped");
        let (mut content, pictures) = loaded.sample().expect("a sample");
        for (language, name) in Language::ALL.into_iter().zip(names) {
            content.texts.entry(language).or_default().insert(field.to_owned(), name.to_owned());
        }
        let today = content.dates.values().min().copied().unwrap_or_default();
        // The largest has the shape of the one before it.
        for text in GEOMETRIES.into_iter().take(4) {
            for language in Language::ALL {
                let made = proof(&loaded, &content, &pictures, language, geometry(text), today).expect("a size of board");
                wrong.extend(made.faults.iter().map(|fault| format!("{id} {text} {language}: {fault}")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_level_of_a_notice_is_readable_at_every_size() {
    let loaded = library::shipped("notice").expect("it is shipped");
    let (mut content, pictures) = loaded.sample().expect("a sample");
    for level in 1..=5 {
        content.levels.insert("level".to_owned(), level);
        for text in GEOMETRIES.into_iter().take(4) {
            let made = pixels(&loaded, &content, &pictures, Language::Vi, geometry(text), day("2026-01-01"));
            assert!(made.is_ok(), "level {level} at {text}: {:?}", made.err());
        }
    }
}
