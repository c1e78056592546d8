//! The one-time link that makes the first administrator and the first unit: `/setup/{link}`.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::fields::Errors;
use super::sign_in::open_network;
use crate::app::setup::{self, SetupDraft};
use crate::app::sign_in::{self, SHORTEST_PASSWORD, SignInError};
use crate::app::units::{self, UnitDraft};
use crate::app::{App, FieldError};
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
    /// Whether there is no unit yet.
    asks_unit: bool,
    unit: UnitDraft,
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
    #[serde(default)]
    unit_name: String,
    #[serde(default)]
    unit_tier: String,
}

async fn form(
    app: &App,
    visitor: &Visitor,
    holds: bool,
    link: &str,
    draft: SetupDraft,
    errors: &[FieldError],
) -> Result<Response, PageError> {
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
        login: draft.login,
        asks_unit: units::own(app).await?.is_none(),
        unit: draft.unit,
        shortest: i64::try_from(SHORTEST_PASSWORD).unwrap_or_default(),
        errors: Errors::of(visitor.t, errors),
    })?;
    Ok((status, body).into_response())
}

/// `GET /setup/{link}`.
pub(in crate::http) async fn show(
    State(site): State<Site>,
    visitor: Visitor,
    Path(link): Path<String>,
) -> Result<Response, PageError> {
    if visitor.transport == Transport::Open {
        return open_network(&visitor);
    }
    let holds = sign_in::setup_link_holds(&site.app, &link).await?;
    form(&site.app, &visitor, holds, &link, SetupDraft::default(), &[]).await
}

/// `POST /setup/{link}`: makes account and unit, spends the link, and signs in.
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
    let draft = SetupDraft {
        login: sent.login.trim().to_lowercase(),
        password: sent.password,
        unit: UnitDraft { name: sent.unit_name, tier: sent.unit_tier },
    };
    if draft.password != sent.again {
        return form(&site.app, &visitor, true, &link, draft, &[FieldError::new("again", "error-password-again")]).await;
    }
    match setup::create(&site.app, &link, &draft).await {
        Ok(false) => return form(&site.app, &visitor, false, &link, draft, &[]).await,
        Err(SignInError::Fields(errors)) => return form(&site.app, &visitor, true, &link, draft, &errors).await,
        other => other?,
    };
    let opened = sign_in::sign_in(&site.app, &draft.login, &draft.password).await?;
    let jar = opened.into_iter().fold(jar, |jar, (secret, _)| jar.add(session_cookie(visitor.transport, secret)));
    Ok((jar, Redirect::to("/")).into_response())
}
