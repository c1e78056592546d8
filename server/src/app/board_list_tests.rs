use super::*;
use crate::store::units::Unit;
use crate::testing::{World, on_both_databases};

on_both_databases![all_boards_of_a_table_are_added_or_none];

const GOOD: &str = "id,name,unit,commune,geometry,lat,lon,time_zone
b-00001,Chợ Chu,thai-nguyen,05569,640x320,21.9,105.6,
b-00002,\"Bảng, hai\",thai-nguyen,05527,64x256,,,Asia/Bangkok
";

fn lines(text: &str) -> Vec<(u64, String)> {
    read(text.as_bytes()).expect_err("faults").into_iter().map(|fault| (fault.line, fault.reason)).collect()
}

#[test]
fn a_table_names_boards() {
    let boards = read(GOOD.as_bytes()).expect("a good table");
    assert_eq!(
        boards.iter().map(|(line, board)| (*line, board.id.as_str())).collect::<Vec<_>>(),
        [(2, "b-00001"), (3, "b-00002")]
    );
    let (first, second) = (&boards[0].1, &boards[1].1);
    assert_eq!((first.place, first.time_zone), (Some((21.9, 105.6)), OPERATORS_ZONE));
    assert_eq!((second.name.as_str(), second.time_zone), ("Bảng, hai", chrono_tz::Asia::Bangkok));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let faults = lines(
        "id,name,unit,commune,geometry,lat,lon\nB,,thai-nguyen,55,640\nb-00001,One,thai-nguyen,05569,640x320,200,1\n\
         b-00002,Two,thai-nguyen,05569,640x320\nb-00002,Two,thai-nguyen,05569,640x320,,\n",
    );
    let of = |line: u64| faults.iter().filter(|fault| fault.0 == line).count();
    assert!(of(2) >= 1, "{faults:#?}");
    assert_eq!((of(3), of(4)), (1, 1), "{faults:#?}");
    assert!(lines("id,name\nb-00001,One\n")[0].1.contains("unit, commune, geometry"), "columns are named");
    assert_eq!(lines("id,name,unit,commune,geometry\n"), [(2, "there is no board".to_owned())]);
    let twice = format!("{GOOD}b-00001,Again,thai-nguyen,05569,640x320,,,\n");
    assert_eq!(lines(&twice), [(4, "the board b-00001 is on line 2 already".to_owned())]);
}

async fn all_boards_of_a_table_are_added_or_none(world: World) {
    let app = &world.app;
    let tier = playlists::unit::Tier::Province;
    let unit = Unit { id: "thai-nguyen".parse().expect("an id"), name: "Tỉnh".to_owned(), tier, parent: None };
    crate::app::units::add(app, &unit).await.expect("a unit");
    let table = GOOD.replace("thai-nguyen,05527", "nowhere,05527");
    let error = add_all(app, table.as_bytes(), |_| panic!("nothing is kept of a wrong table")).await.expect_err("no such unit");
    let AddAllError::Table(faults) = error else { panic!("{error}") };
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3]);
    let failing = add_all(app, GOOD.as_bytes(), |_| Err(std::io::Error::other("full"))).await;
    assert!(matches!(failing, Err(AddAllError::Keep(_))));
    assert_eq!(crate::app::boards::list(app, "", None, 10).await.expect("listed"), []);

    let mut kept = Vec::new();
    let added = add_all(app, GOOD.as_bytes(), |identities| {
        kept = identities.iter().map(|identity| identity.board.clone()).collect();
        Ok(())
    });
    assert_eq!(added.await.expect("added"), kept);
    assert_eq!(crate::app::boards::list(app, "", None, 10).await.expect("listed").len(), 2);
    let again = add_all(app, GOOD.as_bytes(), |_| Ok(())).await.expect_err("they are there");
    assert!(again.to_string().starts_with("2 of its lines"), "{again}");
}
