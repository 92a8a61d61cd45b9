//! A `.npz` of NumPy: `x` and `y`, or `x_train`, `y_train` and `x_test`, `y_test`, as Keras's data sets are stored.
//!
//! Images are N×H×W, N×H×W×1 or N×H×W×3, as bytes, or as floats from 0 to 1 or from 0 to 255; labels are N or N×1 whole
//! numbers. Reference: `numpy.lib.format`, versions 1.0 to 3.0.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::array::{self, Pixels};
use super::listing::Listing;
use super::memory;
use super::picture::MAX_SIDE;
use crate::diag::{Diagnostic, Result, code};

/// An array as it is stored, the last dimension fastest.
struct Array {
    /// Kind and size in bytes of a number: `u1`, `f4`, `i8` …
    kind: String,
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

type Told<T> = std::result::Result<T, String>;

/// The listing of the file at `path`; none where it is no zip archive of arrays.
///
/// # Errors
/// D621 where an array is missing, damaged, or of a kind that is not read.
pub(super) fn read(path: &Path) -> Result<Option<Listing>> {
    let Some(mut archive) = File::open(path).ok().and_then(|file| zip::ZipArchive::new(BufReader::new(file)).ok())
    else {
        return Ok(None);
    };
    let names: Vec<String> =
        archive.file_names().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect();
    if names.is_empty() || names.len() != archive.len() {
        return Ok(None);
    }
    let pair = |x: &str, y: &str| {
        (names.iter().any(|name| name == x) && names.iter().any(|name| name == y)).then(|| (x.to_owned(), y.to_owned()))
    };
    let train = pair("x_train", "y_train").or_else(|| pair("x", "y"));
    let held = pair("x_val", "y_val").or_else(|| pair("x_test", "y_test"));
    let Some(train) = train else {
        let reason = format!("it holds {}, and neither `x` and `y` nor `x_train` and `y_train`", names.join(", "));
        return Err(broken(path, &reason));
    };
    let mut left = memory::budget();
    let mut set = |(x, y): (String, String)| {
        let images = array_of(&mut archive, &x, &mut left).and_then(|array| pixels(array, path, &x));
        let labels = array_of(&mut archive, &y, &mut left).and_then(|array| labels(&array));
        let (images, labels) = (
            images.map_err(|e| broken(path, &format!("`{x}` {e}")))?,
            labels.map_err(|e| broken(path, &format!("`{y}` {e}")))?,
        );
        if images.len() != labels.len() {
            let reason = format!("`{x}` has {} images, and `{y}` {} labels", images.len(), labels.len());
            return Err(broken(path, &reason));
        }
        Ok((Arc::new(images), labels))
    };
    let train = set(train)?;
    let held = held.map(set).transpose()?;
    let (numbers, classes) = array::class_names(&[&train.1, held.as_ref().map_or(&[][..], |(_, labels)| labels)]);
    let samples = |(pixels, labels): &(Arc<Pixels>, Vec<u64>)| array::samples(pixels, labels, &numbers);
    Ok(Some(Listing { classes, train: samples(&train), validation: held.as_ref().map(samples) }))
}

fn array_of(archive: &mut zip::ZipArchive<BufReader<File>>, name: &str, left: &mut u64) -> Told<Array> {
    let item = archive.by_name(&format!("{name}.npy")).map_err(|error| format!("cannot be read: {error}"))?;
    let mut file = Vec::new();
    item.take(*left + 1).read_to_end(&mut file).map_err(|error| format!("cannot be read: {error}"))?;
    *left = left.checked_sub(file.len() as u64).ok_or("takes more than half of the memory")?;
    parse(&file)
}

/// An array from a `.npy` file.
fn parse(file: &[u8]) -> Told<Array> {
    let damaged = || "is no array of NumPy, or a damaged one".to_owned();
    let rest = file.strip_prefix(b"\x93NUMPY").ok_or_else(damaged)?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(damaged)?;
    let (len, rest) = rest.split_at_checked(if version[0] == 1 { 2 } else { 4 }).ok_or_else(damaged)?;
    let len = len.iter().rev().fold(0_usize, |len, &byte| len << 8 | usize::from(byte));
    let (header, data) = rest.split_at_checked(len).ok_or_else(damaged)?;
    let header = std::str::from_utf8(header).map_err(|_| damaged())?;
    let value = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
    let descr = value("descr").and_then(|value| value.strip_prefix('\'')?.split_once('\'')).ok_or_else(damaged)?.0;
    if value("fortran_order").is_none_or(|order| order.starts_with("True")) {
        return Err("is stored column by column; save it as `numpy.ascontiguousarray(array)`".to_owned());
    }
    let dims = value("shape").and_then(|value| value.strip_prefix('(')?.split_once(')')).ok_or_else(damaged)?.0;
    let dims: Vec<usize> = dims
        .split(',')
        .map(str::trim)
        .filter(|dim| !dim.is_empty())
        .map(|dim| dim.parse().map_err(|_| damaged()))
        .collect::<Told<_>>()?;
    if descr.starts_with('>') {
        return Err(format!(
            "has numbers of the kind `{descr}`, the greatest byte first; save them in the machine's order"
        ));
    }
    let kind = descr.trim_start_matches(['|', '<', '=']).to_owned();
    let size: usize = kind
        .get(1..)
        .and_then(|size| size.parse().ok())
        .filter(|size| (1..=8).contains(size))
        .ok_or_else(|| format!("has numbers of the kind `{descr}`"))?;
    let expected = dims.iter().try_fold(size, |len, &dim| len.checked_mul(dim));
    if expected != Some(data.len()) {
        return Err(format!("says it holds {dims:?} numbers of {size} bytes, and has {} bytes", data.len()));
    }
    Ok(Array { kind, dims, bytes: data.to_vec() })
}

fn pixels(array: Array, path: &Path, name: &str) -> Told<Pixels> {
    let shape = match *array.dims.as_slice() {
        [_, height, width] => [height, width, 1],
        [_, height, width, channels @ (1 | 3)] => [height, width, channels],
        [_, 1 | 3, _, _] => return Err("has its channels first; save it as `x.transpose(0, 2, 3, 1)`".to_owned()),
        _ => return Err(format!("has the dimensions {:?}; images are N×H×W, N×H×W×1 or N×H×W×3", array.dims)),
    };
    if !(1..=MAX_SIDE).contains(&shape[0]) || !(1..=MAX_SIDE).contains(&shape[1]) {
        return Err(format!("has images of {}×{}; a side has 1 to {MAX_SIDE} pixels", shape[0], shape[1]));
    }
    let bytes = match array.kind.as_str() {
        "u1" => array.bytes,
        "f4" => scaled(array.bytes.as_chunks::<4>().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))))?,
        "f8" => scaled(array.bytes.as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes)))?,
        kind => return Err(format!("has numbers of the kind `{kind}`; images are `uint8`, `float32` or `float64`")),
    };
    Ok(Pixels { place: path.join(name), shape, bytes })
}

