//! The sizes of board that there are, for previews.

use std::collections::BTreeMap;

use playlists::geometry::Geometry;

use crate::app::App;
use crate::store::{StoreError, boards};

/// Boards that are looked at.
const MOST_BOARDS: u32 = 10_000;
/// Sizes that are offered.
const MOST_SIZES: usize = 8;
/// Where there are no boards yet.
const USUAL: [(u32, u32); 3] = [(640, 320), (256, 128), (64, 256)];

/// The sizes that most boards have, those first.
pub(super) async fn of_fleet(app: &App) -> Result<Vec<Geometry>, StoreError> {
    let mut count: BTreeMap<Geometry, usize> = BTreeMap::new();
    for board in boards::list_by_id(&app.db, None, MOST_BOARDS).await? {
        *count.entry(board.geometry).or_default() += 1;
    }
    let mut sizes: Vec<(Geometry, usize)> = count.into_iter().collect();
    sizes.sort_by_key(|(_, boards)| std::cmp::Reverse(*boards));
    if sizes.is_empty() {
        return Ok(USUAL.iter().filter_map(|(width, height)| Geometry::new(*width, *height).ok()).collect());
    }
    Ok(sizes.into_iter().take(MOST_SIZES).map(|(size, _)| size).collect())
}
