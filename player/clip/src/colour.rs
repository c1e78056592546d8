//! From luma and colour differences to red, green and blue: ITU-R BT.709, limited range (luma 16–235, differences 16–240).

/// Fixed point: 32 is one step of a channel. Sums fit into 16 bits, so that the compiler works on eight pixels at once on any machine.
const SHIFT: u32 = 5;
/// Half a step, and one part for the fractions that three products leave out.
const HALF: i16 = (1 << (SHIFT - 1)) + 1;
/// 255 / 219, of luma spread over 16 bits (257 times itself), in parts of 2¹⁶.
const LUMA: u32 = 9501;
/// Luma's black: what that makes of 16.
const BLACK: i16 = 596;
/// 2 · (1 − 0.2126) · 255 / 224, of differences spread over 16 bits (256 times themselves).
const RED: i16 = 14_686;
/// 2 · (1 − 0.0722) · 0.0722 / 0.7152 · 255 / 224.
const GREEN_U: i16 = 1747;
/// 2 · (1 − 0.2126) · 0.2126 / 0.7152 · 255 / 224.
const GREEN_V: i16 = 4366;
/// 2 · (1 − 0.0722) · 255 / 224.
const BLUE: i16 = 17_305;

/// Pixels worked on at once, and the differences that they share in pairs.
const BLOCK: usize = 16;
const PAIRS: usize = BLOCK / 2;

/// Writes a row; each pair of pixels shares a pair of differences. What the shortest slice does not cover is left as it is.
pub(crate) fn write_row(y: &[u8], u: &[u8], v: &[u8], out: &mut [u32]) {
    for (((out, y), u), v) in out.chunks_mut(BLOCK).zip(y.chunks(BLOCK)).zip(u.chunks(PAIRS)).zip(v.chunks(PAIRS)) {
        if let (Ok(out), Ok(y), Ok(u), Ok(v)) = (out.try_into(), y.try_into(), u.try_into(), v.try_into()) {
            write_block(y, u, v, out);
        } else {
            let covered = y.len().min(2 * u.len()).min(2 * v.len());
            let mut whole = [0; BLOCK];
            write_block(&padded(y), &padded(u), &padded(v), &mut whole);
            out.iter_mut().zip(whole).take(covered).for_each(|(out, pixel)| *out = pixel);
        }
    }
}

fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut whole = [0; N];
    whole.iter_mut().zip(bytes).for_each(|(whole, byte)| *whole = *byte);
    whole
}

fn write_block(y: &[u8; BLOCK], u: &[u8; PAIRS], v: &[u8; PAIRS], out: &mut [u32; BLOCK]) {
    let [mut red, mut green, mut blue] = [[[0_i16; 2]; PAIRS]; 3];
    for ((((red, green), blue), u), v) in red.iter_mut().zip(&mut green).zip(&mut blue).zip(u).zip(v) {
        let (u, v) = ((i16::from(*u) - 128) << 8, (i16::from(*v) - 128) << 8);
        (*red, *green, *blue) = ([upper(v, RED); 2], [upper(u, GREEN_U) + upper(v, GREEN_V); 2], [upper(u, BLUE); 2]);
    }
    let differences = red.as_flattened().iter().zip(green.as_flattened()).zip(blue.as_flattened());
    for ((out, y), ((red, green), blue)) in out.iter_mut().zip(y).zip(differences) {
        let luma = luma(*y);
        let (red, green, blue) = (channel(luma + red), channel(luma - green), channel(luma + blue));
        *out = u32::from(red) << 16 | u32::from(green << 8 | blue);
    }
}

/// The upper half of the product.
#[allow(clippy::cast_possible_truncation, reason = "the upper half of 32 bits has 16")]
const fn upper(value: i16, factor: i16) -> i16 {
    ((value as i32 * factor as i32) >> 16) as i16
}

#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "at most 9,500")]
const fn luma(y: u8) -> i16 {
    (((y as u32 * 257) * LUMA) >> 16) as i16 - BLACK + HALF
}

/// A value of 0 to 255.
#[allow(clippy::cast_sign_loss, reason = "it is not below 0")]
fn channel(value: i16) -> u16 {
    (value >> SHIFT).clamp(0, 255) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by the formulas of the standard, in floating point.
    fn exact(y: u8, u: u8, v: u8) -> [f64; 3] {
        let (kr, kb) = (0.2126, 0.0722);
        let luma = (f64::from(y) - 16.0) / 219.0;
        let (blue, red) = ((f64::from(u) - 128.0) / 224.0, (f64::from(v) - 128.0) / 224.0);
        let r = luma + 2.0 * (1.0 - kr) * red;
        let b = luma + 2.0 * (1.0 - kb) * blue;
        let g = (luma - kr * r - kb * b) / (1.0 - kr - kb);
        [r, g, b].map(|channel| (channel * 255.0).clamp(0.0, 255.0))
    }

    #[test]
    fn colours_lie_within_one_step_of_the_standards_formulas() {
        for y in 0..=255 {
            for u in (0..=255).step_by(5) {
                for v in (0..=255).step_by(5) {
                    let mut out = [0; 1];
                    write_row(&[y], &[u], &[v], &mut out);
                    let mut whole = [0; 2 * BLOCK];
                    write_row(&[y; 2 * BLOCK], &[u; BLOCK], &[v; BLOCK], &mut whole);
                    assert!(whole.iter().all(|pixel| *pixel == out[0]), "it does not matter where a pixel lies");
                    let [_, red, green, blue] = out[0].to_be_bytes();
                    for (given, exact) in [red, green, blue].into_iter().zip(exact(y, u, v)) {
                        assert!((f64::from(given) - exact).abs() <= 1.0, "y {y} u {u} v {v}: {given} for {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn black_white_and_grey_have_no_tint() {
        let mut out = [7; 3];
        write_row(&[16, 235, 126], &[128, 128], &[128, 128], &mut out);
        assert_eq!(out, [0x0000_0000, 0x00FF_FFFF, 0x0080_8080]);
    }

    #[test]
    fn a_row_of_any_length_is_written_as_far_as_the_shortest_slice_goes() {
        for length in 1..=40_usize {
            let bytes: Vec<u8> = (0..length).map(|place| u8::try_from(place * 6 + 16).expect("below 256")).collect();
            let differences = vec![128; length.div_ceil(2)];
            let mut out = vec![9; length + 3];
            write_row(&bytes, &differences, &differences, &mut out);
            assert_eq!(out[length..], [9; 3], "{length}");
            for (pixel, y) in out.iter().zip(&bytes) {
                let mut alone = [0; 1];
                write_row(&[*y], &[128], &[128], &mut alone);
                assert_eq!(*pixel, alone[0], "{length}");
            }
        }
        let mut out = [9; 5];
        write_row(&[16; 5], &[128], &[128; 3], &mut out);
        assert_eq!(out, [0, 0, 9, 9, 9], "a difference serves two pixels");
    }
}
