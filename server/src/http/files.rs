//! Style, scripts and pictures of the pages, in the binary, each under an address that names its content.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Our own files.
#[derive(RustEmbed)]
#[folder = "assets/pages/"]
struct Own;

/// Other people's, unchanged; `assets/vendor/vendored.toml` lists them.
#[derive(RustEmbed)]
#[folder = "assets/vendor/"]
struct Vendored;

fn find(path: &str) -> Option<EmbeddedFile> {
    match path.split_once('/') {
        Some(("pages", rest)) => Own::get(rest),
        Some(("vendor", rest)) => Vendored::get(rest),
        _ => None,
    }
}

fn mark(file: &EmbeddedFile) -> String {
    data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()).chars().take(16).collect()
}

/// The address of a file such as `pages/app.css`; it changes when the file does.
#[must_use]
pub fn url(path: &str) -> String {
    let mark = find(path).map(|file| mark(&file)).unwrap_or_default();
    format!("/static/{mark}/{path}")
}

/// `GET /static/{mark}/{path}`: may be kept for ever.
pub(super) async fn serve(Path((asked, path)): Path<(String, String)>) -> Response {
    let Some(file) = find(&path).filter(|file| mark(file) == asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_only_under_the_address_of_its_content() {
        let url = url("pages/app.css");
        assert_eq!(url.split('/').nth(2).map(str::len), Some(16), "{url}");
        assert!(find("pages/../vendor/vendored.toml").is_none());
        assert!(find("elsewhere/app.css").is_none());
    }

    #[test]
    fn every_vendored_file_is_the_one_in_the_table() {
        let table: toml::Table =
            String::from_utf8(Vendored::get("vendored.toml").expect("the table").data.into_owned()).expect("text").parse().expect("TOML");
        let listed = table.get("file").and_then(toml::Value::as_array).expect("a list");
        let text = |row: &toml::Value, key: &str| row.get(key).and_then(toml::Value::as_str).expect("a text").to_owned();
        for row in listed {
            let (path, sha256) = (text(row, "path"), text(row, "sha256"));
            assert!(!text(row, "licence").is_empty() && path.starts_with(&format!("{}-{}/", text(row, "name"), text(row, "version"))));
            let file = Vendored::get(&path).unwrap_or_else(|| panic!("{path} is missing"));
            assert_eq!(data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()), sha256, "{path}");
        }
        let scripts = Vendored::iter().filter(|path| path.ends_with(".js") || path.ends_with(".css")).count();
        assert_eq!(scripts, listed.len(), "a vendored file is not in the table");
    }
}
