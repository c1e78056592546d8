//! What the picture of a photograph in the boxes of MP4 is: read from its list of items (ISO 14496-12, 8.11).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Largest list of items that is read, in bytes; a phone's photograph has a few thousand.
const MOST: u64 = 1 << 20;
/// Most boxes that are looked at before the list.
const MOST_BOXES: usize = 64;

/// The type of the picture that is to be shown: `av01` or `hvc1` where it is coded as a whole, `grid` where it is put together of tiles;
/// none where the file does not tell. Blocks on the disk.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn primary(path: &Path) -> io::Result<Option<[u8; 4]>> {
    let mut file = File::open(path)?;
    let end = file.metadata()?.len();
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let mut head = [0; 16];
        if end.saturating_sub(at) < 16 {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let [s0, s1, s2, s3, kind @ .., l0, l1, l2, l3, l4, l5, l6, l7] = head;
        let (length, skipped) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (end - at, 8),
            1 => (u64::from_be_bytes([l0, l1, l2, l3, l4, l5, l6, l7]), 16),
            short => (u64::from(short), 8),
        };
        if length < skipped {
            return Ok(None);
        }
        if kind == *b"meta" {
            let mut list = Vec::new();
            file.seek(SeekFrom::Start(at + skipped))?;
            file.take((length - skipped).min(MOST)).read_to_end(&mut list)?;
            return Ok(primary_of(&list));
        }
        at = at.saturating_add(length);
    }
    Ok(None)
}

/// The same, from what a box `meta` holds.
fn primary_of(meta: &[u8]) -> Option<[u8; 4]> {
    let within = |kind: &[u8; 4]| boxes(meta.get(4..)?).find(|(found, _)| found == kind).map(|(_, held)| held);
    let chosen = within(b"pitm")?;
    let chosen = if *chosen.first()? == 0 { short(chosen, 4)? } else { long(chosen, 4)? };
    let list = within(b"iinf")?;
    let items = list.get(if *list.first()? == 0 { 6 } else { 8 }..)?;
    boxes(items).filter(|(kind, _)| kind == b"infe").find_map(|(_, item)| {
        let (id, after) = match item.first()? {
            2 => (short(item, 4)?, 8),
            3 => (long(item, 4)?, 10),
            _ => return None,
        };
        (id == chosen).then(|| item.get(after..after + 4)?.try_into().ok())?
    })
}

/// The boxes in these bytes, as far as they are whole.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::try_from(long(bytes, 0)?).ok()?;
        let kind = bytes.get(4..8)?.try_into().ok()?;
        let held = bytes.get(8..length)?;
        bytes = bytes.get(length..)?;
        Some((kind, held))
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len() + 8).expect("short").to_be_bytes()[..], kind, bytes].concat()
    }
    fn item(id: u16, kind: &[u8; 4]) -> Vec<u8> {
        held(b"infe", &[&[2, 0, 0, 0][..], &id.to_be_bytes(), &[0, 0], kind, &[0]].concat())
    }
    fn photograph(chosen: u16, items: &[Vec<u8>]) -> Vec<u8> {
        let pitm = held(b"pitm", &[&[0; 4][..], &chosen.to_be_bytes()].concat());
        let count = u16::try_from(items.len()).expect("few").to_be_bytes();
        let iinf = held(b"iinf", &[&[0; 4][..], &count, &items.concat()].concat());
        let meta = held(b"meta", &[&[0; 4][..], &held(b"hdlr", &[0; 20]), &pitm, &iinf].concat());
        [held(b"ftyp", b"heic\0\0\0\0mif1heic"), meta, held(b"mdat", &[7; 40])].concat()
    }
    fn primary_in(bytes: &[u8]) -> Option<[u8; 4]> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("photograph");
        std::fs::write(&path, bytes).expect("written");
        primary(&path).expect("read")
    }

    #[test]
    fn the_picture_to_be_shown_is_the_one_that_the_file_chooses() {
        let items = [item(1, b"hvc1"), item(2, b"hvc1"), item(49, b"grid"), item(50, b"Exif")];
        assert_eq!(primary_in(&photograph(49, &items)), Some(*b"grid"));
        assert_eq!(primary_in(&photograph(2, &items)), Some(*b"hvc1"));
        assert_eq!(primary_in(&photograph(3, &items)), None, "there is no such item");
    }

    #[test]
    fn whatever_is_cut_or_changed_there_is_no_answer_but_no_end_either() {
        let whole = photograph(2, &[item(1, b"hvc1"), item(2, b"grid")]);
        for cut in 0..whole.len() - 48 {
            assert_eq!(primary_in(&whole[..cut]), None, "cut after {cut} bytes");
        }
        let mut noise = whole.clone();
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                noise[at] = value;
                primary_in(&noise);
            }
            noise[at] = whole[at];
        }
    }
}
