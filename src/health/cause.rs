//! Why a training learns nothing, by its evidence: one order of questions for all findings.

use super::evidence::{LayerFacts, median};
use super::finding::{Remedy, rate_text};
use super::history::View;
use super::rule::fallen;
use super::statistics::{Task, UnitKind};
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
/// In a chain of so many sigmoids or tanhs a gradient that shrinks to a twentieth is theirs to answer for.
const CHAIN: usize = 4;
/// The share of the images in one class from which on answering always it is the easiest thing to learn.
const UNEQUAL: f64 = 0.8;

/// Why a training that learns nothing, or fell back to that, does so.
pub(super) fn cause(view: &View<'_>) -> Cause {
    let questions =
        [raw_input, fell_back, dead_units, high_ratio, unequal_classes, vanishing, low_ratio, too_early, risky_rate];
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

/// A network that had learnt something lost it: units that are dead, and labels, were no hindrance before.
fn fell_back(view: &View<'_>) -> Option<Cause> {
    let fall = fallen(view)?;
    let lower = Lower::of(view.task);
    Some(Cause {
        sentence: format!(
            "accuracy had reached {:.1} % before steps at a rate of {} threw the weights off",
            100.0 * fall.before,
            lower.rate
        ),
        advice: format!("go back to the best model with {lower}"),
        remedies: vec![lower.remedy()],
        code: Some(&code::COLLAPSE),
    })
}

pub(super) fn dead_units(view: &View<'_>) -> Option<Cause> {
    let (at, unit) = view.cut_off()?;
    let at_start = view.dead_at_start(at);
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
    if view.died_idle() {
        return None;
    }
    let lower = Lower::of(view.task);
    Some(Cause {
        sentence: format!("{sentence}: steps at a rate of {} were too long", lower.rate),
        advice: format!("{lower}; or `BatchNorm` before these ReLUs"),
        remedies: vec![lower.remedy()],
        code: Some(&code::DEAD_RELU),
    })
}

fn high_ratio(view: &View<'_>) -> Option<Cause> {
    // Where gradients lead nowhere any more, the steps that led there are what counts.
    let ratio = Some(view.health.largest_ratio).filter(|ratio| *ratio > HIGH_RATIO)?;
    let lower = Lower::of(view.task);
    Some(Cause {
        sentence: format!(
            "at a rate of {} one step changed the weights by {:.0} % of themselves",
            lower.rate,
            100.0 * ratio
        ),
        advice: lower.to_string(),
        remedies: vec![lower.remedy()],
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
    if view.cut_off().is_some() {
        // Of these units is asked before.
        return None;
    }
    let layers = view.evidence().layers(view.task);
    let (least, last) = vanished(&layers).or_else(|| faded(view.task, &layers))?;
    Some(Cause {
        sentence: format!(
            "the gradient of `{}` is {:.0e} and that of `{}` {:.0e}: the layers before are hardly trained",
            least.name, least.gradient, last.name, last.gradient
        ),
        advice: "replace `Sigmoid` and `Tanh` between the layers by `Relu`, or put `BatchNorm` before them".to_owned(),
        remedies: vec![Remedy::Rectify],
        code: Some(&code::VANISHING_GRADIENT),
    })
}

fn low_ratio(view: &View<'_>) -> Option<Cause> {
    let ratio =
        most_layers(view, |ratio| ratio < LOW_RATIO).filter(|_| started_low(view) && view.cut_off().is_none())?;
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

/// Before so many updates a sound training may well stand where it began.
const EARLY: u64 = 20;
/// Nothing is wrong with the first steps of most trainings at a rate that is too high either: it takes more to blame that.
const EARLY_AT_A_RISKY_RATE: u64 = 100;

/// Whether too few updates were made to say what keeps a network from learning.
pub(super) fn is_early(view: &View<'_>) -> bool {
    view.step < if view.task.is_rate_risky() { EARLY_AT_A_RISKY_RATE } else { EARLY }
}

fn too_early(view: &View<'_>) -> Option<Cause> {
    is_early(view).then(|| Cause {
        sentence: format!(
            "nothing is wrong with the updates, and there were only {} so far: few networks have left a guess by then",
            view.step
        ),
        advice: "let it train: more epochs, or a smaller `batch_size` for more updates an epoch".to_owned(),
        remedies: Vec::new(),
        code: None,
    })
}

/// Steps of a sound size that lead nowhere, at a rate that is known to do so: that is likelier than labels that say nothing.
fn risky_rate(view: &View<'_>) -> Option<Cause> {
    let risky = view.task.risky_rate.filter(|_| view.task.is_rate_risky())?;
    let lower = Lower::of(view.task);
    Some(Cause {
        sentence: format!(
            "the rate is {}, and above {} such networks often end up answering one class from the first epoch on",
            lower.rate,
            rate_text(risky)
        ),
        advice: format!("{lower}; if it still learns nothing, look at some images with their labels"),
        remedies: vec![lower.remedy()],
        code: None,
    })
}

fn labels() -> Cause {
    Cause {
        sentence: "updates were of a sound size and units alive while the loss stood at that of a guess: what is left is that \
                   the labels say nothing about the images, or that the network cannot see what does"
            .to_owned(),
        advice: "look at some images with their labels (are files in the wrong folders?); `--sanity` tells whether the \
                 network can learn a single batch; then try a tenth of the rate"
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

/// The layer with the least gradient and the last one, where a chain of sigmoids or tanhs lets next to nothing through.
pub(super) fn faded<'l>(task: &Task, layers: &'l [LayerFacts]) -> Option<(&'l LayerFacts, &'l LayerFacts)> {
    let squashing = task.units.iter().filter(|unit| unit.kind == UnitKind::Squashing).count();
    let (last, before) = layers.split_last()?;
    let least = before.iter().min_by(|one, other| one.gradient.total_cmp(&other.gradient))?;
    (squashing >= CHAIN && least.gradient < 0.05 * last.gradient).then_some((least, last))
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

/// A lower rate as a way out: a tenth, or where that is still far too much, what its optimizer mostly trains well at.
#[derive(Clone, Debug)]
pub(super) struct Lower {
    /// The rate of the training.
    pub rate: String,
    /// The one to try.
    pub to: String,
    is_tenth: bool,
}

impl Lower {
    pub fn of(task: &Task) -> Self {
        let tenth = task.rate / 10.0;
        let to = if task.usual_rate > 0.0 { tenth.min(task.usual_rate) } else { tenth };
        Self { rate: rate_text(task.rate), to: rate_text(to), is_tenth: to == tenth }
    }

    pub fn remedy(&self) -> Remedy {
        Remedy::set("train.learning_rate", self.to.clone())
    }

    /// What the lower rate is.
    pub fn words(&self) -> &'static str {
        if self.is_tenth { "a tenth of the rate" } else { "a rate that mostly trains well" }
    }
}

impl std::fmt::Display for Lower {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}: `learning_rate: {}`", self.words(), self.to)
    }
}

/// The rate that would bring `ratio` to the usual one, within a factor of a thousand; never above ten times the rate that is
/// too low and what its optimizer mostly trains well at.
pub(super) fn better_rate(view: &View<'_>, ratio: f64) -> String {
    let factor = if ratio > 0.0 { (GOOD_RATIO / ratio).clamp(1e-3, 1e3) } else { 1e3 };
    let (rate, usual) = (view.task.rate, view.task.usual_rate);
    rate_text((rate * factor).min(usual.max(10.0 * rate)))
}
