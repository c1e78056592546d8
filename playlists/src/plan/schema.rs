//! The plan's JSON Schema, for editors and other programs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::document::Plan;
use super::values::{Interval, Length, When};

/// The JSON Schema of plans, as pretty JSON with a line's end.
///
/// # Panics
/// Never: a schema is JSON.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Plan);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

/// Values that are written as texts, by the form of these.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $title:literal $pattern:literal)*) => { $(
        $(#[$doc])*
        pub(super) struct $name;
        as_text!($name $title $pattern);
    )* };
}
macro_rules! as_text {
    ($name:ident $title:literal $pattern:literal) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}
macro_rules! words {
    ($($name:ident $title:literal [$($word:expr),*])*) => { $(
        pub(super) struct $name;
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "enum": [$($word),*] })
            }
        }
    )* };
}

texts! {
    Id "Id" "^[a-z0-9-]{1,64}$"
    BoardName "BoardId" "^[a-z0-9-]{4,32}$"
    Commune "Commune" "^[0-9]{5}$"
    Pixels "Geometry" "^[0-9]{1,4}x[0-9]{1,4}$"
    Zone "TimeZone" "^[A-Za-z0-9_+/-]+$"
    Hex "Digest" "^[0-9a-f]{64}$"
    Date "Date" "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
    OfDay "TimeOfDay" "^[0-9]{2}:[0-9]{2}$"
    CronText "Cron" "^\\S+( \\S+){4}$"
}
as_text!(When "When" "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$");
as_text!(Length "Length" "^[0-9]+(\\.[0-9]+)?(ms|s|min|h|d)$");
as_text!(Interval "Interval" "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$");
words! {
    Day "Weekday" ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    TierWord "Tier" ["province", "commune"]
    LevelWord "Level" ["normal", "priority"]
    FitWord "Fit" ["cover", "contain", "stretch"]
    SeverityWord "Severity" ["minor", "moderate", "severe", "extreme"]
    CornerWord "Corner" ["top-left", "top-right", "bottom-left", "bottom-right"]
    ClockWord "Clock" ["time", "time-and-date"]
    LunarMonth "LunarMonth" ["*", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    LunarDay "LunarDay" ["last", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]
}
