//! Parameter updates: stochastic gradient descent, Adam and RMSprop, with PyTorch's meaning of every option.
//!
//! A call updates one parameter in place, in parallel over fixed chunks. Knows nothing of schedules or of which
//! parameters decay: the caller gives the rate of this step. Options are `f64`, so that 1 − 0.999 is 0.001 to the last
//! place of an `f32`.

use rayon::prelude::*;

use super::Isa;
use super::chunk::CHUNK;
use super::isa::vectorised;

/// Sums that [`norm`] keeps side by side.
const LANES: usize = 8;

/// How the velocity of [`sgd`] is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Momentum {
    /// The step is the velocity.
    #[default]
    Classical,
    /// The step looks ahead: gradient + momentum·velocity (Nesterov, 1983; Sutskever et al., 2013).
    Nesterov,
}

/// Where weight decay acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decay {
    /// It is added to the gradient, as an L2 penalty is.
    #[default]
    Coupled,
    /// It shrinks the weights by themselves (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).
    Decoupled,
}

/// The Euclidean norm: squares are added in `f64`, in an order that the length alone fixes.
#[must_use]
pub fn norm(isa: Isa, g: &[f32]) -> f32 {
    sum_of_squares(isa, g).sqrt() as f32
}

/// Σ w² and Σ (w′ − w)² of weights w that became w′, added as [`norm`] adds.
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn change(isa: Isa, before: &[f32], after: &[f32]) -> [f64; 2] {
    verify_lengths(before.len(), &[after.len()]);
    let mut lanes = [[0.0; LANES]; 2];
    add_changes(isa, before, after, &mut lanes);
    lanes.map(|lanes| lanes.iter().sum())
}

/// Σ g².
fn sum_of_squares(isa: Isa, g: &[f32]) -> f64 {
    let mut lanes = [0.0; LANES];
    add_squares(isa, g, &mut lanes);
    lanes.iter().sum()
}

/// g ← g·min(1, `max`/(‖g₁ … gₙ‖ + 1e-6)), given the `norms` of all gradients, as PyTorch's `clip_grad_norm_`. A norm
/// that is no number makes all gradients so.
pub fn clip(isa: Isa, max: f64, norms: &[f32], g: &mut [f32]) {
    let total = norms.iter().map(|norm| f64::from(*norm) * f64::from(*norm)).sum::<f64>().sqrt();
    let factor = max / (total + 1e-6);
    if factor < 1.0 || factor.is_nan() {
        g.par_chunks_mut(CHUNK).for_each(|g| scale(isa, factor as f32, g));
    }
}

/// Options of [`sgd`] for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Step size.
    pub learning_rate: f64,
    /// μ: the share of the velocity that stays.
    pub momentum: f64,
    /// How the velocity is used.
    pub kind: Momentum,
    /// L2 penalty.
    pub weight_decay: f64,
}

/// g ← g + weight_decay·w; v ← μ·v + g; w ← w − learning_rate·v, or ·(g + μ·v) with Nesterov's momentum. Without a
/// velocity, w ← w − learning_rate·g. A velocity starts from zeros.
///
/// # Panics
/// If the lengths differ.
pub fn sgd(isa: Isa, options: &Sgd, w: &mut [f32], g: &[f32], velocity: Option<&mut [f32]>) {
    let [learning_rate, momentum, weight_decay] =
        [options.learning_rate, options.momentum, options.weight_decay].map(|option| option as f32);
    verify_lengths(w.len(), &[g.len()]);
    let Some(velocity) = velocity else {
        let chunks = w.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK));
        chunks.for_each(|(w, g)| descend(isa, learning_rate, weight_decay, w, g));
        return;
    };
    verify_lengths(w.len(), &[velocity.len()]);
    let (of_velocity, of_gradient) = match options.kind {
        Momentum::Classical => (1.0, 0.0),
        Momentum::Nesterov => (momentum, 1.0),
    };
    let by = [learning_rate, momentum, weight_decay, of_velocity, of_gradient];
    let chunks = w.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK)).zip(velocity.par_chunks_mut(CHUNK));
    chunks.for_each(|((w, g), velocity)| descend_with_momentum(isa, by, w, g, velocity));
}

