//! What is done where classes are of unequal size: weights of classes, or images seen more often.
//!
//! Pure functions of the images' classes, the seed and the epoch.

use crate::base::Random;

/// How many images each of `classes` classes has.
fn counts(labels: impl Iterator<Item = usize>, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    labels.for_each(|label| counts[label] += 1);
    counts
}

/// N / (classes · images of the class): the mean weight of an image is 1, and every class weighs the same in all. A class
/// without images counts in nothing, and weighs 0.
#[must_use]
pub fn class_weights(labels: impl Iterator<Item = usize>, classes: usize) -> Vec<f32> {
    let counts = counts(labels, classes);
    let (images, present) = (counts.iter().sum::<usize>(), counts.iter().filter(|count| **count > 0).count());
    let weight = |count: usize| images as f64 / (present * count) as f64;
    counts.into_iter().map(|count| if count == 0 { 0.0 } else { weight(count) as f32 }).collect()
}

/// How many images an epoch of `oversampled` has.
#[must_use]
pub fn oversampled_len(labels: impl Iterator<Item = usize>, classes: usize) -> usize {
    let counts = counts(labels, classes);
    let largest = counts.iter().copied().max().unwrap_or(0);
    largest * counts.iter().filter(|count| **count > 0).count()
}

/// Indices of an epoch in which every class is as large as the largest: each image as often as that number goes, and a
/// choice that changes from epoch to epoch once more. In random order.
#[must_use]
pub fn oversampled(labels: impl Iterator<Item = usize>, seed: u64, epoch: u64) -> Vec<usize> {
    let mut by_class: Vec<Vec<usize>> = Vec::new();
    for (index, label) in labels.enumerate() {
        by_class.resize_with(by_class.len().max(label + 1), Vec::new);
        by_class[label].push(index);
    }
    let largest = by_class.iter().map(Vec::len).max().unwrap_or(0);
    let of_class = |(class, images): (usize, &Vec<usize>)| {
        let (images, wanted) = (images.clone(), if images.is_empty() { 0 } else { largest });
        let chosen = Random::named(seed, &format!("oversample/{epoch}/{class}")).permutation(images.len());
        // Whole rounds come in the order of this permutation; what is left over is its beginning.
        (0..wanted).map(move |at| images[chosen[at % images.len()]])
    };
    let all: Vec<usize> = by_class.iter().enumerate().flat_map(of_class).collect();
    let order = Random::named(seed, &format!("shuffle/{epoch}")).permutation(all.len());
    order.into_iter().map(|at| all[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class 0 has six images, class 2 four, class 3 one.
    const LABELS: [usize; 11] = [0, 0, 2, 3, 0, 2, 2, 0, 0, 2, 0];

    fn labels() -> impl Iterator<Item = usize> {
        LABELS.into_iter()
    }

    #[test]
    fn every_class_weighs_the_same_and_an_image_one_in_the_mean() {
        let weights = class_weights(labels(), 4);
        let wanted = [11.0 / 18.0, 0.0, 11.0 / 12.0, 11.0 / 3.0];
        assert!(weights.iter().zip(wanted).all(|(weight, wanted)| (weight - wanted).abs() < 1e-6), "{weights:?}");
        let total: f32 = labels().map(|label| weights[label]).sum();
        assert!((total - 11.0).abs() < 1e-5);
    }

    #[test]
    fn an_oversampled_epoch_has_as_many_images_of_each_class_and_leaves_none_out() {
        let epoch = oversampled(labels(), 1, 0);
        assert_eq!((epoch.len(), oversampled_len(labels(), 4)), (18, 18));
        for class in [0, 2, 3] {
            assert_eq!(epoch.iter().filter(|&&index| LABELS[index] == class).count(), 6);
        }
        for (index, label) in LABELS.iter().enumerate() {
            let seen = epoch.iter().filter(|&&other| other == index).count();
            let wanted = match label {
                0 => 1..=1,
                2 => 1..=2,
                _ => 6..=6,
            };
            assert!(wanted.contains(&seen), "image {index} is seen {seen} times");
        }
    }

    #[test]
    fn another_epoch_has_another_order_and_the_same_one_the_same() {
        assert_eq!(oversampled(labels(), 1, 3), oversampled(labels(), 1, 3));
        assert_ne!(oversampled(labels(), 1, 3), oversampled(labels(), 1, 4));
        assert_ne!(oversampled(labels(), 1, 3), oversampled(labels(), 2, 3));
    }
}
