//! A plan's assets and playlists, looked over and kept by their digests: what is to be changed of those that are there.

use std::collections::BTreeMap;

use ::playlists::asset::{AssetKind, Focus, Language};
use ::playlists::id::{AssetId, Digest, PlaylistId, UnitId};
use ::playlists::millis;
use ::playlists::plan::{self, Document, Length, When};

use super::PlanError;
use super::decide::{Change, Outcome, Told, What};
use super::files::Files;
use crate::app::assets::{self, Asset, SlideDraft, TickerDraft};
use crate::app::contents::ContentChange;
use crate::app::uploads::Upload;
use crate::app::{App, pins};
use crate::media::slides::content::{Content, PictureFile};
use crate::media::slides::document::SlideDocument;
use crate::store;
use crate::store::assets::AssetVersion;
use crate::store::playlists::{Shows, StoredEntry, StoredPlaylist};
use crate::telemetry::chain;

/// Pixels a frame of a running text that names none.
pub(super) const SPEED: u32 = 2;

/// What an import works on.
pub(super) struct Work<'a> {
    pub(super) app: &'a App,
    pub(super) document: &'a Document,
    pub(super) files: &'a Files,
    pub(super) told: Told,
}

impl Work<'_> {
    pub(super) fn unit(&self, named: Option<&UnitId>) -> UnitId {
        // A plan that holds names one.
        named.or(self.document.plan.unit.as_ref()).cloned().unwrap_or_else(|| OWNERLESS.parse().expect("a word is an id"))
    }
    fn begins_ms(&self, at: Option<When>) -> Option<i64> {
        at.map(|at| at.begins(self.document.plan.zone()).timestamp_millis())
    }
    fn ends_ms(&self, at: Option<When>) -> Option<i64> {
        at.map(|at| at.ends(self.document.plan.zone()).timestamp_millis())
    }
    fn fault(&mut self, path: &str, what: impl Into<String>) {
        self.told.faults.push(self.document.fault(path, what.into()));
    }
}

const OWNERLESS: &str = "ownerless";

/// Assets as they are to be, and what is to be changed of them.
pub(super) async fn assets(work: &mut Work<'_>) -> Result<(BTreeMap<AssetId, Asset>, ContentChange), PlanError> {
    let written = &work.document.plan.assets;
    let ids: Vec<AssetId> = written.iter().map(|asset| asset.id.clone()).collect();
    let mut known: BTreeMap<AssetId, Asset> =
        store::assets::many(&work.app.db, &ids).await?.into_iter().map(|asset| (asset.id.clone(), asset)).collect();
    let mut change = ContentChange::default();
    for (number, asset) in written.iter().enumerate() {
        let path = format!("assets[{number}]");
        let old = known.get(&asset.id).cloned();
        let Some((kind, versions)) = versions(work, asset, old.as_ref(), &path).await? else { continue };
        let unit = work.unit(asset.unit.as_ref());
        if let Some(old) = &old {
            if old.kind != kind {
                work.fault(
                    &path,
                    format!("{} is a {} on this server, and stays one; give this another id", asset.id, old.kind.as_str()),
                );
                continue;
            }
            if old.unit != unit {
                work.fault(
                    &path,
                    format!("{} is of the unit {} on this server, and stays there; write that unit", asset.id, old.unit),
                );
                continue;
            }
        }
        let mut next = Asset {
            id: asset.id.clone(),
            unit,
            name: work.told.name(&asset.name),
            kind,
            theme: asset.theme.clone(),
            source: nfc(&asset.source),
            rights: nfc(&asset.rights),
            from_ms: work.begins_ms(asset.from),
            until_ms: work.ends_ms(asset.until),
            created_ms: old.as_ref().map_or_else(|| work.app.clock.now_ms(), |old| old.created_ms),
            versions: old.as_ref().map(|old| old.versions.clone()).unwrap_or_default(),
        };
        let part = assets::replaced(work.app, &mut next, versions, false).await?;
        let outcome = Outcome::of(old.as_ref().map(|old| *old == next));
        work.told.changes.push(Change::new(What::Asset, next.id.as_str(), &next.name, outcome));
        if outcome != Outcome::Unchanged {
            change.assets.extend(part.assets);
            change.added.extend(part.added);
            change.withdrawn.extend(part.withdrawn);
        }
        known.insert(next.id.clone(), next);
    }
    Ok((known, change))
}

fn nfc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.trim().nfc().collect()
}

type Versions = Option<(AssetKind, Vec<AssetVersion>)>;

