//! The activations over slices, in parallel over fixed chunks.

use rayon::prelude::*;

use super::Activation;
use crate::kernel::Isa;
use crate::kernel::chunk::CHUNK;
use crate::kernel::isa::Loops;

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
        isa.vectorise(Chain { activation: self, gradient, d });
    }
}

/// The loop of [`Activation::chain_with`].
struct Chain<'a> {
    activation: Activation,
    gradient: &'a [f32],
    d: &'a mut [f32],
}

impl Loops for Chain<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { activation, gradient, d } = self;
        // A closure would be compiled by itself, for the baseline.
        specialise!(activation, known => for (d, gradient) in d.iter_mut().zip(gradient) {
            *d = gradient * known.slope(*d);
        });
    }
}
