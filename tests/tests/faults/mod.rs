//! The promise that no fault lasts longer than its cause: after each, what is wanted is on the board, nothing was lost, nothing is
//! doubled, nothing fell back, and nothing was ever shown that was not made and signed.

mod database;
mod disk;
mod downloads;
mod ending;
mod links;
mod player;
mod restore;
mod server;

use bangtin_tests::boards::Board;
use bangtin_tests::world::World;
use playlists::id::{AssetId, CampaignId};

/// A board that shows one picture after another, and the campaign that says which.
struct Story {
    board: Board,
    campaign: CampaignId,
    picture: u32,
}

impl Story {
    /// Begins with a player within and a picture on its screen.
    async fn begin(world: &mut World) -> Self {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player(&board).await;
        let (first, second) = (world.upload_speckled(1).await, world.upload_speckled(2).await);
        let campaign = world.show(1, &[&first, &second], &[&board]).await;
        world.shows(&board, &first).await;
        world.desired_is_reported(&board).await;
        Self { board, campaign, picture: 2 }
    }

    /// Has an operator ask for two other pictures.
    async fn change(&mut self, world: &World) -> AssetId {
        self.picture += 2;
        let (one, other) = (world.upload_speckled(self.picture - 1).await, world.upload_speckled(self.picture).await);
        world.show_instead(&self.campaign, 1, &[&one, &other], &[&self.board]).await;
        one
    }
}
