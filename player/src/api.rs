//! The boards' HTTP API, from the board's side: one client, every call with a bearer and within a time limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use playlists::wire::messages::Problem;
use reqwest::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rustls::ClientConfig;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence within an answer.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest call, downloads excepted.
const CALL: Duration = Duration::from_secs(60);
/// Idle connections are closed after this.
const IDLE: Duration = Duration::from_secs(5);
/// Most bytes of an answer that is read whole.
const MOST: usize = 2 << 20;

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The client cannot be built.
    #[error("the HTTP client cannot be built")]
    Build(#[source] reqwest::Error),
    /// The server cannot be reached, or the answer broke off.
    #[error("{what} failed")]
    Transport {
        /// What was asked, such as `GET fresh`.
        what: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The server refuses.
    #[error("{what} was refused with {status}: {}", code.as_deref().unwrap_or("no code"))]
    Refused {
        /// What was asked.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The server's code, if it gave one.
        code: Option<String>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer is too long.
    #[error("the answer to {what} is longer than {MOST} bytes")]
    TooLong {
        /// What was asked.
        what: String,
    },
    /// The answer cannot be read.
    #[error("the answer to {what} cannot be read: {reason}")]
    Form {
        /// What was asked.
        what: String,
        /// Why.
        reason: String,
    },
}

impl ApiError {
    /// Whether the token was refused, so that a new one is needed.
    #[must_use]
    pub const fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
    /// The server's code, where it will never take what was sent: it named what is wrong with it. What only says that nobody is
    /// known here (401, 404), or not now (408, 429, 5xx), is no such word, nor is what a proxy says.
    #[must_use]
    pub fn is_for_good(&self) -> Option<&str> {
        match self {
            Self::Refused { status, code: Some(code), .. }
                if (400..500).contains(status) && ![401, 404, 408, 429].contains(status) =>
            {
                Some(code)
            }
            _ => None,
        }
    }
    /// How long the server asks to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused { retry_after, .. } = self { *retry_after } else { None }
    }
}

/// A client of one server's board API.
#[derive(Clone)]
pub struct Api {
    base: String,
    client: Client,
    bearer: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Api({})", self.base)
    }
}

impl Api {
    /// A client of the server at `server`, such as `http://127.0.0.1:8080`, that encrypts with `tls`.
    ///
    /// # Errors
    /// When no client can be built.
    pub fn new(server: &str, tls: Option<&ClientConfig>) -> Result<Self, ApiError> {
        let builder = Client::builder();
        let builder = match tls {
            Some(tls) => builder.tls_backend_preconfigured(tls.clone()),
            None => builder,
        };
        let client = builder
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("bangtin-player/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ApiError::Build)?;
        Ok(Self { base: format!("{server}/board/v1"), client, bearer: Arc::default() })
    }

    /// The access of another board of this process to the same server: over the same connections, with a token of its own.
    #[must_use]
    pub fn for_another_board(&self) -> Self {
        Self { base: self.base.clone(), client: self.client.clone(), bearer: Arc::default() }
    }

    /// Uses this token from now on.
    pub fn set_bearer(&self, token: Option<String>) {
        *self.bearer.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Gets a small document.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or answers too much.
    pub async fn get(&self, path: &str) -> Result<Bytes, ApiError> {
        let what = format!("GET {path}");
        let response = self.send(&what, self.request(Method::GET, path).timeout(CALL)).await?;
        body(&what, response).await
    }

    /// Gets a document unless it is still the one of `etag`; with its own tag.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or answers too much.
    pub async fn get_unless(&self, path: &str, etag: Option<&str>) -> Result<Option<(Bytes, Option<String>)>, ApiError> {
        let what = format!("GET {path}");
        let mut request = self.request(Method::GET, path).timeout(CALL);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = self.send(&what, request).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Some((body(&what, response).await?, etag)))
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or answers too much.
    pub async fn post(&self, path: &str, json: Vec<u8>) -> Result<Bytes, ApiError> {
        let what = format!("POST {path}");
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/json").timeout(CALL).body(json);
        let response = self.send(&what, request).await?;
        body(&what, response).await
    }

    /// Puts bytes of this media type, with further headers.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn put(
        &self,
        path: &str,
        media_type: &str,
        headers: &[(&'static str, String)],
        bytes: Vec<u8>,
    ) -> Result<(), ApiError> {
        let what = format!("PUT {path}");
        let mut request = self.request(Method::PUT, path).header(CONTENT_TYPE, media_type).timeout(CALL).body(bytes);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(&what, request).await.map(drop)
    }

    /// Begins to get content from byte `from` on; the answer's body is read by the caller.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn content(&self, path: &str, from: u64) -> Result<Response, ApiError> {
        let what = format!("GET {path}");
        let mut request = self.request(Method::GET, path);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        self.send(&what, request).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/{path}", self.base));
        match &*self.bearer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, what: &str, request: RequestBuilder) -> Result<Response, ApiError> {
        let transport = |source: reqwest::Error| ApiError::Transport { what: what.to_owned(), source: source.without_url() };
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let code = body(what, response).await.ok().and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
        let code = code.map(|problem| problem.code.chars().take(80).collect());
        Err(ApiError::Refused { what: what.to_owned(), status: status.as_u16(), code, retry_after })
    }
}

async fn body(what: &str, mut response: Response) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|e| ApiError::Transport { what: what.to_owned(), source: e.without_url() })?;
        let Some(chunk) = chunk else { return Ok(bytes.into()) };
        if bytes.len() + chunk.len() > MOST {
            return Err(ApiError::TooLong { what: what.to_owned() });
        }
        bytes.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_word_about_a_report_is_for_good() {
        for (status, code, expected) in [
            (422, Some("report-index"), true),
            (403, Some("report-signature"), true),
            (400, Some("report-form"), true),
            (413, None, false),
            (403, None, false),
            (401, Some("token-refused"), false),
            (404, Some("board-unknown"), false),
            (408, Some("slow"), false),
            (429, Some("too-many"), false),
            (503, Some("unavailable"), false),
        ] {
            let error =
                ApiError::Refused { what: "POST plays".to_owned(), status, code: code.map(str::to_owned), retry_after: None };
            assert_eq!(error.is_for_good(), code.filter(|_| expected), "{status} {code:?}");
        }
    }
}
