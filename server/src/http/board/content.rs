//! `GET content/{sha256}`: renditions by digest, only those that the board's newest two manifests name; streamed from the file.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use playlists::id::Digest;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::documents::names;
use super::problem::Refusal;
use super::range::{Wanted, wanted};
use super::token::Caller;
use crate::app::{App, publish};

/// Content never changes under its digest.
const IMMUTABLE: &str = "private, max-age=31536000, immutable";

pub(super) async fn content(
    State(app): State<Arc<App>>,
    Caller(board): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "content-unknown", "no manifest of this board names this content");
    let digest: Digest = name.parse().map_err(|_| unknown())?;
    if !publish::may_fetch(&app, &board, &digest).await.map_err(|e| Refusal::within(&e))? {
        return Err(unknown());
    }
    let etag = format!("\"{digest}\"");
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|held| names(held, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let mut file = File::open(app.blobs.path(&digest)).await.map_err(|e| Refusal::within(&e))?;
    let size = file.metadata().await.map_err(|e| Refusal::within(&e))?.len();
    // A range that was meant for other bytes (If-Range) is answered with the whole.
    let range = text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|held| held == etag));
    let common = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, IMMUTABLE.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    match wanted(range, size) {
        Wanted::Beyond => {
            let refusal =
                Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "range-beyond", format!("the content has {size} bytes"));
            Ok(([(header::CONTENT_RANGE, format!("bytes */{size}"))], refusal).into_response())
        }
        Wanted::Whole => {
            let body = Body::from_stream(ReaderStream::new(file.take(size)));
            Ok((common, [(header::CONTENT_LENGTH, size.to_string())], body).into_response())
        }
        Wanted::Part { first, last } => {
            file.seek(SeekFrom::Start(first)).await.map_err(|e| Refusal::within(&e))?;
            let length = last - first + 1;
            let part =
                [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}")), (header::CONTENT_LENGTH, length.to_string())];
            let body = Body::from_stream(ReaderStream::new(file.take(length)));
            Ok((StatusCode::PARTIAL_CONTENT, common, part, body).into_response())
        }
    }
}
