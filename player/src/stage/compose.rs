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

/// A pixel `[red, green, blue, opacity]` as `0xAARRGGBB`, its colours multiplied by its opacity.
#[must_use]
pub fn premultiplied([red, green, blue, opacity]: [u8; 4]) -> u32 {
    let part = |colour: u8| parts_of_255(colour as u32, opacity as u32);
    (opacity as u32) << 24 | part(red) << 16 | part(green) << 8 | part(blue)
}

/// Lays premultiplied pixels over others, as far as the shorter slice goes.
pub fn lay_over(out: &mut [u32], over: &[u32]) {
    for (out, over) in out.iter_mut().zip(over) {
        *out = match over >> 24 {
            0 => *out,
            255 => over & 0x00FF_FFFF,
            opacity => {
                let rest = |shift: u32| parts_of_255((*out >> shift) & 255, 255 - opacity) << shift;
                (over & 0x00FF_FFFF) + (rest(16) | rest(8) | rest(0))
            }
        };
    }
}

/// Lays white of this opacity over a premultiplied pixel.
pub fn whiten(out: &mut u32, opacity: u8) {
    let rest = 255 - u32::from(opacity);
    let channel = |shift: u32| (parts_of_255((*out >> shift) & 255, rest) + u32::from(opacity)) << shift;
    *out = channel(24) | channel(16) | channel(8) | channel(0);
}

/// `value · share / 255`, to the nearest whole number, both at most 255.
const fn parts_of_255(value: u32, share: u32) -> u32 {
    let product = value * share + 128;
    (product + (product >> 8)) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_rounded_to_the_nearest_and_no_channel_overflows() {
        for value in 0..=255 {
            for share in 0..=255 {
                assert_eq!(parts_of_255(value, share), (2 * value * share + 255) / 510, "{value} {share}");
                assert!(parts_of_255(255, share) + parts_of_255(value, 255 - share) <= 255);
            }
        }
    }

    #[test]
    fn what_is_laid_over_covers_as_much_as_it_is_opaque() {
        let ground = [0x0064_C832; 3];
        let mut out = ground;
        let over = [[255, 0, 10, 0], [255, 0, 10, 255], [255, 0, 10, 128]].map(premultiplied);
        lay_over(&mut out, &over);
        assert_eq!(out, [ground[0], 0x00FF_000A, 0x00B2_641E]);
    }

    #[test]
    fn white_laid_over_a_plate_is_the_plate_the_white_or_what_lies_between() {
        let plate = premultiplied([0, 0, 0, 184]);
        let over = |opacity| {
            let mut out = plate;
            whiten(&mut out, opacity);
            out
        };
        assert_eq!([over(0), over(255), over(128)], [plate, 0xFFFF_FFFF, 0xDC80_8080]);
    }

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
