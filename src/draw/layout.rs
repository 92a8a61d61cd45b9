//! Puts every part in its place: chains from top to bottom, branches side by side, long networks in columns.

use super::figure::{Cell, Figure};
use super::measure::{
    BESIDE, BOX, Chain, Content, Extent, FORK, GAP, HEADER, Join, MERGE, Measured, SEAM, SKIP, SMALL, cell_height,
    measure,
};
use super::scene::{Align, Edge, Frame, Label, LayerBox, Rect, Scene};
use super::width::text_width;

/// Around the whole, and between columns.
const MARGIN: i32 = 32;
const COLUMN_GAP: i32 = 60;
/// From a column to the edge that leads on from it, and the room of that edge.
const TURN: i32 = 20;
/// Below the picture, for its caption.
const CAPTION: i32 = 16;
/// Rows of the arrow in which the edges of branches end.
const ARROW: i32 = 8;
/// Corners of edges, and of edges that skip a branch.
const CORNER: i32 = 8;
const SWEEP: i32 = 18;
/// A page is so much higher than wide, in tenths; a picture of so few rows is not cut into columns.
const PAGE: i32 = 13;
const SHORT: i32 = 640;

/// Where the edges of a placed part go on.
struct Ends {
    /// Where the edge to it ends.
    entry: [i32; 2],
    /// Whether that is a box, so that the edge ends in an arrow.
    arrow: bool,
    /// Where the edge from it starts.
    exit: [i32; 2],
}

/// The picture in its place.
pub(super) fn layout(figure: &Figure) -> Scene {
    let mut scene = Scene { title: figure.title.clone(), ..Scene::default() };
    columns(&measure(&figure.parts).parts, &mut scene);
    let caption = format!("{}: {}", figure.title, figure.caption);
    scene.width = scene.width.max(text_width(&caption, SMALL) + 2 * MARGIN);
    scene.labels.push(Label { at: [MARGIN, scene.height], text: caption });
    scene.height += CAPTION;
    scene
}

