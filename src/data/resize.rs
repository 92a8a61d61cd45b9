//! A picture of any size as one of the input's size, by the antialiased bilinear filter that Pillow defines.

use crate::syntax::settings::Resize;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::picture::{Bad, Picture};

/// The picture at `height` × `width`; one that has that size already is passed through.
pub(super) fn resize(picture: Picture, height: usize, width: usize, way: Resize) -> Result<Picture, Bad> {
    if (picture.height, picture.width) == (height, width) {
        return Ok(picture);
    }
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    match way {
        Resize::Stretch => scale(&picture, height, width, &options),
        Resize::Crop => scale(&picture, height, width, &options.fit_into_destination(Some((0.5, 0.5)))),
        Resize::Pad => {
            let (inner_height, inner_width) = fitted(&picture, height, width);
            let inner = scale(&picture, inner_height, inner_width, &options)?;
            Ok(centred_on_black(&inner, height, width))
        }
    }
}

fn scale(picture: &Picture, height: usize, width: usize, options: &ResizeOptions) -> Result<Picture, Bad> {
    let mut bytes = vec![0; height * width * picture.channels];
    match picture.channels {
        1 => scale_pixels::<U8>(picture, height, width, &mut bytes, options)?,
        _ => scale_pixels::<U8x3>(picture, height, width, &mut bytes, options)?,
    }
    Ok(Picture { height, width, channels: picture.channels, bytes })
}

/// Typed by its pixels, so that only the kernels for these are compiled.
fn scale_pixels<P: PixelTrait>(
    picture: &Picture,
    height: usize,
    width: usize,
    bytes: &mut [u8],
    options: &ResizeOptions,
) -> Result<(), Bad> {
    let failed = |error: &dyn std::fmt::Display| Bad::Unreadable(format!("the image cannot be resized: {error}"));
    let source = TypedImageRef::<P>::from_buffer(picture.width as u32, picture.height as u32, &picture.bytes)
        .map_err(|error| failed(&error))?;
    let mut target =
        TypedImage::<P>::from_buffer(width as u32, height as u32, bytes).map_err(|error| failed(&error))?;
    Resizer::new().resize_typed(&source, &mut target, options).map_err(|error| failed(&error))
}

/// The largest size with the picture's aspect ratio that fits, at least one pixel a side.
fn fitted(picture: &Picture, height: usize, width: usize) -> (usize, usize) {
    let scale = (height as f64 / picture.height as f64).min(width as f64 / picture.width as f64);
    let side = |from: usize, limit: usize| ((from as f64 * scale).round() as usize).clamp(1, limit);
    (side(picture.height, height), side(picture.width, width))
}

fn centred_on_black(inner: &Picture, height: usize, width: usize) -> Picture {
    let channels = inner.channels;
    let (row, inner_row) = (width * channels, inner.width * channels);
    let start = (height - inner.height) / 2 * row + (width - inner.width) / 2 * channels;
    let mut bytes = vec![0; height * row];
    for (target, source) in bytes[start..].chunks_mut(row).zip(inner.bytes.chunks_exact(inner_row)) {
        target[..inner_row].copy_from_slice(source);
    }
    Picture { height, width, channels, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey picture whose columns are 0, 10, 20, …
    fn ramp(height: usize, width: usize) -> Picture {
        let bytes = (0..height * width).map(|at| (at % width * 10) as u8).collect();
        Picture { height, width, channels: 1, bytes }
    }

    #[test]
    fn halving_averages_as_an_antialiased_bilinear_filter_does() {
        // The triangle over two pixels: (3·0 + 3·10 + 20) / 7 at the edge, (10 + 3·20 + 3·30 + 40) / 8 inside.
        let half = resize(ramp(1, 8), 1, 4, Resize::Stretch).unwrap();
        assert_eq!(half.bytes, [7, 25, 45, 63]);
    }

    #[test]
    fn cropping_takes_the_middle_and_padding_keeps_all_on_black() {
        let cropped = resize(ramp(4, 8), 4, 4, Resize::Crop).unwrap();
        assert_eq!(cropped.bytes[..4], [20, 30, 40, 50]);
        let padded = resize(ramp(2, 4), 4, 4, Resize::Pad).unwrap();
        let row = [0, 10, 20, 30];
        assert_eq!(padded.bytes, [[0; 4], row, row, [0; 4]].concat());
    }

    #[test]
    fn extreme_shapes_keep_at_least_one_pixel() {
        for way in [Resize::Stretch, Resize::Crop, Resize::Pad] {
            for (height, width) in [(1, 500), (500, 1), (1, 1)] {
                let resized = resize(ramp(height, width), 32, 32, way).unwrap();
                assert_eq!(resized.bytes.len(), 32 * 32, "{way:?} {height}×{width}");
            }
        }
    }
}
