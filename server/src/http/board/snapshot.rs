//! `PUT snapshot`: the frame on the board's screen, PNG or JPEG.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use playlists::id::Revision;

use super::problem::Refusal;
use super::token::Caller;
use crate::app::App;
use crate::live::Change;
use crate::store::snapshots::{self, Snapshot};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

pub(super) async fn snapshot(
    State(app): State<Arc<App>>,
    Caller(board): Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let snapshot = read(&headers, &body)?;
    snapshots::save(&app.db, &board, &snapshot).await.map_err(|e| Refusal::within(&e))?;
    app.live.tell(Change::Snapshot(board));
    Ok(StatusCode::NO_CONTENT)
}

/// The picture with what its headers say: `x-bangtin-rev`, `x-bangtin-taken-ms` and, where something is on, `x-bangtin-item`.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Snapshot, Refusal> {
    let refused = |detail: &str| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "snapshot-form", detail);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let media_type = match text(header::CONTENT_TYPE.as_str()) {
        Some("image/png") if body.starts_with(PNG) => "image/png",
        Some("image/jpeg") if body.starts_with(JPEG) => "image/jpeg",
        _ => {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "snapshot-type",
                "the picture must be image/png or image/jpeg",
            ));
        }
    };
    let rev =
        text("x-bangtin-rev").and_then(|rev| rev.parse().ok()).ok_or_else(|| refused("x-bangtin-rev must be a revision"))?;
    let taken_ms = text("x-bangtin-taken-ms")
        .and_then(|ms| ms.parse().ok())
        .filter(|ms| *ms >= 0)
        .ok_or_else(|| refused("x-bangtin-taken-ms must be milliseconds since 1970"))?;
    let item = text("x-bangtin-item")
        .filter(|item| !item.is_empty())
        .map(|item| item.parse().map_err(|_| refused("x-bangtin-item must be a digest")))
        .transpose()?;
    Ok(Snapshot { taken_ms, rev: Revision(rev), item, media_type: media_type.to_owned(), bytes: body.to_vec() })
}
