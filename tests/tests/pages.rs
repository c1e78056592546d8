//! The promise to operators: the main job is done by hand in the browser, by keyboard and on a telephone, in two languages.

use std::path::Path;
use std::process::Command;

use bangtin_tests::browser::Browser;
use bangtin_tests::demo::Demo;
use bangtin_tests::eventually;
use bangtin_tests::eventually::STARTUP;
use bangtin_tests::pictures::{png, read, speckled};
use bangtin_tests::process::{Process, installed, program, run};
use serde_json::Value;

/// A desk.
const DESK: (u32, u32) = (1440, 900);
/// A telephone.
const TELEPHONE: (u32, u32) = (390, 844);
/// A narrow telephone.
const NARROW: (u32, u32) = (360, 740);
/// Most presses of the tabulator on one page.
const MOST_STOPS: usize = 400;

#[tokio::test]
async fn an_operator_takes_a_picture_to_a_board_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let picture = speckled(640, 320, 7);
    let file = folder.path().join("buc-hinh.png");
    std::fs::write(&file, png(&picture)).unwrap();
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;

    browser.open(&format!("{}/assets", demo.site)).await;
    browser.fill("#file", file.to_str().unwrap()).await;
    let card = "return [...document.querySelectorAll('.library .card-name')].some((n) => n.textContent === 'buc-hinh')";
    browser.until("the picture is in the library", card).await;
    browser.photograph("assets-1440-vi", DESK).await;

    browser.open(&format!("{}/playlists/new", demo.site)).await;
    browser.fill("#name", "Danh sách thử").await;
    browser.press(".picker button[aria-label*='buc-hinh']").await;
    browser.until("the entry is there", "return document.querySelectorAll('.entry').length === 1").await;
    assert_eq!(browser.script("return document.querySelector('#name').value").await, "Danh sách thử", "what was typed is kept");
    browser.fill("#seconds-0", "5").await;
    browser.photograph("playlist-1440-vi", DESK).await;
    browser.press(".form-foot button.primary").await;
    browser.press(".banner.good a").await;

    browser.until("the form of a campaign opens", "return location.pathname === '/campaigns/new'").await;
    browser.fill("#name", "Chiến dịch thử").await;
    browser.press("#level option[value=priority]").await;
    browser.press("#window-form").await;
    browser.until("a window is there", "return !!document.querySelector('#from-0')").await;
    // The whole day: its end is that of the next. Fields of time are typed differently in each locale.
    set(&browser, &[("#from-0", "00:00"), ("#until-0", "00:00"), ("#until", "2099-12-31T23:59")]).await;
    browser.press("input[name=aim][value=some]").await;
    browser.press(&format!("input[name=board][value={board}]")).await;
    browser.press("input[name=approved]").await;
    browser.photograph("campaign-new-1440-vi", DESK).await;
    browser.press(".form-foot button.primary").await;
    taken(&browser, &demo, &board, &picture).await;

    let campaign = campaign(&browser, &demo, "Chiến dịch thử").await;
    browser.open(&campaign).await;
    browser.press(".window-foot button").await;
    browser.until("the window is gone", "return !document.querySelector('.window')").await;
    browser.press("#window-cron").await;
    browser.until("a window is there", "return !!document.querySelector('#cron-0')").await;
    browser.fill("#cron-0", "*/30 * * * *").await;
    browser.fill("#minutes-0", "30").await;
    browser.until("the next starts are shown", "return document.querySelectorAll('#starts-0 li').length === 5").await;
    browser.press(".form-foot button.primary").await;
    taken(&browser, &demo, &board, &picture).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

/// Sets fields whose keys depend on the machine's locale.
async fn set(browser: &Browser, fields: &[(&str, &str)]) {
    for (css, value) in fields {
        browser.script(&format!("document.querySelector('{css}').value = '{value}'; return true")).await;
    }
}

