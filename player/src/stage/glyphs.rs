//! The stage's own letters: one committed strip of opacities, drawn by the server's text engine, so that a player needs no font. Figures are
//! all of one width, so that nothing moves when a figure changes.

use std::sync::LazyLock;

use serde::Deserialize;

use super::compose;
use super::sprite::Sprite;

/// The strip: sizes one below the other, in each the glyphs from left to right without space between.
const STRIP: &[u8] = include_bytes!("glyphs.png");
/// Where the glyphs lie in it.
const METRICS: &str = include_str!("glyphs.json");

static SHIPPED: LazyLock<Glyphs> = LazyLock::new(|| {
    Glyphs::read(STRIP, METRICS).unwrap_or_else(|| {
        tracing::error!("the stage's letters cannot be read");
        Glyphs::default()
    })
});

/// Glyphs in a ladder of sizes.
#[derive(Debug, Default)]
pub struct Glyphs {
    glyphs: Vec<char>,
    sizes: Vec<Size>,
    /// Pixels of a row of the strip.
    width: usize,
    opacities: Vec<u8>,
}

/// One size of the glyphs.
#[derive(Debug)]
pub struct Size {
    /// Height of the figures, in pixels.
    pub height: usize,
    /// Space between two glyphs, in pixels.
    gap: usize,
    /// Where each glyph lies in the strip: its first column, and its columns.
    cells: Vec<(usize, usize)>,
    /// The strip's first row of this size.
    top: usize,
}

#[derive(Deserialize)]
struct Metrics {
    glyphs: String,
    sizes: Vec<SizeMetrics>,
}

#[derive(Deserialize)]
struct SizeMetrics {
    height: usize,
    gap: usize,
    widths: Vec<usize>,
}

impl Glyphs {
    /// Those that every player carries within itself.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a strip; none where it and its metrics do not belong together.
    fn read(strip: &[u8], metrics: &str) -> Option<Self> {
        let picture = image::load_from_memory(strip).ok()?.into_luma8();
        let Metrics { glyphs, sizes: measured } = serde_json::from_str(metrics).ok()?;
        let (glyphs, width) = (glyphs.chars().collect::<Vec<_>>(), picture.width() as usize);
        let (mut top, mut sizes) = (0, Vec::new());
        for SizeMetrics { height, gap, widths } in measured {
            let (mut left, mut cells) = (0, Vec::new());
            for width in widths {
                cells.push((left, width));
                left += width;
            }
            if cells.len() != glyphs.len() || left > width {
                return None;
            }
            sizes.push(Size { height, gap, cells, top });
            top += height;
        }
        (top == picture.height() as usize).then(|| Self { glyphs, sizes, width, opacities: picture.into_raw() })
    }

    /// The sizes, from the largest to the smallest.
    pub fn sizes(&self) -> impl Iterator<Item = &Size> {
        self.sizes.iter().rev()
    }

    /// The largest size at which a text has room in so many columns and rows; none where it has none, or a glyph is missing.
    #[must_use]
    pub fn largest(&self, text: &str, columns: usize, rows: usize) -> Option<&Size> {
        let fits = |size: &&Size| size.height <= rows && self.width(text, size).is_some_and(|width| width <= columns);
        self.sizes().find(fits)
    }

    /// How many columns a text takes; none where a glyph is missing.
    #[must_use]
    pub fn width(&self, text: &str, size: &Size) -> Option<usize> {
        let widths = text.chars().map(|glyph| self.cell(glyph, size).map(|(_, width)| width + size.gap)).sum::<Option<usize>>();
        widths.map(|width| width.saturating_sub(size.gap))
    }

    fn cell(&self, glyph: char, size: &Size) -> Option<(usize, usize)> {
        size.cells.get(self.glyphs.iter().position(|known| *known == glyph)?).copied()
    }

    /// Writes a text in white on a sprite, its first column and row at this place of it. A glyph that is missing is left out.
    pub(super) fn write(&self, text: &str, size: &Size, sprite: &mut Sprite, (left, top): (usize, usize)) {
        let mut column = left;
        for (first, width) in text.chars().filter_map(|glyph| self.cell(glyph, size)) {
            let strip = self.opacities.chunks_exact(self.width.max(1)).skip(size.top).take(size.height);
            for (out, row) in sprite.rows_mut().skip(top).zip(strip) {
                let row = row.iter().skip(first).take(width);
                for (out, opacity) in out.iter_mut().skip(column).zip(row) {
                    compose::whiten(out, *opacity);
                }
            }
            column += width + size.gap;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_letters_are_a_ladder_from_9_pixels_to_144_with_all_that_a_clock_writes() {
        let heights: Vec<_> = Glyphs::shipped().sizes().map(|size| size.height).collect();
        assert_eq!((heights.first(), heights.last()), (Some(&144), Some(&9)));
        for pair in heights.windows(2) {
            let step = pair[0] as f64 / pair[1] as f64;
            assert!((1.15..1.25).contains(&step), "{pair:?}");
        }
        for size in Glyphs::shipped().sizes() {
            assert!(Glyphs::shipped().width("0123456789:/", size).is_some());
        }
    }

    #[test]
    fn a_text_is_set_at_the_largest_size_that_has_room() {
        let glyphs = Glyphs::shipped();
        for (columns, rows) in [(30, 9), (60, 200), (500, 28), (10_000, 10_000), (200, 47), (200, 48)] {
            let Some(set) = glyphs.largest("00:00", columns, rows) else { continue };
            assert!(set.height <= rows && glyphs.width("00:00", set).expect("known") <= columns);
            let larger = glyphs.sizes().take_while(|size| size.height > set.height);
            assert!({ larger }.all(|size| size.height > rows || glyphs.width("00:00", size).expect("known") > columns));
        }
        assert!(glyphs.largest("00:00", 10_000, 8).is_none() && glyphs.largest("00:00", 9, 100).is_none());
        assert!(glyphs.largest("0a", 100, 100).is_none(), "there is no such letter");
    }

    #[test]
    fn every_two_times_are_equally_wide_and_no_two_figures_alike() {
        let glyphs = Glyphs::shipped();
        for size in glyphs.sizes() {
            let width = glyphs.width("0", size).expect("known");
            let drawn: Vec<_> = ('0'..='9')
                .map(|figure| {
                    let mut sprite = Sprite::filled(width, size.height, [0, 0, 0, 255]);
                    glyphs.write(&figure.to_string(), size, &mut sprite, (0, 0));
                    sprite
                })
                .collect();
            for (place, one) in drawn.iter().enumerate() {
                assert!(drawn.iter().skip(place + 1).all(|other| other != one), "{place} at {} pixels", size.height);
            }
            assert_eq!(glyphs.width("11:11", size), glyphs.width("08:40", size));
        }
    }

    #[test]
    fn a_strip_that_does_not_belong_to_its_metrics_is_none() {
        assert!(Glyphs::read(STRIP, METRICS).is_some());
        assert!(Glyphs::read(b"no picture", METRICS).is_none());
        assert!(Glyphs::read(STRIP, "{}").is_none());
        assert!(Glyphs::read(STRIP, &METRICS.replacen("\"height\":9", "\"height\":10", 1)).is_none());
        assert!(Glyphs::read(STRIP, &METRICS.replacen(":/", ":", 1)).is_none());
    }
}
