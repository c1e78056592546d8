//! Resumable uploads by tus 1.0 (tus.io, protocols/resumable-upload): core, creation, expiration, termination. And what became of
//! them, as JSON. Refusals say why in the visitor's language, so that the page shows what the server says.

mod refusal;
#[cfg(test)]
mod tests;
mod told;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use data_encoding::BASE64;
use futures_util::{Stream, StreamExt};
use serde::Serialize;

use self::refusal::Refusal;
use self::told::{Metadata, number};
use super::site::Site;
use super::visitor::Visitor;
use crate::app::uploads::resumable::{self, Upload, UploadError, UploadId};
use crate::media::clips::MOST_BYTES;
use crate::store::uploads::State as How;

/// The one version of the protocol that is spoken.
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The media type of a piece.
const PIECE: &str = "application/offset+octet-stream";
/// Longest silence within a piece: then the connection counts as cut.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest that a question for what became of an upload waits for the answer.
const WAIT: Duration = Duration::from_secs(20);

/// The routes, for those who are signed in.
pub(super) fn router() -> Router<Site> {
    Router::new()
        .route("/uploads", post(create).options(options).get(under_way))
        .route("/uploads/{id}", get(outcome).head(stands).patch(piece).delete(cancel).post(overridden).options(options))
        .layer(from_fn(known_only))
        // Pieces go to the disk as they come: they have no limit but the announced length.
        .layer(DefaultBodyLimit::disable())
}

/// Lets only those in who are signed in and speak this version. A redirect would be taken for the answer.
async fn known_only(visitor: Visitor, request: Request, next: Next) -> Response {
    let speaks = request.headers().get(&TUS_RESUMABLE).is_some_and(|version| version == VERSION);
    let mut response = match *request.method() {
        Method::OPTIONS => next.run(request).await,
        _ if visitor.account.is_none() => {
            Refusal::new(StatusCode::UNAUTHORIZED, "upload-fault-signed-out").say(visitor.t).into_response()
        }
        // The list and the outcome are ours, not of the protocol.
        Method::GET => next.run(request).await,
        _ if !speaks => {
            let refusal = Refusal::new(StatusCode::PRECONDITION_FAILED, "upload-fault-protocol");
            ([("tus-version", VERSION)], refusal.say(visitor.t)).into_response()
        }
        _ => next.run(request).await,
    };
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// `OPTIONS`: what is spoken here.
async fn options() -> Response {
    let most = MOST_BYTES.to_string();
    let about = [("tus-version", "1.0.0"), ("tus-extension", "creation,expiration,termination"), ("tus-max-size", &most)];
    (StatusCode::NO_CONTENT, about).into_response()
}

/// `POST /uploads`: announces a file; the answer says where to send it.
async fn create(State(site): State<Site>, visitor: Visitor, headers: HeaderMap) -> Result<Response, Refusal> {
    let refused = |refusal: Refusal| refusal.say(visitor.t);
    let account = account(&visitor)?;
    let size_bytes = number(&headers, &UPLOAD_LENGTH).ok_or_else(|| refused(Refusal::unreadable()))?;
    let metadata = Metadata::read(headers.get(&UPLOAD_METADATA)).ok_or_else(|| refused(Refusal::unreadable()))?;
    let announced = metadata.announced(size_bytes).ok_or_else(|| refused(Refusal::unreadable()))?;
    let upload = resumable::begin(&site.app, account, announced).await.map_err(|error| refused(error.into()))?;
    let place = format!("/uploads/{}", upload.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place), (UPLOAD_EXPIRES, expires(upload.until_ms))]).into_response())
}

/// `HEAD /uploads/{id}`: how many bytes are there.
async fn stands(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Refusal> {
    let refused = |error: UploadError| Refusal::from(error).say(visitor.t);
    let (upload, there) = resumable::find(&site.app, account(&visitor)?, &known(&visitor, &id)?).await.map_err(refused)?;
    if let How::Refused(fault) = upload.state {
        return Err(refused(UploadError::Refused(fault)));
    }
    let metadata = format!("filename {}", BASE64.encode(upload.name.as_bytes()));
    let headers = [
        (UPLOAD_OFFSET, there.to_string()),
        (UPLOAD_LENGTH, upload.size_bytes.to_string()),
        (UPLOAD_METADATA, metadata),
        (UPLOAD_EXPIRES, expires(upload.until_ms)),
    ];
    Ok((StatusCode::OK, headers).into_response())
}

/// `PATCH /uploads/{id}`: a piece, as long as the client likes.
async fn piece(
    State(site): State<Site>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let refused = |refusal: Refusal| refusal.say(visitor.t);
    if headers.get(header::CONTENT_TYPE).is_none_or(|media_type| media_type != PIECE) {
        return Err(refused(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload-fault-protocol")));
    }
    let offset = number(&headers, &UPLOAD_OFFSET).ok_or_else(|| refused(Refusal::unreadable()))?;
    let (account, id) = (account(&visitor)?, known(&visitor, &id)?);
    // A server that is to end takes no more: what came is kept, and the client goes on with the next one.
    let pieces = patient(body).take_until(site.stop.cancelled());
    let stands = resumable::append(&site.app, account, &id, offset, Box::pin(pieces)).await;
    let stands = stands.map_err(|error| refused(error.into()))?;
    Ok((StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, stands.to_string())]).into_response())
}

/// The body's pieces; a silence is an error.
fn patient(body: Body) -> impl Stream<Item = Result<bytes::Bytes, Silent>> {
    futures_util::stream::unfold(Some(body.into_data_stream()), async |body| {
        let mut body = body?;
        match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(_))) | Err(_) => Some((Err(Silent), None)),
        }
    })
}

