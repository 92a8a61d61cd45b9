//! What each change does to a picture, and what none of them does.

use std::borrow::Cow;

use super::warp::Warp;
use super::*;
use crate::syntax::settings::Flip;

const SHAPE: [usize; 3] = [12, 17, 3];

/// A picture in which every pixel is another.
fn picture() -> Vec<u8> {
    (0..SHAPE.iter().product::<usize>()).map(|at| (at * 7 % 251) as u8).collect()
}

/// The first `count` images of an epoch, all of them the same picture before.
fn views(augment: Augment, epoch: u64, count: usize) -> Vec<Vec<u8>> {
    let original = picture();
    let augmentation = Augmentation::new(augment, 5, epoch).unwrap();
    let view = |index| augmentation.image(index, count, SHAPE, |_| Ok(Cow::Borrowed(original.as_slice())));
    (0..count).map(|index| view(index).unwrap().into_owned()).collect()
}

/// As [`views`], of an image that is black mixed with others that are white; the share of white in each.
fn mixed(augment: Augment, count: usize) -> Vec<f64> {
    let augmentation = Augmentation::new(augment, 5, 0).unwrap();
    let image = |own: usize| {
        let bytes = move |index: usize| Ok(Cow::Owned(vec![if index == own { 0 } else { 255 }; 17 * 12 * 3]));
        augmentation.image(own, count, SHAPE, bytes).unwrap().into_owned()
    };
    let white = |view: &[u8]| view.iter().map(|&byte| f64::from(byte) / 255.0).sum::<f64>() / view.len() as f64;
    (0..count).map(|index| white(&image(index))).collect()
}

fn warped(warp: Warp) -> Vec<u8> {
    warp.apply(&picture(), SHAPE)
}

fn pixel(image: &[u8], row: usize, column: usize) -> &[u8] {
    &image[(row * SHAPE[1] + column) * 3..][..3]
}

#[test]
fn nothing_asked_for_is_no_augmentation() {
    assert!(Augmentation::new(Augment::default(), 1, 0).is_none());
}

#[test]
fn a_flip_twice_is_the_image_and_once_is_not() {
    for mirror in [[true, false], [false, true], [true, true]] {
        let once = warped(Warp { mirror, ..Warp::NONE });
        assert_ne!(once, picture());
        assert_eq!(Warp { mirror, ..Warp::NONE }.apply(&once, SHAPE), picture());
        let (row, column) = (if mirror[1] { 11 } else { 0 }, if mirror[0] { 16 } else { 0 });
        assert_eq!(pixel(&once, row, column), pixel(&picture(), 0, 0));
    }
}

#[test]
fn half_of_the_images_are_flipped_and_each_way_by_itself() {
    let flipped = |flip| views(Augment { flip: Some(flip), ..Augment::default() }, 0, 400);
    let original = picture();
    let same = |flip| flipped(flip).iter().filter(|view| **view == original).count();
    assert!((160..240).contains(&same(Flip::Horizontal)), "{}", same(Flip::Horizontal));
    assert!((160..240).contains(&same(Flip::Vertical)), "{}", same(Flip::Vertical));
    assert!((70..130).contains(&same(Flip::Both)), "{}", same(Flip::Both));
    let columns = warped(Warp { mirror: [true, false], ..Warp::NONE });
    assert!(flipped(Flip::Horizontal).iter().all(|view| *view == original || *view == columns));
}

#[test]
fn a_shift_moves_pixels_whole_and_the_border_is_the_mirror_image() {
    let moved = warped(Warp { shift: [2.0, -3.0], ..Warp::NONE });
    for row in 2..12 {
        for column in 0..14 {
            assert_eq!(pixel(&moved, row, column), pixel(&picture(), row - 2, column + 3));
        }
    }
    assert_eq!(pixel(&moved, 1, 0), pixel(&picture(), 0, 3), "the first row again");
    assert_eq!(pixel(&moved, 0, 0), pixel(&picture(), 1, 3), "then the second");
    assert_eq!(pixel(&moved, 2, 14), pixel(&picture(), 0, 16), "the last column again");
}

