//! Progress on a terminal: a bar on stderr. Elsewhere nothing is drawn.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that is gone when it is dropped.
#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar with a title; it shows once it is told how much there is to do.
    pub fn new(title: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        // `wide_msg` is cut to the terminal: a line that wraps could not be drawn over.
        let style = ProgressStyle::with_template("{prefix:<12} {bar:24} {pos}/{len}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
        bar.set_prefix(title.into());
        Self(bar)
    }

    /// So many of so many are done. Threads may report out of order; the bar never goes back.
    pub fn reach(&self, done: usize, total: usize) {
        if self.0.length() != Some(total as u64) {
            self.0.set_length(total as u64);
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
        if done as u64 > self.0.position() {
            self.0.set_position(done as u64);
        }
    }

    /// Shows a few words behind the bar.
    pub fn say(&self, words: String) {
        self.0.set_message(words);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
