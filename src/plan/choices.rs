//! Choices of kernels that stand above the rules: made by whoever has measured them, and looked up by what is computed.
//!
//! A choice is for a task: what is computed, its shape and in which precision. Its key is a text, so that choices can be kept
//! in a file, read by people, and compared. The number of images is no part of it: the last bits of a prediction would
//! depend on how many there are.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use super::choose;
use super::step::{Step, Weights, Work};
use super::{Options, Plan, Precision};
use crate::kernel::conv::Chain;

/// For each task, by its key, the name of the kernel that is taken; others are chosen by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(Arc<BTreeMap<String, String>>);

/// What stands for a kernel's name where the steps of a chain are not joined.
pub const APART: &str = "apart";

/// The same where they are.
pub const JOINED: &str = "joined";

/// Chains that no other choice is for.
const ALL_CHAINS: &str = "chains";

impl FromIterator<(String, String)> for Choices {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(choices: I) -> Self {
        Self(Arc::new(choices.into_iter().collect()))
    }
}

impl Choices {
    /// Whether everything is chosen by rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each task's key with its kernel's name, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(task, kernel)| (task.as_str(), kernel.as_str()))
    }

    /// The same choices, and no chain that they do not name.
    #[must_use]
    pub fn with_chains_apart(&self) -> Self {
        let others = self.0.iter().map(|(task, kernel)| (task.clone(), kernel.clone()));
        others.chain([(ALL_CHAINS.to_owned(), APART.to_owned())]).collect()
    }

    /// Those that plans made by them go by.
    #[must_use]
    pub fn used_by(&self, plans: &[Plan]) -> Self {
        let tasks = |plan: &Plan, step: &Step| {
            let links = plan.link_tasks(step, &plan.options).into_iter().map(|(task, _)| task);
            plan.task(step)
                .map(|task| task.key)
                .into_iter()
                .chain(plan.chain_task(step))
                .chain(links)
                .collect::<Vec<_>>()
        };
        let used: Vec<String> =
            plans.iter().flat_map(|plan| plan.steps.iter().flat_map(move |step| tasks(plan, step))).collect();
        let is_used = |task: &str, kernel: &str| kernel == APART || used.iter().any(|used| used == task);
        let kept = self.iter().filter(|(task, kernel)| is_used(task, kernel));
        kept.map(|(task, kernel)| (task.to_owned(), kernel.to_owned())).collect()
    }

    /// The kernel chosen for a task.
    #[must_use]
    pub fn kernel(&self, task: &str) -> Option<&str> {
        self.0.get(task).map(String::as_str)
    }
}

/// A step's task, with the kernels that there are for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its key.
    pub key: String,
    /// The kernel that the plan has.
    pub kernel: &'static str,
    /// Every kernel that can compute it, of each form the one of the widest instruction set.
    pub kernels: Vec<&'static str>,
}

impl Options {
    /// The key of a task; `what` is computed in words.
    pub(super) fn task(&self, what: &str, shape: &impl Display) -> String {
        let precision = match self.precision {
            Precision::F32 => "",
            Precision::Bf16 => ", bf16",
        };
        format!("{what} {shape}{precision}")
    }

    /// The kernel that is chosen for a task.
    pub(super) fn choice(&self, what: &str, shape: &impl Display) -> Option<&str> {
        if self.choices.is_empty() { None } else { self.choices.kernel(&self.task(what, shape)) }
    }

    /// Whether a chain's steps may be joined.
    pub(super) fn joins(&self, chain: &Chain, weights: Weights) -> bool {
        let chosen = self.choice(chain_in_words(weights), chain).or(self.choices.kernel(ALL_CHAINS));
        chosen != Some(APART)
    }
}

impl Plan {
    /// The task of a step for which there is a choice of kernels.
    #[must_use]
    pub fn task(&self, step: &Step) -> Option<Task> {
        let options = &self.options;
        let (kernel, what, shape, kernels): (_, _, &dyn Display, _) = match &step.work {
            Work::Conv(g, kernel, fused) => {
                (kernel.name, choose::forward_in_words(fused.weights), g, choose::forwards(options, g))
            }
            Work::ConvPool(g, kernel, fused) => {
                (kernel.name, choose::forward_in_words(fused.weights), g, choose::pooled_forwards(options, g))
            }
            Work::ConvInputGradient(g, kernel, _) => {
                (kernel.name, choose::INPUT_GRADIENT, g, choose::input_gradients(options, g))
            }
            Work::ConvWeightGradient(g, kernel) => {
                (kernel.name, choose::WEIGHT_GRADIENT, g, choose::weight_gradients(options, g))
            }
            Work::PooledInputGradient(g, kernel, _) => {
                (kernel.name, choose::INPUT_GRADIENT, g, choose::pooled_input_gradients(options, g))
            }
            Work::PooledWeightGradient(g, kernel) => {
                (kernel.name, choose::WEIGHT_GRADIENT, g, choose::pooled_weight_gradients(options, g))
            }
            _ => return None,
        };
        Some(Task { key: options.task(what, &shape), kernel, kernels })
    }

    /// The key of a chain's task, by which its steps can be kept apart.
    #[must_use]
    pub fn chain_task(&self, step: &Step) -> Option<String> {
        let (Work::ConvChain(chain) | Work::Front(chain)) = &step.work else { return None };
        Some(self.options.task(chain_in_words(self.weights()), &**chain))
    }

    /// How its convolutions find their weights.
    fn weights(&self) -> Weights {
        if self.is_training() { Weights::Plain } else { Weights::Packed }
    }

    /// The tasks of a chain's convolutions, as a plan for `options` would have them, with the kernels that they have here.
    #[must_use]
    pub fn link_tasks(&self, step: &Step, options: &Options) -> Vec<(String, &'static str)> {
        let (Work::ConvChain(chain) | Work::Front(chain)) = &step.work else { return Vec::new() };
        let what = choose::forward_in_words(self.weights());
        chain.links.iter().map(|link| (options.task(what, &link.g), link.kernel.name)).collect()
    }
}

fn chain_in_words(weights: Weights) -> &'static str {
    match weights {
        Weights::Plain => "chain",
        Weights::Packed => "chain, weights packed once",
    }
}
