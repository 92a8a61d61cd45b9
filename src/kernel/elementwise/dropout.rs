//! Inverted dropout whose mask is drawn again wherever it is needed, instead of stored.
//!
//! Whether an element stays is a function of seed, step, stream and the element's index alone, so the same call on
//! dL/dy is the gradient. Srivastava et al., "Dropout", 2014; by whole channels: Tompson et al., 2015.

use rayon::prelude::*;

use crate::base::Random;
use crate::kernel::chunk::{CHUNK, whole_rows};

/// Steps lie this many bits apart in the generator's index: 2²⁶ steps of 2³⁸ draws do not overlap.
const STEP_BITS: u32 = 38;

/// The draws of one layer (`stream`) in one step of the training with `seed`.
#[derive(Clone, Copy, Debug)]
struct Mask {
    random: Random,
    first: u64,
    least_kept: u64,
    scale: f32,
}

impl Mask {
    fn new(seed: u64, step: u64, stream: u64, rate: f32) -> Self {
        assert!((0.0..1.0).contains(&rate), "a dropout rate of {rate}");
        Self {
            random: Random::new(seed, stream),
            first: step << STEP_BITS,
            least_kept: (f64::from(rate) * 4_294_967_296.0).ceil() as u64,
            scale: 1.0 / (1.0 - rate),
        }
    }

    /// What `value` becomes under the draw `word`.
    fn through(&self, word: u32, value: f32) -> f32 {
        if u64::from(word) >= self.least_kept { value * self.scale } else { 0.0 }
    }
}

/// y = x/(1 − rate) with probability 1 − rate, 0 otherwise, each element by itself; `rate` in [0, 1).
///
/// # Panics
/// If the lengths differ or `rate` is out of bounds.
pub fn dropout(seed: u64, step: u64, stream: u64, rate: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "one output an input");
    let mask = Mask::new(seed, step, stream, rate);
    x.par_chunks(CHUNK).zip(y.par_chunks_mut(CHUNK)).enumerate().for_each(|(at, (x, y))| {
        let block = (mask.first + (at * CHUNK) as u64) / 4;
        for (four, (x, y)) in x.chunks(4).zip(y.chunks_mut(4)).enumerate() {
            let words = mask.random.block(block + four as u64);
            y.iter_mut().zip(x).zip(words).for_each(|((y, x), word)| *y = mask.through(word, *x));
        }
    });
}

/// Dropout of whole channels: an image's channel stays or goes at all of its `pixels`. x and y: N×P×C.
///
/// # Panics
/// If a length is not that of its shape or `rate` is out of bounds.
#[expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]
pub fn dropout_channels(
    seed: u64,
    step: u64,
    stream: u64,
    rate: f32,
    n: usize,
    pixels: usize,
    c: usize,
    x: &[f32],
    y: &mut [f32],
) {
    let image = pixels * c;
    assert_eq!([x.len(), y.len()], [n * image; 2], "{n} images of {pixels}×{c}");
    let mask = Mask::new(seed, step, stream, rate);
    x.par_chunks(image).zip(y.par_chunks_mut(image)).enumerate().for_each(|(at, (x, y))| {
        let first = mask.first + (at * c) as u64;
        x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
            for channel in 0..c {
                let word = mask.random.word(first + channel as u64);
                let values = x[channel..].iter().step_by(c);
                y[channel..].iter_mut().step_by(c).zip(values).for_each(|(y, x)| *y = mask.through(word, *x));
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference::pointwise;
    use crate::kernel::testing::{normal, on_any_pool};

    fn dropped(step: u64, stream: u64, rate: f32, x: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len()];
        dropout(7, step, stream, rate, x, &mut y);
        y
    }

    #[test]
    fn the_mask_agrees_with_the_reference_on_any_pool() {
        for rate in [0.0, 0.1, 0.5, 0.999] {
            let x = normal("x", 70_003);
            assert_eq!(on_any_pool(|| dropped(3, 9, rate, &x)), pointwise::dropout(7, 3, 9, rate, &x));
        }
    }

    #[test]
    fn an_element_is_decided_by_its_index_alone() {
        let x = vec![1.0; 40_000];
        assert_eq!(dropped(1, 1, 0.3, &x)[..17], dropped(1, 1, 0.3, &x[..17]));
    }

    #[test]
    fn the_rate_is_the_share_that_goes_and_the_mean_stays() {
        let y = dropped(0, 0, 0.3, &vec![1.0; 100_000]);
        let gone = y.iter().filter(|y| **y == 0.0).count() as f64 / 1e5;
        assert!((gone - 0.3).abs() < 0.01, "{gone}");
        assert!(y.iter().all(|y| *y == 0.0 || *y == 1.0 / 0.7));
    }

    #[test]
    fn steps_and_streams_draw_their_own_masks() {
        let x = vec![1.0; 1000];
        assert_ne!(dropped(0, 0, 0.5, &x), dropped(1, 0, 0.5, &x));
        assert_ne!(dropped(0, 0, 0.5, &x), dropped(0, 1, 0.5, &x));
    }

    #[test]
    fn spatial_dropout_takes_whole_channels_as_the_reference_does() {
        for (n, pixels, c) in [(3, 49, 21), (2, 5000, 16), (1, 1, 3)] {
            let x = normal("x", n * pixels * c);
            let got = on_any_pool(|| {
                let mut y = vec![f32::NAN; x.len()];
                dropout_channels(7, 2, 4, 0.4, n, pixels, c, &x, &mut y);
                y
            });
            assert_eq!(got, pointwise::dropout_channels([7, 2, 4], 0.4, pixels, c, &x));
        }
    }
}
