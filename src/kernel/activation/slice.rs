//! The activations over slices, in parallel over fixed chunks.

use rayon::prelude::*;

use super::Activation;
use crate::kernel::Isa;
use crate::kernel::chunk::CHUNK;
use crate::kernel::isa::vectorised;

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
    pub fn map(self, isa: Isa, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), y.len(), "one output an input");
        x.par_chunks(CHUNK).zip(y.par_chunks_mut(CHUNK)).for_each(|(x, y)| map(isa, self, x, y));
    }

    /// y ← f(y), element by element.
    pub fn map_in_place(self, isa: Isa, y: &mut [f32]) {
        if self != Self::Identity {
            y.par_chunks_mut(CHUNK).for_each(|y| self.map_block(isa, y));
        }
    }

    /// y ← f(y) for what a worker has at hand.
    pub(in crate::kernel) fn map_block(self, isa: Isa, y: &mut [f32]) {
        if self != Self::Identity {
            map_block(isa, self, y);
        }
    }

    /// d ← d·f′, with f′ from `source`: the outputs or the inputs, as [`Activation::derivative_from`] says.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn gradient_in_place(self, isa: Isa, source: &[f32], d: &mut [f32]) {
        assert_eq!(source.len(), d.len(), "one gradient a value");
        if self != Self::Identity {
            source.par_chunks(CHUNK).zip(d.par_chunks_mut(CHUNK)).for_each(|(source, d)| slope(isa, self, source, d));
        }
    }

    /// Elements of room that [`Activation::chain`] wants for a gradient of `len`.
    pub(in crate::kernel) fn chain_room(self, len: usize) -> usize {
        if self == Self::Identity { 0 } else { len }
    }

    /// Has `compute` write the gradient of f's values, and leaves in `d` that of its arguments.
    ///
    /// `d` holds what f′ is computed from before; without an activation it is overwritten as it is.
    pub(in crate::kernel) fn chain(self, isa: Isa, room: &mut [f32], d: &mut [f32], compute: impl FnOnce(&mut [f32])) {
        if self == Self::Identity {
            return compute(d);
        }
        let gradient = &mut room[..d.len()];
        compute(gradient);
        self.chain_with(isa, gradient, d);
    }

    /// d ← f′·gradient, with f′ from what `d` holds; without an activation, a copy.
    pub(in crate::kernel) fn chain_with(self, isa: Isa, gradient: &[f32], d: &mut [f32]) {
        debug_assert_eq!(gradient.len(), d.len(), "one gradient a value");
        if self == Self::Identity {
            return d.copy_from_slice(gradient);
        }
        chain(isa, self, gradient, d);
    }
}

vectorised! {
    fn map(activation: Activation, x: &[f32], y: &mut [f32]) {
        specialise!(activation, known => for (y, x) in y.iter_mut().zip(x) {
            *y = known.evaluate(*x);
        });
    }

    fn map_block(activation: Activation, y: &mut [f32]) {
        specialise!(activation, known => for y in y {
            *y = known.evaluate(*y);
        });
    }

    fn slope(activation: Activation, source: &[f32], d: &mut [f32]) {
        specialise!(activation, known => for (d, source) in d.iter_mut().zip(source) {
            *d *= known.slope(*source);
        });
    }

    /// The loop of [`Activation::chain_with`].
    fn chain(activation: Activation, gradient: &[f32], d: &mut [f32]) {
        specialise!(activation, known => for (d, gradient) in d.iter_mut().zip(gradient) {
            *d = gradient * known.slope(*d);
        });
    }
}
