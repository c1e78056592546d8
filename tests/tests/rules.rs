//! The promise to operators: every rule of the schedule is set by hand in the browser, in two languages and on a telephone.

use bangtin_tests::browser::Browser;
use bangtin_tests::demo::Demo;

/// A desk.
const DESK: (u32, u32) = (1440, 900);
/// A narrow telephone.
const NARROW: (u32, u32) = (360, 740);

#[tokio::test]
async fn an_operator_sets_plays_per_hour_lunar_windows_stand_downs_and_board_settings_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let browser = Browser::start(DESK.0, DESK.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    campaign(&browser, &demo.site).await;
    stand_down(&browser, &demo.site).await;
    settings(&browser, &demo.site, &board).await;
    let bad: Vec<_> = browser.complaints().await.into_iter().filter(|line| !line.contains("status of 422")).collect();
    assert_eq!(bad, Vec::<String>::new());
    browser.close().await;
}

/// Sets fields whose keys depend on the machine's locale.
async fn set(browser: &Browser, fields: &[(&str, &str)]) {
    for (css, value) in fields {
        browser
            .script(&format!(
                "const f = document.querySelector('{css}'); f.value = '{value}'; \
                 f.dispatchEvent(new Event('change', {{ bubbles: true }})); return true"
            ))
            .await;
    }
}

/// Waits until something that `css` selects contains these words.
async fn says(browser: &Browser, css: &str, words: &str) {
    let body = format!("return [...document.querySelectorAll('{css}')].some((e) => e.textContent.includes('{words}'))");
    browser.until(&format!("{css} says {words:?}"), &body).await;
}

/// Every full moon, six plays an hour; 3,600 are refused with figures and everything typed is kept.
async fn campaign(browser: &Browser, site: &str) {
    browser.open(&format!("{site}/campaigns/new")).await;
    browser.fill("#name", "Rằm hằng tháng").await;
    browser.press("#playlist option:not([value=\"\"])").await;
    browser.press("#theme option[value=tourism]").await;
    browser.press("#by-plays").await;
    browser.fill("#per_hour", "3600").await;
    browser.press("#window-lunar").await;
    browser.until("a window is there", "return !!document.querySelector('#at-0')").await;
    browser.press("#day-0 option[value=\"15\"]").await;
    browser.press("#month-0 option[value=\"*\"]").await;
    set(browser, &[("#at-0", "18:00"), ("#minutes-0", "5"), ("[name=window-0-unit]", "60")]).await;
    browser.until("the next starts are shown", "return document.querySelectorAll('#starts-0 li').length === 5").await;
    says(browser, "#starts-0 li", "18:00").await;
    browser.press("input[name=approved]").await;
    browser.press(".form-foot button.primary").await;
    browser.until("the form comes back", "return !!document.querySelector('form .faults')").await;
    says(browser, ".choice:has(#per_hour) .fault", "3240").await;
    let kept =
        "return ['#per_hour', '#day-0', '#month-0', '#minutes-0', '#theme'].map((css) => document.querySelector(css).value)";
    assert_eq!(browser.script(kept).await, serde_json::json!(["3600", "15", "*", "5", "tourism"]));
    browser.photograph("campaign-refused-1440-vi", DESK).await;
    browser.fill("#per_hour", "6").await;
    browser.press("#ask-forecast").await;
    browser.until("it is counted", "return !!document.querySelector('#forecast table, #forecast .list')").await;
    browser.photograph("campaign-lunar-1440-vi", DESK).await;
    browser.press(".form-foot button.primary").await;
    browser.until("it is saved", "return location.search === '?saved=true' && !!document.querySelector('.banner.good')").await;
    browser.open(&format!("{site}/campaigns")).await;
    says(browser, ".list tr", "Ngày 15 hằng tháng âm lịch 18:00").await;
    browser.photograph("campaigns-rules-1440-vi", DESK).await;
}

