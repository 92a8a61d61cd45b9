//! H710, H711 and H722: what the network answers.

use super::fallen;
use crate::diag::code::{self, Code};
use crate::health::cause::{Cause, Lower, cause, is_early};
use crate::health::finding::{Finding, Level, Remedy};
use crate::health::history::{LOSSES, View};
use crate::health::statistics::{Answers, entropy, share};
use crate::health::window::WINDOW;

/// How near to the classes' shares an accuracy is a guess.
pub(in crate::health) const NEAR: f64 = 0.02;
/// How near to the prior's entropy a loss is a guess.
const NEAR_LOSS: f64 = 0.01;
/// Answers of smaller batches are looked at together: few images are of few classes.
pub(super) const SMALL_BATCH: usize = 16;

/// H711: every image is taken for the same class.
pub(in crate::health) fn one_class(view: &View<'_>) -> Option<Finding> {
    let (class, taken, accuracy, where_seen) = one_class_of_validation(view).or_else(|| one_class_of_window(view))?;
    let name = &view.task.classes[class];
    let finding = Finding::new(
        &code::ONE_CLASS_PREDICTED,
        format!(
            "{:.0} % of {where_seen} are taken for `{name}`; accuracy {:.2} %, what a guess scores",
            100.0 * taken,
            100.0 * accuracy
        ),
    )
    .word("class", name)
    .number("share", taken)
    .number("accuracy", accuracy)
    .number("majority_share", view.task.majority());
    if let Some(cause) = leapt(view) {
        return Some(explained(finding.note_if(!was_guess_before(view)), cause));
    }
    let cause = cause(view);
    let says_nothing = cause.code.is_none() && is_early(view);
    Some(explained(finding.note_if(says_nothing), cause))
}

/// Batches before a validation whose answers are those of the network that is validated, or nearly.
const LATEST: usize = 10;

/// Where the training images were told apart just before the validation images were not: nothing keeps the network from
/// learning, and it has not lost what it learnt.
fn leapt(view: &View<'_>) -> Option<Cause> {
    let latest = view.health.window.batches().rev().take(LATEST);
    if !view.is_epoch || view.task.batch < SMALL_BATCH || latest.len() < LATEST || fallen(view).is_some() {
        return None;
    }
    let mut answers = Answers::default();
    latest.for_each(|batch| answers.merge(&batch.answers));
    let accuracy = view.task.accuracy(&answers);
    let is_learnt = accuracy >= view.task.learnt(0.1) && answers.mean_loss() < view.task.prior_entropy() - 2.0 * NEAR;
    let lower = Lower::of(view.task);
    is_learnt.then(|| Cause {
        sentence: format!(
            "{:.0} % of the last training images were right: at a rate of {} single steps still throw the answers about, or \
             the validation images are of another kind",
            100.0 * accuracy,
            lower.rate
        ),
        advice: format!("let it train; where it comes back, {lower}"),
        remedies: Vec::new(),
        code: None,
    })
}

/// Whether the answers to the validation images were a guess after the epoch before, too.
fn was_guess_before(view: &View<'_>) -> bool {
    let before = view.health.curve.iter().rev().nth(1).and_then(|point| point.val_accuracy);
    before.is_some_and(|accuracy| accuracy <= view.task.majority() + NEAR)
}

fn one_class_of_validation(view: &View<'_>) -> Option<(usize, f64, f64, &'static str)> {
    let validation = view.validation.filter(|answers| answers.images() > 0)?;
    let (class, taken) = validation.favourite();
    let own = validation.confusion.get(class).map_or(0, |row| row.iter().sum());
    let (accuracy, own) = (validation.accuracy(), share(own, validation.images()));
    let is_one = entropy(&validation.taken) < 0.1 * (validation.taken.len() as f64).ln();
    // A network that is on its way to something has a loss below that of a guess before its answers show it.
    let learns = validation.mean_loss() < view.task.prior_entropy() - 2.0 * NEAR;
    (is_one && (accuracy - own).abs() <= NEAR && !learns).then_some((class, taken, accuracy, "the validation images"))
}

/// In a training that jumps about, one class is the answer within each batch, and another one after the next step: looked at
/// is the mean entropy of the batches.
fn one_class_of_window(view: &View<'_>) -> Option<(usize, f64, f64, &'static str)> {
    let health = view.health;
    if !health.window.is_full() || health.losses.len() < LOSSES {
        return None;
    }
    // Asked after every step: what is soon answered comes first.
    let accuracy = view.window_accuracy();
    if accuracy > view.task.majority() + NEAR {
        return None;
    }
    let all = health.window.sum();
    let (class, _) = all.favourite();
    let batches = health.window.batches();
    let (unequal, taken) = if view.task.batch < SMALL_BATCH {
        (entropy(&all.taken), all.favourite().1)
    } else {
        let taken = batches.clone().map(|batch| batch.answers.favourite().1).sum::<f64>();
        (batches.map(|batch| batch.entropy).sum::<f64>() / WINDOW as f64, taken / WINDOW as f64)
    };
    let is_one = unequal < 0.1 * (all.taken.len() as f64).ln();
    let learns = all.mean_loss() < view.task.prior_entropy() - 2.0 * NEAR;
    (is_one && !learns).then_some((class, taken, accuracy, "each of the last 50 batches"))
}

