//! H716 and H717: units that are dead or pressed to their ends.

use crate::diag::code;
use crate::health::cause::Lower;
use crate::health::finding::{Finding, Remedy};
use crate::health::history::{LOSSES, View};
use crate::health::rule::fallen;
use crate::health::statistics::UnitKind;

/// H716 in the middle of an epoch, once the training stands at a guess.
pub(in crate::health) fn dead_while_stuck(view: &View<'_>) -> Option<Finding> {
    let is_stuck = view.health.losses.len() == LOSSES && view.accuracy() <= view.task.learnt(0.02);
    if is_stuck { dead(view) } else { None }
}

/// H716: half of a layer's ReLUs are zero on every image.
pub(in crate::health) fn dead(view: &View<'_>) -> Option<Finding> {
    let (at, unit) = view.most_dead().filter(|(_, unit)| unit.dead_share() >= 0.5)?;
    let at_start = view.dead_at_start(at);
    let is_cause = at_start >= 0.5 || !view.died_idle();
    let is_grave = view.is_struggling() && view.cut_off().is_some() && is_cause;
    let has_fallen = at_start < 0.5 && fallen(view).is_some();
    let mut finding = Finding::new(
        &code::DEAD_RELU,
        format!(
            "{} of {} ReLUs behind `{}` are zero on each of {} images",
            unit.dead, unit.count, unit.name, unit.images
        ),
    )
    .word("layer", &unit.name)
    .count("dead", unit.dead as u64)
    .count("units", unit.count as u64)
    .count("images", unit.images)
    .number("dead_before_the_first_step", at_start)
    .number("learning_rate", view.task.rate)
    .note_if(!is_grave);
    finding.because = has_fallen.then(|| code::COLLAPSE.id.to_owned());
    Some(if !view.task.is_normalised {
        finding.because_of("the images go in as bytes up to 255: the first steps were far too long").advise(
            "normalise the input: `data: { normalize: standardize }`",
            vec![Remedy::set("data.normalize", "standardize")],
        )
    } else if at_start >= 0.5 {
        finding
            .because_of("they were so before the first step: it is the weights that the training starts from")
            .advise(
                format!("start `{}` from other weights (look at `init_from`), or put `BatchNorm` behind it", unit.name),
                Vec::new(),
            )
    } else if is_grave || view.is_struggling() && view.task.is_rate_risky() {
        let lower = Lower::of(view.task);
        finding
            .because_of(format!(
                "steps at a rate of {} were so long that the weights landed where these are off",
                lower.rate
            ))
            .advise(format!("{lower}; or `BatchNorm` before them, or `LeakyRelu`"), vec![lower.remedy()])
    } else if view.is_struggling() {
        finding
            .because_of("they went out while the training stood still: nothing that could be learnt kept them alive")
            .advise("find first why nothing is learnt; the other findings say more", Vec::new())
    } else {
        finding.because_of("trainings that do well have such units too: they cost width, and nothing else").advise(
            "nothing has to be done; fewer units do as well, and `BatchNorm` before them or `LeakyRelu` keeps them alive",
            Vec::new(),
        )
    })
}

/// H717: sigmoids or tanhs are pressed to their ends.
pub(in crate::health) fn saturated(view: &View<'_>) -> Option<Finding> {
    let units = view.evidence().units(view.task).into_iter();
    let unit = units.filter(|unit| unit.kind == UnitKind::Squashing).find(|unit| unit.saturated > 0.5)?;
    let finding = Finding::new(
        &code::SATURATED,
        format!("{:.0} % of what goes into the activation behind `{}` is beyond ±5", 100.0 * unit.saturated, unit.name),
    )
    .word("layer", &unit.name)
    .number("share", unit.saturated)
    .note_if(!view.is_struggling());
    let (sentence, advice, remedy) = if view.task.is_normalised {
        (
            "what the layers before give is too large for it",
            "`BatchNorm` before it, or `Relu` in its place",
            Remedy::Rectify,
        )
    } else {
        (
            "the images go in as bytes up to 255",
            "normalise the input: `data: { normalize: standardize }`",
            Remedy::set("data.normalize", "standardize"),
        )
    };
    Some(finding.because_of(sentence).advise(advice, vec![remedy]))
}
