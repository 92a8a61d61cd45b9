//! A training as it is followed: a bar on a terminal, a line an epoch everywhere.

use super::console::Console;
use super::health;
use super::number::{duration, grouped, percent};
use super::progress::Bar;
use crate::health::Finding;
use crate::train::{EpochMetrics, Observer, Progress};

/// Follows a training on stderr.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    console: &'a Console,
    epochs: usize,
    bar: Option<Bar>,
    validates: bool,
}

impl<'a> Watch<'a> {
    /// Follows a training of so many epochs.
    pub fn new(console: &'a Console, epochs: usize) -> Self {
        Self { console, epochs, bar: None, validates: false }
    }

    fn bar(&mut self, validates: bool, title: impl FnOnce() -> String) -> &Bar {
        if self.validates != validates {
            self.bar = None;
            self.validates = validates;
        }
        self.bar.get_or_insert_with(|| Bar::new(title()))
    }
}

impl Observer for Watch<'_> {
    fn notice(&mut self, sentence: &str) {
        self.bar = None;
        self.console.log(sentence);
    }

    fn step(&mut self, progress: &Progress) {
        let Progress { epoch, epochs, done, total, loss, accuracy, images_per_second } = *progress;
        let left = ((epochs - epoch) * total + total - done) as f64 / images_per_second.max(1e-9);
        let bar = self.bar(false, || format!("epoch {epoch}/{epochs}"));
        bar.reach(done, total);
        bar.say(format!(
            "loss {loss:.3}  accuracy {}  {} images/s  {} left",
            percent(accuracy),
            grouped(images_per_second as u64),
            duration(left)
        ));
    }

    fn validation(&mut self, done: usize, total: usize) {
        self.bar(true, || "validating".to_owned()).reach(done, total);
    }

    fn epoch(&mut self, metrics: &EpochMetrics, is_best: bool) {
        self.bar = None;
        let width = self.epochs.to_string().len();
        let validation = match (metrics.val_loss, metrics.val_accuracy) {
            (Some(loss), Some(accuracy)) => format!("  validation {loss:.4} {:>7}", percent(accuracy)),
            _ => String::new(),
        };
        self.console.log(&format!(
            "epoch {:>width$}/{}  loss {:.4} {:>7}{validation}  {}  {}{}",
            metrics.epoch,
            self.epochs,
            metrics.train_loss,
            percent(metrics.train_accuracy),
            format_args!("{} images/s", grouped(metrics.images_per_second as u64)),
            duration(metrics.seconds),
            if is_best && metrics.val_loss.is_some() { "  best" } else { "" },
        ));
    }
    fn finding(&mut self, finding: &Finding) {
        self.bar = None;
        self.console.log(&health::brief(finding, self.console.text_width()));
    }
}
