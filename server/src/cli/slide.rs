//! `bangtin slide`: templates and the slides made of them, without a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::NaiveDate;
use image::RgbImage;
use playlists::geometry::Geometry;

use super::say::say;
use crate::media::slides::colour::Colour;
use crate::media::slides::content::Content;
use crate::media::slides::language::Language;
use crate::media::slides::library::{self, Loaded};
use crate::media::slides::picture::Decoded;
use crate::media::slides::template::Words;
use crate::media::slides::{Pictures, content_schema, glyphs, pixels, sheet, template_schema, ticker};
use crate::ports::{Clock as _, SystemClock};

/// The sizes of board that templates are made to look good at.
const GEOMETRIES: [&str; 5] = ["64x256", "256x128", "640x320", "960x540", "1920x1080"];
/// The larger sizes are brought to this height on the contact sheet, in pixels.
const SHEET_HEIGHT: u32 = 160;
/// Quality of the contact sheet's JPEG, 1 to 100.
const SHEET_QUALITY: u8 = 62;
/// Days that a sample's countdown still has to run.
const SAMPLE_DAYS_LEFT: u64 = 30;

/// What can be done with slides.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the templates that come with the product, and their fields.
    List {
        /// In which language they are named: vi or en.
        #[arg(long, default_value = "en")]
        language: Language,
    },
    /// Make a slide's picture.
    Render {
        /// A template's name, or the folder of one's own.
        #[arg(long)]
        template: String,
        /// JSON file with what it is filled with; without it the template's own sample.
        #[arg(long, value_name = "FILE")]
        texts: Option<PathBuf>,
        /// The board's pixels, such as 640x320.
        #[arg(long)]
        geometry: Geometry,
        /// vi, en, zh or ko.
        #[arg(long)]
        language: Language,
        /// The day it is shown on, for countdowns; today, where nothing is said.
        #[arg(long, value_name = "YYYY-MM-DD")]
        today: Option<NaiveDate>,
        /// The PNG file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a strip of running text.
    Ticker {
        /// The text.
        #[arg(long)]
        text: String,
        /// vi, en, zh or ko.
        #[arg(long)]
        language: Language,
        /// The strip's height in pixels.
        #[arg(long)]
        height: u32,
        /// Its colour.
        #[arg(long, default_value = "#ffffff")]
        colour: Colour,
        /// The PNG file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Draw the glyph strip of the players: `glyphs.png` and `glyphs.json`.
    Glyphs {
        /// The folder to write to.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Render every template's sample at five sizes and in four languages, and lay them on contact sheets.
    Sheet {
        /// The folder to write to: `contact-sheet.jpg`, and one sheet a geometry with `--all`.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Also one sheet in full size for each geometry.
        #[arg(long)]
        all: bool,
        /// Only this template, or the one in this folder.
        #[arg(long)]
        template: Option<String>,
    },
    /// Print the JSON Schema of templates, or of what they are filled with.
    Schema {
        /// That of what they are filled with.
        #[arg(long)]
        texts: bool,
    },
}

/// Carries the command out.
///
/// # Errors
/// When a template or text is wrong, or a file cannot be read or written.
pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { language } => list(language),
        Command::Render { template, texts, geometry, language, today, out } => {
            let loaded = open(&template)?;
            let (content, pictures) = match texts {
                Some(file) => read_content(&file)?,
                None => loaded.sample()?,
            };
            let today = today.unwrap_or_else(|| SystemClock.now().date_naive());
            let picture = pixels(&loaded, &content, &pictures, language, geometry, today)
                .with_context(|| format!("no slide can be made of {template}"))?;
            save(&picture, &out)
        }
        Command::Ticker { text, language, height, colour, out } => {
            let strip = ticker::strip(&text, language, 700, height, colour)?;
            let bytes = strip.encode_png()?;
            std::fs::write(&out, bytes).with_context(|| format!("{} cannot be written", out.display()))?;
            say!("Wrote {} ({}x{}).", out.display(), strip.width(), strip.height());
            Ok(())
        }
        Command::Glyphs { out } => draw_glyphs(&out),
        Command::Sheet { out, all, template } => sheets(&out, all, template.as_deref()),
        Command::Schema { texts } => {
            let schema = if texts { content_schema() } else { template_schema() };
            say!("{}", serde_json::to_string_pretty(&schema)?);
            Ok(())
        }
    }
}

