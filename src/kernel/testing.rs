//! What the tests of this room share: seeded numbers, closeness, and the same bits on any pool.

use super::Isa;
use crate::base::Random;

/// `len` numbers, normal, of the stream `name`.
pub(super) fn normal(name: &str, len: usize) -> Vec<f32> {
    let random = Random::named(11, name);
    (0..len as u64).map(|index| random.normal(index)).collect()
}

/// A draw of lo..=hi.
pub(super) fn size(random: Random, index: u64, lo: usize, hi: usize) -> usize {
    lo + random.below(index, (hi - lo + 1) as u64) as usize
}

/// The same numbers in double precision.
pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Fails where an element differs by more than `tolerance`, relative to magnitudes above one.
#[track_caller]
pub(super) fn assert_close(got: &[f32], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let error = (f64::from(*got) - wanted).abs();
        let bound = tolerance * wanted.abs().max(1.0);
        let same = f64::from(*got) == *wanted || got.is_nan() && wanted.is_nan();
        assert!(same || error <= bound, "{what}: element {at} is {got}, wanted {wanted}");
    }
}

/// The result of `compute`, after a check that pools of 1, 2 and 3 threads give the same bits.
#[track_caller]
pub(super) fn on_any_pool(compute: impl Fn() -> Vec<f32> + Sync) -> Vec<f32> {
    let results: Vec<Vec<f32>> = (1..=3)
        .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&compute))
        .collect();
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&results[0]), bits(&results[1]), "two threads change the result");
    assert_eq!(bits(&results[0]), bits(&results[2]), "three threads change the result");
    results.into_iter().next().unwrap()
}

/// The same, and that all instruction sets of this machine give those bits.
#[track_caller]
pub(super) fn everywhere(compute: impl Fn(Isa) -> Vec<f32> + Sync) -> Vec<f32> {
    let of_isa = |isa| on_any_pool(|| compute(isa));
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let wanted = of_isa(Isa::Portable);
    for isa in Isa::available() {
        assert!(bits(&of_isa(isa)) == bits(&wanted), "{isa} changes the result");
    }
    wanted
}
