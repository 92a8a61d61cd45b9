//! The blocks that `let` defines: which there are, which may use which, how large they grow.

use std::collections::HashMap;

use crate::base::{Span, nearest};
use crate::diag::{Diagnostic, code};
use crate::layer;
use crate::syntax::ast::{Chain, File, Let, Name, Primary};

use super::number::grouped;

/// The most layers of a network.
pub(super) const MAX_LAYERS: u64 = 10_000;
/// How deep brackets and blocks may stand inside one another once blocks are filled in.
const MAX_DEPTH: usize = 256;
/// Blocks among whose names an unknown one is looked for: a file of tens of thousands was not written by hand.
const SEARCHED: usize = 1000;

/// All blocks of a file, with their sizes.
pub(super) struct Blocks<'a> {
    lets: &'a [Let],
    /// The first block of each name.
    first: HashMap<&'a str, usize>,
    /// Layers of each block, saturating.
    sizes: Vec<u64>,
    /// Levels of brackets and blocks inside each block.
    depths: Vec<usize>,
    /// Whether some block is deeper than may be.
    pub are_too_deep: bool,
}

/// What a name stands for among the blocks that may be used at a place.
pub(super) enum Found {
    /// The block of this index.
    Block(usize),
    /// A block that is defined here or later.
    NotYet(usize),
    /// No block.
    None,
}

impl<'a> Blocks<'a> {
    /// Reads the blocks and reports those that share a name or grow without measure.
    pub(super) fn read(file: &'a File) -> (Self, Vec<Diagnostic>) {
        let mut first = HashMap::new();
        for (at, block) in file.lets.iter().enumerate() {
            first.entry(block.name.value.as_str()).or_insert(at);
        }
        let mut blocks = Self { lets: &file.lets, first, sizes: Vec::new(), depths: Vec::new(), are_too_deep: false };
        let mut faults = Vec::new();
        for (at, block) in file.lets.iter().enumerate() {
            faults.extend(blocks.name_taken(at));
            let (size, depth) = blocks.measure(&block.chain);
            // What uses a block that is too deep is not reported again.
            if depth > MAX_DEPTH && !blocks.are_too_deep {
                faults.push(too_deep(block));
                blocks.are_too_deep = true;
            }
            blocks.sizes.push(size);
            blocks.depths.push(depth);
        }
        (blocks, faults)
    }

