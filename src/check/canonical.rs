//! The one way to write a spec: names of layers as the table has them, laid out by the printer.

use std::collections::HashSet;

use crate::base::Source;
use crate::diag::{Diagnostic, Edit};
use crate::layer;
use crate::syntax::ast::{Arg, Chain, File, Name, Param, Primary};
use crate::syntax::{is_unreadable, parse, print};

/// The canonical text of a spec.
///
/// # Errors
///
/// All faults of the text, where a part of it cannot be read: nobody knows what it would have to look like.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (file, faults) = parse(source);
    if is_unreadable(&faults) { Err(faults) } else { Ok(print(source, &file, &canonical_names(&file))) }
}

/// The edits that write every layer, argument and activation by its canonical name, in the order of their places.
#[must_use]
pub fn canonical_names(file: &File) -> Vec<Edit> {
    let blocks = file.lets.iter().map(|block| block.name.value.as_str()).collect();
    let mut naming = Naming { blocks, params: &[], edits: Vec::new() };
    for block in &file.lets {
        naming.params = &block.params;
        naming.chain(&block.chain);
    }
    naming.params = &[];
    file.chain.iter().for_each(|chain| naming.chain(chain));
    naming.edits
}

struct Naming<'a> {
    blocks: HashSet<&'a str>,
    /// The parameters of the block whose body this is.
    params: &'a [Param],
    edits: Vec<Edit>,
}

impl Naming<'_> {
    fn chain(&mut self, chain: &Chain) {
        for stage in &chain.stages {
            match &stage.primary {
                Primary::Call(call) => self.layer(&call.name, &call.args),
                Primary::Group(chain, _) => self.chain(chain),
                Primary::Combinator(combinator) => {
                    self.layer(&combinator.name, &combinator.args);
                    combinator.branches.iter().for_each(|branch| self.chain(branch));
                }
                Primary::Unknown(_) => {}
            }
        }
    }

    /// A block keeps its name, even where it takes that of a layer.
    fn layer(&mut self, name: &Name, args: &[Arg]) {
        if self.blocks.contains(name.value.as_str()) {
            return;
        }
        let is_param = |word: &str| self.params.iter().any(|param| param.name.value == word);
        layer::canonical_names(name, args, is_param, &mut self.edits);
    }
}
