use super::group::Groups;
use super::*;
use crate::kernel::testing::{assert_close, everywhere, normal, wide};
use crate::kernel::{Activation, reference};

const SHAPES: [(usize, usize); 7] = [(1, 5), (7, 3), (1030, 1), (2500, 37), (130, 512), (3, 40_000), (5000, 16)];
const EPSILON: f32 = 1e-3;

/// What a test normalises: x away from zero, and one number a channel of each kind.
struct Case {
    x: Vec<f32>,
    dy: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

fn case(rows: usize, c: usize) -> Case {
    let x: Vec<f32> = normal("x", rows * c).iter().map(|x| 3.0 + 2.0 * x).collect();
    let (mean, inverse) = reference::norm::statistics(c, &wide(&x), f64::from(EPSILON));
    let narrow = |values: Vec<f64>| values.iter().map(|value| *value as f32).collect();
    Case {
        dy: normal("dy", rows * c),
        scale: normal("scale", c),
        shift: normal("shift", c),
        mean: narrow(mean),
        inverse: narrow(inverse),
        x,
    }
}

#[test]
fn statistics_agree_with_the_reference_everywhere() {
    for (rows, c) in SHAPES {
        let x = case(rows, c).x;
        let got = everywhere(|isa| {
            let mut out = vec![f32::NAN; 2 * c];
            let mut scratch = vec![f32::NAN; statistics_workspace(rows, c)];
            let (mean, inverse) = out.split_at_mut(c);
            statistics(isa, rows, c, &x, EPSILON, mean, inverse, &mut scratch);
            out
        });
        let (mean, inverse) = reference::norm::statistics(c, &wide(&x), f64::from(EPSILON));
        assert_close(&got[..c], &mean, 1e-6, "mean");
        assert_close(&got[c..], &inverse, 2e-6, "inverse deviation");
    }
}

#[test]
fn a_large_mean_costs_the_variance_no_precision() {
    let x: Vec<f32> = (0..20_000).map(|at| 4096.0 + (at % 8) as f32 * 0.125).collect();
    let (mut mean, mut inverse) = ([0.0], [0.0]);
    statistics(
        Isa::Portable,
        x.len(),
        1,
        &x,
        0.0,
        &mut mean,
        &mut inverse,
        &mut vec![0.0; statistics_workspace(x.len(), 1)],
    );
    assert_eq!(mean[0], 4096.4375);
    let deviation = (63.0_f32 / 12.0).sqrt() * 0.125;
    assert!((inverse[0] * deviation - 1.0).abs() < 1e-6, "{}", inverse[0]);
}

#[test]
fn a_nan_shows_in_its_own_channel_only() {
    let (mut mean, mut inverse) = ([0.0; 2], [0.0; 2]);
    let x = [1.0, 2.0, f32::NAN, 3.0];
    statistics(Isa::Portable, 2, 2, &x, EPSILON, &mut mean, &mut inverse, &mut vec![0.0; statistics_workspace(2, 2)]);
    assert!(mean[0].is_nan() && inverse[0].is_nan());
    assert_eq!(mean[1], 2.5);
    assert!(inverse[1].is_finite());
}

#[test]
fn apply_agrees_with_the_reference() {
    for (rows, c) in SHAPES {
        let Case { x, scale, shift, mean, inverse, .. } = case(rows, c);
        let got = everywhere(|isa| {
            let mut y = vec![f32::NAN; x.len()];
            let mut room = vec![f32::NAN; apply_workspace(c)];
            apply(isa, rows, c, &x, [&mean, &inverse, &scale, &shift], Apply::default(), &mut y, &mut room);
            y
        });
        let [mean, inverse, scale, shift] = [&mean, &inverse, &scale, &shift].map(|values| wide(values));
        let with = reference::norm::Statistics { mean: &mean, inverse_deviation: &inverse };
        assert_close(&got, &reference::norm::apply(with, &wide(&x), &scale, &shift), 1e-5, "apply");
    }
}

#[test]
fn a_sum_and_an_activation_that_ride_along_are_those_of_passes_of_their_own() {
    for (rows, c) in SHAPES {
        let Case { x, dy: residual, scale, shift, mean, inverse } = case(rows, c);
        let applied = |isa, then, mut y: Vec<f32>| {
            let mut room = vec![f32::NAN; apply_workspace(c)];
            apply(isa, rows, c, &x, [&mean, &inverse, &scale, &shift], then, &mut y, &mut room);
            y
        };
        let fresh = || vec![f32::NAN; x.len()];
        for activation in [Activation::Identity, Activation::Relu6, Activation::Silu] {
            let plain = applied(Isa::Portable, Apply::default(), fresh());
            let sum: Vec<f32> = plain.iter().zip(&residual).map(|(y, residual)| y + residual).collect();
            let mapped = |y: &[f32]| y.iter().map(|y| activation.apply(*y)).collect::<Vec<_>>();
            for (residual, before, wanted) in [
                (Residual::None, fresh(), mapped(&plain)),
                (Residual::Operand(&residual), fresh(), mapped(&sum)),
                (Residual::Result, residual.clone(), mapped(&sum)),
            ] {
                let got = everywhere(|isa| applied(isa, Apply { residual, activation }, before.clone()));
                assert!(got == wanted, "{activation:?} over {rows} rows of {c}");
            }
        }
    }
}

#[test]
fn an_input_gradient_may_overwrite_what_it_is_computed_from() {
    for (rows, c) in SHAPES {
        let Case { x, dy, scale, shift, mean, inverse } = case(rows, c);
        let by = [&mean[..], &inverse, &scale, &shift, &shift];
        let computed = |dy: Option<&[f32]>, mut dx: Vec<f32>| {
            let mut room = vec![f32::NAN; input_gradient_workspace(c)];
            input_gradient(Isa::detect(), rows, c, &x, dy, by, &mut dx, &mut room);
            dx
        };
        assert!(computed(None, dy.clone()) == computed(Some(&dy), vec![f32::NAN; dy.len()]), "{rows} rows of {c}");
    }
}

#[test]
fn gradients_agree_with_the_reference_everywhere() {
    for (rows, c) in SHAPES {
        let Case { x, dy, scale, mean, inverse, .. } = case(rows, c);
        let got = everywhere(|isa| {
            let mut out = vec![f32::NAN; 2 * c + x.len()];
            let (parameters, dx) = out.split_at_mut(2 * c);
            let (dscale, dshift) = parameters.split_at_mut(c);
            let mut scratch = vec![f32::NAN; parameter_gradients_workspace(rows, c)];
            parameter_gradients(isa, rows, c, &x, &dy, &mean, &inverse, dscale, dshift, &mut scratch);
            let by = [&mean[..], &inverse, &scale, dscale, dshift];
            let mut room = vec![f32::NAN; input_gradient_workspace(c)];
            input_gradient(isa, rows, c, &x, Some(&dy), by, dx, &mut room);
            out
        });
        let [mean, inverse, scale, x, dy] = [&mean, &inverse, &scale, &x, &dy].map(|values| wide(values));
        let with = reference::norm::Statistics { mean: &mean, inverse_deviation: &inverse };
        let (dscale, dshift) = reference::norm::parameter_gradients(with, &x, &dy);
        assert_close(&got[..c], &dscale, 2e-5, "dscale");
        assert_close(&got[c..2 * c], &dshift, 2e-5, "dshift");
        // One row has deviations of zero by 1/√ε, which enlarges the rounding of its mean.
        let tolerance = if rows < 5 { 1e-4 } else { 1e-5 };
        assert_close(&got[2 * c..], &reference::norm::input_gradient(with, &x, &dy, &scale), tolerance, "dx");
    }
}

#[test]
fn running_statistics_move_by_a_tenth_with_the_unbiased_variance() {
    let (mut running_mean, mut running_var) = ([1.0], [2.0]);
    let inverse = [1.0 / (3.0_f32 + EPSILON).sqrt()];
    update_running(4, 1, 0.9, EPSILON, &[11.0], &inverse, &mut running_mean, &mut running_var);
    assert!((running_mean[0] - 2.0).abs() < 1e-6);
    assert!((running_var[0] - (1.8 + 0.1 * 4.0)).abs() < 1e-6);
    update_running(1, 1, 0.0, EPSILON, &[11.0], &inverse, &mut running_mean, &mut running_var);
    assert!((running_var[0] - 3.0).abs() < 1e-6);
}

#[test]
fn inference_uses_the_running_statistics() {
    let Case { x, scale, shift, mean, .. } = case(100, 21);
    let variance: Vec<f32> = normal("variance", 21).iter().map(|value| value * value).collect();
    let y = everywhere(|isa| {
        let (mut y, mut room) = (vec![f32::NAN; x.len()], vec![f32::NAN; apply_workspace(21)]);
        let by = [&mean[..], &variance, &scale, &shift];
        apply_running(isa, 100, 21, &x, by, EPSILON, Apply::default(), &mut y, &mut room);
        y
    });
    let [mean, variance, x, scale, shift] = [&mean, &variance, &x, &scale, &shift].map(|values| wide(values));
    let wanted = reference::norm::apply_running([&mean, &variance], f64::from(EPSILON), &x, &scale, &shift);
    assert_close(&y, &wanted, 1e-5, "apply_running");
}

/// Layer normalisation of maps and of a vector, and group normalisation of maps and of a vector.
const GROUPS: [Groups; 6] = [
    Groups { sets: 49, rows: 1, channels: 37, groups: 1 },
    Groups { sets: 1, rows: 1, channels: 9001, groups: 1 },
    Groups { sets: 1, rows: 1, channels: 24, groups: 4 },
    Groups { sets: 1, rows: 2500, channels: 6, groups: 3 },
    Groups { sets: 1, rows: 49, channels: 1216, groups: 32 },
    Groups { sets: 2, rows: 9, channels: 5, groups: 5 },
];

#[test]
fn normalising_groups_agrees_with_the_reference_everywhere() {
    for groups in GROUPS {
        let n = 3;
        let len = n * groups.sets * groups.rows * groups.channels;
        let x: Vec<f32> = normal("x", len).iter().map(|x| 3.0 + 2.0 * x).collect();
        let got = everywhere(|isa| {
            let mut out = vec![f32::NAN; len + n * groups.statistics()];
            let (y, inverse) = out.split_at_mut(len);
            let mut workspace = vec![f32::NAN; groups.workspace(n)];
            group::normalise(isa, &groups, n, EPSILON, &x, y, inverse, &mut workspace);
            out
        });
        let (y, inverse) = reference::norm::normalise_groups(&groups, f64::from(EPSILON), &wide(&x));
        assert_close(&got[..len], &y, 1e-5, &format!("{groups:?} y"));
        assert_close(&got[len..], &inverse, 1e-5, &format!("{groups:?} inverse"));
        let [y, inverse] = [y, inverse].map(|values| values.iter().map(|value| *value as f32).collect::<Vec<f32>>());
        let dy = normal("dy", len);
        let got = everywhere(|isa| {
            let mut dx = vec![f32::NAN; len];
            let mut workspace = vec![f32::NAN; groups.gradient_workspace(n)];
            group::gradient(isa, &groups, n, &y, &inverse, &dy, &mut dx, &mut workspace);
            dx
        });
        let wanted = reference::norm::normalise_groups_gradient(&groups, &wide(&y), &wide(&inverse), &wide(&dy));
        assert_close(&got, &wanted, 1e-5, &format!("{groups:?} dx"));
    }
}

#[test]
fn a_large_mean_costs_a_group_no_precision() {
    let x: Vec<f32> = (0..4096).map(|at| 4096.0 + (at % 8) as f32 * 0.125).collect();
    let deviation = (63.0_f32 / 12.0).sqrt() * 0.125;
    for (rows, channels) in [(1, 4096), (512, 8)] {
        let groups = Groups { sets: 1, rows, channels, groups: 1 };
        let (mut y, mut inverse) = (vec![0.0; 4096], [0.0]);
        group::normalise(Isa::Portable, &groups, 1, 0.0, &x, &mut y, &mut inverse, &mut vec![0.0; groups.workspace(1)]);
        assert!((inverse[0] * deviation - 1.0).abs() < 1e-6, "{}", inverse[0]);
    }
}
