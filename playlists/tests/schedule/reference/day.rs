//! The list of a day: rules 7 to 11, word by word.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use playlists::campaign::{Campaign, Level, Share};
use playlists::id::{AssetId, CampaignId, Digest, PlaylistId};
use playlists::playlist::Content;
use playlists::trust::manifest::Manifest;
use playlists::unit::Tier;

use super::may::{Active, May, Rules, Shows, Valid, entries, starts_by, valid};
use super::{Entry, Shown, dues, wall};

const ONE: i128 = 1 << 32;

/// `h` of the rules.
pub(crate) fn h(words: &[&str]) -> u64 {
    let digest = Digest::of(words.join("|").as_bytes());
    u64::from_be_bytes(digest.as_bytes()[..8].try_into().expect("eight bytes"))
}

/// π(d mod E), by shuffling the whole list.
pub(crate) fn first_entry(id: &str, count: usize, day: i64) -> usize {
    let e = count as i64;
    let mut order: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        let j = h(&["shuffle", id, &day.div_euclid(e).to_string(), &i.to_string()]) % (i as u64 + 1);
        order.swap(i, j as usize);
    }
    order[day.rem_euclid(e) as usize]
}

/// A broadcast day, slot by slot.
pub(crate) struct Listed {
    pub(crate) slots: Vec<Shown>,
    /// Where the entry of each slot stands: in which playlist, and its number there. None for the safe item and the dark.
    pub(crate) places: Vec<Option<(PlaylistId, usize)>>,
    /// The plays per hour that lapsed: campaign, when due.
    pub(crate) lapsed: Vec<(CampaignId, i64)>,
    /// When each segment ends.
    pub(crate) segment_ends: Vec<i64>,
}

/// Every slot of a broadcast day.
pub(crate) fn list(manifest: &Manifest, date: NaiveDate) -> Listed {
    let (from, until) =
        (wall::day_start(date, manifest.time_zone), wall::day_start(date + TimeDelta::days(1), manifest.time_zone));
    let dues = dues::all(manifest, from, until);
    let (credits, last, places) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut state = State { manifest, date, credits, last, places, dues };
    let mut list = Listed { slots: Vec::new(), places: Vec::new(), lapsed: Vec::new(), segment_ends: Vec::new() };
    for ((may, hourly), from, until) in segments(manifest, from, until) {
        state.play(&may, &hourly, from, until, &mut list);
        list.segment_ends.push(until);
    }
    let lapsed = state.dues.into_iter().filter(|due| due.state != dues::State::Played);
    list.lapsed = lapsed.map(|due| (due.key.id, due.at)).collect();
    list.lapsed.sort_by_key(|(id, at)| (*at, id.clone()));
    list
}

/// Every whole second of a day, and every instant that the manifest names.
pub(crate) fn steps(manifest: &Manifest, from: i64, until: i64) -> BTreeSet<i64> {
    let seconds = (from..until).step_by(1000);
    seconds.chain(named(manifest).into_iter().filter(|at| from < *at && *at < until)).collect()
}

/// Every instant that a manifest names.
pub(crate) fn named(manifest: &Manifest) -> Vec<i64> {
    let named = manifest.campaigns.iter().flat_map(|campaign| [campaign.period.from, campaign.period.until]);
    let named = named.chain(manifest.stand_downs.iter().flat_map(|held| [held.period.from, held.period.until]));
    let named = named.chain(manifest.items.iter().flat_map(|item| [item.from, item.until]));
    let entries = manifest.playlists.iter().flat_map(|playlist| &playlist.entries).flat_map(|entry| [entry.from, entry.until]);
    let ms = |instant: Option<DateTime<Utc>>| instant.map(|instant| instant.timestamp_millis());
    named.chain(entries).filter_map(ms).collect()
}

/// Stretches in which something stays the same.
pub(crate) fn stretches<T: PartialEq>(steps: BTreeSet<i64>, until: i64, mut at: impl FnMut(i64) -> T) -> Vec<(T, i64, i64)> {
    let mut stretches: Vec<(T, i64, i64)> = Vec::new();
    for step in steps {
        let now = at(step);
        match stretches.last_mut() {
            Some((before, ..)) if *before == now => {}
            last => {
                if let Some((.., end)) = last {
                    *end = step;
                }
                stretches.push((now, step, until));
            }
        }
    }
    stretches
}

fn segments(manifest: &Manifest, from: i64, until: i64) -> Vec<((May, Vec<Active>), i64, i64)> {
    let mut rules = Rules::new(manifest, from, until);
    stretches(steps(manifest, from, until), until, |at| rules.at(at))
}

struct State<'a> {
    manifest: &'a Manifest,
    date: NaiveDate,
    /// By id.
    credits: BTreeMap<String, i128>,
    /// What each pick chose last, by the pick's name.
    last: BTreeMap<String, String>,
    /// By path of use: next entry, how many the nested playlist there has still to give, and of which playlist.
    places: BTreeMap<String, (usize, Option<usize>, PlaylistId)>,
    dues: Vec<dues::Due>,
}