/// The address of a campaign's page.
async fn campaign(browser: &Browser, demo: &Demo, name: &str) -> String {
    browser.open(&format!("{}/campaigns", demo.site)).await;
    let link = format!("return [...document.querySelectorAll('.list a')].find((a) => a.textContent === '{name}').href");
    browser.script(&link).await.as_str().unwrap().to_owned()
}

/// The campaign just saved has reached its one board, the board's page says so, and the board shows exactly the picture.
async fn taken(browser: &Browser, demo: &Demo, board: &str, picture: &image::RgbImage) {
    browser.until("it is saved", "return location.search === '?saved=true' && !!document.querySelector('.banner.good')").await;
    let reached = "const m = document.querySelector('.bar-meter'); return m.max === 1 && m.value === 1";
    browser.until("the one board has it", reached).await;
    browser.photograph("campaign-saved-1440-vi", DESK).await;
    browser.open(&format!("{}/boards/{board}", demo.site)).await;
    browser.until("the page names what plays", "return document.querySelector('.now strong').textContent === 'buc-hinh'").await;
    let equal = "const r = [...document.querySelectorAll('.diff .number')].map((n) => n.textContent); \
                 return r.length === 2 && r[0] === r[1] && !!document.querySelector('.diff .equal')";
    browser.until("the wanted revision is the reported one", equal).await;
    eventually("the board shows the picture, pixel by pixel", STARTUP, async || {
        let shown = demo.shown(board).ok_or_else(|| "between two pictures".to_owned())?;
        if read(&shown.picture) == *picture { Ok(()) } else { Err(format!("item {}", shown.item)) }
    })
    .await;
}

#[tokio::test]
async fn wrong_input_is_told_beside_its_field_in_both_languages_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let browser = Browser::start(TELEPHONE.0, TELEPHONE.1).await;
    let door = format!("{}/sign-in", demo.site);
    for (language, said) in [("vi", "Tên đăng nhập hoặc mật khẩu không đúng."), ("en", "The login or the password is not right.")]
    {
        browser.open(&door).await;
        browser.speak(language).await;
        browser.photograph(&format!("sign-in-390-{language}"), TELEPHONE).await;
        browser.fill("#login", "admin").await;
        browser.fill("#password", "not this one").await;
        browser.press(".door button.primary").await;
        says(&browser, ".banner.bad", said).await;
        assert_eq!(browser.script(VALUE_OF_LOGIN).await, "admin", "the login is kept");
        assert_eq!(browser.script("return document.querySelector('#password').value").await, "", "the password is not");
    }
    browser.sign_in(&demo.site, demo.login()).await;
    for (language, words) in [("vi", VIETNAMESE), ("en", ENGLISH)] {
        browser.open(&format!("{}/campaigns/new", demo.site)).await;
        browser.speak(language).await;
        browser.open(&format!("{}/campaigns/new", demo.site)).await;
        wrong_campaign(&browser, &words, language).await;
        wrong_playlist(&browser, &demo, &words).await;
    }
    let bad: Vec<_> = browser.complaints().await.into_iter().filter(|line| !line.contains("status of 422")).collect();
    assert_eq!(bad, Vec::<String>::new());
    browser.close().await;
}

const VALUE_OF_LOGIN: &str = "return document.querySelector('#login').value";

/// What is said of each wrong field.
struct Words {
    name: &'static str,
    playlist: &'static str,
    weight: &'static str,
    days: &'static str,
    cron: &'static str,
    boards: &'static str,
    entries: &'static str,
}

const VIETNAMESE: Words = Words {
    name: "Hãy đặt tên.",
    playlist: "Hãy chọn danh sách phát.",
    weight: "Trọng số từ 1 đến 1000.",
    days: "Hãy chọn ít nhất một ngày trong tuần.",
    cron: "Biểu thức cron chưa đúng. Cần năm ô: phút, giờ, ngày, tháng, thứ.",
    boards: "Hãy chọn ít nhất một bảng tin.",
    entries: "Hãy thêm ít nhất một hình hoặc video.",
};

