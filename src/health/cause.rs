//! Why a training learns nothing, by its evidence: one order of questions for all findings.

use super::evidence::{LayerFacts, median};
use super::finding::{Remedy, rate_text};
use super::history::View;
use super::statistics::UnitKind;
use crate::diag::code::{self, Code};

/// A cause with its way out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cause {
    /// Why, in one sentence.
    pub sentence: String,
    /// The way out, in words.
    pub advice: String,
    /// The way out as changes of the spec.
    pub remedies: Vec<Remedy>,
    /// The code that is found for this cause, where there is one.
    pub code: Option<&'static Code>,
}

/// A ratio of update to weight above which weights are rewritten rather than adjusted.
pub(super) const HIGH_RATIO: f64 = 1e-1;
/// A ratio below which nothing moves.
pub(super) const LOW_RATIO: f64 = 1e-4;
/// The usual ratio.
pub(super) const GOOD_RATIO: f64 = 1e-3;
/// The share of a layer's ReLUs that have to be dead for what lies before them to be cut off. Trainings that do well can have
/// half of a dense layer dead.
pub(super) const CUT_OFF: f64 = 0.9;
/// In a chain of so many sigmoids or tanhs a gradient that shrinks to a twentieth is theirs to answer for.
const CHAIN: usize = 4;
/// The share of the images in one class from which on answering always it is the easiest thing to learn.
const UNEQUAL: f64 = 0.8;

/// Why a training that learns nothing, or fell back to that, does so.
pub(super) fn cause(view: &View<'_>) -> Cause {
    let questions = [raw_input, dead_units, high_ratio, unequal_classes, vanishing, low_ratio];
    questions.iter().find_map(|question| question(view)).unwrap_or_else(labels)
}

fn raw_input(view: &View<'_>) -> Option<Cause> {
    (!view.task.is_normalised).then(|| Cause {
        sentence: "the images go in as bytes up to 255, a hundred times what the weights are drawn for".to_owned(),
        advice: "normalise the input: `data: { normalize: standardize }`".to_owned(),
        remedies: vec![Remedy::set("data.normalize", "standardize")],
        code: Some(&code::FIRST_LOSS_OFF),
    })
}

pub(super) fn dead_units(view: &View<'_>) -> Option<Cause> {
    let (at, unit) = view.most_dead().filter(|(_, unit)| unit.dead_share() >= CUT_OFF)?;
    let at_start = view.health.dead_at_start.as_ref().and_then(|dead| dead.get(at)).copied().unwrap_or(0.0);
    let (dead, count, name) = (unit.dead, unit.count, &unit.name);
    let sentence = format!("{dead} of {count} ReLUs behind `{name}` are zero on every image and pass no gradient on");
    if at_start >= 0.5 {
        return Some(Cause {
            sentence: format!("{sentence}; they were so before the first step"),
            advice: format!("start `{name}` from other weights (look at `init_from`), or normalise what goes into it"),
            remedies: Vec::new(),
            code: Some(&code::DEAD_RELU),
        });
    }
    let (rate, lower) = lower_rate(view);
    Some(Cause {
        sentence: format!("{sentence}: steps at a rate of {rate} were too long"),
        advice: format!("a tenth of the rate: `learning_rate: {lower}`; or `BatchNorm` before these ReLUs"),
        remedies: vec![Remedy::set("train.learning_rate", lower)],
        code: Some(&code::DEAD_RELU),
    })
}

fn high_ratio(view: &View<'_>) -> Option<Cause> {
    // Where gradients lead nowhere any more, the steps that led there are what counts.
    let ratio = Some(view.health.largest_ratio).filter(|ratio| *ratio > HIGH_RATIO)?;
    let (rate, lower) = lower_rate(view);
    Some(Cause {
        sentence: format!("at a rate of {rate} one step changed the weights by {:.0} % of themselves", 100.0 * ratio),
        advice: format!("a tenth of the rate: `learning_rate: {lower}`"),
        remedies: vec![Remedy::set("train.learning_rate", lower)],
        code: Some(&code::UPDATE_RATIO),
    })
}