/// Bytes of floats that are from 0 to 1, or from 0 to 255.
fn scaled(values: impl Iterator<Item = f64> + Clone) -> Told<Vec<u8>> {
    let (least, most) = values.clone().fold((0.0_f64, 0.0_f64), |(least, most), value| {
        (if value.is_nan() { f64::NEG_INFINITY } else { least.min(value) }, most.max(value))
    });
    if least < 0.0 || most > 255.0 {
        return Err(
            "has values outside of 0 to 255; give images before any normalisation: netc normalises them".to_owned()
        );
    }
    let scale = if most <= 1.0 { 255.0 } else { 1.0 };
    Ok(values.map(|value| (value * scale).round() as u8).collect())
}

fn labels(array: &Array) -> Told<Vec<u64>> {
    if !matches!(*array.dims.as_slice(), [_] | [_, 1]) {
        return Err(format!("has the dimensions {:?}; labels are N whole numbers, such as `y.argmax(1)`", array.dims));
    }
    let is_signed = match array.kind.as_bytes() {
        [b'u', ..] => false,
        [b'i', ..] => true,
        _ => return Err(format!("has numbers of the kind `{}`; labels are whole numbers", array.kind)),
    };
    let size = array.kind[1..].parse().unwrap_or(1);
    let number = |bytes: &[u8]| {
        if is_signed && bytes[size - 1] >= 0x80 {
            return Err("has a label below zero".to_owned());
        }
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    array.bytes.chunks_exact(size).map(number).collect()
}

fn broken(path: &Path, reason: &str) -> Box<Diagnostic> {
    Diagnostic::new(&code::NOT_IMAGE_DATA, format!("the `.npz` cannot be read: {reason}"))
        .on(path)
        .help("save it by `numpy.savez(\"data.npz\", x=images, y=labels)`, images N×H×W×C as bytes")
        .fault()
}
