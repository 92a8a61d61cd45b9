//! The one random generator: Philox 4x32-10, counter-based.
//!
//! A draw is a pure function of (seed, stream, index), so results do not depend on the order or the thread in which
//! draws are made, and a resumed run needs no stored state. Reference: Salmon, Moraes, Dror and Shaw, "Parallel random
//! numbers: as easy as 1, 2, 3", SC 2011.

/// Draws of one seed and one stream; `Copy`, so that it can be handed to any thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    key: [u32; 2],
    stream: u64,
}

impl Random {
    /// The generator of `seed`; distinct `stream`s are independent of one another.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], stream }
    }

    /// The stream of a name, so that each parameter, epoch or purpose draws its own numbers.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        Self::new(seed, stable_hash(name))
    }

    /// Four independent words, uniform over `u32`, of the block at `index`.
    #[must_use]
    pub fn block(&self, index: u64) -> [u32; 4] {
        let mut counter = [index as u32, (index >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
        let mut key = self.key;
        for _ in 0..10 {
            let low = u64::from(counter[0]) * 0xD251_1F53;
            let high = u64::from(counter[2]) * 0xCD9E_8D57;
            counter = [
                (high >> 32) as u32 ^ counter[1] ^ key[0],
                high as u32,
                (low >> 32) as u32 ^ counter[3] ^ key[1],
                low as u32,
            ];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        counter
    }

    /// The word at `index`, uniform over `u32`.
    #[must_use]
    pub fn word(&self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// Uniform in [0, 1), with 24 bits.
    #[must_use]
    pub fn unit(&self, index: u64) -> f32 {
        (self.word(index) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Standard normal, by the Box-Muller transform of the two halves of a block.
    #[must_use]
    pub fn normal(&self, index: u64) -> f32 {
        let words = self.block(index / 2);
        let pair = if index.is_multiple_of(2) { [words[0], words[1]] } else { [words[2], words[3]] };
        let radius = (-2.0 * ((f64::from(pair[0]) + 1.0) / 4_294_967_296.0).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(pair[1]) / 4_294_967_296.0;
        (radius * angle.cos()) as f32
    }

    /// Uniform in 0..`bound` (a bound of 0 gives 0), by the multiply-shift method on 64 bits.
    #[must_use]
    pub fn below(&self, index: u64, bound: u64) -> u64 {
        let words = self.block(index);
        let word = u64::from(words[0]) << 32 | u64::from(words[1]);
        ((u128::from(word) * u128::from(bound)) >> 64) as u64
    }

    /// A permutation of 0..`len` (Fisher-Yates).
    #[must_use]
    pub fn permutation(&self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for at in (1..len).rev() {
            order.swap(at, self.below(at as u64, at as u64 + 1) as usize);
        }
        order
    }
}

/// FNV-1a of a text: the same in every version and on every platform, which the standard hasher's is not.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vectors_come_out() {
        assert_eq!(Random::new(0, 0).block(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            Random::new(u64::MAX, u64::MAX).block(u64::MAX),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let random = Random::named(7, "weights");
        let draws: Vec<f64> = (0..20_000).map(|index| f64::from(random.normal(index))).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }

    #[test]
    fn a_permutation_holds_every_index_once() {
        let mut order = Random::new(1, 2).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }
}
