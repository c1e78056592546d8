//! HTML for people.

pub(super) mod asset;
pub(super) mod asset_preview;
pub(super) mod assets;
pub(super) mod board_forecast;
pub(super) mod board_settings;
pub(super) mod boards;
pub(super) mod campaign_form;
pub(super) mod campaign_steps;
pub(super) mod campaigns;
mod cron_words;
pub(super) mod fields;
pub(super) mod forecast;
pub(super) mod language;
pub(super) mod live;
mod overlay_sketch;
mod overlays;
pub(super) mod overview;
pub(super) mod playlists;
pub(super) mod setup;
pub(super) mod sign_in;
mod sizes;
pub(super) mod slides;
pub(super) mod stand_downs;
pub(super) mod tickers;
pub(super) mod timeline;
mod windows;
