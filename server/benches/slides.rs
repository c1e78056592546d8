//! How long a slide takes from its template, warm: fonts loaded, drawings parsed.

use bangtin::media::slides::content::Content;
use bangtin::media::slides::language::Language;
use bangtin::media::slides::library::{self, Loaded};
use bangtin::media::slides::{Pictures, pixels};
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

#[divan::bench(args = ["64x256", "640x320", "1920x1080"])]
fn event(bencher: divan::Bencher<'_, '_>, board: &str) {
    let (slide, geometry) = (sample("event"), board.parse().expect("a geometry"));
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
