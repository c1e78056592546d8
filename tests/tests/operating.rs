//! The promise to operators of a running board: before a step the page says what will happen, then it happens; what plays when, and
//! why, is told for any instant; a campaign's figures are told before it is saved.

use std::path::Path;
use std::process::Command;

use bangtin_tests::browser::Browser;
use bangtin_tests::demo::Demo;
use bangtin_tests::process::{installed, run};
use serde_json::Value;

/// A desk.
const DESK: (u32, u32) = (1440, 900);
/// A telephone.
const TELEPHONE: (u32, u32) = (390, 844);

/// Takes a picture of the page at a desk and on a telephone, in both languages; nothing lies beyond the telephone's right edge.
async fn look(browser: &Browser, name: &str, address: &str) {
    for (width, height) in [TELEPHONE, DESK] {
        browser.size(width, height).await;
        for language in ["en", "vi"] {
            browser.open(address).await;
            browser.speak(language).await;
            browser.open(address).await;
            let widths = browser.script("return [document.documentElement.scrollWidth, window.innerWidth]").await;
            assert!(widths[0].as_u64() <= widths[1].as_u64(), "{name} scrolls sideways in {language} at {width}: {widths}");
            browser.photograph(&format!("{name}-{width}-{language}"), (width, height)).await;
        }
    }
}

/// The addresses of the first campaign that runs on all boards.
async fn running_campaign(browser: &Browser, demo: &Demo) -> String {
    browser.open(&format!("{}/campaigns", demo.site)).await;
    let link = "return document.querySelector('tr:has(.s-live) a[href^=\"/campaigns/\"]').href";
    browser.script(link).await.as_str().unwrap().to_owned()
}

