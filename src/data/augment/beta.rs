//! A draw of a Beta distribution with two equal parameters.

use super::Draws;

/// Attempts at a gamma variate; each succeeds in more than 95 of 100 cases.
const ATTEMPTS: u64 = 8;
/// Draws that an attempt takes, so that neither reads the other's: two words a normal, one a uniform.
const STRIDE: u64 = 4;

/// A share in [0, 1] of Beta(α, α), α > 0, from the words of `draws` from `slot` on.
///
/// It is g / (g + h) of two gamma variates (Marsaglia and Tsang, "A simple method for generating gamma variables",
/// TOMS 2000), taken in logarithms: with a small α both underflow.
pub(super) fn share(draws: &Draws, slot: u64, alpha: f64) -> f64 {
    let one = log_gamma_variate(draws, slot, alpha);
    let other = log_gamma_variate(draws, slot + (ATTEMPTS + 1) * STRIDE, alpha);
    1.0 / (1.0 + (other - one).exp())
}

/// The logarithm of a variate of Gamma(α, 1): of Gamma(α + 1, 1) times a power 1 / α of a uniform one.
fn log_gamma_variate(draws: &Draws, slot: u64, alpha: f64) -> f64 {
    let unit = |at: u64| (f64::from(draws.random.word(draws.first + at)) + 0.5) / 4_294_967_296.0;
    let d = alpha + 1.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let attempt = |attempt: u64| {
        let at = slot + attempt * STRIDE;
        let radius = (-2.0 * unit(at).ln()).sqrt();
        let x = radius * (std::f64::consts::TAU * unit(at + 1)).cos();
        let v = (1.0 + c * x).powi(3);
        let accepted = v > 0.0 && unit(at + 2).ln() < 0.5 * x * x + d - d * v + d * v.ln();
        accepted.then(|| (d * v).ln())
    };
    let above_one = (0..ATTEMPTS).find_map(attempt).unwrap_or_else(|| d.ln());
    above_one + unit(slot + ATTEMPTS * STRIDE).ln() / alpha
}
