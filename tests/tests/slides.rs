//! The promise to whoever makes slides: one sees what boards will show while one types, and what is wrong stands beside its field.

use bangtin_tests::browser::Browser;
use bangtin_tests::demo::Demo;
use bangtin_tests::pictures::{png, speckled};

/// A desk.
const DESK: (u32, u32) = (1440, 900);
/// A telephone.
const TELEPHONE: (u32, u32) = (390, 844);

/// The first tile's picture is there, of exactly the board's pixels, and none is awaited.
const PAINTED: &str = "
    const tiles = [...document.querySelectorAll('[data-tile]')];
    return tiles.length > 2 && tiles.every((tile) => {
        const image = tile.querySelector('img');
        const [width, height] = tile.dataset.tile.split('x').map(Number);
        const own = 'own' in tile.dataset;
        return !('waiting' in tile.dataset) && image.complete && image.naturalWidth > 0 && (own || image.naturalWidth === width && image.naturalHeight === height);
    });";

#[tokio::test]
async fn a_slide_is_seen_while_it_is_typed_and_saved_with_its_languages() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    browser.open(&format!("{}/slides/new", demo.site)).await;
    let pictured = "const all = [...document.querySelectorAll('.templates img')]; \
        return all.length > 20 && all.slice(0, 6).every((i) => i.complete && i.naturalWidth > 100)";
    browser.until("the templates are seen", pictured).await;
    browser.photograph("slides-1440-vi", DESK).await;

    browser.press("a[href='/slides/new/event']").await;
    browser.until("the editor shows pictures", PAINTED).await;
    browser.fill("#name", "Lễ hội trà").await;
    browser.fill("[name='texts.vi.title']", "Festival Trà Thái Nguyên").await;
    browser.fill("[name='texts.vi.place']", "Quảng trường Võ Nguyên Giáp").await;
    browser.script("const d = document.querySelector('[name=\"dates.day\"]'); d.value = '2099-11-14'; d.dispatchEvent(new Event('input', { bubbles: true })); return 1").await;
    browser.until("it fits everywhere", "return document.querySelector('[data-state]').hasAttribute('data-good')").await;
    browser.until("the pictures are there", PAINTED).await;
    browser.photograph("slide-1440-vi", DESK).await;

    let before = browser.script("return document.querySelector('[data-tile] img').src").await;
    browser.fill("[name='texts.en.title']", &"Incomprehensibilities of the festival ".repeat(5)).await;
    let said = |field: &str| {
        format!(
            "const f = document.querySelector('[data-fault=\"{field}\"]'); return !f.hidden && f.textContent.includes('Chữ không vừa')"
        )
    };
    browser.until("overflow is told beside its field", &said("texts.en.title")).await;
    browser
        .until(
            "the pictures are in the language that is typed",
            "return document.querySelector('[name=language]:checked').value === 'en'",
        )
        .await;
    browser
        .until("another picture is there", &format!("return document.querySelector('[data-tile] img').src !== {before}"))
        .await;
    browser.until("the pictures are there", PAINTED).await;
    browser.photograph("slide-overflow-1440-vi", DESK).await;
    browser.fill("[name='texts.en.title']", "Thái Nguyên Tea Festival").await;
    browser.fill("[name='texts.en.place']", "Võ Nguyên Giáp Square").await;
    browser.until("it fits again", "return document.querySelector('[data-state]').hasAttribute('data-good')").await;
    browser.press(".form-foot button.primary").await;
    browser.until("it is saved", "return location.search === '?saved=true' && !!document.querySelector('.banner.good')").await;
    let kept = "return ['texts.vi.title', 'texts.en.place', 'dates.day'].map((name) => document.querySelector(`[name=\"${name}\"]`).value)";
    let expected = serde_json::json!(["Festival Trà Thái Nguyên", "Võ Nguyên Giáp Square", "2099-11-14"]);
    assert_eq!(browser.script(kept).await, expected, "it is opened as it was saved");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_picture_is_uploaded_into_a_slide_on_a_telephone() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let file = folder.path().join("doi-che.png");
    std::fs::write(&file, png(&speckled(640, 320, 7))).unwrap();
    let browser = Browser::start(TELEPHONE.0, TELEPHONE.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    browser.open(&format!("{}/slides/new/photo", demo.site)).await;
    browser.until("the editor shows pictures", PAINTED).await;
    browser.fill("#file-photo", file.to_str().unwrap()).await;
    browser
        .until("it is chosen", "return document.querySelector('[name=\"pictures.photo\"]:checked')?.value.length === 64")
        .await;
    browser.fill("[name='texts.vi.caption']", "Đồi chè Tân Cương").await;
    browser.until("it fits everywhere", "return document.querySelector('[data-state]').hasAttribute('data-good')").await;
    browser.photograph("slide-390-vi", TELEPHONE).await;
    let widths = browser.script("return document.documentElement.scrollWidth <= window.innerWidth").await;
    assert_eq!(widths, true, "nothing lies beyond the edge");
    browser.fill("#name", " ").await;
    browser.press(".form-foot button.primary").await;
    browser.until("the name is asked for", "return !!document.querySelector('#name-fault')").await;
    assert_eq!(browser.script("return document.querySelector('[name=\"texts.vi.caption\"]').value").await, "Đồi chè Tân Cương");
    browser.close().await;
}
