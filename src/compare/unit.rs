//! A network as what is aligned: layers in order, each with the branches that it joins.

use crate::check::{Net, Part, Placed};

/// A layer.
#[derive(Clone, Debug)]
pub(super) struct Unit<'n> {
    /// The layer.
    pub layer: &'n Placed,
    /// Its index in its network.
    pub index: usize,
    /// What it joins.
    pub branches: Vec<Vec<Unit<'n>>>,
}

/// The layers of a network but for those that do nothing.
pub(super) fn units(net: &Net) -> Vec<Unit<'_>> {
    let mut units = Vec::new();
    collect(net, &net.outline, &mut units);
    units
}

fn collect<'n>(net: &'n Net, parts: &'n [Part], units: &mut Vec<Unit<'n>>) {
    for part in parts {
        match part {
            Part::Layer(index) => units.extend(unit(net, *index, &[])),
            Part::Join { layer, branches } => units.extend(unit(net, *layer, branches)),
            Part::Repeat(runs) => runs.iter().for_each(|run| collect(net, run, units)),
            Part::Block { parts, .. } => collect(net, parts, units),
        }
    }
}

fn unit<'n>(net: &'n Net, index: usize, branches: &'n [Vec<Part>]) -> Option<Unit<'n>> {
    let layer = &net.layers[index];
    let branch = |parts: &'n Vec<Part>| {
        let mut units = Vec::new();
        collect(net, parts, &mut units);
        units
    };
    (layer.kind != "Identity").then(|| Unit { layer, index, branches: branches.iter().map(branch).collect() })
}

impl Unit<'_> {
    /// All its layers, in order.
    pub(super) fn layers(&self) -> Vec<usize> {
        let inner = self.branches.iter().flatten().flat_map(Unit::layers);
        inner.chain([self.index]).collect()
    }

    /// As a spec writes it.
    pub(super) fn text(&self) -> String {
        match self.branches.as_slice() {
            [] => self.layer.text(),
            [one, past] | [past, one] if self.layer.kind == "Add" && past.is_empty() => {
                format!("Residual[{}]", chain(one))
            }
            branches => {
                let branches: Vec<String> = branches.iter().map(|branch| chain(branch)).collect();
                format!("{}[{}]", self.layer.text(), branches.join(" | "))
            }
        }
    }
}

/// Layers as a spec writes them: `Conv(32, 3x3) -> Relu`.
pub(super) fn chain(units: &[Unit<'_>]) -> String {
    match units {
        [] => "Identity".to_owned(),
        units => units.iter().map(Unit::text).collect::<Vec<_>>().join(" -> "),
    }
}

/// `count` runs of a repeat as a spec writes them, folded where they are all the same.
pub(super) fn runs(units: &[Unit<'_>], count: usize) -> String {
    let len = units.len() / count.max(1);
    if count > 1 && len > 0 && units.len() == len * count {
        let mut texts = units.chunks(len).map(chain);
        let first = texts.next().unwrap_or_default();
        if texts.all(|text| text == first) {
            return format!("[{first}] * {count}");
        }
    }
    chain(units)
}