#[test]
fn a_quarter_turn_of_a_square_puts_every_pixel_in_its_place_and_four_are_the_image() {
    let square: Vec<u8> = (0..25).map(|at| at * 10).collect();
    let turn = Warp { turn: std::f64::consts::FRAC_PI_2, ..Warp::NONE };
    let once = turn.apply(&square, [5, 5, 1]);
    for row in 0..5 {
        for column in 0..5 {
            assert_eq!(once[column * 5 + (4 - row)], square[row * 5 + column], "clockwise");
        }
    }
    let four = (0..4).fold(square.clone(), |image, _| turn.apply(&image, [5, 5, 1]));
    assert_eq!(four, square);
}

#[test]
fn growing_twice_shows_the_middle_half() {
    let ramp: Vec<u8> = (0..64).map(|at| (at % 8 * 30) as u8).collect();
    let grown = Warp { scale: 2.0, ..Warp::NONE }.apply(&ramp, [8, 8, 1]);
    // Pixel centres: the view's first column lies 0.25 before the picture's third.
    assert_eq!(grown[..8], [53, 68, 83, 98, 113, 128, 143, 158]);
}

#[test]
fn each_draw_stays_in_its_bounds_and_reaches_for_them() {
    let augment = Augment { rotate: 30.0, shift: 0.25, zoom: 0.2, ..Augment::default() };
    let augmentation = Augmentation::new(augment, 1, 0).unwrap();
    let warps: Vec<Warp> =
        (0..2000).filter_map(|index| Warp::draw(&augment, &augmentation.draws(index), SHAPE)).collect();
    let reach = |of: fn(&Warp) -> f64| {
        warps.iter().map(of).fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)))
    };
    let near = |(least, most): (f64, f64), low: f64, high: f64| {
        let slack = (high - low) * 0.01;
        least >= low && most <= high && least < low + slack && most > high - slack
    };
    assert!(near(reach(|warp| warp.turn.to_degrees()), -30.0, 30.0));
    assert!(near(reach(|warp| warp.shift[0]), -3.0, 3.0));
    assert!(near(reach(|warp| warp.shift[1]), -4.25, 4.25));
    assert!(near(reach(|warp| warp.scale), 0.8, 1.2));
}

#[test]
fn a_crop_never_looks_beyond_the_border() {
    let augment = Augment { crop: 0.5, ..Augment::default() };
    let augmentation = Augmentation::new(augment, 1, 0).unwrap();
    for index in 0..500 {
        let Some(warp) = Warp::draw(&augment, &augmentation.draws(index), SHAPE) else { continue };
        assert!((1.0..=2.0).contains(&warp.scale));
        // Half of what the grown picture is larger than the view.
        for (side, shift) in [(12.0, warp.shift[0]), (17.0, warp.shift[1])] {
            assert!(shift.abs() <= side * (warp.scale - 1.0) / 2.0 + 1e-9, "{warp:?}");
        }
    }
}

#[test]
fn brightness_moves_the_mean_and_contrast_keeps_it() {
    let mean = |image: &[u8]| image.iter().map(|&byte| f64::from(byte)).sum::<f64>() / image.len() as f64;
    let spread = |image: &[u8]| f64::from(image.iter().max().unwrap() - image.iter().min().unwrap());
    let flat: Vec<u8> = (0..300).map(|at| 80 + (at % 41) as u8).collect();
    let changed = |augment: Augment, index| {
        let augmentation = Augmentation::new(augment, 2, 0).unwrap();
        augmentation.image(index, 50, [10, 10, 3], |_| Ok(Cow::Borrowed(flat.as_slice()))).unwrap().into_owned()
    };
    for index in 0..50 {
        let bright = mean(&changed(Augment { brightness: 0.2, ..Augment::default() }, index)) / mean(&flat);
        assert!((0.795..1.205).contains(&bright), "{bright}");
        let contrasty = changed(Augment { contrast: 0.5, ..Augment::default() }, index);
        assert!((mean(&contrasty) - mean(&flat)).abs() < 1.0);
        assert!((0.45..1.55).contains(&(spread(&contrasty) / spread(&flat))));
    }
}

