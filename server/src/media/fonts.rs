//! The fonts that texts in drawings may use: Be Vietnam Pro, shipped; the system's are never asked, so that every machine draws alike.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;

/// The family's name, and what stands in for any other.
pub const FAMILY: &str = "Be Vietnam Pro";

static FACES: [&[u8]; 3] = [
    include_bytes!("../../assets/fonts/be-vietnam-pro/BeVietnamPro_400Regular.ttf"),
    include_bytes!("../../assets/fonts/be-vietnam-pro/BeVietnamPro_600SemiBold.ttf"),
    include_bytes!("../../assets/fonts/be-vietnam-pro/BeVietnamPro_700Bold.ttf"),
];

static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for face in FACES {
        database.load_font_data(face.to_vec());
    }
    database.set_serif_family(FAMILY);
    database.set_sans_serif_family(FAMILY);
    database.set_monospace_family(FAMILY);
    database.set_cursive_family(FAMILY);
    database.set_fantasy_family(FAMILY);
    Arc::new(database)
});

/// The shipped fonts.
#[must_use]
pub fn shipped() -> Arc<Database> {
    DATABASE.clone()
}