const ENGLISH: Words = Words {
    name: "Give it a name.",
    playlist: "Choose a playlist.",
    weight: "A weight is 1 to 1000.",
    days: "Choose at least one day of the week.",
    cron: "The cron expression cannot be read",
    boards: "Choose at least one board.",
    entries: "Add at least one picture or clip.",
};

async fn wrong_campaign(browser: &Browser, words: &Words, language: &str) {
    browser.fill("#name", "Tên được giữ").await;
    browser.fill("#weight", "0").await;
    browser.press("#window-form").await;
    browser.until("a window is there", "return !!document.querySelector('#from-0')").await;
    browser.script("document.querySelectorAll('[name=window-0-day]').forEach((d) => { d.checked = false }); return 1").await;
    browser.press("#window-cron").await;
    browser.until("two windows are there", "return !!document.querySelector('#cron-1')").await;
    browser.fill("#cron-1", "99 x").await;
    browser.press("input[name=aim][value=some]").await;
    browser.press(".form-foot button.primary").await;
    browser.until("the form comes back", "return !!document.querySelector('form .faults')").await;
    let beside = |css: &str| format!("{css} .fault");
    says(browser, &beside(".field:has(#playlist)"), words.playlist).await;
    says(browser, &beside(".field:has(#weight)"), words.weight).await;
    says(browser, &beside(".window:has(#from-0)"), words.days).await;
    says(browser, &beside(".window:has(#cron-1)"), words.cron).await;
    says(browser, &beside(".panel:has(#all-boards)"), words.boards).await;
    let kept = "return ['#name', '#weight', '#cron-1'].map((css) => document.querySelector(css).value)";
    assert_eq!(browser.script(kept).await, serde_json::json!(["Tên được giữ", "0", "99 x"]), "what was typed is kept");
    assert_eq!(browser.script("return document.querySelector('input[value=some]').checked").await, true);
    assert_eq!(browser.script("return document.querySelectorAll('#name[aria-invalid]').length").await, 0, "the name is right");
    browser.photograph(&format!("campaign-errors-390-{language}"), TELEPHONE).await;
    browser.fill("#name", " ").await;
    browser.press(".form-foot button.primary").await;
    says(browser, &beside(".field:has(#name)"), words.name).await;
}

async fn wrong_playlist(browser: &Browser, demo: &Demo, words: &Words) {
    browser.open(&format!("{}/playlists/new", demo.site)).await;
    browser.press(".form-foot button.primary").await;
    says(browser, ".field:has(#name) .fault", words.name).await;
    says(browser, ".panel:has(#name) > .fault", words.entries).await;
}

/// Waits until what `css` selects begins with these words.
async fn says(browser: &Browser, css: &str, words: &str) {
    let body = format!("return [...document.querySelectorAll('{css}')].some((e) => e.textContent.startsWith('{words}'))");
    browser.until(&format!("{css} says {words:?}"), &body).await;
}

#[tokio::test]
async fn a_form_that_another_site_sends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let cookies = folder.path().join("cookies");
    let (login, password) = demo.login();
    let form = [format!("login={login}"), format!("password={password}")];
    assert_eq!(post(&demo, &cookies, "/sign-in", &form, &[]), "303");
    let own = format!("Origin: {}", demo.site);
    let saved = ["name=Danh sách".to_owned()];
    assert_eq!(post(&demo, &cookies, "/playlists", &saved, &[&own]), "422", "the form is read, and lacks entries");
    for foreign in ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        assert_eq!(post(&demo, &cookies, "/playlists", &saved, &[foreign]), "403", "{foreign}");
        assert_eq!(post(&demo, &cookies, "/sign-out", &[], &[foreign]), "403", "{foreign}");
    }
    assert_eq!(post(&demo, &cookies, "/playlists", &saved, &[&own]), "422", "still signed in");
}

