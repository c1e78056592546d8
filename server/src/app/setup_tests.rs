//! Set-up and units: the first account and the first unit come together, or not at all.

use ::playlists::id::UnitId;
use ::playlists::unit::Tier;

use super::setup::{self, SetupDraft};
use super::sign_in::{self, SignInError};
use super::units::{self, AddUnitError, UnitDraft};
use super::{App, safe_item};
use crate::store::units::Unit;
use crate::testing::{World, on_both_databases};

on_both_databases![
    set_up_makes_the_first_administrator_and_the_unit_it_works_for,
    a_faulty_set_up_makes_nothing_and_the_link_still_holds,
    where_a_unit_is_there_set_up_asks_for_none,
    a_unit_is_added_once_and_below_a_province_that_exists,
];

const PASSWORD: &str = "mười chữ cái đây";

fn draft(name: &str, tier: &str) -> SetupDraft {
    let unit = UnitDraft { name: name.to_owned(), tier: tier.to_owned() };
    SetupDraft { login: "quan.tri".to_owned(), password: PASSWORD.to_owned(), unit }
}

/// The secret at the end of the one-time link.
async fn link(app: &App) -> String {
    let link = sign_in::ensure_setup_link(app).await.expect("the database works").expect("there is no account yet");
    link.rsplit('/').next().expect("a secret").to_owned()
}

fn id(text: &str) -> UnitId {
    text.parse().expect("a unit id")
}

fn unit(text: &str, tier: Tier, parent: Option<&str>) -> Unit {
    Unit { id: id(text), name: "Đơn vị".to_owned(), tier, parent: parent.map(id) }
}

fn faults(answer: Result<bool, SignInError>) -> Vec<(String, &'static str)> {
    match answer {
        Err(SignInError::Fields(errors)) => errors.into_iter().map(|error| (error.field, error.code)).collect(),
        other => panic!("no faults in the form but {other:?}"),
    }
}

async fn set_up_makes_the_first_administrator_and_the_unit_it_works_for(world: World) {
    let old = link(&world.app).await;
    let link = link(&world.app).await;
    let first = draft(" Phường Đức Xuân ", "commune");
    assert!(!setup::create(&world.app, &old, &first).await.expect("asked"), "a newer link took its place");
    assert!(setup::create(&world.app, &link, &first).await.expect("made"));
    assert_eq!(sign_in::ensure_setup_link(&world.app).await.expect("asked"), None, "there is an administrator now");
    let own = units::own(&world.app).await.expect("loaded").expect("there is one");
    let expected = Unit { name: "Phường Đức Xuân".to_owned(), ..unit("phuong-duc-xuan", Tier::Commune, None) };
    assert_eq!(own, expected);
    assert!(sign_in::sign_in(&world.app, "quan.tri", PASSWORD).await.expect("asked").is_some());
    assert!(!setup::create(&world.app, &link, &draft("Xã khác", "commune")).await.expect("asked"), "the link is spent");
    assert_eq!(units::list(&world.app, None, 9).await.expect("listed"), [expected]);
}

async fn a_faulty_set_up_makes_nothing_and_the_link_still_holds(world: World) {
    safe_item::ensure(&world.app).await.expect("the safe item is laid down");
    let link = link(&world.app).await;
    let wrong = SetupDraft { password: "ngắn".to_owned(), ..draft("", "huyện") };
    let expected = [("unit_name", "error-name-empty"), ("unit_tier", "error-tier-unknown"), ("password", "error-password-short")];
    let found = faults(setup::create(&world.app, &link, &wrong).await);
    assert_eq!(found.iter().map(|(field, code)| (field.as_str(), *code)).collect::<Vec<_>>(), expected);

    // The id that this name makes is that of what is built in.
    let found = faults(setup::create(&world.app, &link, &draft("Built-in", "province")).await);
    assert_eq!(found, [("unit_name".to_owned(), "error-unit-taken")]);
    assert!(sign_in::sign_in(&world.app, "quan.tri", PASSWORD).await.expect("asked").is_none(), "no account without its unit");
    assert!(setup::create(&world.app, &link, &draft("Tỉnh Thái Nguyên", "province")).await.expect("made"));
}

async fn where_a_unit_is_there_set_up_asks_for_none(world: World) {
    let there = unit("thai-nguyen", Tier::Province, None);
    units::create(&world.app, there.clone()).await.expect("added");
    let link = link(&world.app).await;
    assert!(setup::create(&world.app, &link, &draft("", "")).await.expect("made"));
    assert_eq!(units::list(&world.app, None, 9).await.expect("listed"), [there]);
}

async fn a_unit_is_added_once_and_below_a_province_that_exists(world: World) {
    let add = |unit| units::create(&world.app, unit);
    add(unit("tinh", Tier::Province, None)).await.expect("added");
    world.clock.pass(std::time::Duration::from_secs(1));
    add(unit("xa-a", Tier::Commune, Some("tinh"))).await.expect("added");
    add(unit("so-y-te", Tier::Province, Some("tinh"))).await.expect("added");
    assert!(matches!(add(unit("tinh", Tier::Commune, None)).await, Err(AddUnitError::Taken(_))));
    assert!(matches!(add(unit("xa-b", Tier::Commune, Some("huyen"))).await, Err(AddUnitError::NoParent(_))));
    assert!(matches!(add(unit("xa-b", Tier::Commune, Some("xa-a"))).await, Err(AddUnitError::ParentTier(_))));
    let nameless = Unit { name: " ".to_owned(), ..unit("xa-b", Tier::Commune, None) };
    assert!(matches!(add(nameless).await, Err(AddUnitError::Name)));
    let ids: Vec<_> = units::list(&world.app, None, 9).await.expect("listed").iter().map(|unit| unit.id.to_string()).collect();
    assert_eq!(ids, ["so-y-te", "tinh", "xa-a"]);
    assert_eq!(units::own(&world.app).await.expect("loaded").map(|unit| unit.id), Some(id("tinh")));
}
