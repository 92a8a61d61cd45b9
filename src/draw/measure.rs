//! How much room every part takes, each measured once, from the inside out.

use super::figure::{Cell, Part};
use super::width::{bold_width, text_width};

/// Sizes of text, in pixels.
pub(super) const KIND: i32 = 13;
pub(super) const SMALL: i32 = 11;
pub(super) const PARAMS: i32 = 10;

/// Inside a box, left and right of its text.
pub(super) const INSET: i32 = 12;
/// Between a kind and its arguments.
pub(super) const SPACE: i32 = 6;
/// Between a box's name and its parameters.
const BETWEEN: i32 = 16;
/// Rows of a box, of one that lies on another, and of its second line.
pub(super) const BOX: i32 = 30;
const STRIP: i32 = 22;
const SECOND: i32 = 15;
/// Between boxes that lie on one another.
pub(super) const SEAM: i32 = 2;
/// Between parts of a chain: room for an arrow and the shape beside it.
pub(super) const GAP: i32 = 36;
/// From an edge to the text beside it.
pub(super) const BESIDE: i32 = 8;
/// Inside a frame, and above what is in it.
const PAD: i32 = 14;
pub(super) const HEADER: i32 = 34;
/// Between branches, and the columns that a skip takes.
const BRANCH_GAP: i32 = 26;
pub(super) const SKIP: i32 = 26;
/// From a fork to its branches, and from branches to what joins them.
pub(super) const FORK: i32 = 30;
pub(super) const MERGE: i32 = 46;

/// How far a part reaches from the line on which it is entered and left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    /// To the left.
    pub left: i32,
    /// To the right.
    pub right: i32,
    /// Rows.
    pub height: i32,
}

/// A part with its extent.
#[derive(Debug)]
pub(super) struct Measured<'f> {
    /// The part's own.
    pub extent: Extent,
    /// What stands beside the edge that leaves it.
    pub shape: String,
    /// What is in it.
    pub content: Content<'f>,
}

/// What is in a measured part.
#[derive(Debug)]
pub(super) enum Content<'f> {
    /// Layers on one another, this wide.
    Stack(&'f [Cell], i32),
    /// A frame with its name and its count.
    Frame(&'f str, String, Chain<'f>),
    /// Branches that are joined.
    Join(Join<'f>),
}

/// Branches that are joined.
#[derive(Debug)]
pub(super) struct Join<'f> {
    /// Each with its place, from the line that forks.
    pub branches: Vec<(i32, Chain<'f>)>,
    /// All of them together.
    pub row: Extent,
    /// How many go past them.
    pub skips: usize,
    /// The joining layer and those on it.
    pub stack: &'f [Cell],
    /// Columns of that stack.
    pub width: i32,
}

/// Parts below one another.
#[derive(Debug, Default)]
pub(super) struct Chain<'f> {
    /// The parts.
    pub parts: Vec<Measured<'f>>,
    /// All of them together, with the edges between.
    pub extent: Extent,
}

/// The parts measured, all stacks as wide as the widest, so that a chain has straight sides.
pub(super) fn measure(parts: &[Part]) -> Chain<'_> {
    chain(parts, widest(parts))
}

fn widest(parts: &[Part]) -> i32 {
    let width = |part: &Part| match part {
        Part::Stack(cells) => stack_width(cells),
        Part::Join { branches, .. } => branches.iter().map(|branch| widest(branch)).max().unwrap_or(0),
        Part::Frame { body, .. } => widest(body),
    };
    parts.iter().map(width).max().unwrap_or(0)
}

fn stack_width(cells: &[Cell]) -> i32 {
    // Even, so that its middle is a whole pixel.
    cells.iter().map(cell_width).max().unwrap_or(0) / 2 * 2 + 2
}

/// Columns that the text of a cell takes, with what is left free around it.
pub(super) fn cell_width(cell: &Cell) -> i32 {
    let arguments = if cell.arguments.is_empty() { 0 } else { text_width(&cell.arguments, KIND) + SPACE };
    let params = if cell.params.is_empty() { 0 } else { BETWEEN + text_width(&cell.params, PARAMS) };
    let first = bold_width(&cell.kind, KIND) + arguments + params;
    2 * INSET + first.max(text_width(&cell.detail, SMALL))
}

