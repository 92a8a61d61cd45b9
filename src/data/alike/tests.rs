//! Copies of made-up landscapes, and pictures that only look a little alike.

use std::io::Cursor;
use std::sync::LazyLock;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, crop_imm, flip_horizontal, resize};
use image::{Rgb, RgbImage};

use super::super::picture::Picture;
use super::*;
use crate::base::Random;

/// A made-up landscape: blobs of colour, large and small, in places that the seeds give: `common` the large ones, `own` the small
/// ones.
fn scene(common: u64, own: u64) -> RgbImage {
    let blobs = |seed: u64, count: u64, least: f32, more: f32| -> Vec<[f32; 6]> {
        let random = Random::new(seed, count);
        let blob = |blob: u64| std::array::from_fn(|at| random.unit(blob * 8 + at as u64));
        let sized = |[row, column, size, red, green, blue]: [f32; 6]| {
            [row, column, least + more * size, red - 0.3, green - 0.3, blue - 0.3]
        };
        (0..count).map(blob).map(sized).collect()
    };
    let all = [blobs(common, 9, 0.01, 0.03), blobs(own, 40, 0.0005, 0.003)].concat();
    RgbImage::from_fn(160, 120, |x, y| {
        let (x, y) = (x as f32 / 160.0, y as f32 / 120.0);
        let mut sum = [90.0_f32, 100.0, 95.0];
        for [row, column, size, red, green, blue] in &all {
            let near = (-((x - column).powi(2) + (y - row).powi(2)) / size).exp() * 110.0;
            [red, green, blue].iter().zip(&mut sum).for_each(|(share, sum)| *sum += near * **share);
        }
        Rgb(sum.map(|value| value as u8))
    })
}

fn landscape(seed: u64) -> RgbImage {
    scene(seed, 1000 + seed)
}

/// Through a JPEG of this quality.
fn look(picture: &RgbImage, quality: u8) -> Fingerprint {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut Cursor::new(&mut file), quality).encode_image(picture).unwrap();
    Fingerprint::of(&Picture::decode(&file).unwrap()).unwrap()
}

fn light(picture: &RgbImage, change: impl Fn(u8) -> u8) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| Rgb(picture.get_pixel(x, y).0.map(&change)))
}

/// What is left without these shares off left, top, right and bottom.
fn cropped(picture: &RgbImage, [left, top, right, bottom]: [f32; 4]) -> RgbImage {
    let of = |side: u32, share: f32| (side as f32 * share).round() as u32;
    let (width, height) = picture.dimensions();
    let (x, y) = (of(width, left), of(height, top));
    crop_imm(picture, x, y, width - x - of(width, right), height - y - of(height, bottom)).to_image()
}

/// Finds copies among forty landscapes, to which come those that `change` makes of the first ten.
#[track_caller]
fn assert_found(what: &str, is_mirrored: bool, is_cropped: bool, change: impl Fn(&RgbImage) -> Fingerprint) {
    static ORIGINALS: LazyLock<Vec<RgbImage>> = LazyLock::new(|| (0..40).map(landscape).collect());
    let originals = &*ORIGINALS;
    let mut looks: Vec<Fingerprint> = originals.iter().map(|picture| look(picture, 95)).collect();
    looks.extend(originals[..10].iter().map(change));
    let expected: Vec<Alike> = (0..10).map(|at| Alike { pair: (at, 40 + at), is_mirrored, is_cropped }).collect();
    // What has little cropped off can pass as a whole copy.
    let said = |found: Vec<Alike>| -> Vec<Alike> {
        found.into_iter().map(|one| Alike { is_cropped: one.is_cropped || is_cropped, ..one }).collect()
    };
    assert_eq!(said(alike(&looks.iter().map(Some).collect::<Vec<_>>())), expected, "{what}");
    // Between two sets of pictures, whichever holds the original.
    let (one, other): (Vec<_>, Vec<_>) =
        (looks[..40].iter().map(Some).collect(), looks[40..].iter().map(Some).collect());
    let across: Vec<_> = expected.iter().map(|one| Alike { pair: (one.pair.0, one.pair.1 - 40), ..*one }).collect();
    assert_eq!(said(alike_across(&one, &other)), across, "{what}");
    let back: Vec<_> = across.iter().map(|one| (one.pair.1, one.pair.0)).collect();
    assert_eq!(alike_across(&other, &one).iter().map(|one| one.pair).collect::<Vec<_>>(), back, "{what}");
}

