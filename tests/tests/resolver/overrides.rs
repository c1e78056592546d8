//! Random overrides.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::manifests::{digest, near};
use super::rfc;

/// Recalls, blackouts and notices about an instant, each by chance.
pub(super) fn overrides(random: &mut Rng, now: DateTime<Utc>) -> Value {
    let items: Vec<_> = (0..random.usize(..5)).map(|_| digest(random.usize(..12))).collect();
    let campaigns: Vec<_> = (0..random.usize(..2)).map(|_| format!("campaign-{}", random.u8(..7))).collect();
    let blackouts: Vec<Value> = (0..random.usize(..2))
        .map(|_| {
            let mut blackout = json!({ "from": near(random, now), "safe_item": random.bool() });
            if random.u8(..3) > 0 {
                blackout["until"] = near(random, now).into();
            }
            blackout
        })
        .collect();
    let notices: Vec<Value> = (0..random.usize(..5)).map(|number| notice(random, number, now)).collect();
    json!({ "recalled_items": items, "recalled_campaigns": campaigns, "blackouts": blackouts, "notices": notices })
}

fn notice(random: &mut Rng, number: usize, now: DateTime<Utc>) -> Value {
    let effective = now + TimeDelta::seconds(random.i64(-50_000..50_000));
    let expires = effective + TimeDelta::seconds(random.i64(1..40_000));
    let item = digest(random.usize(..12));
    let shows = if random.bool() {
        json!({ "takeover": { "item": item } })
    } else {
        json!({ "ticker": { "item": item, "width": random.u32(1..4000), "speed": random.u32(20..300) } })
    };
    json!({
        "id": format!("notice-{number}"), "severity": random.choice(["minor", "moderate", "severe", "extreme"]).unwrap(),
        "effective": rfc(effective), "expires": rfc(expires), "lights": random.bool(), "shows": shows,
    })
}
