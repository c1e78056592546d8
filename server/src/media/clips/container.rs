//! Which container a clip comes in, told by its first bytes: never by its name, and never by ffmpeg's guess.

/// The containers that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4 and its kin (ISO 14496-12).
    Mp4,
    /// Apple's QuickTime, MP4's elder.
    QuickTime,
    /// Matroska.
    Matroska,
    /// WebM, a Matroska.
    WebM,
    /// A GIF that moves; only its blocks tell whether it does.
    Gif,
    /// A WebP that moves, likewise.
    WebP,
}

/// Bytes that suffice to tell.
pub const HEAD: usize = 64;

impl Container {
    /// By the first bytes of a file; none when it is no clip.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1a, 0x45, 0xdf, 0xa3, rest @ ..] => {
                let rest = rest.get(..HEAD - 4).unwrap_or(rest);
                Some(if rest.windows(4).any(|word| word == b"webm") { Self::WebM } else { Self::Matroska })
            }
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4)? {
                b"qt  " => Some(Self::QuickTime),
                // Pictures in the same boxes: HEIF and AVIF.
                b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"avif" | b"avis" => None,
                _ => Some(Self::Mp4),
            },
            // QuickTime before it had brands.
            [_, _, _, _, b'm', b'o', b'o', b'v', ..]
            | [_, _, _, _, b'm', b'd', b'a', b't', ..]
            | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Some(Self::QuickTime),
            _ => None,
        }
    }

    /// By the media type it is kept under.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        [Self::Mp4, Self::QuickTime, Self::Matroska, Self::WebM, Self::Gif, Self::WebP]
            .into_iter()
            .find(|container| container.media_type() == media_type)
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::Matroska => "video/x-matroska",
            Self::WebM => "video/webm",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }

    /// Whether its frames may be see-through.
    pub(super) const fn has_alpha(self) -> bool {
        matches!(self, Self::Gif | Self::WebP)
    }

    /// What ffmpeg calls the one reader that it may use.
    pub(super) const fn reader(self) -> &'static str {
        match self {
            Self::Mp4 | Self::QuickTime => "mov",
            Self::Matroska | Self::WebM => "matroska",
            Self::Gif => "gif",
            // Its frames are handed over as a PNG that moves.
            Self::WebP => "apng",
        }
    }
}

/// Whether these first bytes are those of a photograph in the boxes of MP4: AVIF or HEIC.
#[must_use]
pub fn is_photograph(head: &[u8]) -> bool {
    matches!(
        head,
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if matches!(
            brand.get(..4),
            Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"avif" | b"avis")
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_known_by_its_first_bytes_and_a_list_of_files_is_none() {
        for (head, expected) in [
            (&b"\0\0\0\x20ftypisom\0\0\x02\0"[..], Some(Container::Mp4)),
            (b"\0\0\0\x14ftypqt  \0\0\x02\0", Some(Container::QuickTime)),
            (b"\0\0\x01\0moov\0\0\0\0", Some(Container::QuickTime)),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", Some(Container::WebM)),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", Some(Container::Matroska)),
            (b"\0\0\0\x18ftypheic", None),
            (b"\0\0\0\x18ftyp", None),
            (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", None),
            (b"ffconcat version 1.0\nfile /etc/passwd\n", None),
            (b"RIFF\0\0\0\0AVI LIST", None),
            (b"", None),
        ] {
            assert_eq!(Container::of(head), expected, "{head:?}");
        }
        assert!(is_photograph(b"\0\0\0\x18ftypavif") && !is_photograph(b"\0\0\0\x20ftypisom") && !is_photograph(b""));
        let all = [Container::Mp4, Container::QuickTime, Container::Matroska, Container::WebM, Container::Gif, Container::WebP];
        for container in all {
            assert_eq!(Container::of_media_type(container.media_type()), Some(container));
        }
    }
}
