//! `netc data` on a folder that has everything wrong with it that a folder can have.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use crate::program::netc;

/// A picture of eight bright spots, whose places differ for every number: none is another one cropped or mirrored.
fn picture(number: u32) -> RgbImage {
    let place = |spot: u32, of: u32, side: u32| {
        let mixed = (16 * number + 2 * spot + of + 1).wrapping_mul(0x9E37_79B1);
        f64::from(((mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA6B) >> 8) % side)
    };
    let spots: Vec<[f64; 2]> = (0..8).map(|spot| [place(spot, 0, 64), place(spot, 1, 48)]).collect();
    RgbImage::from_fn(64, 48, |x, y| {
        let near = |[column, row]: &[f64; 2]| (f64::from(x) - column).powi(2) + (f64::from(y) - row).powi(2);
        let spot = spots.iter().map(|spot| 200.0 * (-near(spot) / 40.0).exp()).sum::<f64>().min(200.0) as u8;
        Rgb([spot, 40 + (y as u8) / 2, 20 + spot / 3])
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality).encode_image(picture).unwrap();
    file
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn put(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Classes `crow` and `owl` in `train/` and `val/`, 24 and 60 good images, and one file of every kind of trouble.
fn messy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for number in 0..84 {
        let class = if number < 24 { "crow" } else { "owl" };
        put(root, &format!("train/{class}/{number:03}.jpg"), &jpeg(&picture(number), 90));
    }
    for number in 100..104 {
        put(root, &format!("val/owl/{number}.jpg"), &jpeg(&picture(number), 90));
    }
    let (first, last) = (picture(0), picture(23));
    put(root, "train/crow/again.png", &png(&first));
    put(root, "train/owl/same.jpg", &jpeg(&picture(30), 90));
    put(root, "train/owl/misfiled.jpg", &jpeg(&last, 90));
    put(root, "val/crow/leak.jpg", &jpeg(&picture(5), 90));
    let brighter = RgbImage::from_fn(64, 48, |x, y| Rgb(picture(7).get_pixel(x, y).0.map(|byte| byte + 12)));
    put(root, "val/crow/brighter.png", &png(&brighter));
    put(root, "train/owl/blank.png", &png(&RgbImage::from_pixel(64, 48, Rgb([9, 9, 9]))));
    let whole = jpeg(&picture(90), 90);
    put(root, "train/owl/short.jpg", &whole[..whole.len() * 8 / 10]);
    put(root, "train/owl/page.jpg", b"<!doctype html><html>not found</html>");
    put(root, "train/owl/named.gif", &png(&picture(91)));
    put(root, "train/owl/.hidden.jpg", &whole);
    put(root, "train/owl/Thumbs.db", b"system");
    std::fs::create_dir_all(root.join("train/wren")).unwrap();
    folder
}

/// What is found; the leak among it is an error.
fn report(root: &Path) -> Value {
    netc(["data", root.to_str().unwrap(), "--format", "json"]).ended(1).json()
}

#[test]
fn everything_wrong_with_a_folder_is_named_with_its_code_and_nothing_in_it_changes() {
    let folder = messy();
    let before = contents(folder.path());
    let report = report(folder.path());
    let codes: std::collections::BTreeSet<&str> =
        report["diagnostics"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
    let expected = ["D601", "D602", "D603", "D605", "D606", "D612", "D614", "D615", "D618"];
    assert!(expected.iter().all(|code| codes.contains(code)), "{codes:?}");
    let messages = report["diagnostics"].to_string();
    for said in [
        "1 of 6 validation images are training images as well",
        "one image of the validation set is nearly the same as training images",
        "one image is nearly the same as others in their class",
        "one image is of a single colour",
    ] {
        assert!(messages.contains(said), "{said}: {messages}");
    }
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn a_training_names_validation_images_that_look_like_training_images() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for number in 0..40 {
        put(
            root,
            &format!("data/train/{}/{number}.jpg", ["crow", "owl"][number as usize % 2]),
            &jpeg(&picture(number), 90),
        );
    }
    for number in 40..48 {
        put(
            root,
            &format!("data/val/{}/{number}.jpg", ["crow", "owl"][number as usize % 2]),
            &jpeg(&picture(number), 90),
        );
    }
    put(root, "a.net", b"---\ninput: 48x64x3\n---\nConv(4, stride: 3) -> Relu -> Flatten -> Dense -> Softmax\n");
    let [spec, data] = ["a.net", "data"].map(|name| root.join(name).into_os_string());
    let said = || netc([&"train".into(), &spec, &data, &"--dry-run".into()]).ended(0).stderr;
    assert!(!said().contains("D606"), "{}", said());
    let brighter = RgbImage::from_fn(64, 48, |x, y| Rgb(picture(8).get_pixel(x, y).0.map(|byte| byte + 12)));
    put(root, "data/val/crow/brighter.png", &png(&brighter));
    assert!(said().contains("warning[D606]") && said().contains("nearly the same as training images"), "{}", said());
}

#[test]
fn a_class_that_no_image_is_left_of_is_named_once_before_a_training() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for number in 0..40 {
        put(root, &format!("data/{}/{number}.png", ["crow", "owl"][number as usize % 2]), &png(&picture(number)));
    }
    std::fs::create_dir_all(root.join("data/wren")).unwrap();
    put(root, "data/jay/page.jpg", b"<!doctype html><html>not found</html>");
    put(root, "a.net", b"---\ninput: 48x64x3\n---\nConv(4, stride: 3) -> Relu -> Flatten -> Dense -> Softmax\n");
    let [spec, data] = ["a.net", "data"].map(|name| root.join(name).into_os_string());
    let said = netc([&"train".into(), &spec, &data, &"--dry-run".into()]).ended(0).stderr;
    for class in ["wren", "jay"] {
        let sentence = format!("class `{class}` has no image to train on");
        assert_eq!(said.matches(&sentence).count(), 1, "{said}");
    }
    let shown = netc([&"data".into(), &data]).ended(0).stdout;
    assert!(shown.contains("41 images, 1 of which cannot be read"), "{shown}");
    assert!(shown.contains("all 48×64"), "{shown}");
}

#[test]
fn the_counts_are_those_of_the_files() {
    let folder = messy();
    let report = report(folder.path());
    assert_eq!((&report["images"], &report["readable"]), (&(25 + 66 + 6).into(), &(25 + 64 + 6).into()));
    assert_eq!(report["train"], serde_json::json!({ "crow": 25, "owl": 66, "wren": 0 }));
    assert_eq!(report["validation"], serde_json::json!({ "crow": 2, "owl": 4, "wren": 0 }));
    assert_eq!(report["sizes"]["median"], serde_json::json!([48, 64]));
}

#[test]
fn the_page_stands_alone_and_no_other_file_is_written_over() {
    let folder = messy();
    let root = folder.path().to_str().unwrap();
    let out = tempfile::tempdir().unwrap();
    let page = out.path().join("page.html");
    let to = page.to_str().unwrap();
    netc(["data", root, "--html", to]).ended(1);
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.matches("data:image/jpeg;base64,").count() > 20, "pictures");
    assert!(!text.contains("http://") && !text.contains("https://"), "nothing is fetched");
    // What spoils the validation comes first, with what makes it a copy, and both sides can be told apart.
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} in {text}"));
    assert!(place("the same bytes, one to train on, one to validate with") < place("the same bytes, in two classes"));
    assert!(place("nearly the same, one to train on") < place("nearly the same, in one class"));
    assert!(text.contains("<figcaption>train/<wbr>") && text.contains("<figcaption>validation/<wbr>"));
    // Files without a picture are counted by class and listed together.
    assert!(text.contains("Unreadable") && text.contains("wren <small>no image that can be read</small>"));
    netc(["data", root, "--html", to]).ended(1);
    std::fs::write(&page, "my own notes").unwrap();
    let refused = netc(["data", root, "--html", to]).ended(2);
    assert!(refused.stderr.contains("M811"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "my own notes");
}

#[test]
fn a_sheet_shows_what_the_augmentation_of_a_spec_does() {
    let folder = messy();
    let root = folder.path().to_str().unwrap();
    let out = tempfile::tempdir().unwrap();
    let spec = out.path().join("owls.net");
    let body = "Conv -> Relu -> Flatten -> Dense -> Softmax\n";
    std::fs::write(&spec, format!("---\ndata: {{ augment: {{ flip: both, rotate: 20 }} }}\n---\n{body}")).unwrap();
    let sheet = out.path().join("sheet.png");
    let run =
        |spec: &Path| netc(["data", root, "--augment", spec.to_str().unwrap(), "--sheet", sheet.to_str().unwrap()]);
    run(&spec).ended(1);
    let drawn = image::open(&sheet).unwrap();
    assert_eq!((drawn.height(), drawn.width()), (6 * 52 - 4, 9 * 68 - 4), "three of each class that has images");
    let plain = out.path().join("plain.net");
    std::fs::write(&plain, body).unwrap();
    let refused = run(&plain).ended(1);
    assert!(refused.stderr.contains("asks for no augmentation"), "{}", refused.stderr);
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..60 {
        let class = if number < 30 { "crow" } else { "owl" };
        put(folder.path(), &format!("{class}/{number:03}.jpg"), &jpeg(&picture(number), 90));
    }
    let root = folder.path().to_str().unwrap();
    assert!(netc(["data", root]).ended(0).stdout.contains("nothing is wrong with these images"));
    put(folder.path(), "owl/bad.jpg", b"nothing");
    netc(["data", root]).ended(0);
    netc(["data", root, "--deny", "warnings"]).ended(1);
}

/// Every file with its bytes.
fn contents(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}
