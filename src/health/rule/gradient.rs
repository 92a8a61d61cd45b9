//! H714, H715, H720 and H723: gradients and updates.

use crate::diag::code;
use crate::health::cause::{
    GOOD_RATIO, HIGH_RATIO, LOW_RATIO, Lower, better_rate, dead_units, faded, most_layers, started_low, vanished,
};
use crate::health::evidence::median;
use crate::health::finding::{Finding, Remedy};
use crate::health::history::{RATIOS, View};

/// H714: the gradient's norm is far above its median, and the loss worse than a guess.
pub(in crate::health) fn spikes(view: &View<'_>) -> Option<Finding> {
    let steps = &view.health.steps;
    if steps.len() < 10 {
        return None;
    }
    let (before, last) = (steps.len() - 3, steps.iter().skip(steps.len() - 3));
    let prior = view.task.prior_entropy();
    // Asked after every step: the median is looked for only where it matters.
    if !last.clone().all(|step| step.loss > prior) {
        return None;
    }
    let usual = median(steps.iter().take(before).map(|step| step.norm));
    let worst = last.clone().map(|step| step.norm).fold(0.0, f64::max);
    if usual == 0.0 || !last.clone().all(|step| step.norm > 10.0 * usual) {
        return None;
    }
    let finding = Finding::new(
        &code::EXPLODING_GRADIENT,
        format!("the gradient's norm is {worst:.2e} for three observed steps, and was {usual:.2e} in the median"),
    )
    .number("norm", worst)
    .number("median_norm", usual);
    Some(ways_out(finding, view).because_of("the loss is steeper here than the rate is made for"))
}

/// H714: the first layer's gradient dwarfs the last one's in a training that learns nothing.
pub(in crate::health) fn exploding(view: &View<'_>) -> Option<Finding> {
    let layers = view.evidence().layers(view.task);
    let (first, last) = (layers.first()?, layers.last()?);
    if layers.len() < 2 || first.gradient <= 70.0 * last.gradient || last.gradient == 0.0 || !view.is_struggling() {
        return None;
    }
    let finding = Finding::new(
        &code::EXPLODING_GRADIENT,
        format!(
            "the gradient of `{}` is {:.0} times that of `{}`",
            first.name,
            first.gradient / last.gradient,
            last.name
        ),
    )
    .number("first", first.gradient)
    .number("last", last.gradient);
    Some(ways_out(finding, view).because_of("on its way back every layer makes the gradient larger"))
}

fn ways_out(finding: Finding, view: &View<'_>) -> Finding {
    let lower = Lower::of(view.task);
    finding.advise(
        format!(
            "a warm-up (`warmup: 1`), `BatchNorm` between the layers, or {} (`learning_rate: {}`)",
            lower.words(),
            lower.to
        ),
        vec![Remedy::set("train.warmup", "1"), lower.remedy()],
    )
}

/// H715: next to no gradient reaches the first layer.
pub(in crate::health) fn vanishing(view: &View<'_>) -> Option<Finding> {
    let layers = view.evidence().layers(view.task);
    let (first, last) = vanished(&layers).or_else(|| faded(view.task, &layers)).filter(|_| view.accuracy() < 0.9)?;
    let dead = dead_units(view);
    if dead.is_none() && view.cut_off().is_some() {
        // Units that went out because nothing was learnt let nothing through either; that is not why.
        return None;
    }
    let mut finding = Finding::new(
        &code::VANISHING_GRADIENT,
        format!(
            "the gradient of `{}` is {}, that of `{}` {}",
            first.name,
            norm_text(first.gradient),
            last.name,
            norm_text(last.gradient)
        ),
    )
    .number("first", first.gradient)
    .number("last", last.gradient)
    .number("accuracy", view.accuracy());
    let finding = match dead {
        Some(cause) => {
            finding.because = Some(code::DEAD_RELU.id.to_owned());
            // The change of the spec stands with the finding that explains this one.
            finding.because_of(cause.sentence).advise(cause.advice, Vec::new())
        }
        None => finding.because_of("the activations between them pass next to nothing back").advise(
            "replace `Sigmoid` and `Tanh` between the layers by `Relu`, or put `BatchNorm` before them",
            vec![Remedy::Rectify],
        ),
    };
    Some(finding.note_if(!view.is_struggling()))
}

