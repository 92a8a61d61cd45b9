//! What of a training step is observed for its health, and how: norms of gradients and updates, activity of units.
//!
//! An observed step costs a pass over the activations that are looked at, and over weights and gradients where they are
//! few. So few of the steps of an epoch are observed, by their number alone: what is found does not depend on when a run was interrupted.

use std::ops::ControlFlow;

use super::change::{Before, norm};
use crate::exec::Moment;
use crate::graph::{Graph, LayerId, Op, Role};
use crate::health::{LayerStep, Observed, Unit, UnitKind, UnitStep};
use crate::kernel::Activation;
use crate::plan::{BufferId, Phase, Plan, Step, Work};

/// About so many steps of an epoch are observed, where it has so many.
const OBSERVED: usize = 16;
/// At least one step in so many is.
const MAX_INTERVAL: usize = 16;

/// Numbers of a layer of units.
#[derive(Clone, Copy, Debug)]
struct Seen {
    units: usize,
    activation: Activation,
    /// All that the units gave, or the greatest magnitudes among it.
    buffer: BufferId,
}

/// Which steps of a plan are looked at.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    interval: u64,
    /// For each step of the plan the layer whose kernel it updates.
    updates: Vec<Option<usize>>,
    /// For each step of the plan the layers of units that it computes.
    activations: Vec<Vec<Seen>>,
    /// The plan's first step after the forward pass.
    forward: usize,
    /// The layers with kernels.
    pub layers: Vec<String>,
    /// The layers of units.
    pub units: Vec<Unit>,
}

impl Gauge {
    /// What to look at in `plan`, which trains `graph`, with so many steps an epoch.
    pub fn new(graph: &Graph, plan: &Plan, steps_per_epoch: usize) -> Self {
        let interval = (steps_per_epoch / OBSERVED).clamp(1, MAX_INTERVAL) as u64;
        let mut gauge = Self {
            interval,
            updates: vec![None; plan.steps.len()],
            activations: vec![Vec::new(); plan.steps.len()],
            forward: plan.steps.iter().position(|step| step.phase != Phase::Forward).unwrap_or(plan.steps.len()),
            layers: Vec::new(),
            units: Vec::new(),
        };
        for (at, step) in plan.steps.iter().enumerate() {
            if let Work::Update(..) | Work::DenseUpdate(..) = step.work {
                let updated =
                    step.writes.first().and_then(|buffer| plan.params.iter().find(|slot| slot.buffer == *buffer));
                if let Some(slot) = updated.filter(|slot| is_kernel(slot.role)) {
                    gauge.updates[at] = Some(gauge.layers.len());
                    gauge.layers.push(slot.name.trim_end_matches(".kernel").to_owned());
                }
            }
            let mut layers = &step.layers[..];
            for (activation, buffer) in activations_of(step).into_iter().filter(|_| step.phase == Phase::Forward) {
                let Some(kind) = kind_of(activation) else { continue };
                if let Some((layer, count)) = channels(graph, layers, activation) {
                    gauge.activations[at].push(Seen { units: gauge.units.len(), activation, buffer });
                    gauge.units.push(Unit { name: feeding(graph, layer), kind, count });
                    layers = &layers[layers.iter().position(|&other| other == layer).map_or(0, |at| at + 1)..];
                }
            }
        }
        gauge
    }

    /// Whether the step with so many before it is observed.
    pub fn is_due(&self, step: u64) -> bool {
        step.is_multiple_of(self.interval)
    }

    /// Whether the losses are known, and nothing that follows from them is.
    pub fn is_end_of_forward(&self, moment: &Moment<'_>) -> bool {
        !moment.is_done && moment.step == self.forward
    }

    /// A step of which nothing is seen yet.
    pub fn observed(&self, step: u64, rate: f64) -> Observed {
        Observed {
            step,
            rate,
            layers: vec![LayerStep::default(); self.layers.len()],
            units: vec![UnitStep::default(); self.units.len()],
        }
    }

    /// Looks at a moment of an observed step; `before` keeps a layer's weights from before its update to after it.
    pub fn look(&self, moment: &Moment<'_>, before: &mut Before, to: &mut Observed) {
        let step = &moment.plan.steps[moment.step];
        if let Some(layer) = self.updates[moment.step] {
            let weights = moment.numbers(step.writes[0]);
            let layer = &mut to.layers[layer];
            if moment.is_done {
                let isa = moment.plan.options.isa;
                let gradient = if let Work::DenseUpdate(..) = step.work { step.writes[1] } else { step.reads[0] };
                layer.gradient = norm(isa, moment.numbers(gradient));
                [layer.weights, layer.update] = before.norms(isa, weights);
            } else {
                before.keep(weights);
            }
        }
        for &Seen { units, activation, buffer } in self.activations[moment.step].iter().filter(|_| moment.is_done) {
            look_at_units(activation, moment.numbers(buffer), self.units[units].count, &mut to.units[units]);
        }
    }
}

