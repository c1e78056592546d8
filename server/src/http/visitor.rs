//! Who asks: the account behind the session cookie, the language, and whether the connection may carry a password.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use super::door::Encrypted;
use super::error::PageError;
use super::site::Site;
use super::words::{Language, Tr};
use crate::app::sign_in;
use crate::store::accounts::Account;

/// Keeps the language where nobody is signed in.
const LANGUAGE_COOKIE: &str = "bangtin-language";

/// How the browser reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP on this very machine.
    Loopback,
    /// TLS, of this server or of a proxy before it at the public `https://` address.
    Secure,
    /// Plain HTTP over a network: nothing secret may travel.
    Open,
}

impl Transport {
    /// By whether this server itself encrypts the connection, the `Host` asked for and the address this server gives out.
    #[must_use]
    pub fn of(is_encrypted: bool, host: &str, public_url: &str) -> Self {
        if is_encrypted {
            return Self::Secure;
        }
        let name = name_of(host);
        if matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
            return Self::Loopback;
        }
        match public_url.strip_prefix("https://") {
            Some(rest) if name_of(rest.split('/').next().unwrap_or_default()).eq_ignore_ascii_case(name) => Self::Secure,
            _ => Self::Open,
        }
    }
    /// Name of the session cookie. `__Host-` cookies are only taken over TLS, for this host alone.
    #[must_use]
    pub const fn cookie_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-s",
            Self::Loopback | Self::Open => "bangtin-session",
        }
    }
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

/// Who asks; every page handler may take it.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who is signed in.
    pub account: Option<Account>,
    /// Words in the visitor's language.
    pub t: Tr,
    /// How the browser reached us.
    pub transport: Transport,
    /// Path and query asked for.
    pub path: String,
    /// The peer's address, for the limits of sign-in.
    pub peer: Option<IpAddr>,
    /// The session's secret.
    pub secret: Option<String>,
    /// Whether the server takes plain text beyond its machine.
    pub is_open: bool,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::stranger(&parts.headers, parts.uri.path())))
    }
}

impl Visitor {
    /// Nobody known; the language may be.
    #[must_use]
    pub fn stranger(headers: &HeaderMap, path: &str) -> Self {
        let cookie = CookieJar::from_headers(headers).get(LANGUAGE_COOKIE).and_then(|cookie| Language::of(cookie.value()));
        let t = Tr::new(cookie.unwrap_or_default());
        Self { account: None, t, transport: Transport::Open, path: path.to_owned(), peer: None, secret: None, is_open: false }
    }
}

/// Finds out who asks and notes it for the handlers.
pub(super) async fn recognise(State(site): State<Site>, mut request: Request, next: Next) -> Result<Response, PageError> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut visitor = Visitor::stranger(request.headers(), &path);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    visitor.transport = Transport::of(request.extensions().get::<Encrypted>().is_some(), host, &site.app.public_url);
    visitor.is_open = site.app.edge.is_open;
    visitor.peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip());
    let jar = CookieJar::from_headers(request.headers());
    if visitor.transport != Transport::Open
        && let Some(secret) = jar.get(visitor.transport.cookie_name()).map(|cookie| cookie.value().to_owned())
    {
        visitor.account = sign_in::who(&site.app, &secret).await?;
        visitor.secret = Some(secret);
    }
    if jar.get(LANGUAGE_COOKIE).is_none()
        && let Some(language) = visitor.account.as_ref().and_then(|account| Language::of(&account.language))
    {
        visitor.t = Tr::new(language);
    }
    request.extensions_mut().insert(visitor);
    Ok(next.run(request).await)
}

/// Lets only people in who are signed in; others are shown the door and brought back here after.
pub(super) async fn signed_in_only(visitor: Visitor, request: Request, next: Next) -> Response {
    if visitor.account.is_some() {
        return next.run(request).await;
    }
    let back = if request.method().is_safe() { visitor.path.as_str() } else { "/" };
    let door = format!("/sign-in?to={}", escape(back));
    if request.headers().contains_key("hx-request") {
        let door = HeaderValue::from_str(&door).unwrap_or(HeaderValue::from_static("/sign-in"));
        return (StatusCode::UNAUTHORIZED, [(HeaderName::from_static("hx-redirect"), door)]).into_response();
    }
    Redirect::to(&door).into_response()
}

/// Text as one query value.
#[must_use]
pub fn escape(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The path to come back to, if it is one of ours: never another host, never the door itself.
#[must_use]
pub fn way_back(to: &str) -> &str {
    let ours = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\n', '\r', '\t']) && to.len() <= 500;
    if ours && !to.starts_with("/sign-") && !to.starts_with("/setup") && !to.starts_with("/live") { to } else { "/" }
}

/// The cookie of a session that just began.
#[must_use]
pub fn session_cookie(transport: Transport, secret: String) -> Cookie<'static> {
    let life = axum_extra::extract::cookie::Cookie::build((transport.cookie_name(), secret));
    life.path("/").http_only(true).same_site(SameSite::Lax).secure(transport == Transport::Secure).build()
}

/// Takes the session's cookie back.
#[must_use]
pub fn no_session_cookie(transport: Transport) -> Cookie<'static> {
    let mut cookie = session_cookie(transport, String::new());
    cookie.make_removal();
    cookie
}

/// Remembers the language in the browser for a year.
#[must_use]
pub fn language_cookie(transport: Transport, language: Language) -> String {
    let secure = if transport == Transport::Secure { "; Secure" } else { "" };
    format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}", language.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_travels_only_over_tls_or_within_the_machine() {
        for (host, public, expected) in [
            ("localhost:8080", "http://127.0.0.1:8080", Transport::Loopback),
            ("127.0.0.1", "https://bangtin.example", Transport::Loopback),
            ("[::1]:8080", "http://127.0.0.1:8080", Transport::Loopback),
            ("bangtin.example", "https://bangtin.example/", Transport::Secure),
            ("bangtin.example:443", "https://Bangtin.example", Transport::Secure),
            ("10.0.0.7:8080", "http://10.0.0.7:8080", Transport::Open),
            ("localhost.evil.example", "https://bangtin.example", Transport::Open),
            ("", "https://bangtin.example", Transport::Open),
        ] {
            assert_eq!(Transport::of(false, host, public), expected, "{host} {public}");
            assert_eq!(Transport::of(true, host, public), Transport::Secure, "{host} {public}");
        }
    }

    #[test]
    fn the_way_back_after_sign_in_stays_in_the_house() {
        assert_eq!(way_back("/boards/b-05443?x=1"), "/boards/b-05443?x=1");
        for bad in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/sign-in?to=/", "/sign-out", "/a\nb"] {
            assert_eq!(way_back(bad), "/", "{bad:?}");
        }
        assert_eq!(escape("/a?b=ă&c"), "/a%3Fb%3D%C4%83%26c");
    }
}