/// H710: the loss stays at that of guessing.
pub(in crate::health) fn stuck(view: &View<'_>) -> Option<Finding> {
    if view.accuracy() > view.task.majority() + 0.05 {
        return None;
    }
    let prior = view.task.prior_entropy();
    let is_at_prior = |loss: f64| (loss - prior).abs() <= NEAR_LOSS;
    let health = view.health;
    let (loss, over) = match &health.curve[..] {
        [.., one, two] if view.is_epoch && is_at_prior(one.train_loss) && is_at_prior(two.train_loss) => {
            (two.train_loss, "two epochs".to_owned())
        }
        _ if health.losses.len() == LOSSES => {
            let mean = |from: usize, count: usize| {
                let steps = health.losses.iter().skip(from).take(count);
                let (loss, images) = steps.fold((0.0, 0), |(loss, images), step| (loss + step.0, images + step.1));
                loss / images.max(1) as f64
            };
            // A loss that only passes by is above in one half and below in the other.
            if [0, LOSSES / 2].iter().any(|&from| (mean(from, LOSSES / 2) - prior).abs() > 2.0 * NEAR_LOSS) {
                return None;
            }
            (mean(0, LOSSES), format!("{LOSSES} steps"))
        }
        _ => return None,
    };
    if !is_at_prior(loss) {
        return None;
    }
    let classes = view.task.classes.len();
    let finding = Finding::new(
        &code::STUCK_AT_PRIOR,
        format!(
            "over {over} the loss stayed at {loss:.4}; a guess by the shares of the {classes} classes costs {prior:.4}"
        ),
    )
    .number("loss", loss)
    .number("prior_entropy", prior)
    .number("accuracy", view.accuracy());
    Some(explained(finding, cause(view)))
}

/// H722: a class is never recognised.
pub(in crate::health) fn never_right(view: &View<'_>) -> Option<Finding> {
    let validation = view.validation?;
    let class = view.health.never_right.iter().position(|epochs| *epochs >= 3)?;
    let row = &validation.confusion[class];
    let images: u64 = row.iter().sum();
    let (other, taken) = row.iter().copied().enumerate().max_by_key(|(_, taken)| *taken)?;
    let (name, for_which) = (&view.task.classes[class], &view.task.classes[other]);
    let trained = view.task.images[class];
    let mut finding = Finding::new(
        &code::CLASS_NEVER_RIGHT,
        format!("none of the {images} validation images of `{name}` was right for three epochs; most are taken for `{for_which}`"),
    )
    .word("class", name)
    .word("taken_for", for_which)
    .count("images", images)
    .count("taken", taken)
    .count("training_images", trained);
    // What keeps everything from being learnt has been found by now, if it can be.
    let is_found =
        |code: &&&Code| view.health.findings.iter().any(|found| found.is(code) && found.severity > Level::Note);
    if view.is_struggling() {
        // Where nothing is right much, that a class is not says nothing by itself.
        finding.because = Some(WHY_NOTHING.iter().find(is_found)?.id.to_owned());
    }
    let share_of = share(trained, view.task.images.iter().sum());
    let is_rare = share_of * (view.task.images.len() as f64) < RARE;
    let finding =
        finding.because_of(format!("`{name}` has {trained} training images, {:.1} % of all", 100.0 * share_of));
    if finding.because.is_some() {
        // The way out stands with the finding that explains this one.
        return Some(finding.advise("find first why nothing is learnt; the other findings say more", Vec::new()));
    }
    Some(match is_rare {
        true => finding.advise(
            "weigh the classes, `data: { balance: class_weights }`; find more images of it; look at what its folder holds",
            vec![Remedy::set("data.balance", "class_weights")],
        ),
        false => finding.note_if(is_getting_better(view)).advise(
            format!("train on while the validation loss falls; then compare what the folders of `{name}` and `{for_which}` hold"),
            Vec::new(),
        ),
    })
}

/// What explains that a class is never right, where next to nothing is.
const WHY_NOTHING: &[&Code] = &[
    &code::ONE_CLASS_PREDICTED,
    &code::STUCK_AT_PRIOR,
    &code::DEAD_RELU,
    &code::UPDATE_RATIO,
    &code::VANISHING_GRADIENT,
];

/// A class with less than this share of what each would have of equal ones is rare.
const RARE: f64 = 0.8;

/// Whether the validation loss fell by more than a twentieth in the last epoch: classes are learnt one after the other.
fn is_getting_better(view: &View<'_>) -> bool {
    let losses: Vec<f64> = view.health.curve.iter().rev().take(2).filter_map(|point| point.val_loss).collect();
    matches!(losses[..], [now, before] if now < 0.95 * before)
}

fn explained(finding: Finding, cause: Cause) -> Finding {
    let because = cause.code.map(|code| code.id.to_owned());
    Finding { because, ..finding.because_of(cause.sentence).advise(cause.advice, cause.remedies) }
}

/// The cause of a training that stands still, put into a finding.
pub(super) fn with_cause(finding: Finding, view: &View<'_>) -> Finding {
    explained(finding, cause(view))
}