    /// The block of this index.
    pub(super) fn get(&self, at: usize) -> &'a Let {
        &self.lets[at]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lets.len()
    }

    /// Whether a use of the block's name means this block, not a layer or a block above.
    pub(super) fn can_be_used(&self, at: usize) -> bool {
        self.name_taken(at).is_none()
    }

    /// What `name` stands for where the first `visible` blocks may be used.
    pub(super) fn find(&self, name: &str, visible: usize) -> Found {
        match self.first.get(name).copied() {
            Some(at) if at < visible => Found::Block(at),
            Some(at) => Found::NotYet(at),
            None => Found::None,
        }
    }

    /// Layers of a chain after expansion, saturating: nothing is expanded to know it.
    pub(super) fn layers_of(&self, chain: &Chain) -> u64 {
        self.measure(chain).0
    }

    /// N113, where the network is too large.
    pub(super) fn too_many_layers(&self, chain: &Chain) -> Option<Diagnostic> {
        let total = self.layers_of(chain);
        (total > MAX_LAYERS).then(|| {
            let largest = chain.stages.iter().max_by_key(|stage| self.stage_size(stage).0);
            too_many_layers(total, largest.map_or(chain.span, |stage| stage.span))
        })
    }

    /// N101 or N110: `name` is neither a layer nor a block.
    pub(super) fn unknown(&self, name: &Name) -> Diagnostic {
        // `nn.` and `layers.` are no part of the name.
        let plain = name.value.rsplit('.').next().unwrap_or_default();
        let lowercase = plain.chars().next().is_some_and(char::is_lowercase);
        let blocks = nearest(&name.value, self.lets.iter().take(SEARCHED).map(|block| block.name.value.as_str()));
        let is_layer = layer::suggest(&name.value).is_some_and(|layer| layer.name.eq_ignore_ascii_case(&name.value));
        match blocks.first() {
            Some(block) if !is_layer => {
                let meant: Vec<&str> = blocks.iter().copied().chain(layer::suggestions(&name.value)).collect();
                Diagnostic::new(&code::UNKNOWN_BLOCK, format!("there is no block `{}`", name.value))
                    .at(name.span, "no block of this name")
                    .help(format!("did you mean `{block}`?"))
                    .rename(&name.value, name.span, &meant)
            }
            None if lowercase && layer::suggest(&name.value).is_none() => {
                Diagnostic::new(&code::UNKNOWN_BLOCK, format!("there is no block `{}`", name.value))
                    .at(name.span, "no block of this name")
                    .help(format!("define it above the network: `let {} = Conv -> Relu`", name.value))
            }
            _ => layer::unknown_layer(name),
        }
    }

    fn name_taken(&self, at: usize) -> Option<Diagnostic> {
        let name = &self.lets[at].name;
        if layer::find(&name.value).is_some() {
            let fault = Diagnostic::new(&code::DUPLICATE_BLOCK, format!("`{}` is the name of a layer", name.value));
            return Some(fault.at(name.span, "taken").help("give the block another name"));
        }
        let first = self.first.get(name.value.as_str()).copied().filter(|&first| first < at)?;
        Some(
            Diagnostic::new(&code::DUPLICATE_BLOCK, format!("the block `{}` is defined twice", name.value))
                .at(name.span, "defined again")
                .label(self.lets[first].name.span, "defined first")
                .help("give one of them another name"),
        )
    }

    /// Layers and depth of a chain, counting the blocks measured so far.
    fn measure(&self, chain: &Chain) -> (u64, usize) {
        chain
            .stages
            .iter()
            .map(|stage| self.stage_size(stage))
            .fold((0_u64, 0), |(layers, depth), stage| (layers.saturating_add(stage.0), depth.max(stage.1)))
    }

    fn stage_size(&self, stage: &crate::syntax::ast::Stage) -> (u64, usize) {
        let (layers, depth) = match &stage.primary {
            Primary::Call(call) => match self.find(&call.name.value, self.sizes.len()) {
                Found::Block(at) => (self.sizes[at], self.depths[at] + 1),
                Found::NotYet(_) | Found::None => (1, 0),
            },
            Primary::Group(chain, _) => {
                let (layers, depth) = self.measure(chain);
                (layers, depth + 1)
            }
            Primary::Combinator(combinator) => combinator
                .branches
                .iter()
                .map(|branch| self.measure(branch))
                .fold((1_u64, 0), |(layers, depth), branch| (layers.saturating_add(branch.0), depth.max(branch.1 + 1))),
            Primary::Unknown(_) => (1, 0),
        };
        (layers.saturating_mul(stage.repeat.map_or(1, |repeat| repeat.value)), depth)
    }
}

/// N113, of a network with `layers`, most of them at `place`.
pub(super) fn too_many_layers(layers: u64, place: Span) -> Diagnostic {
    let number = if layers == u64::MAX { "more than 10^19".to_owned() } else { grouped(layers) };
    let headline = format!("the network has {number} layers, but may have {}", grouped(MAX_LAYERS));
    Diagnostic::new(&code::TOO_MANY_LAYERS, headline).at(place, "most of them stand here").help("repeat less often")
}

fn too_deep(block: &Let) -> Diagnostic {
    let headline = format!("`{}` nests brackets and blocks more than {MAX_DEPTH} deep", block.name.value);
    Diagnostic::new(&code::NESTING_TOO_DEEP, headline).at(block.name.span, "one level too many")
}

/// N111: a block that cannot be used here.
pub(super) fn not_yet(name: &Name, inside: Option<&Name>, defined: Span) -> Diagnostic {
    let headline = match inside {
        Some(inside) if inside.value == name.value => format!("the block `{}` uses itself", name.value),
        Some(inside) => format!("the block `{}` uses `{}`, which is defined after it", inside.value, name.value),
        None => format!("the block `{}` is used before it is defined", name.value),
    };
    Diagnostic::new(&code::RECURSIVE_BLOCK, headline)
        .at(name.span, "not defined yet here")
        .label(defined, "defined here")
        .help("a block may use the blocks above it only; to run it several times, repeat it: `[block] * 3`")
}