/// Sends a form with curl; gives the status.
fn post(demo: &Demo, cookies: &Path, path: &str, form: &[String], headers: &[&str]) -> String {
    let mut curl = Command::new(installed("curl"));
    curl.args(["-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST"]);
    curl.arg("-b").arg(cookies).arg("-c").arg(cookies);
    for field in form {
        curl.arg("--data-urlencode").arg(field);
    }
    for header in headers {
        curl.args(["-H", header]);
    }
    run(curl.arg(format!("{}{path}", demo.site)))
}

#[tokio::test]
async fn every_page_fits_a_narrow_telephone_and_is_walked_by_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let browser = Browser::start(NARROW.0, NARROW.1).await;
    let site = &demo.site;

    browser.open(&format!("{site}/sign-in")).await;
    fits(&browser, "sign-in").await;
    walk(&browser, "sign-in").await;
    browser.open(&format!("{site}/sign-in")).await;
    keys_only(&browser, demo.login()).await;

    let mut pages = vec![("overview", "/".to_owned()), ("board", format!("/boards/{board}"))];
    for place in ["assets", "playlists", "campaigns"] {
        pages.push((place, format!("/{place}")));
        browser.open(&format!("{site}/{place}")).await;
        let first = format!("return document.querySelector('main a[href^=\"/{place}/\"]:not([href$=new])').getAttribute('href')");
        pages.push((place.trim_end_matches('s'), browser.script(&first).await.as_str().unwrap().to_owned()));
    }
    pages.push(("playlist-new", "/playlists/new".to_owned()));
    pages.push(("slides", "/slides/new".to_owned()));
    pages.push(("slide-new", "/slides/new/place".to_owned()));
    pages.push(("missing", "/no-such-page".to_owned()));
    for (name, path) in &pages {
        browser.open(&format!("{site}{path}")).await;
        for language in ["en", "vi"] {
            browser.speak(language).await;
            fits(&browser, name).await;
        }
        browser.photograph(&format!("{name}-360-vi"), NARROW).await;
    }
    browser.open(&format!("{site}/campaigns/new")).await;
    browser.press("#window-form").await;
    browser.until("a window is there", "return !!document.querySelector('#from-0')").await;
    browser.press("#window-cron").await;
    browser.until("two windows are there", "return !!document.querySelector('#cron-1')").await;
    browser.press("input[name=aim][value=some]").await;
    fits(&browser, "campaign-new").await;
    browser.photograph("campaign-new-360-vi", NARROW).await;
    walk(&browser, "campaign-new").await;
    browser.close().await;
}

/// Nothing lies beyond the window's right edge.
async fn fits(browser: &Browser, page: &str) {
    let widths = browser.script("return [document.documentElement.scrollWidth, window.innerWidth]").await;
    assert_eq!(widths[1], NARROW.0, "{page}");
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "{page} scrolls sideways: {widths}");
}

/// Signs in without a mouse: the login has the focus, the tabulator goes on, Enter sends.
async fn keys_only(browser: &Browser, (login, password): (String, String)) {
    let focus = |id: &str| format!("return document.activeElement.id === '{id}'");
    browser.until("the login has the focus", &focus("login")).await;
    browser.client.active_element().await.unwrap().send_keys(&login).await.unwrap();
    browser.tabulate().await;
    browser.until("the password has it", &focus("password")).await;
    browser.client.active_element().await.unwrap().send_keys(&format!("{password}\n")).await.unwrap();
    browser.until("the overview opens", "return !!document.querySelector('.counts')").await;
}

/// The tabulator visits everything that can be used, once, in the order in which it is read.
async fn walk(browser: &Browser, page: &str) {
    let stops = browser.script(NUMBER_STOPS).await.as_array().cloned().unwrap();
    assert!(stops.len() > 4, "{page}: {stops:?}");
    let mut visited: Vec<Value> = Vec::new();
    for _ in 0..MOST_STOPS {
        let stop = browser.script("return document.activeElement.dataset.stop ?? null").await;
        if stop.is_null() {
            break;
        }
        // A field of time has several stops of its own.
        if visited.last() != Some(&stop) {
            visited.push(stop);
        }
        browser.tabulate().await;
    }
    assert_eq!(visited, stops, "{page}");
}

