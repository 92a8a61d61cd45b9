//! Arrays and tables: `.npz`, IDX, CSV.

use std::io::Write;

use super::*;

/// An array as NumPy stores it.
fn npy(descr: &str, dims: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    [b"\x93NUMPY\x01\x00".as_slice(), &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(array).unwrap();
    }
    folder_of(&[("data.npz", &archive.finish().unwrap().into_inner())])
}

/// Images 2×3 that are all of one byte each.
fn plain(tints: &[u8], channels: usize) -> Vec<u8> {
    tints.iter().flat_map(|&tint| vec![tint; 6 * channels]).collect()
}

fn refused(path: &Path) -> String {
    let fault = read_listing(path, None).unwrap_err();
    assert_eq!(fault.code.id, "D621", "{fault:?}");
    fault.message
}

fn tints_of(samples: &[Sample]) -> Vec<(usize, u8)> {
    let decoder = Decoder::new(2, 3, 1, Resize::Stretch).unwrap();
    samples.iter().map(|sample| (sample.class, decoder.decode(&sample.source).unwrap()[0])).collect()
}

#[test]
fn an_npz_has_its_classes_in_the_order_of_the_numbers() {
    let labels: Vec<u8> = [10_i64, 2, 10].iter().flat_map(|label| label.to_le_bytes()).collect();
    let data = npz(&[("x", npy("|u1", "3, 2, 3", &plain(&[50, 60, 70], 1))), ("y", npy("<i8", "3, 1", &labels))]);
    let (listing, _) = read_listing(&data.path().join("data.npz"), None).unwrap();
    assert_eq!(listing.classes, ["2", "10"]);
    assert_eq!(input_size(&survey(&listing.train, &quiet)), Some([2, 3, 1]));
    assert_eq!(tints_of(&listing.train), [(0, 60), (1, 50), (1, 70)]);
}

#[test]
fn an_npz_of_keras_has_validation_images_and_floats_are_bytes_again() {
    let floats: Vec<u8> =
        plain(&[0, 51, 255], 3).iter().flat_map(|&byte| (f32::from(byte) / 255.0).to_le_bytes()).collect();
    let data = npz(&[
        ("x_train", npy("<f4", "3, 2, 3, 3", &floats)),
        ("y_train", npy("|u1", "3,", &[0, 1, 0])),
        ("x_test", npy("|u1", "1, 2, 3, 3", &plain(&[9], 3))),
        ("y_test", npy("|u1", "1,", &[1])),
    ]);
    let (listing, _) = read_listing(&data.path().join("data.npz"), None).unwrap();
    assert_eq!(tints_of(&listing.train), [(0, 0), (0, 255), (1, 51)]);
    assert_eq!(tints_of(&listing.validation.unwrap()), [(1, 9)]);
}

#[test]
fn what_an_npz_lacks_or_has_wrong_is_told() {
    let good = || ("y", npy("|u1", "1,", &[0]));
    let x = |descr: &str, dims: &str, data: &[u8]| ("x", npy(descr, dims, data));
    for (arrays, told) in [
        (vec![("images", npy("|u1", "1,", &[0])), good()], "neither `x` and `y`"),
        (vec![x("|u1", "1, 2, 4", &[0; 6]), good()], "has 6 bytes"),
        (vec![x("|u1", "1, 3, 8, 8", &[0; 192]), good()], "channels first"),
        (vec![x("|u1", "2, 2, 3", &[0; 12]), good()], "`x` has 2 images, and `y` 1 labels"),
        (vec![x("<f4", "1, 1, 1", &(-1.5_f32).to_le_bytes()), good()], "outside of 0 to 255"),
        (vec![x("<f4", "1, 1, 1", &f32::NAN.to_le_bytes()), good()], "outside of 0 to 255"),
        (vec![x("<c8", "1, 1, 1", &[0; 8]), good()], "kind `c8`"),
        (vec![("x", b"nothing".to_vec()), good()], "no array of NumPy"),
        (vec![x("|u1", "1, 2, 3", &[0; 6]), ("y", npy("|i1", "1,", &[0xff]))], "below zero"),
    ] {
        let data = npz(&arrays);
        let message = refused(&data.path().join("data.npz"));
        assert!(message.contains(told), "{told}: {message}");
    }
}