/// Options of [`adam`] for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f64,
    /// β₁: the share of the first moment that stays.
    pub beta1: f64,
    /// β₂: the share of the second moment that stays.
    pub beta2: f64,
    /// ε, added to the root of the corrected second moment.
    pub epsilon: f64,
    /// Strength of the decay.
    pub weight_decay: f64,
    /// Where it acts.
    pub decay: Decay,
}

/// Kingma and Ba, "Adam", 2015, and AdamW: m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
/// w ← w − learning_rate·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) and t = `step`, which counts from 1.
/// Both moments start from zeros.
///
/// # Panics
/// If the lengths differ or `step` is 0.
pub fn adam(isa: Isa, options: &Adam, step: u64, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
    assert!(step > 0, "steps count from 1");
    verify_lengths(w.len(), &[g.len(), m.len(), v.len()]);
    let correction = |beta: f64| 1.0 - beta.powf(step as f64);
    let (penalty, shrink) = match options.decay {
        Decay::Coupled => (options.weight_decay, 1.0),
        Decay::Decoupled => (0.0, 1.0 - options.learning_rate * options.weight_decay),
    };
    let by = AdamStep {
        penalty: penalty as f32,
        shrink: shrink as f32,
        rate: (options.learning_rate / correction(options.beta1)) as f32,
        root: (1.0 / correction(options.beta2).sqrt()) as f32,
        epsilon: options.epsilon as f32,
        beta: [options.beta1, options.beta2].map(|beta| beta as f32),
        rest: [options.beta1, options.beta2].map(|beta| (1.0 - beta) as f32),
    };
    let weights = w.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK));
    let chunks = weights.zip(m.par_chunks_mut(CHUNK)).zip(v.par_chunks_mut(CHUNK));
    chunks.for_each(|(((w, g), m), v)| adam_step(isa, by, w, g, m, v));
}

/// The factors of one step of [`adam`].
#[derive(Clone, Copy)]
struct AdamStep {
    penalty: f32,
    shrink: f32,
    rate: f32,
    root: f32,
    epsilon: f32,
    beta: [f32; 2],
    rest: [f32; 2],
}

/// Options of [`rmsprop`] for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Step size.
    pub learning_rate: f64,
    /// α: the share of the mean square that stays; PyTorch's default is 0.99.
    pub alpha: f64,
    /// ε, added to the root.
    pub epsilon: f64,
    /// L2 penalty.
    pub weight_decay: f64,
}

/// Tieleman and Hinton, lecture 6.5, 2012: g ← g + weight_decay·w; v ← αv + (1 − α)g²;
/// w ← w − learning_rate·g/(√v + ε). The mean square starts from zeros.
///
/// # Panics
/// If the lengths differ.
pub fn rmsprop(isa: Isa, options: &RmsProp, w: &mut [f32], g: &[f32], v: &mut [f32]) {
    verify_lengths(w.len(), &[g.len(), v.len()]);
    let [learning_rate, epsilon, weight_decay] =
        [options.learning_rate, options.epsilon, options.weight_decay].map(|option| option as f32);
    let [alpha, rest] = [options.alpha as f32, (1.0 - options.alpha) as f32];
    let by = [learning_rate, epsilon, weight_decay, alpha, rest];
    let chunks = w.par_chunks_mut(CHUNK).zip(g.par_chunks(CHUNK)).zip(v.par_chunks_mut(CHUNK));
    chunks.for_each(|((w, g), v)| rmsprop_step(isa, by, w, g, v));
}

