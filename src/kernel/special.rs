//! Exponential, logarithm, hyperbolic tangent and error function in `f32` without branches, so that loops over them
//! vectorise; and the error function in `f64`.
//!
//! Only additions, multiplications, divisions and comparisons are used, in a fixed order: the same bits on every
//! machine. Non-finite arguments give what the exact function gives.

/// Adding and subtracting 1.5·2²³ rounds an `f32` of magnitude below 2²² to the nearest integer.
const ROUND: f32 = 12_582_912.0;
/// Above it, e^x is given as infinity: 2¹²⁷·√2 is the last value whose power of two is finite.
const EXP_MAX: f32 = 88.376;
/// Below it, e^x is given as 0 instead of a subnormal number.
const EXP_MIN: f32 = -87.336;

/// (2ⁿ, e^r − 1) with x = n·ln 2 + r and |r| ≤ ln 2 / 2, for x in [`EXP_MIN`, `EXP_MAX`].
///
/// Source: Moshier, Cephes Mathematical Library, `single/expf.c`.
#[inline(always)]
fn split_exp(x: f32) -> (f32, f32) {
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000));
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 5e-1;
    (power, p * (r * r) + r)
}

/// `x` held inside the arguments of [`split_exp`]; a NaN stays one.
#[inline(always)]
fn clamp_exp(x: f32) -> f32 {
    let x = if x < EXP_MIN { EXP_MIN } else { x };
    if x > EXP_MAX { EXP_MAX } else { x }
}

/// eˣ to two units in the last place; 0 below −87.336, infinite above 88.376.
#[inline(always)]
#[must_use]
pub fn exp(x: f32) -> f32 {
    let (power, rest) = split_exp(clamp_exp(x));
    let value = power * rest + power;
    let value = if x < EXP_MIN { 0.0 } else { value };
    if x > EXP_MAX { f32::INFINITY } else { value }
}

/// eˣ − 1 to a few units in the last place, near zero as well.
#[inline(always)]
#[must_use]
pub fn exp_m1(x: f32) -> f32 {
    let (power, rest) = split_exp(clamp_exp(x));
    let value = power * rest + (power - 1.0);
    if x > EXP_MAX { f32::INFINITY } else { value }
}

/// tanh x to a few units in the last place. Source: Cephes, `single/tanhf.c`.
#[inline(always)]
#[must_use]
pub fn tanh(x: f32) -> f32 {
    let square = x * x;
    let mut p = -5.704_988_7e-3;
    p = p * square + 2.063_909e-2;
    p = p * square - 5.373_971_6e-2;
    p = p * square + 1.333_144_2e-1;
    p = p * square - 3.333_328e-1;
    let near = p * square * x + x;
    let far = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    let far = far.copysign(x);
    if x.abs() < 0.625 { near } else { far }
}

/// ln(1 + x) for 0 ≤ x ≤ 1 to a few units in the last place: 2·artanh(x/(2 + x)) by its series.
#[inline(always)]
#[must_use]
pub fn ln_1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let square = s * s;
    let mut p = 1.0 / 15.0;
    p = p * square + 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    2.0 * (s + s * square * p)
}

/// erf x to 2e-7: a ratio of polynomials below one half, 1 − erfc x above, where erfc is small and so is its error.
#[inline(always)]
#[must_use]
pub fn erf(x: f32) -> f32 {
    let near = erf_near_zero(x);
    let far = (1.0 - erfc_of_magnitude(x.abs())).copysign(x);
    if x.abs() < 0.5 { near } else { far }
}

/// Source: the coefficients of Eigen (`generic_fast_erf_float`) and XLA.
#[inline(always)]
fn erf_near_zero(x: f32) -> f32 {
    let square = x * x;
    let mut p = -2.726_142_3e-10;
    p = p * square + 2.770_681_4e-8;
    p = p * square - 2.101_024e-6;
    p = p * square - 5.692_506_4e-5;
    p = p * square - 7.349_906e-4;
    p = p * square - 2.954_6e-3;
    p = p * square - 1.609_603_3e-2;
    let mut q = -1.456_607_2e-5;
    q = q * square - 2.133_740_6e-4;
    q = q * square - 1.682_827e-3;
    q = q * square - 7.373_329e-3;
    q = q * square - 1.426_473_9e-2;
    x * p / q
}

