//! The comparison as scripts read it.

use super::{Shown, writing};
use crate::check::Net;
use crate::compare::{Entry, Side, What};

#[derive(serde::Serialize)]
pub(super) struct DiffJson<'a> {
    equivalent: bool,
    same_network: bool,
    specs: [SpecJson<'a>; 2],
    differences: Vec<DifferenceJson<'a>>,
    settings: Vec<SettingJson<'a>>,
}

#[derive(serde::Serialize)]
struct SpecJson<'a> {
    path: &'a str,
    layers: usize,
    params: u64,
    /// `arguments`, `layers`, `arguments and layers`, or null.
    activations: Option<&'static str>,
}

#[derive(serde::Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
enum DifferenceJson<'a> {
    Removed(OnlyJson<'a>),
    Added(OnlyJson<'a>),
    Changed { differs: &'static str, place: String, layers: Vec<[LayerJson<'a>; 2]>, params: i64 },
}

#[derive(serde::Serialize)]
struct OnlyJson<'a> {
    place: Option<String>,
    chain: &'a str,
    layers: Vec<Vec<LayerJson<'a>>>,
    params: i64,
}

#[derive(serde::Serialize)]
struct LayerJson<'a> {
    name: &'a str,
    layer: String,
    reads: Vec<usize>,
    output: Vec<usize>,
    params: u64,
}

#[derive(serde::Serialize)]
struct SettingJson<'a> {
    key: &'a str,
    values: &'a [String; 2],
}

impl Shown<'_> {
    pub(super) fn json(&self) -> DiffJson<'_> {
        DiffJson {
            equivalent: self.comparison.is_equivalent(),
            same_network: self.comparison.same_network(),
            specs: [0, 1].map(|side| self.spec(side)),
            differences: self.comparison.layers.iter().filter_map(|entry| self.difference(entry)).collect(),
            settings: self
                .comparison
                .settings
                .iter()
                .map(|setting| SettingJson { key: setting.key, values: &setting.values })
                .collect(),
        }
    }

    fn spec(&self, side: usize) -> SpecJson<'_> {
        let net = &self.specs[side].net;
        SpecJson {
            path: self.specs[side].source.name(),
            layers: net.layers.len(),
            params: net.graph.trained_params(),
            activations: writing(net),
        }
    }

    fn difference<'a>(&'a self, entry: &'a Entry) -> Option<DifferenceJson<'a>> {
        let nets: [&'a Net; 2] = [&self.specs[0].net, &self.specs[1].net];
        let params = entry.params(nets);
        match entry {
            Entry::Same(_) => None,
            Entry::Changed(change) => Some(DifferenceJson::Changed {
                differs: match change.what {
                    What::Text => "text",
                    What::Input => "input",
                },
                place: self.change(change),
                layers: change.layers.iter().map(|pair| [0, 1].map(|side| layer(nets[side], pair[side]))).collect(),
                params,
            }),
            Entry::Only(only) => {
                let net = only.side.of(nets);
                let layers = |layers: &Vec<usize>| layers.iter().map(|&at| layer(net, at)).collect();
                let layers = only.layers.iter().map(layers).collect();
                let json = OnlyJson { place: self.place(only), chain: &only.chain, layers, params };
                Some(match only.side {
                    Side::First => DifferenceJson::Removed(json),
                    Side::Second => DifferenceJson::Added(json),
                })
            }
        }
    }
}

fn layer(net: &Net, at: usize) -> LayerJson<'_> {
    let layer = &net.layers[at];
    LayerJson {
        name: &layer.name,
        layer: layer.text(),
        reads: layer.shape_in.dims(),
        output: layer.shape_out.dims(),
        params: layer.params.trained,
    }
}
