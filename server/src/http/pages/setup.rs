//! The one-time link that makes the first administrator: `/setup/{link}`.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::fields::Errors;
use super::sign_in::open_network;
use crate::app::FieldError;
use crate::app::sign_in::{self, SHORTEST_PASSWORD, SignInError};
use crate::http::error::{PageError, page};
use crate::http::frame::Frame;
use crate::http::site::Site;
use crate::http::visitor::{Transport, Visitor, session_cookie};
use crate::http::words::Tr;

/// The form, or the news that the link holds no more.
#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    frame: Frame,
    t: Tr,
    holds: bool,
    link: String,
    login: String,
    shortest: i64,
    errors: Errors,
}

/// What the form sends.
#[derive(Deserialize)]
pub(in crate::http) struct SetupForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

fn form(visitor: &Visitor, holds: bool, link: &str, login: &str, errors: &[FieldError]) -> Result<Response, PageError> {
    let status = match (holds, errors.is_empty()) {
        (false, _) => StatusCode::GONE,
        (true, true) => StatusCode::OK,
        (true, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let body = page(&SetupPage {
        frame: Frame::of(visitor, ""),
        t: visitor.t,
        holds,
        link: link.to_owned(),
        login: login.to_owned(),
        shortest: i64::try_from(SHORTEST_PASSWORD).unwrap_or_default(),
        errors: Errors::of(visitor.t, errors),
    })?;
    Ok((status, body).into_response())
}

/// `GET /setup/{link}`.
pub(in crate::http) async fn show(State(site): State<Site>, visitor: Visitor, Path(link): Path<String>) -> Result<Response, PageError> {
    if visitor.transport == Transport::Open {
        return open_network(&visitor);
    }
    let holds = sign_in::setup_link_holds(&site.app, &link).await?;
    form(&visitor, holds, &link, "", &[])
}

/// `POST /setup/{link}`: makes the account, spends the link, and signs in.
pub(in crate::http) async fn create(
    State(site): State<Site>,
    visitor: Visitor,
    jar: CookieJar,
    Path(link): Path<String>,
    Form(sent): Form<SetupForm>,
) -> Result<Response, PageError> {
    if visitor.transport == Transport::Open {
        return open_network(&visitor);
    }
    let login = sent.login.trim().to_lowercase();
    if sent.password != sent.again {
        return form(&visitor, true, &link, &login, &[FieldError::new("again", "error-password-again")]);
    }
    match sign_in::create_first(&site.app, &link, &login, &sent.password).await {
        Ok(false) => return form(&visitor, false, &link, &login, &[]),
        Err(SignInError::Fields(errors)) => return form(&visitor, true, &link, &login, &errors),
        other => other?,
    };
    let opened = sign_in::sign_in(&site.app, &login, &sent.password).await?;
    let jar = opened.into_iter().fold(jar, |jar, (secret, _)| jar.add(session_cookie(visitor.transport, secret)));
    Ok((jar, Redirect::to("/")).into_response())
}
