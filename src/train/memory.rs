//! Whether what is to be run fits into memory, said before any of it is taken.

use super::job::Job;
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::graph::{Graph, Inference, Training};
use crate::kernel::Isa;
use crate::plan::{Change, Choices, Options, Plan, Precision, Slot};

/// What a plan runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// The best instruction set that kernels may use.
    pub isa: Isa,
    /// Kernels that are taken instead of those of the rules.
    pub choices: Choices,
}

impl Machine {
    /// Every kernel chosen by rule.
    #[must_use]
    pub fn new(threads: usize, isa: Isa) -> Self {
        Self { threads, isa, choices: Choices::default() }
    }
}

/// The plans of a training: the step, and the forward pass that validates.
#[derive(Clone, Debug)]
pub(super) struct Plans {
    pub training: Plan,
    pub inference: Plan,
}

/// Images that are validated at a time, at least, where there are as many in a batch: fewer would leave threads idle.
const FEWEST_VALIDATED: usize = 8;

/// Of the memory of a training, the share that its validation may take beside it without being cut into smaller batches.
const VALIDATION_SHARE: u64 = 4;

impl Plans {
    fn new(training: &Training, inference: &Inference, change: Change, options: &Options) -> Self {
        let training = Plan::training(training, change, options.clone());
        let inference = validation(inference, options, training.peak_bytes(1) / VALIDATION_SHARE);
        Self { training, inference }
    }

    /// Bytes of the averaged weights, which are beside the weights themselves.
    fn average_bytes(&self) -> u64 {
        let numbers = |slot: &Slot| slot.dims.iter().product::<usize>();
        (size_of::<f32>() * self.training.params.iter().map(numbers).sum::<usize>()) as u64
    }

    /// The plans of a training in its batches.
    ///
    /// # Errors
    /// P411 where they take more than `available` bytes.
    pub fn that_fit(job: &Job, available: u64) -> Result<Self> {
        let (batch, machine) = (job.batch(), &job.machine);
        let (training, inference) = (job.training(), Inference::of(&job.graph));
        let of = |options: Options| Self::new(&training, &inference, job.change(), &options);
        let plan = |batch| of(Options { batch, ..job.options() });
        let bytes = |plans: &Self| {
            let averaged = if job.settings.ema.is_some() { plans.average_bytes() } else { 0 };
            plans.training.peak_bytes(machine.threads) + plans.inference.peak_bytes(machine.threads) + averaged
        };
        let plans = plan(batch);
        if bytes(&plans) <= available {
            return Ok(plans);
        }
        let fitting = largest_fitting(batch, |batch| bytes(&plan(batch)) <= available);
        let frugal = bytes(&of(Options { recompute: true, ..job.options() }));
        let frugal = Some(frugal).filter(|bytes| *bytes <= available);
        Err(too_large("training", batch, bytes(&plans), available, fitting, frugal))
    }
}

/// The forward pass that validates. It is held beside the training all the time, and what its images have in common is little:
/// they go in smaller batches where it would take more than so many bytes.
fn validation(inference: &Inference, options: &Options, most: u64) -> Plan {
    let mut batch = options.batch;
    loop {
        let plan = Plan::inference(inference, Options { batch, ..options.clone() });
        if plan.peak_bytes(1) <= most || batch / 2 < FEWEST_VALIDATED {
            return plan;
        }
        batch /= 2;
    }
}

/// The plan of a forward pass over at most `batch` images; fewer where not so many fit.
///
/// # Errors
/// P411 where not even one image fits into `available` bytes.
pub(super) fn inference_that_fits(
    graph: &Graph,
    precision: Precision,
    batch: usize,
    machine: &Machine,
    available: u64,
) -> Result<Plan> {
    let inference = Inference::of(graph);
    let options = Options { precision, choices: machine.choices.clone(), ..Options::plain(batch, machine.isa) };
    let plan = |batch| Plan::inference(&inference, Options { batch, ..options.clone() });
    let fits = |batch| plan(batch).peak_bytes(machine.threads) <= available;
    let wanted = plan(batch);
    let needed = wanted.peak_bytes(machine.threads);
    if needed <= available {
        return Ok(wanted);
    }
    match largest_fitting(batch, fits) {
        0 => Err(too_large("running the network", batch, needed, available, 0, None)),
        batch => Ok(plan(batch)),
    }
}

/// The largest number below `too_many` that `fits`, by bisection; 0 where 1 does not.
fn largest_fitting(too_many: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut good, mut bad) = (0, too_many);
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if fits(middle) { good = middle } else { bad = middle }
    }
    good
}

/// P411; `fitting` is the largest batch that fits, `frugal` the bytes of the whole batch where first layers are computed anew
/// and that fits.
fn too_large(what: &str, batch: usize, needed: u64, available: u64, fitting: usize, frugal: Option<u64>) -> Fault {
    let (needed, available) = (mebibytes(needed), mebibytes(available));
    let message = format!("{what} in batches of {batch} takes {needed} MiB, and {available} MiB are free");
    let smaller = (fitting > 0)
        .then(|| format!("set `batch_size: {fitting}` or `--batch-size {fitting}`, the largest that fits"));
    let anew = frugal.map(|bytes| {
        let bytes = mebibytes(bytes);
        format!("set `train: {{ recompute: true }}`, which takes {bytes} MiB for a step about a tenth slower")
    });
    let help = match [smaller, anew].into_iter().flatten().collect::<Vec<_>>().join("; or ") {
        none if none.is_empty() => {
            "no batch size fits: make the input smaller, or pool before the layers that are wide".to_owned()
        }
        some => some,
    };
    Diagnostic::new(&code::PLAN_EXCEEDS_MEMORY, message).help(help).fault()
}

/// Rounded up, so that what is needed never looks like less than it is.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::check::{Facts, check};
    use crate::syntax::parse;

    #[test]
    fn what_does_not_fit_is_told_with_every_way_out() {
        let help = |fitting, frugal| {
            let fault = too_large("training", 64, 2 << 20, 1 << 20, fitting, frugal);
            fault.help.clone().unwrap_or_default()
        };
        assert!(help(0, None).contains("no batch size fits"));
        let both = help(32, Some(1 << 19));
        assert!(
            both.contains("batch_size: 32") && both.contains("recompute: true") && both.contains("1 MiB"),
            "{both}"
        );
        assert!(!help(0, Some(1)).contains("batch"));
    }

    #[test]
    fn validation_goes_in_halves_of_the_batch_until_it_is_small_beside_the_training_or_of_few_images() {
        let text =
            "---\ninput: 32x32x3\nclasses: 3\n---\nConv(8) -> Relu -> Conv(8) -> Relu -> Flatten -> Dense -> Softmax\n";
        let source = Source::new("memory.net", text);
        let net = check(&source, &parse(&source).0, &Facts::default()).net.expect("it checks");
        let inference = Inference::of(&net.graph);
        let of = |batch, most| validation(&inference, &Options::plain(batch, Isa::Portable), most);
        let whole = of(64, u64::MAX);
        assert_eq!(whole.options.batch, 64);
        let halved = of(64, whole.peak_bytes(1) - 1);
        assert_eq!(halved.options.batch, 32);
        assert!(halved.peak_bytes(1) < whole.peak_bytes(1));
        assert_eq!([64, 20, 8, 3].map(|batch| of(batch, 0).options.batch), [8, 10, 8, 3]);
    }

    #[test]
    fn bisection_finds_the_largest_that_fits() {
        for limit in 0..20 {
            assert_eq!(largest_fitting(20, |batch| batch <= limit), limit);
        }
    }
}
