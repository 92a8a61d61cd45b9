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
    // A fall that chance explains is none: three deviations of a difference of two shares.
    let chance = |p: f64| 3.0 * (2.0 * p * (1.0 - p) / images.max(1) as f64).sqrt();
    let is_fall = |pair: &&[f64]| pair[1] < 0.95 && pair[0] - pair[1] > chance(pair[1]).max(0.03);
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

/// H721: the validation loss rises while the training loss falls.
pub(in crate::health) fn overfitting(view: &View<'_>) -> Option<Finding> {
    let curve = &view.health.curve;
    let at = curve.len().checked_sub(4)?;
    let losses: Vec<f64> = curve.iter().map(|point| point.val_loss).collect::<Option<_>>()?;
    let (best, least) =
        losses.iter().copied().enumerate().reduce(|best, one| if one.1 < best.1 { one } else { best })?;
    let (last, before) = curve.split_last()?;
    // Of few images the training loss falls with dents.
    let falls = before[at..].iter().all(|point| last.train_loss < point.train_loss);
    if best > at || !falls {
        return None;
    }
    let (now, gap) = (last.val_loss?, last.train_accuracy - last.val_accuracy?);
    let early = best + 1;
    Some(
        Finding::new(
            &code::OVERFITTING,
            format!("the validation loss was least, {least:.4}, after epoch {early} and is {now:.4}, while the training loss falls"),
        )
        .count("best_epoch", early as u64)
        .number("least_val_loss", least)
        .number("val_loss", now)
        .number("train_loss", last.train_loss)
        .number("train_accuracy", last.train_accuracy)
        .number("val_accuracy", last.val_accuracy?)
        .note_if(now < 1.1 * least || gap < 0.1)
        .because_of(format!("the network learns its {} training images by heart", view.task.images.iter().sum::<u64>()))
        .advise(
            "change the images as they are seen (`augment: { flip: horizontal, shift: 10% }`), add `Dropout`, stop in time",
            vec![
                Remedy::set("data.augment", "{ flip: horizontal, shift: 10% }"),
                Remedy::set("train.early_stopping", "{ metric: val_loss, patience: 5 }"),
            ],
        ),
    )
}

/// H724: the validation images are easier than those trained on.
pub(in crate::health) fn too_good(view: &View<'_>) -> Option<Finding> {
    let accuracy = view.validation.filter(|answers| answers.images() > 0)?.accuracy();
    let easier = view.evaluated.is_some_and(|trained| accuracy > trained + 0.05);
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
