//! The language switch: `POST /language`.

use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::http::error::PageError;
use crate::http::site::Site;
use crate::http::visitor::{Visitor, language_cookie, way_back};
use crate::http::words::Language;
use crate::store::accounts;

/// What the switch sends.
#[derive(Deserialize)]
pub(in crate::http) struct Switch {
    language: String,
    #[serde(default)]
    to: String,
}

/// Remembers the language in the browser, and with the account of who is signed in.
pub(in crate::http) async fn switch(State(site): State<Site>, visitor: Visitor, Form(form): Form<Switch>) -> Result<Response, PageError> {
    let language = Language::of(&form.language).ok_or(PageError::Unreadable)?;
    if let Some(account) = &visitor.account {
        accounts::set_language(&site.app.db, &account.account_id, language.as_str()).await?;
    }
    // The door and the set-up link are fine places to come back to here.
    let ours = form.to.starts_with("/sign-in") || form.to.starts_with("/setup/");
    let back = if ours && !form.to.contains(['\\', '\n', '\r']) { form.to.as_str() } else { way_back(&form.to) };
    Ok(([(header::SET_COOKIE, language_cookie(visitor.transport, language))], Redirect::to(back)).into_response())
}
