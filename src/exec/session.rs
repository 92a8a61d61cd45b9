//! A plan with its memory and its threads: what training, evaluation and prediction hold.

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use ndarray::{ArrayView1, ArrayView2, ArrayViewD, IxDyn};

use super::arena::{Arena, MAX_OPERANDS};
use super::run::run;
use super::workers;
use crate::kernel::Scratch;
use crate::plan::{Buffer, BufferId, Holds, Parts, Phase, Plan, Slot};

/// What changes from one training step to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// The learning rate.
    pub learning_rate: f64,
    /// Weight decay λ.
    pub weight_decay: f64,
    /// Steps done before this one; also tells apart what dropouts draw.
    pub step: u64,
    /// Seed of the dropouts.
    pub seed: u64,
}

/// How long one step of a plan took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepTime {
    /// Index in the plan's steps.
    pub step: usize,
    /// Wall-clock time.
    pub time: Duration,
}

/// A step of a run that is about to begin, or is just done.
#[derive(Debug)]
pub struct Moment<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// Index in the plan's steps.
    pub step: usize,
    /// Whether the step is done; before that, what it reads is there.
    pub is_done: bool,
    arena: &'a Arena,
    part: &'a Range<usize>,
}

impl Moment<'_> {
    /// The numbers of a buffer as they are now. They are the step's own only for what it reads before it runs and what it
    /// wrote after: the place of any other may hold another buffer by now.
    #[must_use]
    pub fn numbers(&self, buffer: BufferId) -> &[f32] {
        self.arena.read(place(self.plan.buffer(buffer), self.part))
    }
}

