//! How weights start.

use crate::base::Random;
use crate::graph::{Graph, Init, Param};
use crate::kernel::Activation;

/// The first values of every parameter of `graph`, in order: a function of the seed and of the parameters' names.
///
/// Before a rectifier, normal with variance 2/fan-in (He et al., 2015, "Delving deep into rectifiers"); elsewhere
/// uniform in ±√(6/(fan-in + fan-out)) (Glorot and Bengio, 2010).
#[must_use]
pub fn initialise(graph: &Graph, seed: u64) -> Vec<Vec<f32>> {
    let behind = graph.activations_behind_params();
    graph.params.iter().zip(behind).map(|(param, activation)| initial_values(param, activation, seed)).collect()
}

fn initial_values(param: &Param, behind: Option<Activation>, seed: u64) -> Vec<f32> {
    match param.init {
        Init::Constant(value) => vec![value; param.len()],
        Init::Fan { fan_in, fan_out } => {
            let before_rectifier = behind.is_some_and(Activation::is_rectifier);
            if before_rectifier { he_normal(param, fan_in, seed) } else { glorot_uniform(param, fan_in, fan_out, seed) }
        }
    }
}

fn he_normal(param: &Param, fan_in: usize, seed: u64) -> Vec<f32> {
    let deviation = (2.0 / fan_in.max(1) as f64).sqrt() as f32;
    let random = Random::named(seed, &param.name);
    (0..param.len() as u64).map(|index| deviation * random.normal(index)).collect()
}

fn glorot_uniform(param: &Param, fan_in: usize, fan_out: usize, seed: u64) -> Vec<f32> {
    let limit = (6.0 / (fan_in + fan_out).max(1) as f64).sqrt() as f32;
    let random = Random::named(seed, &param.name);
    (0..param.len() as u64).map(|index| limit * (2.0 * random.unit(index) - 1.0)).collect()
}