fn idx(dims: &[u32], data: &[u8]) -> Vec<u8> {
    let sides: Vec<u8> = dims.iter().flat_map(|side| side.to_be_bytes()).collect();
    [&[0, 0, 8, dims.len() as u8][..], &sides, data].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

#[test]
fn mnist_files_are_read_with_and_without_gzip() {
    let data = folder_of(&[
        ("train-images-idx3-ubyte.gz", &gzip(&idx(&[3, 2, 3], &plain(&[5, 6, 7], 1)))),
        ("train-labels-idx1-ubyte", &idx(&[3], &[4, 9, 4])),
        ("t10k-images-idx3-ubyte", &idx(&[1, 2, 3], &plain(&[8], 1))),
        ("t10k-labels-idx1-ubyte.gz", &gzip(&idx(&[1], &[9]))),
    ]);
    for path in [data.path().to_owned(), data.path().join("train-images-idx3-ubyte.gz")] {
        let (listing, _) = read_listing(&path, None).unwrap();
        assert_eq!(listing.classes, ["4", "9"]);
        assert_eq!(tints_of(&listing.train), [(0, 5), (0, 7), (1, 6)]);
        assert_eq!(listing.validation.is_some(), path.is_dir());
    }
}

#[test]
fn damaged_idx_files_are_told() {
    let labels = idx(&[2], &[0, 1]);
    let with = |images: &[u8], labels: &[u8]| {
        let data = folder_of(&[("train-images.idx3-ubyte", images), ("train-labels.idx1-ubyte", labels)]);
        refused(data.path())
    };
    assert!(with(&idx(&[2, 2, 3], &[0; 11]), &labels).contains("ends after 11 of 12 bytes"));
    assert!(with(&idx(&[2, 2, 3], &[0; 13]), &labels).contains("goes on"));
    assert!(with(&idx(&[3, 2, 3], &[0; 18]), &labels).contains("2 labels, and there are 3 images"));
    assert!(with(&idx(&[u32::MAX, 9999, 9999], &[]), &labels).contains("more than half of the memory"));
    let alone = folder_of(&[("train-images-idx3-ubyte", &idx(&[1, 1, 1], &[0]))]);
    assert!(refused(alone.path()).contains("`train-labels-idx1-ubyte`"));
}

#[test]
fn a_table_gives_paths_labels_and_the_split() {
    let (one, two) = (png(1), png(2));
    let table = "label,path,split\r\nowl,\"pictures/a, b.png\",train\r\ncrow,pictures/2.png,train\r\nowl,pictures/2.png,val\r\n";
    let data = folder_of(&[("set.csv", table.as_bytes()), ("pictures/a, b.png", &one), ("pictures/2.png", &two)]);
    let (listing, _) = read_listing(&data.path().join("set.csv"), None).unwrap();
    assert_eq!(listing.classes, ["crow", "owl"]);
    assert_eq!(names(&listing.train), ["crow/pictures/2.png", "owl/pictures/a, b.png"]);
    assert_eq!(names(listing.validation.as_ref().unwrap()), ["owl/pictures/2.png"]);
    assert!(listing.train.iter().all(|sample| square(8).decode(&sample.source).is_ok()));
}

#[test]
fn a_table_without_names_is_path_and_label_and_bad_lines_are_told() {
    let of = |text: &str| folder_of(&[("set.csv", text.as_bytes())]);
    let data = of("1.png,a\n\n2.png,b\n");
    assert_eq!(read_listing(&data.path().join("set.csv"), None).unwrap().0.classes, ["a", "b"]);
    for (text, told) in [
        ("1.png,a\n2.png\n", "line 2 has no column 2"),
        ("\"1.png,a\n", "of line 1 is never closed"),
        ("path,label\n", "no line of `path,label`"),
    ] {
        let message = refused(&of(text).path().join("set.csv"));
        assert!(message.contains(told), "{told}: {message}");
    }
    let fault = read_listing(&of("1.png,a\n2.png,a\n").path().join("set.csv"), None).unwrap_err();
    assert_eq!(fault.code.id, "D613");
}