/// The theme is held back on all boards; the campaign is named; the stand-down is ended again.
async fn stand_down(browser: &Browser, site: &str) {
    browser.open(&format!("{site}/stand-downs")).await;
    browser.photograph("stand-downs-empty-1440-vi", DESK).await;
    browser.press(".page-head .button.primary").await;
    browser.until("the form opens", "return location.pathname === '/stand-downs/new'").await;
    browser.press(".form-foot button.primary").await;
    says(browser, ".field:has(#name) .fault", "Hãy đặt tên.").await;
    says(browser, "fieldset .fault", "Hãy chọn ít nhất một chủ đề.").await;
    browser.fill("#name", "Quốc tang").await;
    browser.press("input[name=theme][value=tourism]").await;
    browser.press("input[name=theme][value=trade]").await;
    browser.press(".form-foot button.primary").await;
    browser.until("it is saved", "return location.search === '?saved=true' && !!document.querySelector('.banner.good')").await;
    says(browser, ".panel:has(#held-title) li", "Rằm hằng tháng").await;
    browser.photograph("stand-down-1440-vi", DESK).await;
    browser.press("#end").await;
    browser.until("it is ended", "return location.search === '?ended=true'").await;
    says(browser, ".list .badge", "Đã kết thúc").await;
}

/// Hours with an exception, languages and lanes; the board takes them.
async fn settings(browser: &Browser, site: &str, board: &str) {
    browser.open(&format!("{site}/boards/{board}")).await;
    browser.press("#settings").await;
    browser.until("the settings open", "return !!document.querySelector('#limited')").await;
    browser.press("#limited").await;
    browser.press(".form-foot button.primary").await;
    says(browser, ".panel:has(#hours-title) .fault", "Hãy thêm giờ hoạt động").await;
    browser.press("#line-add").await;
    browser.until("a line is there", "return !!document.querySelector('#line-from-0')").await;
    // Lit all day: the board goes on showing something.
    set(browser, &[("#line-from-0", "00:00"), ("#line-until-0", "00:00")]).await;
    browser.press("#exception-add").await;
    browser.until("another date is there", "return !!document.querySelector('#date-0')").await;
    set(browser, &[("#date-0", "2099-02-06")]).await;
    browser.press("#kind-0 option[value=whole_day]").await;
    set(browser, &[("#language-vi", "3"), ("#language-en", "1"), ("#other-language", "ja"), ("#other-weight", "1")]).await;
    set(browser, &[("#lane_province", "4"), ("#brightness", "80")]).await;
    browser.photograph("settings-1440-vi", DESK).await;
    browser.press(".settings .form-foot button.primary").await;
    browser.until("it is saved", "return location.search === '?saved=true' && !!document.querySelector('.banner.good')").await;
    let kept = "return ['#line-from-0', '#date-0', '#kind-0', '#language-vi', '#language-ja', '#lane_province', '#brightness'] \
                .map((css) => document.querySelector(css).value)";
    assert_eq!(browser.script(kept).await, serde_json::json!(["00:00", "2099-02-06", "whole_day", "3", "1", "4", "80"]));
    browser.open(&format!("{site}/boards/{board}")).await;
    browser.until("the board has them", "return !!document.querySelector('.diff .equal')").await;
}

#[tokio::test]
async fn the_pages_of_the_rules_fit_a_telephone_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo-data")).await;
    let board = demo.first_pictures().await.remove(0).board;
    let browser = Browser::start(NARROW.0, NARROW.1).await;
    browser.sign_in(&demo.site, demo.login()).await;
    let pages = [
        ("campaign-new", "/campaigns/new".to_owned(), &["#by-plays", "#window-lunar", "#window-cron", ".less summary"][..]),
        ("stand-downs", "/stand-downs".to_owned(), &[]),
        ("stand-down-new", "/stand-downs/new".to_owned(), &[]),
        ("settings", format!("/boards/{board}/settings"), &["#limited", "#line-add", "#exception-add"]),
    ];
    for (name, path, presses) in pages {
        for language in ["en", "vi"] {
            browser.open(&format!("{}{path}", demo.site)).await;
            browser.speak(language).await;
            for (number, css) in presses.iter().enumerate() {
                browser.press(css).await;
                if css.contains("window-") || css.contains("-add") {
                    let lines = presses.iter().take(number + 1).filter(|css| css.contains("window-") || css.contains("-add"));
                    let lines = lines.count();
                    browser
                        .until("a line is there", &format!("return document.querySelectorAll('.window').length === {lines}"))
                        .await;
                }
            }
            let widths = browser.script("return [document.documentElement.scrollWidth, window.innerWidth]").await;
            assert!(widths[0].as_u64() <= widths[1].as_u64(), "{name} scrolls sideways: {widths}");
            browser.photograph(&format!("rules-{name}-360-{language}"), NARROW).await;
        }
    }
    browser.close().await;
}
