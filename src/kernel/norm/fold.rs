//! A normalisation by running statistics, taken over by the kernel and the bias of what it normalises.

/// Kernel and bias with which a convolution or product (the last axis of its kernel being c filters) gives what
/// [`super::apply_running`] makes of its result: w·f and shift + (b − mean)·f with f = scale/√(variance + `epsilon`).
/// `before` is the bias b, or empty for none.
///
/// # Panics
/// If a length is not that of its shape.
pub fn fold_running(
    kernel: &[f32],
    [mean, variance, scale, shift]: [&[f32]; 4],
    before: &[f32],
    epsilon: f32,
    folded: &mut [f32],
    bias: &mut [f32],
) {
    let c = bias.len();
    super::verify_lengths(1, c, &[], &[mean.len(), variance.len(), scale.len(), shift.len()]);
    assert!(before.is_empty() || before.len() == c, "a bias of {} for {c} filters", before.len());
    assert!(kernel.len() == folded.len() && kernel.len().is_multiple_of(c.max(1)), "a kernel of {c} filters");
    let factors: Vec<f32> = scale
        .iter()
        .zip(variance)
        .map(|(scale, variance)| (f64::from(*scale) / (f64::from(*variance) + f64::from(epsilon)).sqrt()) as f32)
        .collect();
    for (folded, kernel) in folded.chunks_exact_mut(c.max(1)).zip(kernel.chunks_exact(c.max(1))) {
        for ((folded, weight), factor) in folded.iter_mut().zip(kernel).zip(&factors) {
            *folded = weight * factor;
        }
    }
    for (at, bias) in bias.iter_mut().enumerate() {
        let before = before.get(at).copied().unwrap_or_default();
        *bias = (before - mean[at]).mul_add(factors[at], shift[at]);
    }
}
