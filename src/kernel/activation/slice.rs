//! The activations over slices, in parallel over fixed chunks.

use rayon::prelude::*;

use super::Activation;
use crate::kernel::chunk::CHUNK;

/// Runs `$body` with `$known` a variant that the compiler sees, so that the loop in it has no branch on the variant.
macro_rules! specialise {
    ($activation:expr, $known:ident => $body:expr) => {
        specialise!(@ $activation, $known => $body, Identity Relu Relu6 NegativePart Elu Selu Gelu Silu Mish HardSwish
            HardSigmoid Sigmoid Tanh Softplus)
    };
    (@ $activation:expr, $known:ident => $body:expr, $($variant:ident)*) => {
        match $activation {
            $(Activation::$variant => { let $known = Activation::$variant; $body })*
            Activation::LeakyRelu { slope } => { let $known = Activation::LeakyRelu { slope }; $body }
        }
    };
}

impl Activation {
    /// y = f(x), element by element.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn map(self, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), y.len(), "one output an input");
        x.par_chunks(CHUNK).zip(y.par_chunks_mut(CHUNK)).for_each(|(x, y)| {
            specialise!(self, known => x.iter().zip(y).for_each(|(x, y)| *y = known.evaluate(*x)));
        });
    }

    /// y ← f(y), element by element.
    pub fn map_in_place(self, y: &mut [f32]) {
        if self == Self::Identity {
            return;
        }
        y.par_chunks_mut(CHUNK).for_each(|y| {
            specialise!(self, known => y.iter_mut().for_each(|y| *y = known.evaluate(*y)));
        });
    }

    /// d ← d·f′, with f′ from `source`: the outputs or the inputs, as [`Activation::derivative_from`] says.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn gradient_in_place(self, source: &[f32], d: &mut [f32]) {
        assert_eq!(source.len(), d.len(), "one gradient a value");
        if self == Self::Identity {
            return;
        }
        source.par_chunks(CHUNK).zip(d.par_chunks_mut(CHUNK)).for_each(|(source, d)| {
            specialise!(self, known => source.iter().zip(d).for_each(|(source, d)| *d *= known.slope(*source)));
        });
    }
}
