//! Whole trainings on a made-up data set: coloured squares, a class a colour.

mod evaluation;
mod fault;
mod learning;
mod resumption;
mod setting;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::base::{Random, Source};
use crate::data::OnBadImage;
use crate::diag::Result;
use crate::graph::{
    BatchNorm, Bias, Builder, Dropout, DropoutUnit, Graph, Init, LayerId, Op, PaddingRule, Range, Role, Shape,
    WindowRule,
};
use crate::kernel::{Activation, Isa};
use crate::syntax::settings::{DataSettings, Rate, TrainSettings};

const CLASSES: [&str; 3] = ["blue", "green", "red"];

/// An 8×8 picture in BMP: one channel is bright, the others are dark, all with noise.
fn picture(class: usize, number: u64) -> Vec<u8> {
    let random = Random::named(number, CLASSES[class]);
    let mut file = b"BM".to_vec();
    for field in [54 + 192, 0, 54, 40, 8, 8, 1 | 24 << 16, 0, 192, 0, 0, 0, 0_u32] {
        file.extend(field.to_le_bytes());
    }
    file.extend((0..192).map(|at| {
        let bright = if at % 3 == class as u64 { 120 } else { 60 };
        bright + random.below(at, 80) as u8
    }));
    file
}

/// A folder of class folders with `count` pictures each.
fn squares(count: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, name) in CLASSES.iter().enumerate() {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        for number in 0..count {
            let path = folder.path().join(name).join(format!("{number:03}.bmp"));
            std::fs::write(path, picture(class, number)).unwrap();
        }
    }
    folder
}

fn rule(kernel: usize, stride: usize) -> WindowRule {
    WindowRule { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding: PaddingRule::Valid, ceil: false }
}

/// A small network with all that has a state of its own: running statistics, dropout.
fn network(units: usize) -> Graph {
    let mut builder = Builder::new(Shape::map(8, 8, 3), Range::REAL);
    let mut x = builder.input();
    builder.enter_layer(LayerId(0), "conv1");
    x = builder.conv(x, rule(3, 1).place(builder.shape(x)).unwrap(), 4, 1, Bias::Learned).unwrap();
    builder.enter_layer(LayerId(1), "norm1");
    let one = |builder: &mut Builder, role, value| builder.param(role, &[4], Init::Constant(value)).unwrap();
    let scale = one(&mut builder, Role::Scale, 1.0);
    let shift = one(&mut builder, Role::Shift, 0.0);
    let mean = one(&mut builder, Role::RunningMean, 0.0);
    let variance = one(&mut builder, Role::RunningVariance, 1.0);
    let norm = BatchNorm { momentum: 0.9, epsilon: 1e-5 };
    x = builder.apply(Op::BatchNorm(norm), &[x, scale, shift, mean, variance]).unwrap();
    x = builder.map(x, Activation::Relu).unwrap();
    x = builder.apply(Op::MaxPool(rule(2, 2).place(builder.shape(x)).unwrap()), &[x]).unwrap();
    x = builder.flatten(x).unwrap();
    x = builder.apply(Op::Dropout(Dropout { rate: 0.2, stream: 0, unit: DropoutUnit::Element }), &[x]).unwrap();
    builder.enter_layer(LayerId(2), "dense1");
    x = builder.dense(x, units, Bias::Learned).unwrap();
    builder.finish(x)
}

fn spec() -> Source {
    Source::new("squares.net", "Conv(4) -> BatchNorm -> Relu -> MaxPool -> Flatten -> Dropout(20%) -> Dense\n")
}

/// Settings that tell the squares apart within 4 epochs of 20 pictures a class.
fn settings() -> TrainSettings {
    TrainSettings { learning_rate: rate(0.02), epochs: 4, batch_size: 8, seed: 3, ..TrainSettings::default() }
}

fn rate(value: f64) -> Option<Rate> {
    Some(Rate::Fixed(value))
}

fn job_with(data: &Path, settings: TrainSettings, threads: usize) -> Job {
    job_of(data, settings, &DataSettings::default(), threads)
}

fn job_of(data: &Path, settings: TrainSettings, images: &DataSettings, threads: usize) -> Job {
    let wanted = Wanted { seed: settings.seed, ..Wanted::default() };
    let (dataset, found) = Dataset::open(data, &wanted, &|_, _| {}).unwrap();
    assert!(found.iter().all(|fault| !fault.is_error()), "{found:?}");
    let setup = Setup {
        spec: &spec(),
        graph: network(3),
        data: images,
        train: settings,
        init_from: None,
        freeze: &[],
        machine: Machine::new(threads, Isa::detect()),
    };
    Job::prepare(setup, dataset, OnBadImage::Stop, &|_, _| {}).unwrap().0
}

fn run(job: &Job, out: &Path) -> Result<Outcome> {
    train(job, RunFolder::plan(Some(out), out, &job.spec)?, &mut Silent, &AtomicBool::new(false))
}

fn resume(job: &Job, out: &Path, observer: &mut dyn Observer) -> Result<Outcome> {
    train(job, RunFolder::find(Some(out), out, &job.spec)?, observer, &AtomicBool::new(false))
}

/// Asks a training to stop after so many steps.
struct StopAfter<'a> {
    steps: usize,
    stop: &'a AtomicBool,
}

impl Observer for StopAfter<'_> {
    fn step(&mut self, _progress: &Progress) {
        self.steps -= 1;
        if self.steps == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Writes down every notice.
#[derive(Default)]
struct Notices(Vec<String>);

impl Observer for Notices {
    fn notice(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
}

fn stop_after(steps: usize, job: &Job, folder: RunFolder) -> Result<Outcome> {
    let stop = AtomicBool::new(false);
    train(job, folder, &mut StopAfter { steps, stop: &stop }, &stop)
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn metrics(folder: &Path) -> Vec<EpochMetrics> {
    let text = String::from_utf8(bytes(folder, "metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A place for run folders.
fn runs() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, move |name: &str| path.join(name))
}