/// What an asset is to show in each language; none where something is wrong with it, which is told.
async fn versions(work: &mut Work<'_>, asset: &plan::Asset, old: Option<&Asset>, path: &str) -> Result<Versions, PlanError> {
    match (&asset.slide, &asset.ticker) {
        (Some(slide), _) => slide_versions(work, asset, slide, path).await,
        (None, Some(ticker)) => ticker_versions(work, asset, ticker, path).await,
        (None, None) => file_versions(work, asset, old, path).await,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
fn focus_of(shares: Option<[f32; 2]>) -> Focus {
    let thousandths = |share: f32| (share * 1000.0).round() as u16;
    shares.and_then(|[x, y]| Focus::new(thousandths(x), thousandths(y)).ok()).unwrap_or(Focus::MIDDLE)
}

async fn file_versions(work: &mut Work<'_>, asset: &plan::Asset, old: Option<&Asset>, path: &str) -> Result<Versions, PlanError> {
    let mut versions = Vec::new();
    let mut kinds = Vec::new();
    for (language, file) in &asset.files {
        let place = format!("{path}.files.{language}");
        let Some(bytes) = read(work, &file.file, file.sha256, &place).await else { continue };
        let sha256 = Digest::of(&bytes);
        let same = old.and_then(|old| Some((old.kind, old.versions.get(language).filter(|version| version.sha256 == sha256)?)));
        let (kind, version) = match same {
            Some((kind, version)) => (kind, version.clone()),
            None => match look_over(work.app, language.clone(), asset, &bytes).await {
                Ok(kept) => kept,
                Err(assets::AddAssetError::Store(source)) => return Err(PlanError::Store(source)),
                Err(fault) => {
                    work.fault(&place, format!("{}: {}", file.file, chain(&fault)));
                    continue;
                }
            },
        };
        check_length(work, asset, &version, path);
        kinds.push(kind);
        versions.push(AssetVersion { fit: asset.fit, focus: focus_of(asset.focus), ..version });
    }
    let Some(kind) = kinds.first().copied() else { return Ok(None) };
    if kinds.iter().any(|other| *other != kind) {
        work.fault(
            &format!("{path}.files"),
            "some of these are pictures and some clips; an asset is one of the two in all its languages",
        );
        return Ok(None);
    }
    Ok(Some((kind, versions)))
}

async fn look_over(
    app: &App,
    language: Language,
    asset: &plan::Asset,
    bytes: &[u8],
) -> Result<(AssetKind, AssetVersion), assets::AddAssetError> {
    let mut upload = Upload::begin(app).await?;
    upload.write(bytes).await?;
    assets::files::keep(app, upload, language, asset.fit).await
}

/// A clip's length stands in the plan, so that a timeline needs no file; a picture has none.
fn check_length(work: &mut Work<'_>, asset: &plan::Asset, version: &AssetVersion, path: &str) {
    let length = version.clip.map(|clip| Length(std::time::Duration::from_millis(clip.duration_ms)));
    match (asset.length, length) {
        (Some(said), Some(is)) if said < is => {
            work.fault(&format!("{path}.length"), format!("the clip plays {is}; write length: {is}"));
        }
        (Some(_), None) => work.fault(&format!("{path}.length"), "this is a picture, which has no length; leave it out"),
        (None, Some(is)) => work.fault(path, format!("this is a clip; add length: {is}")),
        (Some(_), Some(_)) | (None, None) => {}
    }
}

/// A file's bytes, held against what the plan says of them.
async fn read(work: &mut Work<'_>, file: &str, sha256: Option<Digest>, path: &str) -> Option<std::borrow::Cow<'static, [u8]>> {
    let bytes = match work.files.read(file).await {
        Ok(bytes) => bytes,
        Err(what) => {
            work.fault(path, what);
            return None;
        }
    };
    let is = Digest::of(&bytes);
    if sha256.is_some_and(|said| said != is) {
        work.fault(
            path,
            format!("{file} is not the file that is meant: its SHA-256 is {is}; put the right one there, or correct sha256"),
        );
        return None;
    }
    Some(bytes)
}

async fn slide_versions(
    work: &mut Work<'_>,
    asset: &plan::Asset,
    slide: &plan::Slide,
    path: &str,
) -> Result<Versions, PlanError> {
    let mut content = Content {
        dates: slide.dates.clone(),
        addresses: slide.addresses.clone(),
        levels: slide.levels.clone(),
        ..Content::default()
    };
    for (language, fields) in &slide.texts {
        match language.as_str().parse() {
            Ok(language) => {
                content.texts.insert(language, fields.clone());
            }
            Err(fault) => work.fault(&format!("{path}.slide.texts.{language}"), chain(&fault)),
        }
    }
    for (field, picture) in &slide.pictures {
        let place = format!("{path}.slide.pictures.{field}");
        let Some(bytes) = read(work, &picture.file, picture.sha256, &place).await else { continue };
        let sha256 = work.app.blobs.put(bytes.into_owned()).await.map_err(PlanError::Blob)?;
        content.pictures.insert(field.clone(), PictureFile { file: sha256.to_string(), focus: picture.focus });
    }
    let document = SlideDocument { template: slide.template.clone(), content };
    let draft = SlideDraft { name: asset.name.clone(), document };
    match assets::documents::slide_versions(work.app, &draft).await.map_err(PlanError::Keep)? {
        Ok(versions) => Ok(Some((AssetKind::Slide, versions))),
        Err(errors) => {
            work.told.fields(work.document, &format!("{path}.slide"), &errors);
            Ok(None)
        }
    }
}

async fn ticker_versions(
    work: &mut Work<'_>,
    asset: &plan::Asset,
    ticker: &plan::Ticker,
    path: &str,
) -> Result<Versions, PlanError> {
    let draft = TickerDraft {
        name: asset.name.clone(),
        texts: ticker.texts.iter().map(|(language, text)| (language.to_string(), text.clone())).collect(),
        ink: ticker.ink.clone().unwrap_or_else(|| "#ffffff".to_owned()),
        band: ticker.band.clone().unwrap_or_default(),
        pixels_a_frame: ticker.speed.unwrap_or(SPEED).to_string(),
    };
    match assets::documents::ticker_versions(work.app, &draft).await.map_err(PlanError::Keep)? {
        Ok(versions) => Ok(Some((AssetKind::Ticker, versions))),
        Err(errors) => {
            work.told.fields(work.document, &format!("{path}.ticker"), &errors);
            Ok(None)
        }
    }
}

/// Playlists as they are to be; what they pin of what changes is put right when they are saved.
pub(super) async fn playlists(work: &mut Work<'_>, assets: &BTreeMap<AssetId, Asset>) -> Result<Vec<StoredPlaylist>, PlanError> {
    let written = &work.document.plan.playlists;
    let ids: Vec<PlaylistId> = written.iter().map(|playlist| playlist.id.clone()).collect();
    let known: BTreeMap<PlaylistId, StoredPlaylist> =
        store::playlists::many(&work.app.db, &ids).await?.into_iter().map(|playlist| (playlist.id.clone(), playlist)).collect();
    let mut changed = Vec::new();
    for (number, playlist) in written.iter().enumerate() {
        let entries = playlist.entries.iter().filter_map(|line| entry(work, line, assets, &known)).collect();
        let unit = work.unit(playlist.unit.as_ref());
        let next = StoredPlaylist {
            id: playlist.id.clone(),
            unit,
            name: work.told.name(&playlist.name),
            version: known.get(&playlist.id).map_or(0, |old| old.version),
            entries,
            changed_ms: 0,
        };
        let old = known.get(&playlist.id);
        if let Some(old) = old.filter(|old| old.unit != next.unit) {
            let what = format!("{} is of the unit {} on this server, and stays there; write that unit", playlist.id, old.unit);
            work.fault(&format!("playlists[{number}]"), what);
            continue;
        }
        let outcome = Outcome::of(old.map(|old| old.name == next.name && bare(&old.entries) == bare(&next.entries)));
        work.told.changes.push(Change::new(What::Playlist, next.id.as_str(), &next.name, outcome));
        if outcome != Outcome::Unchanged {
            changed.push(next);
        }
    }
    Ok(changed)
}

/// Entries without what they pin, which follows what they show.
fn bare(entries: &[StoredEntry]) -> Vec<StoredEntry> {
    let mut entries = entries.to_vec();
    for entry in &mut entries {
        match &mut entry.shows {
            Shows::Asset { pinned, .. } => *pinned = store::playlists::Pinned::default(),
            Shows::Playlist { version, .. } => *version = 0,
        }
    }
    entries
}

fn entry(
    work: &Work<'_>,
    line: &plan::Entry,
    assets: &BTreeMap<AssetId, Asset>,
    lists: &BTreeMap<PlaylistId, StoredPlaylist>,
) -> Option<StoredEntry> {
    let shows = match (&line.asset, &line.playlist) {
        (Some(id), _) => {
            let asset = assets.get(id)?;
            let clip = asset.clip_ms().map(pins::length_of);
            let duration_ms = clip.or_else(|| line.duration.map(|length| millis::of(length.0)))?;
            Shows::Asset { asset_id: id.clone(), duration_ms, pinned: pins::pinned(asset) }
        }
        (None, Some(id)) => {
            let version = lists.get(id).map_or(0, |list| list.version);
            Shows::Playlist { playlist_id: id.clone(), version, take: line.take }
        }
        (None, None) => return None,
    };
    Some(StoredEntry { shows, from_ms: work.begins_ms(line.from), until_ms: work.ends_ms(line.until) })
}