vectorised! {
    fn add_squares(g: &[f32], lanes: &mut [f64; LANES]) {
        let (whole, rest) = g.as_chunks::<LANES>();
        for g in whole {
            for lane in 0..LANES {
                lanes[lane] += f64::from(g[lane]) * f64::from(g[lane]);
            }
        }
        for (lane, g) in lanes.iter_mut().zip(rest) {
            *lane += f64::from(*g) * f64::from(*g);
        }
    }

    fn add_changes(before: &[f32], after: &[f32], lanes: &mut [[f64; LANES]; 2]) {
        let [squares, changes] = lanes;
        let (whole, rest) = before.as_chunks::<LANES>();
        let (whole_after, rest_after) = after.as_chunks::<LANES>();
        for (w, after) in whole.iter().zip(whole_after) {
            for lane in 0..LANES {
                let change = after[lane] - w[lane];
                squares[lane] += f64::from(w[lane]) * f64::from(w[lane]);
                changes[lane] += f64::from(change) * f64::from(change);
            }
        }
        for ((lane, w), after) in rest.iter().enumerate().zip(rest_after) {
            let change = after - w;
            squares[lane] += f64::from(*w) * f64::from(*w);
            changes[lane] += f64::from(change) * f64::from(change);
        }
    }

    fn scale(factor: f32, g: &mut [f32]) {
        for g in g {
            *g *= factor;
        }
    }

    fn descend(learning_rate: f32, weight_decay: f32, w: &mut [f32], g: &[f32]) {
        for (w, g) in w.iter_mut().zip(g) {
            *w -= learning_rate * (g + weight_decay * *w);
        }
    }

    fn descend_with_momentum(by: [f32; 5], w: &mut [f32], g: &[f32], velocity: &mut [f32]) {
        let [learning_rate, momentum, weight_decay, of_velocity, of_gradient] = by;
        for ((w, g), v) in w.iter_mut().zip(g).zip(velocity) {
            let g = g + weight_decay * *w;
            *v = momentum * *v + g;
            *w -= learning_rate * (of_gradient * g + of_velocity * *v);
        }
    }

    fn adam_step(by: AdamStep, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            let g = g + by.penalty * *w;
            *m = by.beta[0] * *m + by.rest[0] * g;
            *v = by.beta[1] * *v + by.rest[1] * (g * g);
            *w = by.shrink * *w - by.rate * *m / (v.sqrt() * by.root + by.epsilon);
        }
    }

    fn rmsprop_step(by: [f32; 5], w: &mut [f32], g: &[f32], v: &mut [f32]) {
        let [learning_rate, epsilon, weight_decay, alpha, rest] = by;
        for ((w, g), v) in w.iter_mut().zip(g).zip(v) {
            let g = g + weight_decay * *w;
            *v = alpha * *v + rest * (g * g);
            *w -= learning_rate * g / (v.sqrt() + epsilon);
        }
    }
}

