use super::*;
use crate::kernel::Isa;
use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

const NEGATIVE_SLOPE: Activation = Activation::LeakyRelu { slope: -0.5 };

fn every() -> impl Iterator<Item = Activation> {
    Activation::ALL.iter().copied().chain([NEGATIVE_SLOPE, Activation::LeakyRelu { slope: 0.0 }])
}

/// Places of [−9, 9], none of them at a kink.
fn places() -> impl Iterator<Item = f64> {
    (0..1800).map(|at| -9.0 + 0.01 * (f64::from(at) + 0.37))
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = Activation::ALL.iter().map(|activation| activation.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Activation::ALL.len());
}

#[test]
fn the_derivative_is_the_limit_of_central_differences() {
    for activation in every() {
        for x in places() {
            let step = 1e-5;
            let wanted = (activation.apply_f64(x + step) - activation.apply_f64(x - step)) / (2.0 * step);
            let got = activation.derivative(x, activation.apply_f64(x));
            assert!((got - wanted).abs() < 1e-8, "{activation:?} at {x}: {got}, wanted {wanted}");
        }
    }
}

#[test]
fn the_derivative_reads_only_what_it_declares() {
    for activation in every() {
        for x in places() {
            let y = activation.apply_f64(x);
            let partial = match activation.derivative_from() {
                DerivativeFrom::Input => activation.derivative(x, f64::NAN),
                DerivativeFrom::Output => activation.derivative(f64::NAN, y),
            };
            assert_eq!(partial, activation.derivative(x, y), "{activation:?} at {x}");
        }
    }
}

#[test]
fn rectifiers_pass_no_gradient_at_zero() {
    for activation in [Activation::Relu, Activation::Relu6] {
        assert_eq!(activation.derivative(0.0, 0.0), 0.0);
    }
    assert_eq!(Activation::Relu6.derivative(6.0, 6.0), 0.0);
}

#[test]
fn values_lie_in_the_range_and_reach_both_its_ends() {
    let ends = [f64::NEG_INFINITY, -40.0, -7.0, -3.0, -1.4, -1.0, -0.3, 0.0, 0.8, 3.5, 7.0, f64::INFINITY];
    for activation in every() {
        for (at, lo) in ends.iter().enumerate() {
            for hi in ends[at..].iter().filter(|hi| lo.is_finite() || *hi > lo) {
                let (least, greatest) = activation.range(*lo, *hi);
                let (from, to) = (lo.clamp(-40.0, 40.0), hi.clamp(-40.0, 40.0));
                let samples: Vec<f64> =
                    (0..=4000).map(|at| activation.apply_f64(from + (to - from) * f64::from(at) / 4000.0)).collect();
                let lowest = samples.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let what = format!("{activation:?} over [{lo}, {hi}]: ({least}, {greatest}) for ({lowest}, {highest})");
                assert!(least <= lowest + 1e-12 && highest <= greatest + 1e-12, "{what}");
                assert!(lowest - least < 1e-2 || least == f64::NEG_INFINITY, "{what}");
                assert!(greatest - highest < 1e-2 || greatest == f64::INFINITY, "{what}");
            }
        }
    }
}

#[test]
fn an_unbounded_range_has_the_limits_of_the_function() {
    let whole = |activation: Activation| activation.range(f64::NEG_INFINITY, f64::INFINITY);
    assert_eq!(whole(Activation::Sigmoid), (0.0, 1.0));
    assert_eq!(whole(Activation::Tanh), (-1.0, 1.0));
    assert_eq!(whole(Activation::Relu6), (0.0, 6.0));
    assert_eq!(whole(Activation::Elu), (-1.0, f64::INFINITY));
    assert_eq!(whole(Activation::HardSwish), (-0.375, f64::INFINITY));
    assert_eq!(whole(Activation::Softplus), (0.0, f64::INFINITY));
    assert_eq!(Activation::Gelu.range(f64::NEG_INFINITY, f64::NEG_INFINITY), (0.0, 0.0));
}

#[test]
fn a_nan_is_not_hidden() {
    for activation in every() {
        assert!(activation.apply(f32::NAN).is_nan(), "{activation:?}");
        assert!(activation.apply_f64(f64::NAN).is_nan(), "{activation:?}");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for activation in every() {
        let x: Vec<f32> = normal("x", 5000).iter().map(|x| 4.0 * x).collect();
        let y: Vec<f64> = wide(&x).iter().map(|x| activation.apply_f64(*x)).collect();
        let got: Vec<f32> = x.iter().map(|x| activation.apply(*x)).collect();
        assert_close(&got, &y, 1e-6, activation.name());
    }
}

#[test]
fn slices_are_mapped_as_single_values_are() {
    let x: Vec<f32> = normal("x", 70_001).iter().map(|x| 4.0 * x).collect();
    let d = normal("d", x.len());
    for (activation, isa) in
        every().flat_map(|activation| Isa::available().into_iter().map(move |isa| (activation, isa)))
    {
        let y = on_any_pool(|| {
            let mut y = vec![f32::NAN; x.len()];
            activation.map(isa, &x, &mut y);
            y
        });
        assert!(x.iter().zip(&y).all(|(x, y)| activation.apply(*x) == *y), "{activation:?} with {isa}");
        let mut in_place = x.clone();
        activation.map_in_place(isa, &mut in_place);
        assert_eq!(in_place, y);

        let source = if activation.derivative_from() == DerivativeFrom::Input { &x } else { &y };
        let got = on_any_pool(|| {
            let mut gradient = d.clone();
            activation.gradient_in_place(isa, source, &mut gradient);
            gradient
        });
        let wanted: Vec<f32> = source.iter().zip(&d).map(|(source, d)| d * activation.slope(*source)).collect();
        assert_eq!(got, wanted, "{activation:?} with {isa}");
    }
}
