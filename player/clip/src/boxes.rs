//! A look at a file's boxes before its reader sees them: in a damaged file that reader would walk in circles, or make room for
//! billions of frames.

use std::io::{Read, Seek, SeekFrom};

use crate::{ClipError, MOST_FRAMES};

/// Deepest nesting that is walked; a sample table lies five deep.
const MOST_DEPTH: u32 = 8;
/// Most boxes of a file.
const MOST_BOXES: u32 = 10_000;
/// Boxes that hold boxes, from the file down to the sample table.
const HOLDERS: [&[u8; 4]; 9] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta", b"mvex"];

/// Walks through all boxes of a file of `size` bytes; the reader is back at the start then.
///
/// # Errors
/// When a box is shorter than its head or longer than what holds it, or a table has more rows than a clip may have frames; when the
/// file is in fragments; when its bytes cannot be read.
pub(crate) fn check(bytes: &mut (impl Read + Seek), size: u64) -> Result<(), ClipError> {
    let mut left = MOST_BOXES;
    walk(bytes, 0..size, MOST_DEPTH, &mut left)?;
    bytes.seek(SeekFrom::Start(0)).map_err(ClipError::Read)?;
    Ok(())
}

fn walk(bytes: &mut (impl Read + Seek), range: std::ops::Range<u64>, depth: u32, left: &mut u32) -> Result<(), ClipError> {
    let fault = |what: &str, at: u64| Err(ClipError::Container(format!("the box at byte {at} {what}")));
    let mut at = range.start;
    while at < range.end {
        *left = left.saturating_sub(1);
        if *left == 0 || depth == 0 {
            return fault("is one too many", at);
        }
        bytes.seek(SeekFrom::Start(at)).map_err(ClipError::Read)?;
        if range.end - at < 8 {
            return fault("is cut off", at);
        }
        let (short, name) = (read::<4>(bytes)?, read::<4>(bytes)?);
        let (head, size) = match u64::from(u32::from_be_bytes(short)) {
            1 if range.end - at >= 16 => (16, u64::from_be_bytes(read::<8>(bytes)?)),
            size => (8, size),
        };
        let end = match at.checked_add(size) {
            Some(end) if size >= head && end <= range.end => end,
            _ => return fault("has a length that cannot be", at),
        };
        match &name {
            name if HOLDERS.contains(&name) => walk(bytes, at + head..end, depth - 1, left)?,
            b"moof" => return fault("is a fragment: a rendition has its index in one piece", at),
            b"stsz" if end - at >= head + 12 => {
                bytes.seek(SeekFrom::Start(at + head + 8)).map_err(ClipError::Read)?;
                let frames = u32::from_be_bytes(read::<4>(bytes)?);
                if usize::try_from(frames).is_ok_and(|frames| frames > MOST_FRAMES) {
                    return fault("counts more frames than a clip may have", at);
                }
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}

fn read<const N: usize>(bytes: &mut impl Read) -> Result<[u8; N], ClipError> {
    let mut into = [0; N];
    bytes.read_exact(&mut into).map_err(ClipError::Read)?;
    Ok(into)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn boxed(name: &[u8; 4], inner: &[u8]) -> Vec<u8> {
        let size = u32::try_from(inner.len() + 8).expect("small");
        [&size.to_be_bytes(), name.as_slice(), inner].concat()
    }
    fn says(bytes: &[u8]) -> String {
        check(&mut Cursor::new(bytes), bytes.len() as u64).map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn boxes_that_lead_in_circles_or_out_of_the_file_are_refused() {
        let rows = |count: u32| boxed(b"stsz", &[[0; 8].as_slice(), &count.to_be_bytes()].concat());
        let table = |inner: &[u8]| boxed(b"moov", &boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", inner)))));
        assert_eq!(says(&table(&rows(200_000))), "fine");
        assert!(says(&table(&rows(300_000))).ends_with("counts more frames than a clip may have"));
        let mut short = table(&rows(1));
        short[11] = 4;
        assert!(says(&short).ends_with("the box at byte 8 has a length that cannot be"), "{}", says(&short));
        let long = [boxed(b"ftyp", b"isom"), vec![0, 0, 1, 0, b'm', b'd', b'a', b't']].concat();
        assert!(says(&long).ends_with("has a length that cannot be"));
        assert!(says(&boxed(b"moof", b"")).contains("is a fragment"));
        let deep = (0..20).fold(Vec::new(), |inner, _| boxed(b"udta", &inner));
        assert!(says(&deep).ends_with("is one too many"));
    }
}