/// Numbers what the tabulator is to visit, and puts the focus on the first.
const NUMBER_STOPS: &str = "
    const chosen = (e) => e.type !== 'radio' || e.checked;
    const seen = (e) => e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true });
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];
    const stops = all.filter((e) => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden' && seen(e) && chosen(e));
    stops.forEach((e, n) => { e.dataset.stop = n + ' ' + (e.id || e.name || e.className || e.textContent).slice(0, 30) });
    stops[0].focus();
    return stops.map((e) => e.dataset.stop);";

#[tokio::test]
async fn the_first_administrator_is_made_by_a_link_that_holds_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let bangtin = |words: &[&str]| {
        let mut command = Command::new(program("bangtin"));
        command.args(words).arg("--data").arg(&data).current_dir(folder.path());
        command
    };
    run(bangtin(&["keys", "init"]).arg("--root-folder").arg(folder.path().join("root")));
    let ports = ["serve", "--listen-http", "127.0.0.1:0", "--listen-mqtt", "127.0.0.1:0"];
    let mut server = Process::start("bangtin serve", &mut bangtin(&ports));
    let link =
        server.line("prints the link", STARTUP, |line| Some(line.split_once("once, within a day: ")?.1.trim().to_owned())).await;
    let browser = Browser::start(NARROW.0, NARROW.1).await;
    browser.open(&link).await;
    fits(&browser, "set-up").await;
    browser.photograph("set-up-360-vi", NARROW).await;
    walk(&browser, "set-up").await;
    const UNIT: &str = "Tỉnh Thái Nguyên";
    for (login, password, again, unit, field, said) in [
        ("Đ", "một câu dài dễ nhớ", "một câu dài dễ nhớ", UNIT, "login", "Dùng 3–64 ký tự"),
        ("chị-an", "ngắn", "ngắn", UNIT, "login", "Dùng 3–64 ký tự"),
        ("chi-an", "ngắn", "ngắn", UNIT, "password", "Mật khẩu cần ít nhất"),
        ("chi-an", "một câu dài dễ nhớ", "một câu khác dễ nhớ", UNIT, "again", "Hai mật khẩu không giống nhau."),
        ("chi-an", "một câu dài dễ nhớ", "một câu dài dễ nhớ", " ", "unit_name", "Hãy đặt tên."),
        ("chi-an", "một câu dài dễ nhớ", "một câu dài dễ nhớ", "太原", "unit_name", "Tên cần có ít nhất một chữ cái"),
    ] {
        fill_set_up(&browser, login, password, again, unit).await;
        says(&browser, &format!(".field:has(#{field}) .fault"), said).await;
        assert_eq!(browser.script(VALUE_OF_LOGIN).await, login.to_lowercase(), "the login is kept");
    }
    fill_set_up(&browser, "chi-an", "một câu dài dễ nhớ", "một câu dài dễ nhớ", UNIT).await;
    browser.until("the empty overview opens", "return location.pathname === '/' && !!document.querySelector('.empty')").await;
    fits(&browser, "empty overview").await;
    browser.photograph("overview-empty-360-vi", NARROW).await;
    browser.open(&link).await;
    browser
        .until("the link holds no more", "return !document.querySelector('#login') && !!document.querySelector('.door')")
        .await;
    browser.close().await;
    assert!(server.stop().await.success());
}

async fn fill_set_up(browser: &Browser, login: &str, password: &str, again: &str, unit: &str) {
    browser.script("document.querySelectorAll('.fault').forEach((f) => f.remove()); return 1").await;
    for (css, text) in [("#login", login), ("#password", password), ("#again", again), ("#unit_name", unit)] {
        browser.fill(css, text).await;
    }
    browser.press(".door button.primary").await;
}
