//! The fonts that every text is drawn with, in slides and in drawings: shipped; the system's are never asked, so that all machines draw alike.

use std::sync::{Arc, LazyLock};

use harfrust::ShaperData;
use resvg::usvg::fontdb::Database;
use skrifa::FontRef;

/// The family of Latin letters, and what stands in for any other that a drawing names.
pub const FAMILY: &str = "Be Vietnam Pro";

/// For whose letters a face was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Latin with every Vietnamese mark: Be Vietnam Pro.
    Latin,
    /// Simplified Chinese (GB/T 2312): Noto Sans SC.
    Chinese,
    /// Korean (the Hangul of KS X 1001): Noto Sans KR.
    Korean,
}

/// One font file, ready to shape and draw.
pub struct Face {
    /// For whose letters.
    pub letters: Letters,
    /// 400 regular to 700 bold.
    pub weight: u16,
    /// Its tables.
    pub font: FontRef<'static>,
    /// What shaping needs of them, prepared once.
    pub shaping: ShaperData,
    bytes: &'static [u8],
}

/// Which face of the shipped ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaceId(usize);

impl FaceId {
    /// The face.
    ///
    /// # Panics
    /// Never: ids are made of places in the list of faces.
    #[must_use]
    pub fn face(self) -> &'static Face {
        FACES.get(self.0).expect("ids are made of places in this list")
    }
}

macro_rules! shipped {
    ($($letters:ident $weight:literal $file:literal),+ $(,)?) => {
        [$((Letters::$letters, $weight, include_bytes!(concat!("../../assets/fonts/", $file)).as_slice())),+]
    };
}

static FACES: LazyLock<Vec<Face>> = LazyLock::new(|| {
    let files = shipped![
        Latin 400 "be-vietnam-pro/BeVietnamPro_400Regular.ttf",
        Latin 600 "be-vietnam-pro/BeVietnamPro_600SemiBold.ttf",
        Latin 700 "be-vietnam-pro/BeVietnamPro_700Bold.ttf",
        Chinese 500 "noto-sans-sc/NotoSansSC-Medium.otf",
        Chinese 700 "noto-sans-sc/NotoSansSC-Bold.otf",
        Korean 500 "noto-sans-kr/NotoSansKR-Medium.otf",
        Korean 700 "noto-sans-kr/NotoSansKR-Bold.otf",
    ];
    let face = |(letters, weight, bytes): (Letters, u16, &'static [u8])| {
        let font = FontRef::new(bytes).expect("a shipped font is whole");
        Face { letters, weight, shaping: ShaperData::new(&font), font, bytes }
    };
    files.into_iter().map(face).collect()
});

static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for face in FACES.iter() {
        database.load_font_data(face.bytes.to_vec());
    }
    database.set_serif_family(FAMILY);
    database.set_sans_serif_family(FAMILY);
    database.set_monospace_family(FAMILY);
    database.set_cursive_family(FAMILY);
    database.set_fantasy_family(FAMILY);
    Arc::new(database)
});

/// The shipped fonts, for drawings (SVG).
#[must_use]
pub fn shipped() -> Arc<Database> {
    DATABASE.clone()
}

/// The face for these letters whose weight is nearest.
///
/// # Panics
/// Never: there is a face for all letters.
#[must_use]
pub fn face(letters: Letters, weight: u16) -> FaceId {
    let of_these = FACES.iter().enumerate().filter(|(_, face)| face.letters == letters);
    let nearest = of_these.min_by_key(|(_, face)| face.weight.abs_diff(weight));
    FaceId(nearest.map(|(place, _)| place).expect("there is a face for all letters"))
}