fn open(template: &str) -> anyhow::Result<Arc<Loaded>> {
    let folder = Path::new(template);
    if folder.is_dir() { Ok(Arc::new(library::from_folder(folder)?)) } else { Ok(library::shipped(template)?) }
}

fn list(language: Language) -> anyhow::Result<()> {
    for id in library::ids() {
        let loaded = library::shipped(&id)?;
        let words = |words: &Words| words.get(&language).cloned().unwrap_or_default();
        say!("{id}: {}. {}", words(&loaded.template.name), words(&loaded.template.about));
        for (name, field) in &loaded.template.fields {
            let kind = format!("{:?}", field.kind).to_lowercase();
            say!("  {name:<12} {kind}{}  {}", if field.optional { ", optional" } else { "" }, words(&field.name));
        }
    }
    Ok(())
}

/// A file of texts, and the pictures it names beside it.
fn read_content(file: &Path) -> anyhow::Result<(Content, Pictures)> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let content = Content::read(&text).with_context(|| format!("{} is wrong", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut pictures = Pictures::new();
    for (field, picture) in &content.pictures {
        let path = folder.join(&picture.file);
        let bytes = std::fs::read(&path).with_context(|| format!("the picture {} cannot be read", path.display()))?;
        let decoded = Decoded::of(&bytes).with_context(|| format!("the picture {} cannot be shown", path.display()))?;
        pictures.insert(field.clone(), (Arc::new(decoded), picture.focus));
    }
    Ok((content, pictures))
}

fn save(picture: &RgbImage, out: &Path) -> anyhow::Result<()> {
    picture.save_with_format(out, image::ImageFormat::Png).with_context(|| format!("{} cannot be written", out.display()))?;
    say!("Wrote {} ({}x{}).", out.display(), picture.width(), picture.height());
    Ok(())
}

fn draw_glyphs(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let (strip, metrics) = glyphs::strip()?;
    for (name, bytes) in [("glyphs.png", glyphs::encode(&strip)?), ("glyphs.json", metrics.to_json().into_bytes())] {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
        say!("Wrote {}.", path.display());
    }
    Ok(())
}

fn sheets(out: &Path, all: bool, only: Option<&str>) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let templates: Vec<_> = match only {
        Some(one) => vec![open(one)?],
        None => library::ids().iter().map(|id| library::shipped(id)).collect::<Result<_, _>>()?,
    };
    let mut rows = Vec::new();
    let mut large: Vec<Vec<Vec<RgbImage>>> = vec![Vec::new(); GEOMETRIES.len()];
    for loaded in &templates {
        let mut row = Vec::new();
        for (number, text) in GEOMETRIES.into_iter().enumerate() {
            let geometry: Geometry = text.parse()?;
            let pictures = sample_slides(loaded, geometry)?;
            // On the sheet each language is seen at the two smallest sizes, and one at each of the others.
            let seen = pictures.iter().enumerate().filter(|(language, _)| number < 2 || *language == number % 4);
            let height = if number < 2 { geometry.height() } else { SHEET_HEIGHT };
            row.extend(seen.map(|(_, picture)| sheet::scaled(picture, height)).collect::<Result<Vec<_>, _>>()?);
            if let Some(rows) = large.get_mut(number) {
                rows.push(pictures);
            }
        }
        rows.push(row);
    }
    let path = out.join("contact-sheet.jpg");
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, SHEET_QUALITY).encode_image(&sheet::sheet(&rows))?;
    std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    say!("Wrote {}.", path.display());
    for (text, rows) in GEOMETRIES.iter().zip(&large).filter(|_| all) {
        save(&sheet::sheet(rows), &out.join(format!("{text}.png")))?;
    }
    Ok(())
}

/// A template's sample in every language.
fn sample_slides(loaded: &Loaded, geometry: Geometry) -> anyhow::Result<Vec<RgbImage>> {
    let (content, pictures) = loaded.sample()?;
    // A countdown's sample does not age.
    let today = content.dates.values().min().and_then(|&day| day.checked_sub_days(chrono::Days::new(SAMPLE_DAYS_LEFT)));
    let today = today.unwrap_or_default();
    let one = |language| {
        pixels(loaded, &content, &pictures, language, geometry, today)
            .with_context(|| format!("no slide can be made of {} in {language} at {geometry}", loaded.id))
    };
    Language::ALL.into_iter().map(one).collect()
}
