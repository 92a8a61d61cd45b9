//! The summary as scripts read it.

use super::{Memory, macs};
use crate::check::{Net, Placed};

#[derive(serde::Serialize)]
pub(super) struct SummaryJson<'a> {
    input: Vec<usize>,
    layers: Vec<LayerJson<'a>>,
    total_params: u64,
    trainable_params: u64,
    macs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_peak_bytes: Option<u64>,
}

#[derive(serde::Serialize)]
struct LayerJson<'a> {
    index: usize,
    name: &'a str,
    kind: &'a str,
    output: Vec<usize>,
    range: String,
    params: u64,
    macs: u64,
    receptive_field: usize,
}

pub(super) fn summary(net: &Net, memory: Option<Memory>) -> SummaryJson<'_> {
    SummaryJson {
        input: net.input.dims(),
        layers: net.layers.iter().enumerate().map(|(index, layer)| layer_json(index, layer)).collect(),
        total_params: net.graph.total_params(),
        trainable_params: net.graph.trained_params(),
        macs: macs(net),
        batch: memory.map(|memory| memory.batch),
        threads: memory.map(|memory| memory.threads),
        planned_peak_bytes: memory.map(|memory| memory.peak_bytes),
    }
}

fn layer_json(index: usize, layer: &Placed) -> LayerJson<'_> {
    LayerJson {
        index,
        name: &layer.name,
        kind: layer.kind,
        output: layer.shape_out.dims(),
        range: layer.range_out.to_string(),
        params: layer.params.total,
        macs: layer.macs,
        receptive_field: layer.receptive_field,
    }
}