async fn badge(browser: &Browser) -> String {
    browser.script("return document.querySelector('.page-head .badge').textContent").await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_step_with_a_running_campaign_is_asked_about_and_then_happens() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    demo.first_pictures().await;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    let campaign = running_campaign(&browser, &demo).await;
    look(&browser, "campaign-running", &campaign).await;
    look(&browser, "campaign-pause", &format!("{campaign}/pause")).await;
    let said = browser.script("return document.querySelector('#jumps').textContent").await;
    assert!(said.as_str().unwrap().contains("bảng tin"), "{said}");
    assert_eq!(badge_of(&browser, &campaign).await, "Đang phát", "a question changes nothing");

    browser.press("#pause").await;
    browser.press("#confirm").await;
    browser.until("it is paused", "return location.search === '?went=paused'").await;
    assert_eq!(badge(&browser).await, "Tạm dừng");
    look(&browser, "campaign-paused", &campaign).await;
    browser.press("#resume").await;
    browser.press("#confirm").await;
    browser.until("it goes on", "return location.search === '?went=resumed'").await;
    assert_eq!(badge(&browser).await, "Đang phát");
    browser.press("#end").await;
    browser.press("#confirm").await;
    browser.until("it has ended", "return location.search === '?went=ended'").await;
    assert_eq!(badge(&browser).await, "Đã kết thúc");

    browser.press("#copy").await;
    browser.until("the copy's form opens", "return location.pathname === '/campaigns/new'").await;
    let form = "return [document.querySelector('#name').value, document.querySelector('[name=approved]').checked, \
                document.querySelector('#until').value, document.querySelector('#playlist').value !== '']";
    let form = browser.script(form).await;
    assert!(form[0].as_str().unwrap().ends_with("(bản sao)"), "{form}");
    assert_eq!((&form[1], &form[2], &form[3]), (&Value::Bool(false), &Value::from(""), &Value::Bool(true)));
    browser.press(".form-foot button.primary").await;
    browser.until("the copy is saved", "return location.search === '?saved=true'").await;
    assert_eq!(badge(&browser).await, "Chưa duyệt");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

async fn badge_of(browser: &Browser, campaign: &str) -> String {
    browser.open(campaign).await;
    badge(browser).await
}

#[tokio::test]
async fn a_campaigns_figures_are_told_before_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    demo.first_pictures().await;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    let campaign = running_campaign(&browser, &demo).await;
    browser.open(&campaign).await;
    browser.press("#ask-forecast").await;
    browser.until("figures are there", "return !!document.querySelector('#forecast tr.here')").await;
    let share = "return document.querySelector('#forecast tr.here progress').value";
    let before = browser.script(share).await.as_f64().unwrap();
    browser.photograph("forecast-1440-vi", DESK).await;
    browser.fill("#weight", "1000").await;
    browser.press("#ask-forecast").await;
    browser.until("its share is another", &format!("{share} > {before}")).await;
    let shares = "return [...document.querySelectorAll('#forecast table')].map((t) => \
                  [...t.querySelectorAll('progress')].reduce((sum, p) => sum + p.value, 0))";
    for sum in browser.script(shares).await.as_array().unwrap() {
        assert!((95.0..=105.0).contains(&sum.as_f64().unwrap()), "shares are of the whole: {sum}");
    }
    browser.script("document.querySelector('#forecast').scrollIntoView(); return 1").await;
    browser.photograph("forecast-more-1440-vi", DESK).await;
    browser.size(TELEPHONE.0, TELEPHONE.1).await;
    browser.script("document.querySelector('#forecast').scrollIntoView(); return 1").await;
    browser.photograph("forecast-more-390-vi", TELEPHONE).await;
    browser.fill("#weight", "0").await;
    browser.press("#ask-forecast").await;
    let says = "return document.querySelector('#forecast').textContent.includes('Trọng số từ 1 đến 1000.')";
    browser.until("what is wrong is said", says).await;
    browser.open(&campaign).await;
    assert_ne!(browser.script("return document.querySelector('#weight').value").await, "1000", "nothing was saved");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn what_plays_when_and_why_is_told_by_page_calendar_table_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    let page = format!("{}/boards/{board}/timeline", demo.site);
    look(&browser, "timeline", &page).await;
    assert!(browser.script("return document.querySelectorAll('.course rect').length").await.as_u64() > Some(1));
    browser.press("a[rel=next]").await;
    browser
        .until("the next day opens", "return location.search.startsWith('?day=') && !document.querySelector('.bar-now')")
        .await;
    browser.open(&page).await;
    browser.press("#explain").await;
    browser.until("it is explained", "return !!document.querySelector('#reasons')").await;
    look(&browser, "explain", &browser.client.current_url().await.unwrap().to_string()).await;
    let told = browser.script("return document.querySelectorAll('#reasons tbody tr').length").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;

    let cookies = folder.path().join("cookies");
    let api = format!("{}/api/v1/boards/{board}", demo.site);
    let refused: Value = serde_json::from_str(&get(&cookies, &format!("{api}/timeline"))).unwrap();
    assert_eq!(refused["code"], "signed-out");
    sign_in(&demo, &cookies);
    let (from, to) = ("2027-02-05T17:00:00.000Z", "2027-02-06T17:00:00.000Z");
    let mut next = format!("/api/v1/boards/{board}/timeline?from={from}&to={to}&step=entry");
    let (mut at, mut pages, mut entries) = (from.to_owned(), 0, 0);
    loop {
        let body: Value = serde_json::from_str(&get(&cookies, &format!("{}{next}", demo.site))).unwrap();
        for line in body["timeline"].as_array().unwrap() {
            assert_eq!(line["from"], at.as_str(), "without gap");
            at = line["until"].as_str().unwrap().to_owned();
            entries += 1;
        }
        pages += 1;
        match body["next"].as_str() {
            Some(address) => next = address.to_owned(),
            None => break,
        }
    }
    assert_eq!(at, to);
    assert!(pages > 1 && entries > 5000, "{pages} pages, {entries} entries");
    let table = get(&cookies, &format!("{api}/timeline.csv?from={from}&to={to}&step=entry"));
    assert_eq!(table.lines().count(), entries + 1, "a line for each, and the names of the columns");
    let calendar = get(&cookies, &format!("{api}/timeline.ics"));
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.contains("BEGIN:VEVENT"), "{calendar}");
    let why: Value = serde_json::from_str(&get(&cookies, &format!("{api}/explain?lang=en"))).unwrap();
    assert_eq!(why["campaigns"].as_array().unwrap().len() as u64, told.as_u64().unwrap(), "as many as the page names");
    assert!(why["showing"]["rule"].is_string(), "{why}");
    for (address, code) in [
        ("/timeline?from=tomorrow", "parameter-wrong"),
        ("/timeline?from=2027-02-05T17:00:00Z&to=2027-02-05T17:00:00Z", "parameter-wrong"),
        ("/timeline?from=2027-02-05T17:00:00Z&to=2027-05-05T17:00:00Z", "parameter-wrong"),
        ("/timeline?step=minute", "parameter-wrong"),
        ("/explain?lang=fr", "parameter-wrong"),
        ("/nothing", "path-unknown"),
    ] {
        let problem: Value = serde_json::from_str(&get(&cookies, &format!("{api}{address}"))).unwrap();
        assert_eq!(problem["code"], code, "{address}: {problem}");
    }
    let gone: Value = serde_json::from_str(&get(&cookies, &format!("{}/api/v1/boards/b-none/timeline", demo.site))).unwrap();
    assert_eq!(gone["code"], "board-unknown");
}

fn sign_in(demo: &Demo, cookies: &Path) {
    let (login, password) = demo.login();
    let mut curl = Command::new(installed("curl"));
    curl.args(["-s", "-m", "20", "-o", "/dev/null", "-c"]).arg(cookies);
    curl.args(["--data-urlencode", &format!("login={login}"), "--data-urlencode", &format!("password={password}")]);
    run(curl.arg(format!("{}/sign-in", demo.site)));
}

fn get(cookies: &Path, address: &str) -> String {
    let mut curl = Command::new(installed("curl"));
    curl.args(["-s", "-m", "60", "-b"]).arg(cookies);
    run(curl.arg(address))
}