#[test]
fn a_copy_is_known_again_encoded_resized_and_brightened() {
    let sized = |picture: &RgbImage, width, height| resize(picture, width, height, FilterType::Lanczos3);
    assert_found("encoded", false, false, |picture| look(picture, 30));
    assert_found("brighter", false, false, |picture| look(&light(picture, |byte| byte.saturating_add(15)), 80));
    assert_found("half as bright", false, false, |picture| look(&light(picture, |byte| byte / 2), 80));
    assert_found("halved", false, false, |picture| look(&sized(picture, 80, 60), 80));
    assert_found("stretched", false, false, |picture| look(&sized(picture, 201, 140), 80));
    assert_found("small and badly encoded", false, false, |picture| look(&sized(picture, 32, 32), 30));
}

#[test]
fn a_mirror_image_and_a_crop_are_known_again() {
    assert_found("mirrored", true, false, |picture| look(&flip_horizontal(picture), 80));
    for off in [[0.05, 0.0, 0.0, 0.0], [0.0, 0.1, 0.0, 0.0], [0.0, 0.0, 0.1, 0.0], [0.0, 0.0, 0.0, 0.07], [0.05; 4]] {
        assert_found(&format!("cropped {off:?}"), false, true, |picture| look(&cropped(picture, off), 80));
    }
    let both = |picture: &RgbImage| look(&flip_horizontal(&cropped(picture, [0.08, 0.0, 0.0, 0.0])), 80);
    assert_found("cropped and mirrored", true, true, both);
}

#[test]
fn other_pictures_are_no_copies_and_blank_ones_are_not_compared() {
    let mut looks: Vec<Fingerprint> = (0..80).map(|seed| look(&landscape(seed), 80)).collect();
    let blank = look(&RgbImage::from_pixel(50, 50, Rgb([90; 3])), 80);
    looks.extend([blank.clone(), blank]);
    assert_eq!(alike(&looks.iter().map(Some).collect::<Vec<_>>()), []);
}

#[test]
fn among_pictures_of_one_kind_a_copy_has_to_be_much_nearer_than_the_others() {
    let mut looks: Vec<Fingerprint> = (0..40).map(|own| look(&scene(1, own), 90)).collect();
    let found = |looks: &[Fingerprint]| alike(&looks.iter().map(Some).collect::<Vec<_>>());
    assert_eq!(found(&looks), []);
    looks.push(look(&scene(1, 7), 50));
    assert_eq!(found(&looks), [Alike { pair: (7, 40), is_mirrored: false, is_cropped: false }]);
}

/// A handwritten-like sign of 8×8 in the 17 levels of scanned digits, in a larger file `times` as wide.
fn sign(change: Option<(u32, u32)>, times: u32) -> RgbImage {
    const ROWS: [&str; 8] =
        ["..#@....", "..@@#...", "...@@...", "...#@#..", "....@@..", "....#@..", "...@@@@.", "..#@@@@#"];
    RgbImage::from_fn(8 * times, 8 * times, |x, y| {
        let at = (x / times, y / times);
        let level = match ROWS[at.1 as usize].as_bytes()[at.0 as usize] {
            b'@' => 15,
            b'#' => 8,
            _ => 0,
        };
        Rgb([(level + u8::from(change == Some(at))) * 15; 3])
    })
}

#[test]
fn of_pictures_of_few_pixels_only_those_with_the_same_ones_are_copies() {
    let exact = |picture: &RgbImage| {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
        Fingerprint::of(&Picture::decode(&file.into_inner()).unwrap()).unwrap()
    };
    let found = |looks: &[Fingerprint]| alike(&looks.iter().map(Some).collect::<Vec<_>>());
    let pair = |is_mirrored| Alike { pair: (0, 1), is_mirrored, is_cropped: false };
    let own = exact(&sign(None, 1));
    // One pixel of 64 is a sixteenth lighter: as near as copies of larger pictures are, and still another hand.
    assert_eq!(found(&[own.clone(), exact(&sign(Some((3, 1)), 1))]), []);
    assert_eq!(found(&[exact(&sign(None, 4)), exact(&sign(Some((3, 1)), 4))]), [pair(false)]);
    assert_eq!(found(&[own.clone(), own.clone()]), [pair(false)]);
    assert_eq!(found(&[own.clone(), exact(&flip_horizontal(&sign(None, 1)))]), [pair(true)]);
    // What was made smaller has lost what would tell whether it is a copy.
    assert_eq!(found(&[own, exact(&sign(None, 4))]), []);
}
