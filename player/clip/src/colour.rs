//! From luma and colour differences to red, green and blue: ITU-R BT.709, limited range (luma 16–235, differences 16–240).

/// Fixed point: 2¹³ is one. Every factor fits into 16 bits, so that the compiler may use its narrow multiplications.
const SHIFT: u32 = 13;
const HALF: i32 = 1 << (SHIFT - 1);
/// 255 / 219.
const LUMA: i32 = 9539;
/// 2 · (1 − 0.2126) · 255 / 224.
const RED: i32 = 14_686;
/// 2 · (1 − 0.0722) · 0.0722 / 0.7152 · 255 / 224.
const GREEN_U: i32 = 1747;
/// 2 · (1 − 0.2126) · 0.2126 / 0.7152 · 255 / 224.
const GREEN_V: i32 = 4366;
/// 2 · (1 − 0.0722) · 255 / 224.
const BLUE: i32 = 17_305;

/// Writes a row; each pair of pixels shares a pair of differences. What the shortest slice does not cover is left as it is.
pub(crate) fn write_row(y: &[u8], u: &[u8], v: &[u8], out: &mut [u32]) {
    for (((out, y), u), v) in out.chunks_mut(2).zip(y.chunks(2)).zip(u).zip(v) {
        let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
        let (red, green, blue) = (RED * v, GREEN_U * u + GREEN_V * v, BLUE * u);
        for (out, y) in out.iter_mut().zip(y) {
            let luma = (i32::from(*y) - 16) * LUMA + HALF;
            *out = channel(luma + red) << 16 | channel(luma - green) << 8 | channel(luma + blue);
        }
    }
}

/// A value of 0 to 255.
const fn channel(value: i32) -> u32 {
    let value = value >> SHIFT;
    (if value < 0 {
        0
    } else if value > 255 {
        255
    } else {
        value
    }) as u32
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
}
