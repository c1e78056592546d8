//! One asset: its language versions side by side, where it is used, its properties, its renditions, and all versions it has had.

use askama::Template;
use axum::extract::{Form, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use playlists::asset::{AssetKind, Fit, Language};
use playlists::id::AssetId;
use playlists::theme::THEMES;

use super::assets::{Card, Made, Unreceived, card, in_words, language_name, receive_all};
use super::fields::{Errors, Fields};
use crate::app::FieldError;
use crate::app::assets::{self, Asset, AssetVersion, PropertiesDraft};
use crate::app::campaign_draft::written;
use crate::app::uploads::fault;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::http::words::Tr;
use crate::store::renditions;
use crate::telemetry::chain;

/// Renditions named on an asset's page.
const MOST_RENDITIONS: u32 = 100;
/// Languages that a version can be added in, beside none.
const LANGUAGES: [&str; 5] = ["vi", "en", "zh", "ko", "und"];

/// A version in words.
struct Version {
    tag: String,
    language: String,
    number: u64,
    facts: String,
    added: String,
    sha256: String,
    state: String,
}

/// A choice of a list: value, words, whether it is chosen.
struct Choice(&'static str, String, bool);

#[derive(Template)]
#[template(path = "asset.html")]
struct AssetPage {
    frame: Frame,
    t: Tr,
    card: Card,
    kind: String,
    /// Where it is edited, where it is made here.
    editor: Option<String>,
    versions: Vec<Version>,
    history: Vec<Version>,
    languages: Vec<Choice>,
    uses: assets::Uses,
    draft: PropertiesDraft,
    fits: Vec<Choice>,
    added: String,
    renditions: Vec<Made>,
    has_failed: bool,
    themes: Vec<Choice>,
    errors: Errors,
    /// Why a file was not taken.
    refused: String,
    saved: bool,
}

/// Whether something was just saved.
#[derive(serde::Deserialize, Default)]
pub(in crate::http) struct Saved {
    #[serde(default)]
    saved: bool,
}

/// `GET /assets/{id}`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    axum::extract::Query(saved): axum::extract::Query<Saved>,
) -> Result<Html<String>, PageError> {
    let asset = find(&site, &id).await?;
    let draft = draft_of(&asset);
    whole(&site, &visitor, asset, draft, &[], String::new(), saved.saved).await
}

async fn find(site: &Site, id: &str) -> Result<Asset, PageError> {
    let id = id.parse::<AssetId>().map_err(|_| PageError::Missing)?;
    assets::get(&site.app, &id).await?.ok_or(PageError::Missing)
}

/// `POST /assets/{id}`: saves the properties.
pub(in crate::http) async fn save(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (asset, fields) = (find(&site, &id).await?, Fields(sent));
    let draft = PropertiesDraft {
        name: fields.one("name"),
        theme: fields.one("theme"),
        source: fields.one("source"),
        rights: fields.one("rights"),
        from: fields.one("from"),
        until: fields.one("until"),
        fit: fields.one("fit"),
        focus_x: fields.one("focus_x"),
        focus_y: fields.one("focus_y"),
    };
    match assets::set_properties(&site.app, &asset.id, &draft).await? {
        Ok(_) => Ok(back(&asset.id)),
        Err(errors) => {
            let body = whole(&site, &visitor, asset, draft, &errors, String::new(), false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

fn back(id: &AssetId) -> Response {
    Redirect::to(&format!("/assets/{id}?saved=true")).into_response()
}

/// `POST /assets/{id}/withdraw`: takes a language away.
pub(in crate::http) async fn withdraw(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let asset = find(&site, &id).await?;
    let language: Language = Fields(sent).one("language").parse().map_err(|_| PageError::Unreadable)?;
    match assets::withdraw(&site.app, &asset.id, &language).await? {
        Ok(_) => Ok(back(&asset.id)),
        Err(errors) => {
            let draft = draft_of(&asset);
            let body = whole(&site, &visitor, asset, draft, &errors, String::new(), false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
        }
    }
}

/// `POST /assets/{id}/versions`: a file that becomes the next version of a language, which is sent before it.
pub(in crate::http) async fn add_version(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Result<Response, PageError> {
    let (t, asset) = (visitor.t, find(&site, &id).await?);
    let (mut language, mut refused) = (Language::undetermined(), t.s("upload-none"));
    while let Some(part) = form.next_field().await.map_err(|_| PageError::Unreadable)? {
        match part.name() {
            Some("language") => {
                language = part.text().await.map_err(|_| PageError::Unreadable)?.parse().map_err(|_| PageError::Unreadable)?;
            }
            Some("file") if !part.file_name().unwrap_or_default().is_empty() => {
                let added = match receive_all(&site.app, part).await {
                    Ok(upload) => assets::add_version(&site.app, &asset.id, language.clone(), None, upload)
                        .await
                        .map_err(Unreceived::Refused),
                    Err(unreceived) => Err(unreceived),
                };
                refused = match added {
                    Ok(_) => return Ok(back(&asset.id)),
                    Err(Unreceived::Refused(error)) => {
                        tracing::info!(asset.id = %asset.id, error = %chain(&error), "a version was refused");
                        let fault = fault::of(&error);
                        t.args(&fault.code, &fault.args)
                    }
                    Err(Unreceived::TooMuch) => t.s("upload-fault-large"),
                    Err(Unreceived::CutOff) => return Err(PageError::Unreadable),
                };
                break;
            }
            _ => {}
        }
    }
    let draft = draft_of(&asset);
    let body = whole(&site, &visitor, asset, draft, &[], refused, false).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
}

fn draft_of(asset: &Asset) -> PropertiesDraft {
    let main = asset.main();
    let per_cent = |thousandths: u16| {
        let rest = thousandths % 10;
        if rest == 0 { (thousandths / 10).to_string() } else { format!("{}.{rest}", thousandths / 10) }
    };
    PropertiesDraft {
        name: asset.name.clone(),
        theme: asset.theme.as_ref().map(ToString::to_string).unwrap_or_default(),
        source: asset.source.clone(),
        rights: asset.rights.clone(),
        from: asset.from_ms.map(written).unwrap_or_default(),
        until: asset.until_ms.map(written).unwrap_or_default(),
        fit: main.map(|version| version.fit.as_str().to_owned()).unwrap_or_default(),
        focus_x: main.map(|version| per_cent(version.focus.x())).unwrap_or_default(),
        focus_y: main.map(|version| per_cent(version.focus.y())).unwrap_or_default(),
    }
}

async fn whole(
    site: &Site,
    visitor: &Visitor,
    asset: Asset,
    draft: PropertiesDraft,
    errors: &[FieldError],
    refused: String,
    saved: bool,
) -> Result<Html<String>, PageError> {
    let t = visitor.t;
    let made = renditions::list(&site.app.db, &asset.id, MOST_RENDITIONS).await?;
    let history = assets::history(&site.app, &asset.id).await?;
    let fits = [(Fit::Cover, t.s("fit-cover")), (Fit::Contain, t.s("fit-contain")), (Fit::Stretch, t.s("fit-stretch"))];
    page(&AssetPage {
        frame: Frame::of(visitor, "assets"),
        t,
        card: card(t, &asset),
        kind: super::assets::kind_name(t, asset.kind),
        editor: match asset.kind {
            AssetKind::Ticker => Some(format!("/tickers/{}", asset.id)),
            AssetKind::Slide => Some(format!("/slides/{}", asset.id)),
            AssetKind::Still | AssetKind::Clip => None,
        },
        versions: asset.versions.values().map(|version| in_full(t, &asset, version)).collect(),
        history: history.iter().map(|version| in_full(t, &asset, version)).collect(),
        languages: LANGUAGES.iter().map(|tag| Choice(tag, language_name(t, tag), *tag == "vi")).collect(),
        uses: assets::uses(&site.app, &asset.id).await?,
        themes: THEMES.iter().map(|id| Choice(id, t.theme_of(id), draft.theme == *id)).collect(),
        fits: fits.into_iter().map(|(fit, words)| Choice(fit.as_str(), words, draft.fit == fit.as_str())).collect(),
        draft,
        added: t.instant_ms(asset.created_ms),
        has_failed: made.iter().any(|made| matches!(made.state, renditions::State::Failed { .. })),
        renditions: made.iter().map(|made| in_words(t, made, site.app.live.making.percent(&made.key))).collect(),
        errors: Errors::of(t, errors),
        refused,
        saved,
    })
}

fn in_full(t: Tr, asset: &Asset, version: &AssetVersion) -> Version {
    let size = t.bytes(i64::try_from(version.size_bytes).unwrap_or(i64::MAX));
    let pixels = version.pixels.map(|(width, height)| format!("{width} × {height} · ")).unwrap_or_default();
    let length = version.clip.map(|clip| format!(" · {}", t.clip_length(clip.duration_ms))).unwrap_or_default();
    let is_current = asset.versions.get(&version.language).is_some_and(|current| current.version == version.version);
    Version {
        tag: version.language.to_string(),
        language: language_name(t, version.language.as_str()),
        number: version.version,
        facts: if asset.kind.is_document() { size } else { format!("{pixels}{size} · {}{length}", version.media_type) },
        added: t.instant_ms(version.created_ms),
        sha256: version.sha256.to_string(),
        state: match version.withdrawn_ms {
            _ if is_current => t.s("version-current"),
            Some(at) => t.a("version-withdrawn", "when", t.instant_ms(at)),
            None => t.s("version-replaced"),
        },
    }
}

#[cfg(test)]
#[path = "asset_tests.rs"]
mod tests;
