//! Checks of what the headers say: sizes, channels, and extensions that do not fit the content.

use super::super::listing::Sample;
use super::super::survey::{Facts, Sizes};
use super::{NAMED, quoted};
use crate::diag::{Diagnostic, code};

/// D610 where images have fewer pixels than the input: enlarging adds work, no detail.
#[must_use]
pub fn check_upscaled(facts: &[Facts], height: usize, width: usize) -> Option<Diagnostic> {
    let sizes = Sizes::of(facts)?;
    let is_small = |shape: [usize; 3]| shape[0] * shape[1] < height * width;
    let small = facts.iter().filter_map(|facts| facts.shape).filter(|shape| is_small(*shape)).count();
    (small > 0).then(|| {
        let [median_height, median_width] = sizes.median;
        let message = format!("{small} of {} images are smaller than the input {height}×{width}", sizes.count());
        Diagnostic::new(&code::UPSCALED_IMAGES, message)
            .note(format!("the images' median size is {median_height}×{median_width}"))
            .help("an input of about the median size costs less and shows as much")
    })
}

/// D611 where some images are grey and others in colour.
#[must_use]
pub fn check_channels(facts: &[Facts]) -> Option<Diagnostic> {
    let sizes = Sizes::of(facts)?;
    (sizes.grey > 0 && sizes.colour > 0).then(|| {
        let message = format!("{} images are grey and {} in colour", sizes.grey, sizes.colour);
        Diagnostic::new(&code::MIXED_CHANNELS, message).help(
            "nothing has to be done, unless the grey ones are mostly of one class: then colour gives the class away",
        )
    })
}

/// D612 where the extension of a file is that of another format than its content.
#[must_use]
pub fn check_extensions(samples: &[Sample], facts: &[Facts]) -> Option<Diagnostic> {
    let disguised: Vec<&Sample> =
        samples.iter().zip(facts).filter(|(_, facts)| facts.disguised).map(|(sample, _)| sample).collect();
    let first = disguised.first()?;
    let names: Vec<_> = disguised.iter().take(NAMED).map(|sample| sample.name()).collect();
    let message = format!("{} files have the extension of another format than their content", disguised.len());
    Some(
        Diagnostic::new(&code::EXTENSION_LIES, message)
            .on(first.source.place())
            .note(format!("among them {}", quoted(names.iter().map(AsRef::as_ref))))
            .help("nothing has to be done: the content counts; other programs may refuse them"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{facts, samples};
    use super::*;

    #[test]
    fn headers_tell_enlarged_mixed_and_misnamed_images() {
        let mut seen = facts(&[1, 2, 3]);
        assert_eq!((check_upscaled(&seen, 8, 8), check_channels(&seen)), (None, None));
        (seen[0].shape, seen[1].shape) = (Some([4, 8, 1]), Some([8, 8, 3]));
        assert!(check_upscaled(&seen, 8, 8).unwrap().message.starts_with("1 of 2 images"));
        assert_eq!(check_upscaled(&seen, 4, 8), None);
        assert_eq!(check_channels(&seen).unwrap().code.id, "D611");
        assert_eq!(check_extensions(&samples(&[3]), &seen), None);
        seen[2].disguised = true;
        assert_eq!(check_extensions(&samples(&[3]), &seen).unwrap().code.id, "D612");
    }
}
