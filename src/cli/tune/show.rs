//! What was measured, as people and as scripts read it.

use std::collections::BTreeMap;

use super::{Timed, Tuned, Tuning};
use crate::cli::table::{Column, ruled};

/// Layers of a task that are listed.
const LAYERS: usize = 4;

/// What was measured as scripts read it.
#[derive(serde::Serialize)]
pub(in crate::cli) struct TuningJson<'a> {
    tasks: Vec<TunedJson<'a>>,
    plans: Vec<TimedJson>,
    taken: &'static str,
}

#[derive(serde::Serialize)]
struct TunedJson<'a> {
    task: &'a str,
    layers: &'a [String],
    by_rule: &'static str,
    kernel: &'a str,
    milliseconds: &'a BTreeMap<&'static str, f64>,
}

#[derive(serde::Serialize)]
struct TimedJson {
    kernels: &'static str,
    step_ms: f64,
}

impl Tuning {
    pub fn json(&self) -> TuningJson<'_> {
        TuningJson {
            tasks: self.tasks.iter().map(Tuned::json).collect(),
            plans: self.plans.iter().map(|plan| TimedJson { kernels: plan.what, step_ms: plan.milliseconds }).collect(),
            taken: self.plans[self.taken].what,
        }
    }

    /// A row a task, with the kernel that is taken before all others, then the whole plans.
    pub fn text(&self) -> String {
        let columns = [
            Column::Left("Task"),
            Column::Left("Layers"),
            Column::Name("Kernel taken"),
            Column::Right("ms"),
            Column::Left("Others, ms"),
        ];
        let rows = self.tasks.iter().map(Tuned::row).collect();
        let by_rule = self.plans[0].milliseconds;
        let width = self.plans.iter().map(|plan| plan.what.len()).max().unwrap_or(0);
        let plans = self.plans.iter().enumerate().map(|(at, Timed { what, milliseconds, .. })| {
            let taken = if at == self.taken { "  taken" } else { "" };
            format!("{what:<width$}  {milliseconds:>9.3} ms  {:.2}x{taken}\n", by_rule / milliseconds)
        });
        format!("{}\n{}", ruled(&columns, rows), plans.collect::<String>())
    }
}

impl Tuned {
    fn json(&self) -> TunedJson<'_> {
        let Self { task, layers, by_rule, kernel, milliseconds } = self;
        TunedJson { task, layers, by_rule, kernel, milliseconds }
    }

    fn row(&self) -> Vec<String> {
        let mut kernels: Vec<(&str, f64)> = self.milliseconds.iter().map(|(kernel, time)| (*kernel, *time)).collect();
        kernels.sort_by(|a, b| a.1.total_cmp(&b.1));
        let taken = kernels.iter().find(|(kernel, _)| *kernel == self.kernel);
        let others = kernels.iter().filter(|(kernel, _)| *kernel != self.kernel).map(|(kernel, time)| {
            let by_rule = if *kernel == self.by_rule { " by rule" } else { "" };
            format!("{kernel} {time:.3}{by_rule}")
        });
        vec![
            self.task.clone(),
            some_of(&self.layers),
            self.kernel.clone(),
            taken.map_or_else(String::new, |(_, time)| format!("{time:.3}")),
            others.collect::<Vec<_>>().join(", "),
        ]
    }
}

/// A few of the layers, and how many more there are.
fn some_of(layers: &[String]) -> String {
    let shown = layers.iter().take(LAYERS).map(String::as_str).collect::<Vec<_>>().join(" ");
    match layers.len().saturating_sub(LAYERS) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