/// Rows of a cell that is the n-th of its stack.
pub(super) fn cell_height(cell: &Cell, at: usize) -> i32 {
    let first = if at == 0 { BOX } else { STRIP };
    first + if cell.detail.is_empty() { 0 } else { SECOND }
}

fn stack_height(cells: &[Cell]) -> i32 {
    let heights: i32 = cells.iter().enumerate().map(|(at, cell)| cell_height(cell, at)).sum();
    heights + SEAM * (cells.len() as i32 - 1)
}

/// Columns of the text beside an edge.
fn reach(shape: &str) -> i32 {
    BESIDE + text_width(shape, SMALL)
}

fn chain(parts: &[Part], width: i32) -> Chain<'_> {
    let mut chain = Chain::default();
    let whole = &mut chain.extent;
    for (at, part) in parts.iter().enumerate() {
        let part = measured(part, width);
        let (label, gap) = if at + 1 == parts.len() { (0, 0) } else { (reach(&part.shape), GAP) };
        whole.left = whole.left.max(part.extent.left);
        whole.right = whole.right.max(part.extent.right).max(label);
        whole.height += part.extent.height + gap;
        chain.parts.push(part);
    }
    chain
}

fn measured(part: &Part, width: i32) -> Measured<'_> {
    let (extent, content) = match part {
        Part::Stack(cells) => {
            let extent = Extent { left: width / 2, right: width / 2, height: stack_height(cells) };
            (extent, Content::Stack(cells, width))
        }
        Part::Frame { name, count, body, .. } => frame(name, *count, chain(body, width)),
        Part::Join { branches, skips, stack } => {
            join(branches.iter().map(|branch| branch_chain(branch, width)).collect(), *skips, stack)
        }
    };
    Measured { extent, shape: part.shape(), content }
}

fn frame<'f>(name: &'f str, count: usize, body: Chain<'f>) -> (Extent, Content<'f>) {
    let times = if count > 1 { format!("×{count}") } else { String::new() };
    let label = |text: &str, size| if text.is_empty() { 0 } else { bold_width(text, size) + 2 * INSET };
    let extent = Extent {
        left: (body.extent.left + PAD).max(label(name, SMALL)),
        right: (body.extent.right + PAD).max(label(&times, KIND)),
        height: HEADER + body.extent.height + PAD,
    };
    (extent, Content::Frame(name, times, body))
}

/// A branch; the shape beside the edge that leaves it belongs to it.
fn branch_chain(parts: &[Part], width: i32) -> Chain<'_> {
    let mut chain = chain(parts, width);
    let label = chain.parts.last().map_or(0, |last| reach(&last.shape));
    chain.extent.right = chain.extent.right.max(label);
    chain
}

/// Branches side by side; the line that forks stands in the middle between the first and the last.
fn join<'f>(branches: Vec<Chain<'f>>, skips: usize, stack: &'f [Cell]) -> (Extent, Content<'f>) {
    let mut axes = Vec::new();
    let mut free = 0;
    for Chain { extent, .. } in &branches {
        axes.push(free + extent.left);
        free += extent.left + extent.right + BRANCH_GAP;
    }
    let middle = axes.first().zip(axes.last()).map_or(0, |(first, last)| i32::midpoint(*first, *last));
    let row = Extent {
        left: middle,
        right: (free - BRANCH_GAP - middle).max(0),
        height: branches.iter().map(|branch| branch.extent.height).max().unwrap_or(0),
    };
    let width = stack_width(stack);
    let extent = Extent {
        left: row.left.max(width / 2),
        right: row.right.max(width / 2) + skips as i32 * SKIP,
        height: FORK + row.height + MERGE + stack_height(stack),
    };
    let branches = axes.into_iter().map(|axis| axis - middle).zip(branches).collect();
    (extent, Content::Join(Join { branches, row, skips, stack, width }))
}
