//! Arithmetic on pixels.

/// A blend that shows nothing but the first picture.
pub const NONE: u32 = 0;
/// A blend that shows nothing but the second picture.
pub const ALL: u32 = 256;

/// Writes `from` and `to` blended into `out`; `share` of `to` is 0 to 256. Slices of different lengths are blended as far as the
/// shortest goes.
pub fn blend(out: &mut [u32], from: &[u32], to: &[u32], share: u32) {
    let share = share.min(ALL);
    let rest = ALL - share;
    for ((out, from), to) in out.iter_mut().zip(from).zip(to) {
        let red_blue = ((from & 0x00FF_00FF) * rest + (to & 0x00FF_00FF) * share) >> 8;
        let green = ((from & 0x0000_FF00) * rest + (to & 0x0000_FF00) * share) >> 8;
        *out = (red_blue & 0x00FF_00FF) | (green & 0x0000_FF00);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_blend_are_the_pictures_themselves() {
        let (from, to) = ([0x00FF_FFFF, 0x0012_3456, 0], [0, 0x00FE_DCBA, 0x00FF_FFFF]);
        let mut out = [1; 3];
        blend(&mut out, &from, &to, NONE);
        assert_eq!(out, from);
        blend(&mut out, &from, &to, ALL);
        assert_eq!(out, to);
        blend(&mut out, &from, &to, 128);
        assert_eq!(out, [0x007F_7F7F, 0x0088_8888, 0x007F_7F7F]);
    }

    #[test]
    fn a_blend_of_a_picture_with_itself_keeps_every_channel() {
        let picture = [0x00FF_FFFF, 0x0001_0203, 0x0080_7F81];
        for share in NONE..=ALL {
            let mut out = [0; 3];
            blend(&mut out, &picture, &picture, share);
            assert_eq!(out, picture, "share {share}");
        }
    }
}
