//! From the tree of a spec to the typed network, and everything that is wrong with it.
//!
//! The tree is expanded (blocks, repeats, lists), every layer's arguments are bound, every edge is typed, and lints are
//! read off the types. Nothing stops at a fault: what is unknown is passed over and the rest is still checked. No file,
//! clock or data is read here; what is known of the data comes in as [`Facts`].

mod blocks;
mod canonical;
mod edit;
mod expand;
mod fault;
mod fold;
mod input;
mod level;
mod lint;
mod mend;
mod net;
mod number;
mod outline;
mod output;
mod parameters;
mod receptive;
mod spread;
mod subject;
mod trace;
mod typing;
mod walk;

use std::collections::BTreeSet;

pub use canonical::{canonical_names, format};
pub use fold::{Fold, Repeats, listed};
pub use level::at_levels;
pub use mend::{Fixed, Mended, apply, mend};
pub use net::{Net, Params, Placed, with_arguments};
pub use outline::Part;
pub use trace::{Frame, Trace, repeat_text};

use blocks::{Blocks, MAX_LAYERS, too_many_layers};
use expand::{Expander, Item, Trial};
use subject::{ClassSet, Spec, Subject};
use typing::{Trust, Typed, last_dense, type_network};

use crate::base::{Source, Span};
use crate::diag::{Diagnostic, code};
use crate::graph::Shape;
use crate::layer::Defaults;
use crate::syntax::ast::{Chain, File};
use crate::syntax::settings::Classes;

/// The number of classes where nothing says it.
const USUAL_CLASSES: usize = 10;
/// The most channels of an image: red, green, blue and alpha.
const MAX_CHANNELS: usize = 4;

/// What the data or the command line say where the front matter does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Height, width and channels of the images.
    pub input: Option<[usize; 3]>,
    /// The classes, in order.
    pub classes: Option<Vec<String>>,
    /// How many images there are.
    pub images: Option<ImageCounts>,
}

/// How many images a data set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageCounts {
    /// To train on.
    pub train: usize,
    /// To validate with.
    pub validation: usize,
}

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The network, where nothing keeps it from being run.
    pub net: Option<Net>,
    /// Everything found, in the order of the places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks what `parse` read. Faults of the text itself are not repeated; where one of them left a part unread, there is
/// no network.
#[must_use]
pub fn check(source: &Source, file: &File, facts: &Facts) -> Checked {
    let (defaults, mut faults) = Defaults::read(&file.front.defaults);
    let (blocks, found) = Blocks::read(file);
    faults.extend(found);
    let net = match &file.chain {
        Some(chain) => build(source, file, facts, &blocks, &defaults, chain, &mut faults),
        None => None,
    };
    let sizes = file.front.input.is_some() || facts.input.is_some();
    let known = level::Known { sizes, images: facts.images.is_some() };
    let mut diagnostics = level::apply_levels(source, file, without_repeats(faults), known);
    diagnostics.iter_mut().for_each(|fault| fault.spare_comments(&file.comments));
    diagnostics.sort_by_key(|fault| (fault.span(), fault.code.id));
    let runs = !diagnostics.iter().any(Diagnostic::is_error);
    Checked { net: net.filter(|_| runs), diagnostics }
}

/// A fault in a repeat or block is reported once: where it is worst, and among these where it is met first.
fn without_repeats(mut faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
    faults.retain(|fault| fault.span().is_none_or(|span| seen.insert((span, fault.code.id))));
    faults
}

fn build<'a>(
    source: &'a Source,
    file: &'a File,
    facts: &Facts,
    blocks: &'a Blocks<'a>,
    defaults: &'a Defaults,
    chain: &'a Chain,
    faults: &mut Vec<Diagnostic>,
) -> Option<Net> {
    let mut expander = Expander::new(blocks, defaults, Trial::default());
    let items = expand(&mut expander, chain, faults)?;
    let range = input::range_of(&file.front.data.normalize.value);
    let declared = declared_classes(file, facts);
    let open = declared.as_ref().map_or(USUAL_CLASSES, |classes| classes.count);
    let spec = Spec { chain, blocks, defaults, range, classes: open };
    let given =
        file.front.input.map(|input| (input.value, Some(input.span))).or(facts.input.map(|input| (input, None)));
    let shape = match given {
        Some((sizes, span)) => given_shape(sizes, span, faults)?,
        None => assumed_shape(&items, &spec),
    };
    let typed = type_network(&items, shape, range, open);
    let classes = declared.unwrap_or_else(|| classes_of(&items, &typed));
    let input_assumed = given.is_none();
    let is_whole = !typed.is_partial && !expander.unread;
    let images = facts.images;
    let is_sound = is_whole && !faults.iter().any(Diagnostic::is_error);
    let subject = Subject { source, file, spec, typed: &typed, input: shape, input_assumed, classes, images, is_sound };
    let before = faults.len();
    judge(&subject, faults);
    if is_whole && faults[before..].iter().all(|fault| !fault.is_error()) {
        output::check_expectations(&subject, faults);
    }
    if !is_whole {
        return None;
    }
    let smallest = input_assumed.then(|| smallest_input(&items, &subject.spec)).flatten();
    Some(net::assemble(subject, smallest, outline::outline(&items)))
}

