//! Decoding single images.

use super::*;

fn decode(file: &[u8]) -> crate::diag::Result<Vec<u8>> {
    let source = Source::Memory { place: "made.up".into(), bytes: file.into() };
    square(16).decode(&source)
}

fn code_of(file: &[u8]) -> &'static str {
    decode(file).unwrap_err().code.id
}

#[test]
fn every_promised_format_is_read_by_its_content() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let truth = decode(&encoded(Png, 16, 16, 90)).unwrap();
    for format in [Png, Jpeg, Bmp, Gif, Tiff, WebP] {
        let got = decode(&encoded(format, 16, 16, 90)).unwrap();
        let worst = truth.iter().zip(&got).map(|(&one, &other)| one.abs_diff(other)).max().unwrap();
        assert!(worst <= 24, "{format:?} is off by {worst}");
    }
}

#[test]
fn a_file_cut_short_is_named_not_filled_with_grey() {
    let jpeg = encoded(ImageFormat::Jpeg, 64, 64, 7);
    for percent in [20, 50, 90] {
        let code = code_of(&jpeg[..jpeg.len() * percent / 100]);
        assert!(matches!(code, "D601" | "D602"), "{percent} %: {code}");
    }
    assert_eq!(code_of(&jpeg[..jpeg.len() * 90 / 100]), "D602");
    let png = encoded(ImageFormat::Png, 64, 64, 7);
    assert_eq!(code_of(&png[..png.len() / 2]), "D602");
    assert_eq!(code_of(b"\x89PNG\r\n\x1a\n"), "D602");
}

#[test]
fn no_format_hides_a_missing_second_half() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    for format in [Png, Jpeg, Bmp, Gif, Tiff, WebP] {
        let file = encoded(format, 64, 64, 7);
        assert!(decode(&file[..file.len() / 2]).is_err(), "{format:?}");
    }
}

#[test]
fn garbage_behind_a_jpeg_does_no_harm() {
    let mut jpeg = encoded(ImageFormat::Jpeg, 64, 64, 7);
    jpeg.extend([0x5a; 500]);
    assert!(decode(&jpeg).is_ok());
}

#[test]
fn a_huge_claim_is_refused_before_memory_is_spent() {
    let mut bmp = encoded(ImageFormat::Bmp, 8, 8, 7);
    bmp[18..26].copy_from_slice(&[0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0]);
    assert_eq!(code_of(&bmp), "D617");
}

#[test]
fn sixteen_bits_are_scaled_and_alpha_is_dropped() {
    let save = |picture: DynamicImage| {
        let mut file = Vec::new();
        picture.write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
        decode(&file).unwrap()
    };
    let deep = ::image::ImageBuffer::from_fn(16, 16, |x, _| ::image::Luma([(x * 4369) as u16]));
    let shallow = ::image::GrayImage::from_fn(16, 16, |x, _| ::image::Luma([(x * 17) as u8]));
    assert_eq!(save(DynamicImage::ImageLuma16(deep)), save(DynamicImage::ImageLuma8(shallow)));
    let clear = ::image::RgbaImage::from_pixel(16, 16, ::image::Rgba([200, 10, 20, 0]));
    assert_eq!(save(DynamicImage::ImageRgba8(clear))[..3], [200, 10, 20]);
}

#[test]
fn colour_becomes_grey_and_grey_becomes_colour() {
    let source = Source::Memory { place: "x".into(), bytes: png(40).into() };
    let grey = Decoder::new(8, 8, 1, Resize::Stretch).unwrap().decode(&source).unwrap();
    assert_eq!(grey.len(), 64);
    assert_eq!(grey[0], 5, "0.114 of 40");
}

#[test]
fn a_missing_file_is_named() {
    let fault = square(8).decode(&Source::File("/nowhere/1.png".into())).unwrap_err();
    assert_eq!(fault.code.id, "D601");
    assert_eq!(fault.place, crate::diag::Place::Path("/nowhere/1.png".into()));
}

#[test]
fn an_input_that_no_image_can_become_is_refused() {
    for (height, width, channels) in [(8, 8, 4), (8, 8, 2), (0, 8, 3), (8, 20_000, 1)] {
        assert_eq!(Decoder::new(height, width, channels, Resize::Crop).unwrap_err().code.id, "N105");
    }
}