fn weight_of(share: Share) -> u32 {
    match share {
        Share::Weight(weight) => weight.get(),
        Share::PerHour(_) => unreachable!("asked of weighted campaigns only"),
    }
}

impl State<'_> {
    fn play(&mut self, may: &May, hourly: &[Active], from: i64, until: i64, list: &mut Listed) {
        if *may == May::Dark {
            list.slots.push(Shown { since: from, until, entry: None });
            list.places.push(None);
            return;
        }
        let beside = match may {
            May::Campaigns(active) => active.iter().map(|a| dues::longest(self.manifest, &a.playlist)).max().unwrap_or(0),
            May::Default(_) => dues::longest(self.manifest, &self.manifest.default_playlist),
            May::Safe | May::Dark => 0,
        };
        let own: i64 = hourly.iter().map(|active| dues::longest(self.manifest, &active.playlist)).sum();
        let wait = (beside + own).max(120_000);
        let mut at = from;
        while at < until {
            if until - at < 2000 && at != from {
                list.slots.last_mut().expect("a slot before").until = until;
                break;
            }
            let (entry, place, length) = if let Some(due) = self.due(hourly, at, wait) {
                self.entry_of(Some(due.id), &due.playlist, at)
            } else {
                match may {
                    May::Campaigns(active) => {
                        let chosen = self.campaign(active);
                        self.entry_of(Some(chosen.id), &chosen.playlist, at)
                    }
                    May::Default(_) => self.entry_of(None, &self.manifest.default_playlist.clone(), at),
                    May::Safe | May::Dark => {
                        let allowed =
                            |due: &&dues::Due| hourly.iter().any(|active| due.key == dues::Key::of(active)) && due.at > at;
                        let next = self.dues.iter().filter(allowed).filter(|due| due.state == dues::State::Waiting);
                        let length = next.map(|due| due.at).min().map_or(until - at, |next| next - at);
                        let item = self.manifest.safe_item;
                        (Entry { campaign: None, asset: None, item, language: "und".to_owned() }, None, length)
                    }
                }
            };
            let end = (at + length).min(until);
            list.slots.push(Shown { since: at, until: end, entry: Some(entry) });
            list.places.push(place);
            at = end;
        }
    }

    /// The play to start now, if one is due; those that have waited too long lapse.
    fn due(&mut self, hourly: &[Active], at: i64, wait: i64) -> Option<dues::Key> {
        let mut waiting: Vec<_> = self
            .dues
            .iter_mut()
            .filter(|due| due.state == dues::State::Waiting && due.at <= at)
            .filter(|due| hourly.iter().any(|active| due.key == dues::Key::of(active)))
            .collect();
        for due in &mut waiting {
            if at - due.at > wait || due.until <= at {
                due.state = dues::State::Lapsed;
            }
        }
        let waiting = waiting.into_iter().filter(|due| due.state == dues::State::Waiting);
        let first = waiting.min_by_key(|due| (due.key.level != Level::Priority, due.at, due.key.id.clone()))?;
        first.state = dues::State::Played;
        Some(first.key.clone())
    }

    fn entry_of(
        &mut self,
        campaign: Option<CampaignId>,
        playlist: &PlaylistId,
        at: i64,
    ) -> (Entry, Option<(PlaylistId, usize)>, i64) {
        let starts_by = starts_by(self.manifest, playlist);
        let name = campaign.as_ref().map_or_else(|| starts_by.to_string(), ToString::to_string);
        let path = format!("{}:{name}", if campaign.is_some() { "campaign" } else { "default" });
        let (number, inside) = self.entry(&path, &name, playlist, at);
        let Content::Asset { asset, versions, duration } = &entries(self.manifest, &inside)[number].content else {
            unreachable!("an entry in the end shows an asset")
        };
        let Some(Shows::Languages(languages)) = valid(self.manifest, &inside, at).remove(&number) else {
            unreachable!("the entry is valid")
        };
        let language = self.language(asset, &languages);
        let item = *versions.iter().find(|(tag, _)| tag.as_str() == language).expect("it has this version").1;
        let length = i64::try_from(duration.as_millis()).expect("at most a day");
        (Entry { campaign, asset: Some(asset.clone()), item, language }, Some((inside, number)), length)
    }

    fn campaign(&mut self, active: &[Active]) -> Active {
        let weight = |tier| match tier {
            Tier::Province => self.manifest.lanes.province,
            Tier::Commune => self.manifest.lanes.commune,
        };
        let tiers = [Tier::Commune, Tier::Province].into_iter().filter(|tier| active.iter().any(|a| a.tier == *tier));
        let lanes: Vec<_> = tiers.map(|tier| (tier.as_str().to_owned(), weight(tier))).collect();
        let lane = self.pick("lane", &lanes);
        let within: Vec<_> = active.iter().filter(|a| a.tier.as_str() == lane).collect();
        let shares: Vec<_> = within.iter().map(|a| (a.id.to_string(), weight_of(a.share))).collect();
        let chosen = self.pick(&format!("campaign of {lane}"), &shares);
        (*within.into_iter().find(|a| a.id.as_str() == chosen).expect("one of them")).clone()
    }

    fn language(&mut self, asset: &AssetId, languages: &[String]) -> String {
        let weight = |tag: &str| self.manifest.languages.iter().find(|(l, _)| l.as_str() == tag).map_or(1, |(_, weight)| *weight);
        let shares: Vec<_> = languages.iter().map(|tag| (format!("{asset}:{tag}"), weight(tag))).collect();
        let chosen = self.pick(&format!("language of {asset}"), &shares);
        chosen.rsplit_once(':').expect("asset:language").1.to_owned()
    }

    /// The fair pick.
    fn pick(&mut self, pick: &str, shares: &[(String, u32)]) -> String {
        let total: i128 = shares.iter().map(|(_, weight)| i128::from(*weight)).sum();
        let day = self.date.format("%Y-%m-%d").to_string();
        for (id, weight) in shares {
            let key = format!("{pick}|{id}");
            let first = i128::from(h(&["credit", id, &day]) >> 32);
            let gain = if total == 0 { ONE } else { i128::from(*weight) * ONE / total };
            *self.credits.entry(key).or_insert(first) += gain;
        }
        let may = |(id, weight): &&(String, u32)| {
            self.last.get(pick) != Some(id) || i128::from(*weight) * 2 > total || shares.len() == 1
        };
        let best = shares.iter().filter(may).map(|(id, _)| (-self.credits[&format!("{pick}|{id}")], id.clone())).min();
        let (_, id) = best.expect("somebody is active");
        *self.credits.get_mut(&format!("{pick}|{id}")).expect("it gained") -= ONE;
        self.last.insert(pick.to_owned(), id.clone());
        id
    }

    /// The next entry of a playlist: its number and the playlist that it is in.
    fn entry(&mut self, path: &str, id: &str, playlist: &PlaylistId, at: i64) -> (usize, PlaylistId) {
        let all = entries(self.manifest, playlist);
        let day = self.date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date")).num_days();
        let valid: Valid = valid(self.manifest, playlist, at);
        let first = || (first_entry(id, all.len(), day), None, playlist.clone());
        let (place, left, before) = self.places.entry(path.to_owned()).or_insert_with(first).clone();
        let place = place % all.len();
        let number = *valid.keys().find(|number| **number >= place).or_else(|| valid.keys().next()).expect("something is valid");
        let left = left.filter(|_| number == place && before == *playlist);
        let next = (number + 1) % all.len();
        match (&all[number].content, &valid[&number]) {
            (Content::Playlist { playlist: nested, take }, Shows::Playlist(inner)) => {
                let left = left.unwrap_or_else(|| take.map_or(inner.len(), |take| take as usize)) - 1;
                let now = if left == 0 { (next, None, playlist.clone()) } else { (number, Some(left), playlist.clone()) };
                self.places.insert(path.to_owned(), now);
                let name = starts_by(self.manifest, nested);
                self.entry(&format!("{path}/{number}:{nested}"), name.as_str(), nested, at)
            }
            _ => {
                self.places.insert(path.to_owned(), (next, None, playlist.clone()));
                (number, playlist.clone())
            }
        }
    }
}

