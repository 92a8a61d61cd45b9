//! H718, H719, H721, H724 and H725: how the epochs go on.

use super::answer::with_cause;
use crate::diag::code;
use crate::health::cause::Lower;
use crate::health::finding::{Finding, Remedy};
use crate::health::history::{Point, View};

/// H718: the training accuracy swings.
pub(in crate::health) fn oscillating(view: &View<'_>) -> Option<Finding> {
    let accuracies: Vec<f64> = view.health.curve.iter().map(|point| point.train_accuracy).collect();
    let images: u64 = view.task.images.iter().sum();
    let is_fall = |pair: &&[f64]| pair[1] < 0.95 && pair[0] - pair[1] > chance(pair[1], images).max(0.03);
    let falls = accuracies.windows(2).filter(is_fall).count();
    if falls < 3 || 5 * falls < accuracies.len() || accuracies.last().is_none_or(|last| *last >= 0.95) {
        return None;
    }
    let lower = Lower::of(view.task);
    Some(
        Finding::new(
            &code::OSCILLATING,
            format!("the training accuracy fell after {falls} of {} epochs", accuracies.len()),
        )
        .count("falls", falls as u64)
        .count("epochs", accuracies.len() as u64)
        .number("learning_rate", view.task.rate)
        .because_of(format!("steps at a rate of {} jump across what they should go down", lower.rate))
        .advise(format!("{lower}; or `schedule: cosine`"), vec![lower.remedy()]),
    )
}

/// What chance can make of the difference of two shares of so many images each, about `share`: three deviations.
fn chance(share: f64, images: u64) -> f64 {
    3.0 * (2.0 * share * (1.0 - share) / images.max(1) as f64).sqrt()
}

/// H719: five epochs have gained nothing.
pub(in crate::health) fn not_converging(view: &View<'_>) -> Option<Finding> {
    let best = |points: &[Point]| points.iter().map(|point| point.train_accuracy).fold(0.0, f64::max);
    let (before, _) = view.health.curve.split_at_checked(view.health.curve.len().checked_sub(5)?)?;
    let (earlier, now) = (best(before), best(&view.health.curve));
    if before.is_empty() || now - earlier >= 0.01 || now >= view.task.learnt(0.1) {
        return None;
    }
    let finding = Finding::new(
        &code::NOT_CONVERGING,
        format!("the best training accuracy is {:.1} %, and was {:.1} % five epochs ago", 100.0 * now, 100.0 * earlier),
    );
    Some(with_cause(finding.number("accuracy", now).number("before", earlier), view))
}

/// So many epochs in a row above its least, the validation loss has turned.
const TURNED: usize = 3;
/// Two epochs do where both are this many times the least, and accuracies differ by [`APART`]: chance does not do that twice.
const FAR: f64 = 1.2;
/// Accuracies on training and validation images that differ by so much are those of different images.
const APART: f64 = 0.15;
/// The training images are known by heart from here on.
const BY_HEART: f64 = 0.98;

/// H721: what the network gets better at does not help with the validation images, or nothing is left to get better at.
pub(in crate::health) fn overfitting(view: &View<'_>) -> Option<Finding> {
    let curve = &view.health.curve;
    let losses: Vec<f64> = curve.iter().map(|point| point.val_loss).collect::<Option<_>>()?;
    let (best, least) =
        losses.iter().copied().enumerate().reduce(|best, one| if one.1 < best.1 { one } else { best })?;
    // What has learnt nothing, or lost it, learns nothing by heart.
    let last = curve.last().filter(|last| last.train_accuracy >= view.task.learnt(0.1))?;
    let (now, val_accuracy) = (last.val_loss?, last.val_accuracy?);
    let (gap, early) = (last.train_accuracy - val_accuracy, best + 1);
    let augment = Remedy::set("data.augment", "{ flip: horizontal, shift: 10% }");
    let (title, is_note, advice, remedies) = if has_turned(curve, best, least) {
        (
            format!(
                "the validation loss was least, {least:.4}, after epoch {early} and is {now:.4}, while the training loss falls"
            ),
            now < 1.1 * least || gap < 0.1,
            "change the images as they are seen (`augment: { flip: horizontal, shift: 10% }`), add `Dropout`, stop in time",
            vec![augment, Remedy::set("train.early_stopping", "{ metric: val_loss, patience: 5 }")],
        )
    } else if is_by_heart(curve) {
        (
            format!(
                "{:.1} % of the training images are right for two epochs, and {:.1} % of the validation images",
                100.0 * last.train_accuracy,
                100.0 * val_accuracy
            ),
            gap < 0.25,
            "more images, or those that are there changed as they are seen (`augment: { flip: horizontal, shift: 10% }`); \
             `Dropout`",
            vec![augment],
        )
    } else {
        return None;
    };
    Some(
        Finding::new(&code::OVERFITTING, title)
            .count("best_epoch", early as u64)
            .number("least_val_loss", least)
            .number("val_loss", now)
            .number("train_loss", last.train_loss)
            .number("train_accuracy", last.train_accuracy)
            .number("val_accuracy", val_accuracy)
            .note_if(is_note)
            .because_of(format!(
                "the network learns its {} training images by heart",
                view.task.images.iter().sum::<u64>()
            ))
            .advise(advice, remedies),
    )
}