fn unequal_classes(view: &View<'_>) -> Option<Cause> {
    let majority = view.task.majority();
    let largest = (0..view.task.images.len()).max_by_key(|class| view.task.images[*class])?;
    (!view.task.is_balanced && majority >= UNEQUAL).then(|| Cause {
        sentence: format!(
            "{:.0} % of the training images are of `{}`: always to answer that is right so often",
            100.0 * majority,
            view.task.classes[largest]
        ),
        advice: "weigh the classes, `data: { balance: class_weights }`, and find more images of the others".to_owned(),
        remedies: vec![Remedy::set("data.balance", "class_weights")],
        code: None,
    })
}

fn vanishing(view: &View<'_>) -> Option<Cause> {
    let layers = view.evidence().layers(view.task);
    let squashing = view.task.units.iter().filter(|unit| unit.kind == UnitKind::Squashing).count();
    let shrinks =
        |(first, last): &(&LayerFacts, &LayerFacts)| squashing >= CHAIN && first.gradient < 0.05 * last.gradient;
    let ends = || Some((layers.first()?, layers.last()?)).filter(shrinks);
    let (first, last) = vanished(&layers).or_else(ends)?;
    Some(Cause {
        sentence: format!(
            "the gradient of `{}` is {:.0e} and that of `{}` {:.0e}: the first layers are not trained",
            first.name, first.gradient, last.name, last.gradient
        ),
        advice: "replace `Sigmoid` and `Tanh` between the layers by `Relu`, or put `BatchNorm` before them".to_owned(),
        remedies: vec![Remedy::Rectify],
        code: Some(&code::VANISHING_GRADIENT),
    })
}

fn low_ratio(view: &View<'_>) -> Option<Cause> {
    let ratio = most_layers(view, |ratio| ratio < LOW_RATIO).filter(|_| started_low(view))?;
    let better = better_rate(view, ratio);
    Some(Cause {
        sentence: format!(
            "one step changes the weights by {ratio:.0e} of themselves: the rate is too low to get anywhere"
        ),
        advice: format!("a higher rate: `learning_rate: {better}`"),
        remedies: vec![Remedy::set("train.learning_rate", better)],
        code: Some(&code::UPDATE_RATIO),
    })
}

fn labels() -> Cause {
    Cause {
        sentence:
            "the updates are of a sound size, units are alive and gradients arrive: what is left is that the labels \
                   say nothing about the images, or the network cannot see what does"
                .to_owned(),
        advice: "look at some images with their labels (are files in the wrong folders?); then try `--sanity`, which \
                 tells whether the network can learn a single batch"
            .to_owned(),
        remedies: Vec::new(),
        code: None,
    }
}

/// The first and the last layer, where next to nothing of the last one's gradient reaches the first.
pub(super) fn vanished(layers: &[LayerFacts]) -> Option<(&LayerFacts, &LayerFacts)> {
    let (first, last) = (layers.first()?, layers.last()?);
    (layers.len() > 1 && first.gradient < 1e-3 * last.gradient && first.gradient < 1e-4).then_some((first, last))
}

/// The median ratio, where more than half of the layers have one that `is_off`.
pub(super) fn most_layers(view: &View<'_>, is_off: impl Fn(f64) -> bool) -> Option<f64> {
    let ratios: Vec<f64> = view.evidence().layers(view.task).iter().map(|layer| layer.ratio).collect();
    let off = ratios.iter().filter(|ratio| is_off(**ratio)).count();
    (2 * off > ratios.len()).then(|| median(ratios.iter().copied()))
}

/// Whether the updates were small from the start: later they also are because nothing is left to follow.
pub(super) fn started_low(view: &View<'_>) -> bool {
    view.health.ratio_at_start.is_some_and(|ratio| ratio < 10.0 * LOW_RATIO)
}

/// The rate of the training, and a tenth.
pub(super) fn lower_rate(view: &View<'_>) -> (String, String) {
    (rate_text(view.task.rate), rate_text(view.task.rate / 10.0))
}

/// The rate that would bring `ratio` to the usual one, within a factor of a thousand.
pub(super) fn better_rate(view: &View<'_>, ratio: f64) -> String {
    let factor = if ratio > 0.0 { (GOOD_RATIO / ratio).clamp(1e-3, 1e3) } else { 1e3 };
    rate_text(view.task.rate * factor)
}
