//! The door: `/sign-in`, `/sign-out`.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::app::sign_in;
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Transport, Visitor, no_session_cookie, session_cookie, way_back};
use crate::http::words::Tr;

/// The page of the door.
#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    t: Tr,
    to: String,
    login: String,
    fault: String,
}

/// Shown instead, where a password would travel in the open.
#[derive(Template)]
#[template(path = "open_network.html")]
struct OpenNetworkPage {
    frame: Frame,
    t: Tr,
}

/// What the form sends.
#[derive(Deserialize)]
pub(in crate::http) struct SignInForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    to: String,
}

/// Where to come back to.
#[derive(Deserialize)]
pub(in crate::http) struct Back {
    #[serde(default)]
    to: String,
}

/// The page that says why no password is taken here, and how to set up TLS.
pub(super) fn open_network(visitor: &Visitor) -> Result<Response, PageError> {
    let body = page(&OpenNetworkPage { frame: Frame::of(visitor, ""), t: visitor.t })?;
    Ok((StatusCode::FORBIDDEN, body).into_response())
}

/// `GET /sign-in`.
pub(in crate::http) async fn show(visitor: Visitor, Query(back): Query<Back>) -> Result<Response, PageError> {
    if visitor.transport == Transport::Open {
        return open_network(&visitor);
    }
    let to = way_back(&back.to).to_owned();
    if visitor.account.is_some() {
        return Ok(Redirect::to(&to).into_response());
    }
    let door = SignInPage { frame: Frame::of(&visitor, ""), t: visitor.t, to, login: String::new(), fault: String::new() };
    Ok(page(&door)?.into_response())
}

/// `POST /sign-in`: a new session with a new secret; an older one of this browser ends.
pub(in crate::http) async fn enter(
    State(site): State<Site>,
    visitor: Visitor,
    jar: CookieJar,
    Form(form): Form<SignInForm>,
) -> Result<Response, PageError> {
    if visitor.transport == Transport::Open {
        return open_network(&visitor);
    }
    let (to, login) = (way_back(&form.to).to_owned(), form.login.trim().to_lowercase());
    let again = |fault: String, status: StatusCode| {
        let door = SignInPage { frame: Frame::of(&visitor, ""), t: visitor.t, to: to.clone(), login: login.clone(), fault };
        Ok((status, page(&door)?).into_response())
    };
    let address = visitor.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
    if !site.may_try(&address, &login) {
        return again(visitor.t.s("sign-in-often"), StatusCode::TOO_MANY_REQUESTS);
    }
    let Some((secret, _)) = sign_in::sign_in(&site.app, &login, &form.password).await? else {
        return again(visitor.t.s("sign-in-wrong"), StatusCode::UNPROCESSABLE_ENTITY);
    };
    if let Some(old) = &visitor.secret {
        sign_in::sign_out(&site.app, old).await?;
    }
    Ok((jar.add(session_cookie(visitor.transport, secret)), Redirect::to(&to)).into_response())
}

/// `POST /sign-out`.
pub(in crate::http) async fn leave(State(site): State<Site>, visitor: Visitor, jar: CookieJar) -> Result<Response, PageError> {
    if let Some(secret) = &visitor.secret {
        sign_in::sign_out(&site.app, secret).await?;
    }
    Ok((jar.add(no_session_cookie(visitor.transport)), Redirect::to("/sign-in")).into_response())
}