/// Whether the validation loss, `least` after the epoch at `best`, rises while the training loss falls.
fn has_turned(curve: &[Point], best: usize, least: f64) -> bool {
    let Some((last, _)) = curve.split_last() else { return false };
    let since = &curve[best + 1..];
    // Of few images the training loss falls with dents.
    let falls = |from: usize| curve[from..curve.len() - 1].iter().all(|point| last.train_loss < point.train_loss);
    let is_far = |point: &Point| {
        let is_above = point.val_loss.is_some_and(|loss| loss > FAR * least);
        is_above && is_apart(point) && point.train_loss < curve[best].train_loss
    };
    since.len() >= TURNED && falls(curve.len() - 1 - TURNED)
        || since.len() >= 2 && since.iter().rev().take(2).all(is_far)
}

/// Whether nothing is left to be learnt of the training images for two epochs, and much of the validation images.
fn is_by_heart(curve: &[Point]) -> bool {
    let knows = |point: &Point| point.train_accuracy >= BY_HEART && is_apart(point);
    curve.len() >= 2 && curve.iter().rev().take(2).all(knows)
}

fn is_apart(point: &Point) -> bool {
    point.val_accuracy.is_some_and(|accuracy| point.train_accuracy - accuracy >= APART)
}

/// H724: the validation images are easier than those trained on.
pub(in crate::health) fn too_good(view: &View<'_>) -> Option<Finding> {
    let answers = view.validation.filter(|answers| answers.images() > 0)?;
    let accuracy = answers.accuracy();
    // As many training images were looked at.
    let is_more =
        |trained: f64| accuracy - trained > chance(f64::midpoint(accuracy, trained), answers.images()).max(0.05);
    let easier = view.evaluated.is_some_and(is_more);
    let at_once = view.health.curve.len() == 1 && accuracy > 0.95 && view.task.majority() < 0.9;
    if !easier && !at_once {
        return None;
    }
    let title = match view.evaluated.filter(|_| easier) {
        Some(trained) => format!(
            "{:.1} % of the validation images are right, and {:.1} % of as many training images seen in the same way",
            100.0 * accuracy,
            100.0 * trained
        ),
        None => format!("{:.1} % of the validation images are right after one epoch", 100.0 * accuracy),
    };
    let finding = Finding::new(&code::VALIDATION_TOO_GOOD, title).number("val_accuracy", accuracy);
    Some(
        finding
            .number("train_accuracy", view.evaluated.unwrap_or_else(|| view.health.train.accuracy()))
            .because_of("the images are simple, or the same ones stand on both sides as crops or copies")
            .advise("look at the data's findings for copies, and split by what was photographed", Vec::new()),
    )
}

/// H725: the loss falls, and the accuracy stays at that of a guess.
pub(in crate::health) fn disagree(view: &View<'_>) -> Option<Finding> {
    let at = view.health.curve.len().checked_sub(6)?;
    let last = &view.health.curve[at..];
    let majority = view.task.majority();
    let falls = last.windows(2).all(|pair| pair[1].train_loss < pair[0].train_loss - 0.01);
    if !falls || last.iter().any(|point| (point.train_accuracy - majority).abs() > 0.02) {
        return None;
    }
    let (from, to) = (last.first()?.train_loss, last.last()?.train_loss);
    Some(
        Finding::new(
            &code::LOSS_AND_ACCURACY_DISAGREE,
            format!(
                "over five epochs the loss fell from {from:.3} to {to:.3}, and the accuracy stayed at {:.1} %",
                100.0 * majority
            ),
        )
        .number("loss_before", from)
        .number("loss", to)
        .number("majority_share", majority)
        .because_of("what is made small is not what is wanted: one class outweighs the others, or labels fit by chance")
        .advise(
            "weigh the classes, `data: { balance: class_weights }`, and look at images with their labels",
            vec![Remedy::set("data.balance", "class_weights")],
        ),
    )
}