/// The tickers of a broadcast day: which campaign's strip runs, from when to when.
pub(crate) fn tickers(manifest: &Manifest, date: NaiveDate) -> Vec<(Option<CampaignId>, i64, i64)> {
    let (from, until) =
        (wall::day_start(date, manifest.time_zone), wall::day_start(date + TimeDelta::days(1), manifest.time_zone));
    let mut rules = Rules::new(manifest, from, until);
    let (credits, last, places) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut state = State { manifest, date, credits, last, places, dues: Vec::new() };
    let mut list: Vec<(Option<CampaignId>, i64, i64)> = Vec::new();
    let alike = |campaign: &Campaign| (campaign.id.clone(), campaign.plays.clone(), campaign.share);
    let stretches =
        stretches(steps(manifest, from, until), until, |at| rules.tickers_at(at).into_iter().map(alike).collect::<Vec<_>>());
    for (running, from, until) in stretches {
        let shares: Vec<_> = running.iter().map(|(id, _, share)| (id.to_string(), weight_of(*share))).collect();
        let mut at = from;
        while at < until {
            if running.is_empty() {
                list.push((None, at, until));
                break;
            }
            if until - at < 2000 && at != from {
                list.last_mut().expect("a crossing before").2 = until;
                break;
            }
            let chosen = state.pick("ticker", &shares);
            let (id, plays, _) = running.iter().find(|(id, ..)| id.as_str() == chosen).expect("one of them");
            let ticker = plays.ticker().expect("tickers only");
            let pixels = f64::from(ticker.width) + f64::from(manifest.geometry.width());
            let end = (at + (pixels * 1000.0 / f64::from(ticker.speed)).ceil() as i64).min(until);
            list.push((Some(id.clone()), at, end));
            at = end;
        }
    }
    list
}
