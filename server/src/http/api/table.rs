//! A timeline as CSV: UTF-8 with a byte order mark, so that spreadsheets read Vietnamese names right.

use super::lines::{Line, Named};

const COLUMNS: [&str; 14] = [
    "from",
    "until",
    "shows",
    "campaigns",
    "campaign_names",
    "per_hour",
    "asset",
    "asset_name",
    "language",
    "due",
    "notice",
    "zone",
    "strip",
    "speed",
];

/// The file's bytes.
pub(super) fn write(lines: &[Line]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    let ids = |named: &[Named]| named.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join("; ");
    let names = |named: &[Named]| harmless(&named.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join("; "));
    // Writing into memory does not fail, and every record has as many fields as the first.
    let _ = writer.write_record(COLUMNS);
    for line in lines {
        let asset = line.asset.as_slice();
        let _ = writer.write_record([
            line.from.as_str(),
            line.until.as_str(),
            line.shows,
            &ids(&line.campaigns),
            &names(&line.campaigns),
            &ids(&line.per_hour),
            &ids(asset),
            &names(asset),
            line.language.as_deref().unwrap_or_default(),
            line.due.as_deref().unwrap_or_default(),
            line.notice.as_deref().unwrap_or_default(),
            line.zone.unwrap_or_default(),
            line.strip.as_deref().unwrap_or_default(),
            &line.speed.map(|speed| speed.to_string()).unwrap_or_default(),
        ]);
    }
    writer.into_inner().unwrap_or_default()
}

/// A name that a spreadsheet would take for a formula gets an apostrophe before it.
fn harmless(name: &str) -> String {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_quotes_and_commas_and_are_no_formulas() {
        let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
        let line = Line {
            from: "2026-02-16T17:00:00.000Z".to_owned(),
            until: "2026-02-16T17:00:08.000Z".to_owned(),
            shows: "campaign",
            campaigns: vec![named("tet", "Tết \"Bính Ngọ\", 2026")],
            asset: Some(named("a", "=1+1")),
            language: Some("vi".to_owned()),
            ..Line::default()
        };
        let ticker = Line {
            from: "2026-02-16T17:00:00.000Z".to_owned(),
            until: "2026-02-16T17:00:18.000Z".to_owned(),
            shows: "ticker",
            campaigns: vec![named("run", "Chạy")],
            zone: Some("bottom"),
            strip: Some("1160x64".to_owned()),
            speed: Some(100),
            ..Line::default()
        };
        let expected = "\u{feff}from,until,shows,campaigns,campaign_names,per_hour,asset,asset_name,language,due,notice,zone,strip,speed\r\n\
            2026-02-16T17:00:00.000Z,2026-02-16T17:00:08.000Z,campaign,tet,\"Tết \"\"Bính Ngọ\"\", 2026\",,a,'=1+1,vi,,,,,\r\n\
            2026-02-16T17:00:00.000Z,2026-02-16T17:00:18.000Z,ticker,run,Chạy,,,,,,,bottom,1160x64,100\r\n";
        assert_eq!(String::from_utf8(write(&[line, ticker])).expect("UTF-8"), expected);
    }
}
