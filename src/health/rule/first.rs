//! H701, H702, H703 and H713: what is looked at before the first epoch, and numbers that are none.

use crate::diag::code;
use crate::health::cause::Lower;
use crate::health::finding::{Finding, Remedy, rate_text};
use crate::health::statistics::{Answers, Task};

/// How far a first loss of normalised images can be off and be mended within the first epoch.
const MENDED: f64 = 10.0;

/// H701 and H703, from the answers to the first batch before any update; `is_constant` says whether all of its images got the
/// same output.
#[must_use]
pub fn first_checks(task: &Task, answers: &Answers, is_constant: bool) -> Vec<Finding> {
    let (loss, prior) = (answers.mean_loss(), task.prior_entropy());
    let mut found = Vec::new();
    // Fresh weights know nothing of the classes' shares either: between the two guesses every loss is sound.
    let guess = loss.clamp(prior, (task.classes.len() as f64).ln().max(prior));
    // Fresh weights behind pools and without normalisation between the layers give first losses of up to 7 in trainings that do
    // well: the first steps mend them.
    let most = if task.is_normalised { MENDED } else { f64::max(1.0, 0.5 * prior) };
    if (loss - guess).abs() > most {
        let finding = Finding::new(
            &code::FIRST_LOSS_OFF,
            format!("the first loss is {loss:.3}, and a guess by the classes' shares costs {prior:.3}"),
        );
        let finding = finding.number("loss", loss).number("prior_entropy", prior);
        found.push(if task.is_normalised {
            finding.because_of("the network starts with outputs that are far too large, so it is sure and wrong").advise(
                "put `BatchNorm` between the layers, or look at P410 in `netc check`, which names where the numbers grow",
                Vec::new(),
            )
        } else {
            finding.because_of("the images go in as bytes up to 255, a hundred times what the weights are drawn for").advise(
                "normalise the input: `data: { normalize: standardize }`",
                vec![Remedy::set("data.normalize", "standardize")],
            )
        });
    }
    if is_constant && answers.images() > 1 {
        let constant = Finding::new(&code::INPUT_IGNORED, "all images of the first batch get the same output");
        // Where that is found, and stays, it is why.
        let constant = Finding { because: Some(code::DEAD_RELU.id.to_owned()), ..constant };
        found.push(
            constant
                .count("images", answers.images())
                .number("loss", loss)
                .because_of("between the image and the output everything is zero or constant before the first step")
                .advise(
                    "look at the weights that the training starts from (`init_from`) and at the input's normalisation",
                    Vec::new(),
                ),
        );
    }
    found
}

/// H702: a batch seen `steps` times is not known by heart.
#[must_use]
pub fn cannot_overfit(accuracy: f64, images: usize, steps: usize, rate: f64) -> Finding {
    let lower = rate_text(rate / 10.0);
    let known = 100.0 * accuracy;
    Finding::new(
        &code::CANNOT_OVERFIT_ONE_BATCH,
        format!("after {steps} steps on the same {images} images the network knows {known:.0} % of them"),
    )
    .number("accuracy", accuracy)
    .count("images", images as u64)
    .count("steps", steps as u64)
    .number("learning_rate", rate)
    .because_of("what cannot learn a handful of images by heart has a fault that more images do not mend")
    .advise(
        format!("try a tenth of the rate (`--lr {lower}`), `Relu` for `Sigmoid`, and look at images with their labels"),
        vec![Remedy::rate(rate / 10.0)],
    )
}

/// H703: images of zeros are learnt as well as the real ones.
#[must_use]
pub fn ignores_input(real: f64, zeros: f64) -> Finding {
    Finding::new(
        &code::INPUT_IGNORED,
        format!("images of zeros are learnt to {:.0} %, the real ones to {:.0} %", 100.0 * zeros, 100.0 * real),
    )
    .number("accuracy", real)
    .number("accuracy_of_zeros", zeros)
    .because_of("nothing that the images show reaches the output")
    .advise("look for the first layer that is dead or saturated, and at the input's normalisation", Vec::new())
}

/// H713: a number became infinite or none in `what`, with `place` as the first layer.
#[must_use]
pub fn non_finite(task: &Task, what: &str, place: Option<&str>, rate: f64, is_first: bool) -> Finding {
    let title = match place {
        Some(place) => format!("{what} became infinite or no number, first in `{place}`"),
        None => format!("{what} became infinite or no number"),
    };
    let finding = Finding::new(&code::NON_FINITE, title).word("layer", place.unwrap_or("none")).number("rate", rate);
    if !task.is_normalised {
        return finding
            .because_of("the images go in as bytes up to 255, and the numbers grew beyond what 32 bits hold")
            .advise(
                "normalise the input: `data: { normalize: standardize }`",
                vec![Remedy::set("data.normalize", "standardize")],
            );
    }
    if is_first {
        return finding
            .because_of("it was so before the first update: the weights that the training starts from are too large")
            .advise("look at `init_from`, and put `BatchNorm` between the layers", Vec::new());
    }
    let lower = Lower::of(task);
    finding.because_of(format!("steps at a rate of {} were so long that the weights ran away", rate_text(rate))).advise(
        format!("start again with {} (`--lr {}`), or with a warm-up (`warmup: 1`)", lower.words(), lower.to),
        vec![lower.remedy(), Remedy::set("train.warmup", "1")],
    )
}