/// Columns of parts, as many as make the picture no longer than a page, each about as long as the others.
fn columns(parts: &[Measured<'_>], scene: &mut Scene) {
    let columns = balanced(parts);
    let (mut x, mut lowest) = (MARGIN, 0);
    let mut behind: Option<([i32; 2], i32, &str)> = None;
    for column in columns {
        let extent = extent_of(column);
        let axis = x + extent.left;
        let ends = chain(column, axis, MARGIN, scene);
        if let Some((exit, foot, shape)) = behind {
            turn(exit, foot, shape, &ends, x - COLUMN_GAP / 2, scene);
        }
        let foot = MARGIN + extent.height + TURN;
        lowest = lowest.max(foot);
        x = axis + extent.right + COLUMN_GAP;
        behind = column.last().map(|last| (ends.exit, foot, last.shape.as_str()));
    }
    scene.width = x - COLUMN_GAP + MARGIN;
    scene.height = lowest + MARGIN;
}

/// The edge from the foot of a column to the head of the next.
fn turn(from: [i32; 2], foot: i32, shape: &str, to: &Ends, between: i32, scene: &mut Scene) {
    let head = MARGIN - TURN;
    let points = vec![from, [from[0], foot], [between, foot], [between, head], [to.entry[0], head], to.entry];
    scene.edges.push(edge(points, to.arrow, CORNER));
    scene.labels.push(Label { at: [from[0] + BESIDE, foot - 5], text: shape.to_owned() });
}

fn extent_of(parts: &[Measured<'_>]) -> Extent {
    let most = |side: fn(&Measured<'_>) -> i32| parts.iter().map(side).max().unwrap_or(0);
    let labels = parts.iter().map(|part| BESIDE + text_width(&part.shape, SMALL)).max().unwrap_or(0);
    Extent {
        left: most(|part| part.extent.left),
        right: most(|part| part.extent.right).max(labels),
        height: parts.iter().map(|part| part.extent.height + GAP).sum::<i32>() - GAP,
    }
}

fn balanced<'p, 'f>(parts: &'p [Measured<'f>]) -> Vec<&'p [Measured<'f>]> {
    let heights: Vec<i32> = parts.iter().map(|part| part.extent.height + GAP).collect();
    let widest = extent_of(parts);
    let column = widest.left + widest.right + COLUMN_GAP;
    let mut count = 1;
    loop {
        let limit = smallest_limit(&heights, count);
        let is_page = limit <= column.saturating_mul(count as i32) / 10 * PAGE;
        if is_page || limit <= SHORT || count >= parts.len() {
            return cut(parts, &heights, limit);
        }
        count += 1;
    }
}

fn chain(parts: &[Measured<'_>], axis: i32, top: i32, scene: &mut Scene) -> Ends {
    let mut whole: Option<Ends> = None;
    let mut y = top;
    for (at, part) in parts.iter().enumerate() {
        let ends = place(part, axis, y, scene);
        whole = Some(match whole {
            None => ends,
            Some(before) => {
                scene.edges.push(edge(vec![before.exit, ends.entry], ends.arrow, CORNER));
                scene.labels.push(Label { at: [axis + BESIDE, y - GAP / 2 + 3], text: parts[at - 1].shape.clone() });
                Ends { exit: ends.exit, ..before }
            }
        });
        y += part.extent.height + GAP;
    }
    whole.unwrap_or(Ends { entry: [axis, top], arrow: false, exit: [axis, top] })
}

fn place(part: &Measured<'_>, axis: i32, top: i32, scene: &mut Scene) -> Ends {
    match &part.content {
        Content::Stack(cells, width) => stack(cells, *width, Align::Left, [axis, top], scene),
        Content::Frame(name, times, body) => {
            let Extent { left, right, height } = part.extent;
            let rect = Rect { x: axis - left, y: top, width: left + right, height };
            scene.frames.push(Frame { rect, name: (*name).to_owned(), times: times.clone() });
            chain(&body.parts, axis, top + HEADER, scene)
        }
        Content::Join(join) => place_join(join, axis, top, scene),
    }
}

fn stack(cells: &[Cell], width: i32, align: Align, [axis, top]: [i32; 2], scene: &mut Scene) -> Ends {
    let mut y = top;
    for (at, cell) in cells.iter().enumerate() {
        let rect = Rect { x: axis - width / 2, y, width, height: cell_height(cell, at) };
        y = rect.bottom() + SEAM;
        scene.boxes.push(LayerBox { rect, align, cell: cell.clone() });
    }
    Ends { entry: [axis, top], arrow: true, exit: [axis, y - SEAM] }
}

fn place_join(join: &Join<'_>, axis: i32, top: i32, scene: &mut Scene) -> Ends {
    let fork = [axis, top + CORNER];
    let head = top + FORK + join.row.height + MERGE;
    for (offset, branch) in &join.branches {
        place_branch(branch, axis + offset, fork, head, scene);
    }
    let start = if join.branches.is_empty() { fork } else { [axis, head - ARROW] };
    scene.edges.push(edge(vec![start, [axis, head]], true, CORNER));
    let ends = stack(join.stack, join.width, Align::Middle, [axis, head], scene);
    for skip in 0..join.skips as i32 {
        let x = axis + join.row.right.max(join.width / 2) + SKIP * (skip + 1) - CORNER;
        let y = head + BOX / 2 + 4 * skip;
        scene.edges.push(edge(vec![fork, [x, fork[1]], [x, y], [axis + join.width / 2, y]], true, SWEEP));
    }
    Ends { entry: fork, arrow: false, exit: ends.exit }
}

/// A branch with the edges to it and from it.
fn place_branch(branch: &Chain<'_>, x: i32, fork: [i32; 2], head: i32, scene: &mut Scene) {
    let axis = fork[0];
    let ends = chain(&branch.parts, x, fork[1] - CORNER + FORK, scene);
    scene.edges.push(edge(vec![fork, [x, fork[1]], ends.entry], ends.arrow, CORNER));
    let merge = head - MERGE / 3;
    scene.edges.push(edge(vec![ends.exit, [x, merge], [axis, merge], [axis, head - ARROW]], false, CORNER));
    if let Some(last) = branch.parts.last() {
        scene.labels.push(Label { at: [x + BESIDE, head - MERGE + 16], text: last.shape.clone() });
    }
}

/// An edge without pieces of no length and without points in the middle of a straight line.
fn edge(mut points: Vec<[i32; 2]>, arrow: bool, radius: i32) -> Edge {
    points.dedup();
    let mut at = 1;
    while at + 1 < points.len() {
        let is_straight = (0..2).any(|side| (at - 1..=at + 1).all(|near| points[near][side] == points[at][side]));
        if is_straight {
            points.remove(at);
        } else {
            at += 1;
        }
    }
    Edge { points, arrow, radius }
}

/// The smallest height for which parts of these heights go into `count` columns in order.
fn smallest_limit(heights: &[i32], count: usize) -> i32 {
    let (mut bad, mut good) = (heights.iter().max().copied().unwrap_or(1) - 1, heights.iter().sum());
    while good - bad > 1 {
        let middle = i32::midpoint(good, bad);
        if columns_needed(heights, middle) <= count { good = middle } else { bad = middle }
    }
    good
}

fn columns_needed(heights: &[i32], limit: i32) -> usize {
    cut(heights, heights, limit).len()
}

/// The parts in columns of at most `limit`, each filled before the next.
fn cut<'p, T>(parts: &'p [T], heights: &[i32], limit: i32) -> Vec<&'p [T]> {
    let (mut columns, mut start, mut used) = (Vec::new(), 0, 0);
    for (at, height) in heights.iter().enumerate() {
        if used > 0 && used + height > limit {
            columns.push(&parts[start..at]);
            (start, used) = (at, 0);
        }
        used += height;
    }
    columns.push(&parts[start..]);
    columns
}
