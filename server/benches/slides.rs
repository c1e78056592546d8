//! How long a slide takes, warm: fonts loaded, drawings parsed. The median is the p50. Goals: 20 ms at 640×320 from the template; a preview
//! there, painted and encoded, well below the 300 ms that an editor waits.

use bangtin::media::slides::content::Content;
use bangtin::media::slides::language::Language;
use bangtin::media::slides::library::{self, Loaded};
use bangtin::media::slides::{Pictures, pixels, proof};
use bangtin::media::stills;
use playlists::geometry::Geometry;

fn main() {
    divan::main();
}

struct Slide {
    loaded: std::sync::Arc<Loaded>,
    content: Content,
    pictures: Pictures,
}

fn sample(id: &str) -> Slide {
    let loaded = library::shipped(id).expect("it is shipped");
    let (content, pictures) = loaded.sample().expect("a sample");
    Slide { loaded, content, pictures }
}

fn draw(slide: &Slide, language: Language, geometry: Geometry) {
    let today = slide.content.dates.values().min().copied().unwrap_or_default();
    let made = pixels(&slide.loaded, &slide.content, &slide.pictures, language, geometry, today);
    divan::black_box(made.expect("drawn"));
}

fn preview(slide: &Slide, language: Language, geometry: Geometry) {
    let today = slide.content.dates.values().min().copied().unwrap_or_default();
    let made = proof(&slide.loaded, &slide.content, &slide.pictures, language, geometry, today).expect("a proof");
    let png = stills::quick(&made.pixels).expect("encoded");
    divan::black_box(data_encoding::BASE64.encode(&png));
}

#[divan::bench(args = ["64x256", "640x320", "1920x1080"])]
fn event(bencher: divan::Bencher<'_, '_>, board: &str) {
    let (slide, geometry) = (sample("event"), board.parse().expect("a geometry"));
    draw(&slide, Language::Vi, geometry);
    bencher.bench_local(|| draw(&slide, Language::Vi, geometry));
}

#[divan::bench(args = library::ids())]
#[expect(clippy::ptr_arg, reason = "arguments are handed over as they are listed")]
fn template_at_640x320(bencher: divan::Bencher<'_, '_>, id: &String) {
    let (slide, geometry) = (sample(id), "640x320".parse().expect("a geometry"));
    draw(&slide, Language::Vi, geometry);
    bencher.bench_local(|| draw(&slide, Language::Vi, geometry));
}

#[divan::bench(args = ["vi", "en", "zh", "ko"])]
fn every_template_at_640x320(bencher: divan::Bencher<'_, '_>, language: &str) {
    let slides: Vec<_> = library::ids().iter().map(|id| sample(id)).collect();
    let (language, geometry) = (language.parse().expect("a language"), "640x320".parse().expect("a geometry"));
    slides.iter().for_each(|slide| draw(slide, language, geometry));
    bencher.bench_local(|| slides.iter().for_each(|slide| draw(slide, language, geometry)));
}

/// What an editor gets for a key: the slide with all its faults, as a PNG made quickly, in base64.
#[divan::bench(args = ["64x256", "640x320", "1920x1080"])]
fn preview_answer(bencher: divan::Bencher<'_, '_>, board: &str) {
    let (slide, geometry) = (sample("photo"), board.parse().expect("a geometry"));
    preview(&slide, Language::Vi, geometry);
    bencher.bench_local(|| preview(&slide, Language::Vi, geometry));
}
