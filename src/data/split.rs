//! Which images are kept for validation where the data has no folder of them.

use super::listing::Sample;

/// Takes about `fraction` of every class for validation: (training, validation), each in the order of `samples`.
///
/// The choice depends on the seed and on each file's own path, not on its neighbours: with files added or removed, all
/// but a few of the others stay on their side. A class of two images or more keeps one on each side; a class of one
/// is trained on. `fraction` is a share in (0, 1); 0 takes nothing.
#[must_use]
pub fn split(samples: &[Sample], fraction: f64, seed: u64) -> (Vec<Sample>, Vec<Sample>) {
    let key = blake3::derive_key("netc validation split", &seed.to_le_bytes());
    let mut by_class: Vec<Vec<(blake3::Hash, usize)>> = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        by_class.resize_with(by_class.len().max(sample.class + 1), Vec::new);
        by_class[sample.class].push((blake3::keyed_hash(&key, &sample.key), index));
    }
    let mut is_validation = vec![false; samples.len()];
    for members in &mut by_class {
        members.sort_unstable_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
        for (_, index) in &members[..share(members.len(), fraction)] {
            is_validation[*index] = true;
        }
    }
    let side = |wanted: bool| {
        samples.iter().zip(&is_validation).filter(|(_, is)| **is == wanted).map(|(sample, _)| sample.clone()).collect()
    };
    (side(false), side(true))
}

/// How many of `count` images are taken.
fn share(count: usize, fraction: f64) -> usize {
    if count < 2 || fraction <= 0.0 {
        return 0;
    }
    ((count as f64 * fraction).round() as usize).clamp(1, count - 1)
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    fn samples(counts: &[usize]) -> Vec<Sample> {
        let source = Source::File("x".into());
        let of = |class: usize, count: usize| {
            let source = source.clone();
            (0..count).map(move |at| Sample { class, key: format!("{class}/{at}").into(), source: source.clone() })
        };
        counts.iter().enumerate().flat_map(|(class, &count)| of(class, count)).collect()
    }

    fn keys(samples: &[Sample]) -> Vec<&[u8]> {
        samples.iter().map(|sample| sample.key.as_slice()).collect()
    }

    #[test]
    fn every_class_gives_its_share_and_keeps_one_image_to_train_on() {
        let (train, validation) = split(&samples(&[100, 2, 1, 14]), 0.1, 7);
        let count = |side: &[Sample], class| side.iter().filter(|sample| sample.class == class).count();
        assert_eq!([0, 1, 2, 3].map(|class| count(&validation, class)), [10, 1, 0, 1]);
        assert_eq!([0, 1, 2, 3].map(|class| count(&train, class)), [90, 1, 1, 13]);
    }

    #[test]
    fn another_seed_is_another_choice_and_the_same_seed_the_same() {
        let all = samples(&[50, 50]);
        assert_eq!(keys(&split(&all, 0.2, 1).1), keys(&split(&all, 0.2, 1).1));
        assert_ne!(keys(&split(&all, 0.2, 1).1), keys(&split(&all, 0.2, 2).1));
    }

    #[test]
    fn an_added_file_moves_at_most_one_other() {
        let (before, after) = (samples(&[100]), samples(&[101]));
        let (before, after) = (split(&before, 0.1, 3).1, split(&after, 0.1, 3).1);
        let kept = keys(&before).iter().filter(|key| keys(&after).contains(key)).count();
        assert!(kept >= before.len() - 1, "{kept} of {} kept", before.len());
    }
}