/// erfc z for z ≥ 0. Source: Press et al., "Numerical Recipes", section 6.2 (a Chebyshev fit of relative error 1.2e-7).
#[inline(always)]
fn erfc_of_magnitude(z: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.5 * z);
    let mut p = 0.170_872_77;
    p = p * t - 0.822_152_2;
    p = p * t + 1.488_515_9;
    p = p * t - 1.135_204;
    p = p * t + 0.278_868_08;
    p = p * t - 0.186_288_07;
    p = p * t + 0.096_784_18;
    p = p * t + 0.374_091_95;
    p = p * t + 1.000_023_7;
    p = p * t - 1.265_512_2;
    t * exp(p - z * z)
}

/// erf x to 1e-15: the series of Abramowitz and Stegun 7.1.6 up to |x| = 3, their continued fraction 7.1.14 beyond.
#[must_use]
pub fn erf_f64(x: f64) -> f64 {
    let square = x * x;
    if x.is_nan() {
        x
    } else if x.abs() > 6.0 {
        1.0_f64.copysign(x)
    } else if x.abs() > 3.0 {
        let fraction = (1..=60).rev().fold(0.0, |tail, k| f64::from(k) / 2.0 / (x.abs() + tail));
        let complement = (-square).exp() / (std::f64::consts::PI.sqrt() * (x.abs() + fraction));
        (1.0 - complement).copysign(x)
    } else {
        let mut term = x;
        let mut sum = x;
        for k in 1..80 {
            term *= 2.0 * square / f64::from(2 * k + 1);
            sum += term;
        }
        std::f64::consts::FRAC_2_SQRT_PI * (-square).exp() * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `fast` against `exact` over `count` places of [lo, hi], relative to max(|exact|, floor).
    fn worst(fast: fn(f32) -> f32, exact: fn(f64) -> f64, lo: f32, hi: f32, floor: f64) -> f64 {
        let count = 20_001;
        (0..count)
            .map(|at| {
                let x = lo + (hi - lo) * at as f32 / (count - 1) as f32;
                let wanted = exact(f64::from(x));
                (f64::from(fast(x)) - wanted).abs() / wanted.abs().max(floor)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_functions_are_as_accurate_as_documented() {
        assert!(worst(exp, f64::exp, -87.0, 88.0, 0.0) < 2.4e-7);
        assert!(worst(exp_m1, f64::exp_m1, -20.0, 80.0, 0.0) < 4e-7);
        assert!(worst(exp_m1, f64::exp_m1, -1e-3, 1e-3, 0.0) < 2.4e-7);
        assert!(worst(tanh, f64::tanh, -10.0, 10.0, 0.0) < 4e-7);
        assert!(worst(ln_1p, f64::ln_1p, 0.0, 1.0, 1e-30) < 3e-7);
        assert!(worst(ln_1p, f64::ln_1p, 0.0, 1e-3, 1e-30) < 3e-7);
        let error = worst(erf, erf_f64, -6.0, 6.0, 1.0);
        assert!(error < 2e-7, "erf is off by {error}");
    }

    #[test]
    fn erf_takes_its_published_values() {
        // Abramowitz and Stegun, table 7.1.
        for (x, wanted) in [
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.0, 0.995_322_265_018_952_7),
            (3.0, 0.999_977_909_503_001_4),
            (3.5, 0.999_999_256_901_627_7),
        ] {
            assert!((erf_f64(x) - wanted).abs() < 1e-14, "erf({x}) = {}", erf_f64(x));
            assert_eq!(erf_f64(-x), -erf_f64(x));
        }
        assert!((erf_f64(3.0 - 1e-12) - erf_f64(3.0 + 1e-12)).abs() < 1e-14);
    }

    #[test]
    fn non_finite_arguments_give_limits_and_nan_stays_nan() {
        assert_eq!([exp(f32::NEG_INFINITY), exp(f32::INFINITY)], [0.0, f32::INFINITY]);
        assert_eq!([exp_m1(f32::NEG_INFINITY), exp_m1(f32::INFINITY)], [-1.0, f32::INFINITY]);
        assert_eq!([tanh(f32::NEG_INFINITY), tanh(f32::INFINITY)], [-1.0, 1.0]);
        assert_eq!([erf(f32::NEG_INFINITY), erf(f32::INFINITY)], [-1.0, 1.0]);
        assert!([exp, exp_m1, tanh, ln_1p, erf].iter().all(|function| function(f32::NAN).is_nan()));
    }
}
