//! The templates that come with the product, and templates from a folder: read, checked, their drawings parsed once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::check::{self, TemplateError};
use super::colour::Colour;
use super::content::{Content, ContentError};
use super::picture::Decoded;
use super::template::Template;
use crate::media::intake::{MOST_BYTES, MediaError};
use crate::media::vector::Drawing;

/// Most parsed drawings kept for one template: each file in each of five levels' colours, and some to spare.
const MOST_DRAWINGS: usize = 32;
/// The file that a template stands in.
pub const TEMPLATE_FILE: &str = "template.json";
/// The file of the texts that a template is shown with.
pub const SAMPLE_FILE: &str = "sample.json";

#[derive(RustEmbed)]
#[folder = "assets/slides"]
struct Shipped;

/// Why a template cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Nothing of this name is shipped.
    #[error("there is no template {name:?}; there are: {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file cannot be read.
    #[error("{0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    /// The template is wrong.
    #[error("the template {0} is wrong")]
    Template(String, #[source] TemplateError),
    /// The texts are wrong.
    #[error("the texts {0} are wrong")]
    Content(String, #[source] ContentError),
    /// A picture beside the texts is none.
    #[error("the picture {0} cannot be shown")]
    Picture(String, #[source] MediaError),
}

/// Parsed drawings by file and colour.
type Drawings = BTreeMap<(String, Option<Colour>), Arc<Drawing>>;

/// A template with its drawings, ready to be painted.
pub struct Loaded {
    /// Its name: that of its folder.
    pub id: String,
    /// What its file says.
    pub template: Template,
    art: BTreeMap<String, Vec<u8>>,
    parsed: Mutex<Drawings>,
    sample: Option<Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    /// Changes when any of its files does.
    pub mark: String,
}

static LIBRARY: LazyLock<BTreeMap<String, Arc<Loaded>>> = LazyLock::new(|| {
    let load = |id: String| {
        let loaded = Loaded::from_files(&id, shipped_files(&id)).expect("a test reads every shipped template");
        (id, Arc::new(loaded))
    };
    ids().into_iter().map(load).collect()
});

/// Names of the shipped templates, in order.
#[must_use]
pub fn ids() -> Vec<String> {
    Shipped::iter().filter_map(|path| path.strip_suffix(TEMPLATE_FILE)?.strip_suffix('/').map(str::to_owned)).collect()
}

/// A shipped template.
///
/// # Errors
/// When there is none of this name.
pub fn shipped(id: &str) -> Result<Arc<Loaded>, LibraryError> {
    LIBRARY.get(id).cloned().ok_or_else(|| LibraryError::Unknown { name: id.to_owned(), known: ids() })
}

/// A template of one's own, from its folder.
///
/// # Errors
/// When its files cannot be read, or it is wrong.
pub fn from_folder(folder: &Path) -> Result<Loaded, LibraryError> {
    let fault = |path: &Path| {
        let path = path.to_path_buf();
        move |cause| LibraryError::Read(path, cause)
    };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(fault(folder))? {
        let path = entry.map_err(fault(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let size = path.metadata().map_err(fault(&path))?.len();
        if path.is_file() && size <= MOST_BYTES as u64 {
            files.insert(name, std::fs::read(&path).map_err(fault(&path))?);
        }
    }
    let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or("template").to_owned();
    Loaded::from_files(&id, files)
}

fn shipped_files(id: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = format!("{id}/");
    let within = Shipped::iter().filter_map(|path| path.strip_prefix(&folder).map(str::to_owned));
    within.filter_map(|name| Some((name.clone(), Shipped::get(&format!("{folder}{name}"))?.data.into_owned()))).collect()
}

impl Loaded {
    pub(super) fn from_files(id: &str, mut files: BTreeMap<String, Vec<u8>>) -> Result<Self, LibraryError> {
        let mark = mark(&files);
        let place = PathBuf::from(id).join(TEMPLATE_FILE);
        let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let bytes = files.remove(TEMPLATE_FILE).ok_or_else(|| LibraryError::Read(place.clone(), missing()))?;
        let text = String::from_utf8(bytes)
            .map_err(|e| LibraryError::Read(place.clone(), std::io::Error::new(std::io::ErrorKind::InvalidData, e)))?;
        let sample = files.remove(SAMPLE_FILE);
        let (art, files): (BTreeMap<_, _>, BTreeMap<_, _>) = files.into_iter().partition(|(name, _)| name.ends_with(".svg"));
        let template = check::read(&text, |file| art.contains_key(file))
            .map_err(|e| LibraryError::Template(place.display().to_string(), e))?;
        Ok(Self { id: id.to_owned(), template, art, parsed: Mutex::default(), sample, files, mark })
    }

    /// What it is shown with.
    ///
    /// # Errors
    /// When there is nothing, or it is wrong.
    pub fn sample_content(&self) -> Result<Content, LibraryError> {
        let bytes = self.sample.as_ref().ok_or_else(|| self.missing())?;
        let text = String::from_utf8_lossy(bytes);
        Content::read(&text).map_err(|e| LibraryError::Content(self.sample_place().display().to_string(), e))
    }

    /// What it is shown with, and the pictures that it names.
    ///
    /// # Errors
    /// When there is nothing, or it is wrong.
    pub fn sample(&self) -> Result<(Content, super::Pictures), LibraryError> {
        let content = self.sample_content()?;
        let mut pictures = super::Pictures::new();
        for (field, picture) in &content.pictures {
            let bytes = self.files.get(&picture.file).or_else(|| self.art.get(&picture.file)).ok_or_else(|| self.missing())?;
            let decoded = Decoded::of(bytes).map_err(|e| LibraryError::Picture(picture.file.clone(), e))?;
            pictures.insert(field.clone(), (Arc::new(decoded), picture.focus));
        }
        Ok((content, pictures))
    }

    fn sample_place(&self) -> PathBuf {
        PathBuf::from(&self.id).join(SAMPLE_FILE)
    }

    fn missing(&self) -> LibraryError {
        LibraryError::Read(self.sample_place(), std::io::Error::from(std::io::ErrorKind::NotFound))
    }

    /// A colour by its name, at the level that the content says, or as it is written.
    #[must_use]
    pub fn colour(&self, ink: &str, content: &Content) -> Colour {
        let template = &self.template;
        let leveled = template.levels.as_ref().and_then(|levels| {
            let level = content.levels.get(&levels.field)?;
            levels.colours.get(level)?.get(ink)
        });
        let named = leveled.or_else(|| template.colours.get(ink)).copied();
        named.or_else(|| ink.parse().ok()).expect("a read template names only colours there are")
    }

    /// Whether a slide can do without a field.
    #[must_use]
    pub fn is_optional(&self, field: &str) -> bool {
        self.template.fields.get(field).is_some_and(|field| field.optional)
    }

    /// One of its drawings, in a colour.
    ///
    /// # Errors
    /// When it is damaged or names anything outside itself.
    pub fn drawing(&self, file: &str, colour: Option<Colour>) -> Result<Arc<Drawing>, MediaError> {
        let key = (file.to_owned(), colour);
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(drawing) = parsed.get(&key) {
            return Ok(drawing.clone());
        }
        let bytes = self.art.get(file).ok_or(MediaError::Empty)?;
        let drawing = match colour {
            None => Drawing::parse(bytes)?,
            Some(colour) => {
                let text = String::from_utf8_lossy(bytes).replace("currentColor", &colour.to_string());
                Drawing::parse(text.as_bytes())?
            }
        };
        if parsed.len() >= MOST_DRAWINGS {
            parsed.clear();
        }
        let drawing = Arc::new(drawing);
        parsed.insert(key, drawing.clone());
        Ok(drawing)
    }
}

/// Sixteen digits of the digest of all files, by which a browser knows whether its picture of a template is still right.
fn mark(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize()).chars().take(16).collect()
}