/// A norm to two digits.
fn norm_text(norm: f64) -> String {
    if norm == 0.0 { "0".to_owned() } else { format!("{norm:.1e}") }
}

/// H720: the updates are of the wrong size for the weights, in a training that learns nothing.
pub(in crate::health) fn update_ratio(view: &View<'_>) -> Option<Finding> {
    let steps = &view.health.steps;
    if steps.len() < RATIOS.min(view.evidence().steps() as usize).max(4) {
        return None;
    }
    let is_off = |is: fn(f64) -> bool| {
        let throughout = steps.iter().rev().take(RATIOS).all(|step| {
            let off = step.ratios.iter().filter(|ratio| is(**ratio)).count();
            2 * off > step.ratios.len()
        });
        throughout.then(|| most_layers(view, is)).flatten()
    };
    let high = is_off(|ratio| ratio > HIGH_RATIO).filter(|_| view.is_struggling());
    let low = || is_off(|ratio| ratio < LOW_RATIO).filter(|_| is_slow(view));
    let ratio = high.or_else(low)?;
    if high.is_none() && (view.cut_off().is_some() || vanished(&view.evidence().layers(view.task)).is_some()) {
        // Where no gradient arrives there is no update, whatever the rate.
        return None;
    }
    let better = better_rate(view, ratio);
    let word = if high.is_some() { "large" } else { "small" };
    Some(
        Finding::new(
            &code::UPDATE_RATIO,
            format!(
                "updates are too {word}: in the median a step changes a layer's weights by {ratio:.1e} of themselves"
            ),
        )
        .number("ratio", ratio)
        .number("learning_rate", view.task.rate)
        .because_of(format!("about {GOOD_RATIO:e} is usual"))
        .advise(
            format!("the rate that brings it there: `learning_rate: {better}`"),
            vec![Remedy::set("train.learning_rate", better)],
        ),
    )
}

/// Whether updates that are small were so from the start, at the full rate, in a training that has far to go: it learns, but
/// slowly.
fn is_slow(view: &View<'_>) -> bool {
    let is_full = view.health.steps.back().is_some_and(|step| 2.0 * step.rate > view.task.rate);
    started_low(view) && (view.is_struggling() || is_full && view.accuracy() < 0.9)
}

/// H723: a layer's weights do not change.
pub(in crate::health) fn frozen(view: &View<'_>) -> Option<Finding> {
    let layers = view.evidence().layers(view.task);
    let frozen: Vec<&str> = layers.iter().filter(|layer| layer.is_frozen).map(|layer| layer.name.as_str()).collect();
    let (count, first) = (frozen.len(), frozen.first()?);
    let mut finding = Finding::new(
        &code::FROZEN_LAYER,
        format!("{count} of {} layers got no update over the epoch, `{first}` the first of them", layers.len()),
    )
    .word("first", first)
    .count("layers", count as u64);
    let dead = view.cut_off().is_some();
    finding.because = dead.then(|| code::DEAD_RELU.id.to_owned());
    let has_gradient = layers.iter().any(|layer| layer.is_frozen && layer.gradient > 0.0);
    let better = better_rate(view, 0.0);
    Some(if has_gradient {
        finding.because_of("its updates are smaller than the last digit of its weights").advise(
            format!("a higher rate: `learning_rate: {better}`"),
            vec![Remedy::set("train.learning_rate", better)],
        )
    } else {
        finding
            .because_of("no gradient reaches it")
            .advise("find what cuts it off: dead ReLUs, a constant layer", Vec::new())
    })
}