/// Told of every step of a run, before and after it; it may break the run off.
pub type OnMoment<'a> = &'a mut (dyn FnMut(&Moment<'_>) -> ControlFlow<()> + Send);

/// A plan being run.
#[derive(Debug)]
pub struct Session {
    plan: Plan,
    arena: Arena,
    scratch: Scratch,
    pool: rayon::ThreadPool,
    /// Whether what follows from the parameters is there.
    is_prepared: bool,
}

impl Session {
    /// Takes memory for `plan` and starts `threads` threads.
    ///
    /// # Errors
    ///
    /// The system gives no threads.
    pub fn new(plan: Plan, threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let arena = Arena::new(plan.arena_len);
        let scratch = Scratch::new(threads, plan.scratch_len);
        Ok(Self { plan, arena, scratch, pool, is_prepared: false })
    }

    /// What is run.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The pool that steps run on.
    #[must_use]
    pub fn pool(&self) -> &rayon::ThreadPool {
        &self.pool
    }

    /// The images of a batch, N×H×W×C, to be filled before a run.
    pub fn images_mut(&mut self, images: usize) -> &mut [f32] {
        self.slice_mut(self.plan.input, images)
    }

    /// The class of each image of a batch, to be filled before a training step.
    pub fn labels_mut(&mut self, images: usize) -> &mut [u32] {
        match self.plan.labels {
            Some(labels) => bytemuck::cast_slice_mut(self.slice_mut(labels, images)),
            None => &mut [],
        }
    }

    /// A factor for each class, to be filled once; empty where the plan does not weight them.
    pub fn class_weights_mut(&mut self) -> &mut [f32] {
        match self.plan.class_weights {
            Some(weights) => self.slice_mut(weights, 0),
            None => &mut [],
        }
    }

    /// Runs the steps that follow from the parameters alone, where these have changed; gives the first of the others.
    fn prepare(&mut self) -> usize {
        let Self { plan, arena, scratch, pool, is_prepared } = self;
        let first = plan.steps.partition_point(|step| step.phase == Phase::Prepare);
        if !std::mem::replace(is_prepared, true) {
            pool.install(|| (0..first).for_each(|at| run_step(plan, at, arena, scratch, &(0..0), &Rate::default())));
        }
        first
    }

    /// Runs all steps on the first `images` images of the batch.
    ///
    /// # Panics
    ///
    /// More images than the plan was made for.
    pub fn run(&mut self, images: usize, rate: &Rate) {
        let first = self.prepare();
        let Self { plan, arena, scratch, pool, .. } = self;
        workers::run(pool, || {
            for (steps, part) in parts(plan, first, images) {
                for at in steps {
                    run_step(plan, at, arena, scratch, &part, rate);
                }
            }
        });
    }

    /// Runs steps in turn until `watch`, which is told of each before and after it, breaks off.
    ///
    /// # Panics
    ///
    /// More images than the plan was made for.
    pub fn run_watched(&mut self, images: usize, rate: &Rate, watch: OnMoment<'_>) -> ControlFlow<()> {
        let first = self.prepare();
        let Self { plan, arena, scratch, pool, .. } = self;
        workers::run(pool, || {
            for (steps, part) in parts(plan, first, images) {
                for step in steps {
                    watch(&Moment { plan, step, is_done: false, arena, part: &part })?;
                    run_step(plan, step, arena, scratch, &part, rate);
                    watch(&Moment { plan, step, is_done: true, arena, part: &part })?;
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// Runs all steps and says how long each took, apart from those that follow from the parameters alone.
    ///
    /// # Panics
    ///
    /// More images than the plan was made for.
    pub fn run_timed(&mut self, images: usize, rate: &Rate) -> Vec<StepTime> {
        let first = self.prepare();
        let Self { plan, arena, scratch, pool, .. } = self;
        let mut times: Vec<StepTime> =
            (first..plan.steps.len()).map(|step| StepTime { step, time: Duration::ZERO }).collect();
        workers::run(pool, || {
            for (steps, part) in parts(plan, first, images) {
                for StepTime { step, time } in &mut times[steps.start - first..steps.end - first] {
                    let start = Instant::now();
                    run_step(plan, *step, arena, scratch, &part, rate);
                    *time += start.elapsed();
                }
            }
        });
        times
    }

    /// What the loss or the probabilities were computed from, N×units.
    #[must_use]
    pub fn logits(&self, images: usize) -> ArrayView2<'_, f32> {
        self.rows(self.plan.logits, images)
    }

    /// Probabilities, N×classes (or N×1: of the second of two classes); empty in a training plan.
    #[must_use]
    pub fn probabilities(&self, images: usize) -> ArrayView2<'_, f32> {
        match self.plan.probabilities {
            Some(buffer) => self.rows(buffer, images),
            None => ArrayView2::from_shape((0, 0), &[]).unwrap_or_else(|_| unreachable!("nothing has any shape")),
        }
    }

    /// The loss of each image; empty in an inference plan.
    #[must_use]
    pub fn losses(&self, images: usize) -> ArrayView1<'_, f32> {
        ArrayView1::from(self.plan.losses.map_or(&[][..], |buffer| self.slice(buffer, images)))
    }

    /// A parameter, or what an optimizer keeps.
    ///
    /// # Panics
    ///
    /// The slot is of another plan.
    #[must_use]
    pub fn tensor(&self, slot: &Slot) -> ArrayViewD<'_, f32> {
        ArrayViewD::from_shape(IxDyn(&slot.dims), self.slice(slot.buffer, 0))
            .unwrap_or_else(|error| panic!("{} lies in a buffer of another size: {error}", slot.name))
    }

    /// A parameter, or what an optimizer keeps, as the flat run of its numbers, to be changed.
    pub fn tensor_mut(&mut self, slot: &Slot) -> &mut [f32] {
        self.is_prepared = false;
        self.slice_mut(slot.buffer, 0)
    }

    fn rows(&self, buffer: BufferId, images: usize) -> ArrayView2<'_, f32> {
        let width = self.plan.buffer(buffer).len;
        ArrayView2::from_shape((images, width), self.slice(buffer, images))
            .unwrap_or_else(|error| unreachable!("a buffer of {width} an image: {error}"))
    }

    fn slice(&self, buffer: BufferId, images: usize) -> &[f32] {
        let buffer = self.plan.buffer(buffer);
        self.arena.read(buffer.offset..buffer.offset + buffer.words(images))
    }

    fn slice_mut(&mut self, buffer: BufferId, images: usize) -> &mut [f32] {
        let buffer = self.plan.buffer(buffer);
        self.arena.write(buffer.offset..buffer.offset + buffer.words(images))
    }
}

/// Steps and the images that go through them, in turn, for a batch of so many images, from step `first` on.
fn parts(plan: &Plan, first: usize, images: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let (Parts { images: part, apart }, batch) = (&plan.parts, plan.options.batch);
    assert!(images <= batch, "{images} images in a plan for {batch}");
    let joined = move |steps: Range<usize>| (steps, 0..images);
    let starts = std::iter::once(first).chain(apart.iter().map(|stretch| stretch.end));
    let stretches = apart.iter().zip(starts).flat_map(move |(stretch, start)| {
        let parts = (0..images).step_by((*part).max(1));
        let parts = parts.map(move |start| (stretch.clone(), start..images.min(start + part)));
        std::iter::once(joined(start..stretch.start)).chain(parts)
    });
    let rest = apart.last().map_or(first, |stretch| stretch.end);
    stretches.chain(std::iter::once(joined(rest..plan.steps.len()))).filter(|(steps, _)| !steps.is_empty())
}

/// Where the numbers of a buffer lie for some images of a batch.
fn place(buffer: &Buffer, images: &Range<usize>) -> Range<usize> {
    let start = buffer.offset + if buffer.holds == Holds::Batch { buffer.words(images.start) } else { 0 };
    start..start + buffer.words(images.len())
}

/// Borrows the operands of one step and runs it.
fn run_step(plan: &Plan, at: usize, arena: &mut Arena, scratch: &Scratch, images: &Range<usize>, rate: &Rate) {
    let step = &plan.steps[at];
    let mut ranges: [Range<usize>; MAX_OPERANDS] = std::array::from_fn(|_| 0..0);
    let mut count = 0;
    for &buffer in step.reads.iter().chain(&step.writes) {
        ranges[count] = place(plan.buffer(buffer), images);
        count += 1;
    }
    let operands = arena.operands(&ranges[..count], step.reads.len());
    run(&step.work, plan.options.isa, operands, scratch, images, rate);
}