/// The connection was cut, or nothing came for too long.
struct Silent;

/// `DELETE /uploads/{id}`: gives it up.
async fn cancel(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    let refused = |error: UploadError| Refusal::from(error).say(visitor.t);
    resumable::give_up(&site.app, account(&visitor)?, &known(&visitor, &id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /uploads/{id}` with `X-HTTP-Method-Override`, for what stands between and knows no `PATCH`.
async fn overridden(
    site: State<Site>,
    visitor: Visitor,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    match headers.get("x-http-method-override").map(HeaderValue::as_bytes) {
        Some(b"PATCH") => piece(site, visitor, id, headers, body).await,
        Some(b"DELETE") => cancel(site, visitor, id).await.map(IntoResponse::into_response),
        Some(b"HEAD") => stands(site, visitor, id).await,
        _ => Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "upload-fault-protocol").say(visitor.t)),
    }
}

/// An upload as the page is told of it.
#[derive(Debug, Serialize)]
struct Told {
    id: String,
    name: String,
    size_bytes: u64,
    offset: u64,
    /// `open`, `whole`, `added` or `refused`.
    state: &'static str,
    /// What became of it, in the visitor's language; empty while nothing has.
    said: String,
    /// The asset's page, once it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
}

fn told(visitor: &Visitor, upload: Upload, offset: u64) -> Told {
    let t = visitor.t;
    let (state, said, asset) = match upload.state {
        How::Open => ("open", String::new(), None),
        How::Whole => ("whole", String::new(), None),
        How::Added(asset) => ("added", t.s("upload-done"), Some(format!("/assets/{asset}"))),
        How::Refused(fault) => ("refused", t.args(&fault.code, &fault.args), None),
    };
    Told { id: upload.id.to_string(), name: upload.name, size_bytes: upload.size_bytes, offset, state, said, asset }
}

/// `GET /uploads`: what the visitor has under way.
async fn under_way(State(site): State<Site>, visitor: Visitor) -> Result<Json<Vec<Told>>, Refusal> {
    let open = resumable::open_of(&site.app, account(&visitor)?).await;
    let open = open.map_err(|error| Refusal::from(UploadError::Store(error)).say(visitor.t))?;
    Ok(Json(open.into_iter().map(|upload| (upload.synced, upload)).map(|(at, upload)| told(&visitor, upload, at)).collect()))
}

/// `GET /uploads/{id}`: what became of it; where that is not known yet the answer waits for it, `WAIT` at most.
async fn outcome(State(site): State<Site>, visitor: Visitor, Path(id): Path<String>) -> Result<Json<Told>, Refusal> {
    let refused = |error: UploadError| Refusal::from(error).say(visitor.t);
    let (account, id) = (account(&visitor)?, known(&visitor, &id)?);
    let settled = async {
        loop {
            // Listens before it looks: what is settled in between is heard.
            let mut heard = std::pin::pin!(site.app.live.settled.notified());
            heard.as_mut().enable();
            let (upload, there) = resumable::find(&site.app, account, &id).await?;
            if upload.state != How::Whole {
                return Ok((upload, there));
            }
            heard.await;
        }
    };
    let found = tokio::select! {
        found = tokio::time::timeout(WAIT, settled) => found.ok(),
        () = site.stop.cancelled() => None,
    };
    let (upload, there) = match found {
        Some(found) => found.map_err(refused)?,
        None => resumable::find(&site.app, account, &id).await.map_err(refused)?,
    };
    Ok(Json(told(&visitor, upload, there)))
}

fn account(visitor: &Visitor) -> Result<&str, Refusal> {
    let account = visitor.account.as_ref().map(|account| account.account_id.as_str());
    account.ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "upload-fault-signed-out").say(visitor.t))
}

fn known(visitor: &Visitor, id: &str) -> Result<UploadId, Refusal> {
    id.parse().map_err(|_| Refusal::from(UploadError::Missing).say(visitor.t))
}

/// An instant as headers say it (RFC 9110, 5.6.7).
fn expires(until_ms: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(until_ms).unwrap_or_default();
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