/// Asserts that a parameter's companions are as long as it is.
fn verify_lengths(parameter: usize, others: &[usize]) {
    assert!(others.iter().all(|len| *len == parameter), "a parameter of {parameter}, with {others:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::testing::{assert_close, everywhere, normal, wide};

    const ISA: Isa = Isa::Portable;
    const LEN: usize = 70_003;

    /// The weights after three steps of `step(isa, t, w, g, first state, second state)`, on any pool and instruction set.
    fn three_steps(step: impl Fn(Isa, u64, &mut [f32], &[f32], &mut [f32], &mut [f32]) + Sync) -> Vec<f32> {
        everywhere(|isa| {
            let (mut w, mut first, mut second) = (normal("w", LEN), vec![0.0; LEN], vec![0.0; LEN]);
            for t in 1..=3 {
                step(isa, t, &mut w, &normal(&format!("g{t}"), LEN), &mut first, &mut second);
            }
            w
        })
    }

    /// The same in `f64`, from what one element becomes: `step(t, w, g, [first state, second state])`.
    fn three_wide_steps(step: impl Fn(i32, f64, f64, &mut [f64; 2]) -> f64) -> Vec<f64> {
        let gradients = [1, 2, 3].map(|t| wide(&normal(&format!("g{t}"), LEN)));
        let weights = wide(&normal("w", LEN)).into_iter().enumerate();
        weights
            .map(|(at, w)| {
                let mut state = [0.0; 2];
                (1..=3).zip(&gradients).fold(w, |w, (t, g)| step(t, w, g[at], &mut state))
            })
            .collect()
    }

    #[test]
    fn sgd_follows_its_formula() {
        for (kind, weight_decay) in [(Momentum::Classical, 0.0), (Momentum::Classical, 0.1), (Momentum::Nesterov, 0.1)]
        {
            let options = Sgd { learning_rate: 0.1, momentum: 0.9, kind, weight_decay };
            let got = three_steps(|isa, _, w, g, velocity, _| sgd(isa, &options, w, g, Some(velocity)));
            let wanted = three_wide_steps(|_, w, g, state| {
                let g = g + weight_decay * w;
                state[0] = 0.9 * state[0] + g;
                w - 0.1 * if kind == Momentum::Nesterov { g + 0.9 * state[0] } else { state[0] }
            });
            assert_close(&got, &wanted, 1e-6, "sgd");
        }
    }

    #[test]
    fn gradients_above_the_norm_are_shrunk_to_it_together_and_others_stay() {
        let gradients = [normal("a", LEN), normal("b", 7)];
        let norms = gradients.each_ref().map(|g| norm(ISA, g));
        let total: f64 = gradients.iter().flatten().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let clipped = |max| {
            let mut all = gradients.clone();
            all.iter_mut().for_each(|g| clip(ISA, max, &norms, g));
            all.concat()
        };
        let wanted: Vec<f64> = wide(&gradients.concat()).iter().map(|g| g * 0.5 / (total + 1e-6)).collect();
        assert_close(&clipped(0.5), &wanted, 1e-6, "clipped");
        assert_eq!(clipped(total + 1.0), gradients.concat());
        let mut g = [1.0, f32::NAN];
        let of_nan = norm(ISA, &g);
        clip(ISA, 1.0, &[of_nan, 0.5], &mut g);
        assert!(g.iter().all(|g| g.is_nan()));
    }

    #[test]
    fn what_weights_became_is_measured_against_what_they_were() {
        let (before, after) = (normal("w", LEN), normal("after", LEN));
        let wanted = wide(&before)
            .iter()
            .zip(wide(&after))
            .fold([0.0, 0.0], |[squares, changes], (w, after)| [squares + w * w, changes + (after - w) * (after - w)]);
        for isa in Isa::available() {
            let got = change(isa, &before, &after);
            assert!(
                got.iter().zip(wanted).all(|(got, wanted)| (got / wanted - 1.0).abs() < 1e-6),
                "{got:?} {wanted:?}"
            );
            assert_eq!(change(isa, &before, &before)[1], 0.0);
        }
    }

    #[test]
    fn sgd_without_a_velocity_follows_the_gradient() {
        let options = Sgd { learning_rate: 0.1, momentum: 0.9, kind: Momentum::Classical, weight_decay: 0.01 };
        let got = three_steps(|isa, _, w, g, _, _| sgd(isa, &options, w, g, None));
        assert_close(&got, &three_wide_steps(|_, w, g, _| w - 0.1 * (g + 0.01 * w)), 1e-6, "sgd");
    }

    #[test]
    fn adam_follows_its_formula_with_either_decay() {
        for decay in [Decay::Coupled, Decay::Decoupled] {
            let options =
                Adam { learning_rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1, decay };
            let got = three_steps(|isa, t, w, g, m, v| adam(isa, &options, t, w, g, m, v));
            let wanted = three_wide_steps(|t, w, g, state| {
                let (w, g) = if decay == Decay::Coupled { (w, g + 0.1 * w) } else { (w * (1.0 - 0.001), g) };
                *state = [0.9 * state[0] + 0.1 * g, 0.999 * state[1] + 0.001 * g * g];
                let corrected = [state[0] / (1.0 - 0.9_f64.powi(t)), state[1] / (1.0 - 0.999_f64.powi(t))];
                w - 0.01 * corrected[0] / (corrected[1].sqrt() + 1e-8)
            });
            assert_close(&got, &wanted, 2e-6, "adam");
        }
    }

    #[test]
    fn the_first_step_of_adam_has_the_length_of_the_rate() {
        let options = Adam {
            learning_rate: 0.5,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decay: Decay::Coupled,
        };
        let mut w = [1.0, 1.0];
        adam(ISA, &options, 1, &mut w, &[1e-3, -50.0], &mut [0.0; 2], &mut [0.0; 2]);
        assert!((w[0] - 0.5).abs() < 1e-4 && (w[1] - 1.5).abs() < 1e-4, "{w:?}");
    }

    #[test]
    fn rmsprop_follows_its_formula() {
        let options = RmsProp { learning_rate: 0.01, alpha: 0.99, epsilon: 1e-8, weight_decay: 0.1 };
        let got = three_steps(|isa, _, w, g, v, _| rmsprop(isa, &options, w, g, v));
        let wanted = three_wide_steps(|_, w, g, state| {
            let g = g + 0.1 * w;
            state[0] = 0.99 * state[0] + 0.01 * g * g;
            w - 0.01 * g / (state[0].sqrt() + 1e-8)
        });
        assert_close(&got, &wanted, 5e-6, "rmsprop");
    }
}