/// The expanded network, where it is not too large; all faults of names and arguments.
fn expand<'a>(expander: &mut Expander<'a>, chain: &'a Chain, faults: &mut Vec<Diagnostic>) -> Option<Vec<Item<'a>>> {
    let blocks = expander.blocks();
    if let Some(fault) = blocks.too_many_layers(chain) {
        faults.push(fault);
        return None;
    }
    if blocks.are_too_deep {
        return None;
    }
    let items = expander.network(chain);
    for at in 0..blocks.len() {
        if !expander.used[at] {
            expander.read_through(at);
        }
    }
    faults.append(&mut expander.faults);
    if !expander.unread {
        let unused =
            (0..blocks.len()).filter(|&at| !expander.used[at] && blocks.can_be_used(at)).map(|at| blocks.get(at));
        faults.extend(unused.map(|block| {
            Diagnostic::new(&code::UNUSED_BLOCK, format!("the block `{}` is never used", block.name.value))
                .at(block.name.span, "never used")
                .help("use it, or remove it")
        }));
    }
    Some(items)
}

/// All findings on the typed network.
fn judge(subject: &Subject<'_>, faults: &mut Vec<Diagnostic>) {
    let layers = subject.typed.rows.len() as u64;
    if layers > MAX_LAYERS {
        faults.push(too_many_layers(layers, subject.spec.chain.span));
    }
    faults.extend(fault::word_all(subject));
    output::check_output(subject, faults);
    lint::check_all(subject, faults);
}

/// The smallest side of square RGB images that the network takes.
fn smallest_input(items: &[Item<'_>], spec: &Spec<'_>) -> Option<usize> {
    input::smallest_side(|side| takes(items, spec, side))
}

/// Whether every window fits where the images are squares of this side.
fn takes(items: &[Item<'_>], spec: &Spec<'_>, side: usize) -> bool {
    !type_network(items, Shape::map(side, side, 3), spec.range, spec.classes).has_window_clash()
}

/// RGB images of the usual size, or of the smallest that the network takes where that is larger; where none is large
/// enough, of the largest size tried.
fn assumed_shape(items: &[Item<'_>], spec: &Spec<'_>) -> Shape {
    let side = match takes(items, spec, input::USUAL_SIDE) {
        true => input::USUAL_SIDE,
        false => smallest_input(items, spec).unwrap_or(input::LARGEST_SIDE),
    };
    Shape::map(side, side, 3)
}

/// The shape that the front matter or the data give. What is no image at all is refused; a number of channels that no
/// image has is reported, unless the sizes only stand in another order, which a lint says.
fn given_shape(sizes: [usize; 3], span: Option<Span>, faults: &mut Vec<Diagnostic>) -> Option<Shape> {
    let [h, w, c] = sizes;
    let shape = Shape::map(h, w, c);
    let at_input = |fault: Diagnostic| match span {
        Some(span) => fault.at(span, "height × width × channels"),
        None => fault,
    };
    if shape.checked_len().is_none_or(|len| len == 0) {
        let limit = number::grouped(crate::graph::MAX_ELEMENTS as u64);
        let headline = format!("an input of {shape} has not from 1 to {limit} elements");
        let help = "write the size of the images, such as `input: 224x224x3`";
        faults.push(at_input(Diagnostic::new(&code::SIZE_OVERFLOW, headline).help(help)));
        return None;
    }
    if c > MAX_CHANNELS && h > MAX_CHANNELS {
        let headline = format!("the input has {c} channels, but images have 1 to {MAX_CHANNELS}");
        let help = format!("write `{h}x{w}x3` for colour images, `{h}x{w}x1` for grey ones");
        faults.push(at_input(Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, headline).help(help)));
    }
    Some(shape)
}

/// The classes that the front matter or the data declare.
fn declared_classes(file: &File, facts: &Facts) -> Option<ClassSet> {
    let named = |names: &Vec<String>| ClassSet { count: names.len(), names: Some(names.clone()), assumed: false };
    match file.front.classes.as_ref().map(|classes| &classes.value) {
        Some(Classes::Names(names)) => Some(named(names)),
        Some(Classes::Count(count)) => {
            let names = facts.classes.clone().filter(|names| names.len() == *count);
            Some(ClassSet { count: *count, names, assumed: false })
        }
        None => facts.classes.as_ref().map(named),
    }
}

/// The classes that the network itself tells: as many as it gives numbers, and two where it gives one.
fn classes_of(items: &[Item<'_>], typed: &Typed<'_>) -> ClassSet {
    let says_units = last_dense(items).is_none_or(|dense| dense.bound.given("units").is_some());
    let width = match typed.shape(typed.output) {
        Shape::Vector(width) if typed.output.trust == Trust::Full => Some(width),
        _ => None,
    };
    match width {
        Some(width) if says_units => ClassSet { count: width.max(2), names: None, assumed: false },
        _ => ClassSet { count: USUAL_CLASSES, names: None, assumed: true },
    }
}

#[cfg(test)]
mod tests;
