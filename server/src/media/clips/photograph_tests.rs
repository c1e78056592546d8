//! Photographs in the boxes of MP4: taken where this ffmpeg reads them, else refused with the reason.

use super::*;

#[tokio::test]
async fn an_avif_is_made_a_png_and_what_only_says_so_is_refused() {
    let studio = Studio::new();
    let avif = studio.clip("a.avif", "-f lavfi -i testsrc2=s=96x64 -frames:v 1 -c:v libaom-av1 -still-picture 1 -cpu-used 8");
    assert!(is_photograph(&std::fs::read(&avif).expect("read")[..16]));
    let to = studio.path("a.png");
    photograph(&Ffmpeg::default(), &avif, &to).await.expect("a picture");
    let made = image::open(&to).expect("a PNG");
    assert_eq!((made.width(), made.height()), (96, 64));
    let whole = std::fs::read(&avif).expect("read");
    for (name, bytes) in [
        ("cut.avif", whole[..whole.len() / 2].to_vec()),
        ("head.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
        ("list.avif", b"\0\0\0\x18ftypavif\n#EXTM3U\nfile:///etc/passwd\n".to_vec()),
        ("tiles.heic", tiled(include_bytes!("phone.heic"))),
    ] {
        let path = studio.path(name);
        std::fs::write(&path, bytes).expect("written");
        let refused = photograph(&Ffmpeg::default(), &path, &studio.path("none.png")).await.expect_err(name).to_string();
        assert!(refused.starts_with("the picture cannot be read by this server's ffmpeg: "), "{name}: {refused}");
        assert!(!refused.contains(&studio.0.path().display().to_string()), "{name}: it names a path: {refused}");
    }
}

/// A photograph whose picture is said to be put together of tiles.
fn tiled(heic: &[u8]) -> Vec<u8> {
    let at = heic.windows(8).position(|word| word == b"\0\x01\0\0hvc1").expect("its list names the picture") + 4;
    [&heic[..at], b"grid", &heic[at + 4..]].concat()
}

#[tokio::test]
async fn a_heic_is_made_a_png_where_this_ffmpeg_reads_it_and_else_refused_with_the_reason() {
    let studio = Studio::new();
    let heic = studio.path("phone.heic");
    std::fs::write(&heic, include_bytes!("phone.heic")).expect("written");
    assert!(is_photograph(&std::fs::read(&heic).expect("read")[..16]));
    match photograph(&Ffmpeg::default(), &heic, &studio.path("phone.png")).await {
        Ok(()) => assert_eq!(image::open(studio.path("phone.png")).expect("a PNG").to_rgb8().dimensions(), (96, 64)),
        Err(refused) => assert!(matches!(refused, crate::media::intake::MediaError::Photograph(_)), "{refused}"),
    }
    std::fs::write(&heic, tiled(include_bytes!("phone.heic"))).expect("written");
    let refused = photograph(&Ffmpeg::default(), &heic, &studio.path("none.png")).await.expect_err("tiles").to_string();
    assert_eq!(refused, "the picture cannot be read by this server's ffmpeg: it is put together of tiles or layers");
}