#[test]
fn erasing_gives_a_rectangle_of_at_most_its_share_the_mean_colour() {
    let original = picture();
    let views = views(Augment { erase: 0.2, ..Augment::default() }, 0, 300);
    let pixels = SHAPE[0] * SHAPE[1];
    let mut erased = 0;
    for view in &views {
        let changed = view.chunks(3).zip(original.chunks(3)).filter(|(one, other)| one != other);
        let colours: std::collections::BTreeSet<&[u8]> = changed.clone().map(|(pixel, _)| pixel).collect();
        let count = changed.count();
        assert!(count as f64 <= 0.2 * pixels as f64 && colours.len() <= 1, "{count} pixels");
        erased += usize::from(count > 0);
    }
    assert!((100..200).contains(&erased), "{erased} of 300");
}

#[test]
fn a_mixed_image_is_its_own_label_by_the_share_that_it_shows() {
    // E[own share] under "own with probability λ" is E[λ² + (1 − λ)²]: 2/3 for a uniform λ, α = 1.
    for augment in [Augment { mixup: 1.0, ..Augment::default() }, Augment { cutmix: 1.0, ..Augment::default() }] {
        let shares = mixed(augment, 4000);
        let own = 1.0 - shares.iter().sum::<f64>() / shares.len() as f64;
        // A pasted rectangle is cut off at the borders, so it is somewhat smaller.
        let expected = if augment.mixup > 0.0 { 0.65..0.685 } else { 0.65..0.80 };
        assert!(expected.contains(&own), "{own}");
    }
}

#[test]
fn a_small_alpha_mixes_rarely_and_none_mixes_beyond_black_and_white() {
    let shares = mixed(Augment { mixup: 0.05, ..Augment::default() }, 1000);
    let clear = shares.iter().filter(|share| **share < 0.05).count();
    assert!(clear > 850, "{clear} of 1000 are nearly their own");
    assert!(mixed(Augment { mixup: 1e-6, ..Augment::default() }, 200).iter().all(|share| share.is_finite()));
    assert!(mixed(Augment { mixup: 1e6, ..Augment::default() }, 50).iter().all(|share| (share - 0.5).abs() < 0.01));
}

#[test]
fn a_view_depends_on_seed_epoch_and_image_only() {
    let all = Augment {
        flip: Some(Flip::Both),
        rotate: 20.0,
        shift: 0.1,
        zoom: 0.1,
        crop: 0.1,
        brightness: 0.2,
        contrast: 0.2,
        erase: 0.1,
        mixup: 0.2,
        cutmix: 0.2,
    };
    let (first, again, next) = (views(all, 0, 40), views(all, 0, 40), views(all, 1, 40));
    assert_eq!(first, again);
    assert!(first.iter().zip(&next).filter(|(one, other)| one == other).count() < 4);
    assert!(first.windows(2).filter(|pair| pair[0] == pair[1]).count() < 4);
}

#[test]
fn leaving_one_change_out_leaves_the_others_as_they_are() {
    let turned = Augment { rotate: 20.0, ..Augment::default() };
    let both = Augment { erase: 0.1, ..turned };
    let untouched = views(turned, 0, 60).iter().zip(views(both, 0, 60)).filter(|(one, other)| **one == *other).count();
    assert!(untouched > 15, "those that are not erased are turned alike: {untouched}");
}

#[test]
fn every_change_holds_on_images_of_a_single_pixel() {
    let all = Augment {
        rotate: 180.0,
        shift: 0.9,
        zoom: 0.9,
        crop: 0.9,
        erase: 0.9,
        mixup: 1.0,
        cutmix: 1.0,
        ..Augment::default()
    };
    for shape in [[1, 1, 1], [1, 9, 3], [9, 1, 1], [2, 2, 3]] {
        let augmentation = Augmentation::new(all, 1, 0).unwrap();
        let len = shape.iter().product();
        for index in 0..50 {
            let view = augmentation.image(index, 50, shape, |index| Ok(Cow::Owned(vec![index as u8; len]))).unwrap();
            assert_eq!(view.len(), len);
        }
    }
}