/// The first layer whose result, in the forward pass that is being watched, is infinite or no number.
pub(super) fn first_non_finite<'m>(
    graph: &'m Graph,
    found: &'m mut Option<String>,
) -> impl FnMut(&Moment<'_>) -> ControlFlow<()> + Send + 'm {
    move |moment| {
        let step = &moment.plan.steps[moment.step];
        if step.phase != Phase::Forward {
            return ControlFlow::Break(());
        }
        if !moment.is_done {
            return ControlFlow::Continue(());
        }
        let layer = results_of(graph, step).into_iter().find_map(|(layer, buffer)| {
            (!moment.numbers(buffer).iter().all(|number| number.is_finite())).then_some(layer)
        });
        match layer {
            Some(layer) => {
                *found = Some(feeding(graph, layer));
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// What a step tells of the results of its layers, each with the layer that it is of.
fn results_of(graph: &Graph, step: &Step) -> Vec<(LayerId, BufferId)> {
    let Some(&first) = step.layers.first() else { return Vec::new() };
    let second = step.layers.iter().filter(|&&layer| graph.params.iter().any(|param| param.layer == layer)).nth(1);
    match (&step.work, second) {
        (Work::Front(_), Some(&second)) => vec![(first, step.writes[FRONT_PEAKS]), (second, step.writes[0])],
        _ => step.writes.first().map(|&buffer| (first, buffer)).into_iter().collect(),
    }
}

fn is_kernel(role: Role) -> bool {
    matches!(role, Role::Kernel | Role::DepthwiseKernel | Role::PointwiseKernel)
}

/// The activations that ride on a step, or are it, in the order of their layers, each with the buffer that tells of it.
fn activations_of(step: &Step) -> Vec<(Activation, BufferId)> {
    let activation = match &step.work {
        Work::Conv(_, _, fused) | Work::ConvPool(_, _, fused) | Work::Dense(_, fused) | Work::Scale(_, fused) => {
            fused.activation
        }
        Work::BatchNormTraining(_, _, riding) => riding.activation,
        Work::Map(activation) | Work::MapInPlace(activation) => *activation,
        Work::Front(chain) => {
            let [first, second] = [0, 1].map(|link| chain.links[link].after.activation);
            return vec![(first, step.writes[FRONT_PEAKS]), (second, step.writes[0])];
        }
        _ => return Vec::new(),
    };
    vec![(activation, step.writes[0])]
}

/// The place of the first convolution's greatest magnitudes among what a front writes.
const FRONT_PEAKS: usize = 2;

fn kind_of(activation: Activation) -> Option<UnitKind> {
    match activation {
        Activation::Relu | Activation::Relu6 => Some(UnitKind::Rectifier),
        Activation::Sigmoid | Activation::Tanh => Some(UnitKind::Squashing),
        _ => None,
    }
}

/// The layer among `layers` that maps by `activation`, with its channels.
fn channels(graph: &Graph, layers: &[LayerId], activation: Activation) -> Option<(LayerId, usize)> {
    let node = graph.nodes.iter().find(|node| layers.contains(&node.layer) && node.op == Op::Map(activation))?;
    Some((node.layer, graph.shape(node.outputs[0]).channels()))
}

/// The name of the nearest layer with parameters at this layer or before it.
fn feeding(graph: &Graph, layer: LayerId) -> String {
    let param = graph.params.iter().rev().find(|param| param.layer <= layer).or(graph.params.first());
    param.map_or_else(|| "input".to_owned(), |param| param.name.split('.').next().unwrap_or_default().to_owned())
}

/// Beyond these a sigmoid's or tanh's argument is beyond ±5.
fn ends(activation: Activation) -> [f32; 2] {
    match activation {
        Activation::Sigmoid => [0.006_692_851, 0.993_307_1],
        _ => [-0.999_909_2, 0.999_909_2],
    }
}

fn look_at_units(activation: Activation, numbers: &[f32], count: usize, to: &mut UnitStep) {
    to.seen += numbers.len() as u64;
    if kind_of(activation) == Some(UnitKind::Squashing) {
        let [low, high] = ends(activation);
        to.saturated += numbers.iter().filter(|number| **number < low || **number > high).count() as u64;
        return;
    }
    let mut most = vec![0.0_f32; count];
    for row in numbers.chunks_exact(count.max(1)) {
        most.iter_mut().zip(row).for_each(|(most, number)| *most = most.max(*number));
    }
    // Parts of a batch come one after the other.
    to.alive.resize(count, false);
    to.alive.iter_mut().zip(most).for_each(|(alive, most)| *alive |= most > 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Isa;

    #[test]
    fn a_unit_is_alive_where_it_is_above_zero_anywhere() {
        let mut step = UnitStep::default();
        look_at_units(Activation::Relu, &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0], 3, &mut step);
        assert_eq!(step.alive, [false, true, true]);
    }

    #[test]
    fn a_unit_that_was_alive_in_one_part_of_a_batch_is_alive() {
        let mut step = UnitStep::default();
        look_at_units(Activation::Relu, &[0.0, 1.0], 2, &mut step);
        look_at_units(Activation::Relu, &[0.0, 0.0], 2, &mut step);
        assert_eq!((step.alive, step.seen), (vec![false, true], 4));
    }

    #[test]
    fn an_argument_beyond_five_saturates() {
        for activation in [Activation::Sigmoid, Activation::Tanh] {
            let mut numbers = [-5.1_f32, -4.9, 0.0, 4.9, 5.1];
            activation.map_in_place(Isa::Portable, &mut numbers);
            let mut step = UnitStep::default();
            look_at_units(activation, &numbers, 5, &mut step);
            assert_eq!((step.saturated, step.seen), (2, 5), "{activation:?}");
        }
    }
}
