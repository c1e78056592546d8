//! What operators do in a [`World`]: the public use cases, with the forms filled in.

use std::path::Path;

use bangtin::app;
use bangtin::app::assets::NewAsset;
use bangtin::app::campaigns::CampaignDraft;
use bangtin::app::playlists::{EntryDraft, PlaylistDraft};
use bangtin::app::setup::SetupDraft;
use bangtin::app::units::UnitDraft;
use playlists::asset::Fit;
use playlists::id::{AssetId, CampaignId, PlaylistId};

use crate::boards::Board;
use crate::pictures::{png, speckled};
use crate::world::World;

impl World {
    /// Makes the first administrator: login and password.
    ///
    /// # Panics
    /// When there is one already.
    pub async fn administrator(&self) -> (String, String) {
        let link = app::sign_in::ensure_setup_link(&self.app()).await.expect("the database works").expect("nobody is there yet");
        let secret = link.rsplit('/').next().expect("a link has a secret");
        let unit = UnitDraft { name: "Tỉnh".to_owned(), tier: "province".to_owned() };
        let (login, password) = ("chi-an".to_owned(), "một câu dài dễ nhớ".to_owned());
        let draft = SetupDraft { login: login.clone(), password: password.clone(), unit };
        assert!(app::setup::create(&self.app(), secret, &draft).await.expect("the form holds"), "the link holds");
        (login, password)
    }

    /// Uploads a picture.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> AssetId {
        let new = NewAsset { unit: self.unit.clone(), name: name.to_owned(), fit: Fit::Cover, bytes };
        app::assets::add(&self.app(), new).await.expect("the picture is taken").id
    }

    /// Uploads one of the samples, such as `media/rocket.jpg`.
    ///
    /// # Panics
    /// When there is no such sample, or it is refused.
    pub async fn upload_sample(&self, name: &str) -> AssetId {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../playlists/samples").join(name);
        let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.upload(name, bytes).await
    }

    /// Uploads a picture in which every pixel differs from its neighbours; another one for each `seed`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn upload_speckled(&self, seed: u32) -> AssetId {
        self.upload(&format!("Ảnh {seed}"), png(&speckled(64, 48, seed))).await
    }

    /// Makes a playlist of these assets, each for as many seconds.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn playlist(&self, seconds: u32, assets: &[&AssetId]) -> PlaylistId {
        let entry = |asset: &&AssetId| EntryDraft {
            asset_id: asset.to_string(),
            duration_s: seconds.to_string(),
            ..EntryDraft::default()
        };
        let draft = PlaylistDraft { name: "Danh sách".to_owned(), entries: assets.iter().map(entry).collect() };
        let saved = app::playlists::save(&self.app(), &self.unit, None, draft).await.expect("the database works");
        saved.expect("the form holds")
    }

    /// Makes an approved campaign of this playlist on these boards, from now on.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn campaign(&self, playlist: &PlaylistId, boards: &[&Board]) -> CampaignId {
        let draft = self.draft(playlist, boards);
        let saved = app::campaigns::save(&self.app(), &self.unit, None, draft).await.expect("the database works");
        saved.expect("the form holds")
    }

    /// Makes a campaign of these assets, each for as many seconds: the one thing that these boards show from now on.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn show(&self, seconds: u32, assets: &[&AssetId], boards: &[&Board]) -> CampaignId {
        let playlist = self.playlist(seconds, assets).await;
        self.campaign(&playlist, boards).await
    }

    /// Lets a campaign play these assets instead, each for as many seconds.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn show_instead(&self, campaign: &CampaignId, seconds: u32, assets: &[&AssetId], boards: &[&Board]) {
        let playlist = self.playlist(seconds, assets).await;
        let draft = self.draft(&playlist, boards);
        let saved = app::campaigns::save(&self.app(), &self.unit, Some(campaign), draft).await.expect("the database works");
        saved.expect("the form holds");
    }

    fn draft(&self, playlist: &PlaylistId, boards: &[&Board]) -> CampaignDraft {
        CampaignDraft {
            name: "Chiến dịch".to_owned(),
            playlist_id: playlist.to_string(),
            level: "normal".to_owned(),
            weight: "3".to_owned(),
            boards: boards.iter().map(|board| board.id.to_string()).collect(),
            approved: true,
            ..CampaignDraft::default()
        }
    }
}
