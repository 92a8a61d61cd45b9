//! The picture as a list of nodes and edges, for languages that place them by themselves.

use super::figure::{Cell, Figure, Part};

/// Nodes in frames, and edges between nodes.
#[derive(Debug, Default)]
pub(super) struct Links<'f> {
    /// What stands at the top, in order.
    pub parts: Vec<Item<'f>>,
    /// From node to node, with the shape that goes along.
    pub edges: Vec<Link>,
    nodes: usize,
    frames: usize,
}

/// A node or a frame.
#[derive(Debug)]
pub(super) enum Item<'f> {
    /// Layers on one another, with the node's number.
    Node(usize, &'f [Cell]),
    /// A frame with its number, its label and what is inside.
    Frame(usize, String, Vec<Item<'f>>),
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// From this node.
    pub from: usize,
    /// To that one.
    pub to: usize,
    /// With this shape.
    pub shape: String,
}

/// A node from which an edge goes on, with the shape that it gives.
type Open = (usize, String);

/// The nodes and edges of a figure.
pub(super) fn links(figure: &Figure) -> Links<'_> {
    let mut links = Links::default();
    let mut parts = Vec::new();
    links.chain(&figure.parts, Vec::new(), &mut parts);
    links.parts = parts;
    links
}

impl<'f> Links<'f> {
    fn chain(&mut self, parts: &'f [Part], open: Vec<Open>, items: &mut Vec<Item<'f>>) -> Vec<Open> {
        parts.iter().fold(open, |open, part| self.part(part, open, items))
    }

    fn part(&mut self, part: &'f Part, open: Vec<Open>, items: &mut Vec<Item<'f>>) -> Vec<Open> {
        match part {
            Part::Stack(cells) => vec![(self.node(cells, &open, items), part.shape())],
            Part::Join { branches, skips, stack } => {
                let mut ends = Vec::new();
                for branch in branches {
                    ends.extend(self.chain(branch, open.clone(), items));
                }
                for _ in 0..*skips {
                    ends.extend(open.clone());
                }
                vec![(self.node(stack, &ends, items), part.shape())]
            }
            Part::Frame { name, count, body, .. } => {
                let times = if *count > 1 { format!("×{count}") } else { String::new() };
                let label = [name.as_str(), &times].join(" ").trim().to_owned();
                let number = self.frames;
                self.frames += 1;
                let mut inner = Vec::new();
                let open = self.chain(body, open, &mut inner);
                items.push(Item::Frame(number, label, inner));
                open.into_iter().map(|(node, _)| (node, part.shape())).collect()
            }
        }
    }

    fn node(&mut self, cells: &'f [Cell], open: &[Open], items: &mut Vec<Item<'f>>) -> usize {
        let to = self.nodes;
        self.nodes += 1;
        items.push(Item::Node(to, cells));
        self.edges.extend(open.iter().map(|(from, shape)| Link { from: *from, to, shape: shape.clone() }));
        to
    }
}

/// A cell in one line: `Conv 64, 3×3, stride 2×2 (1,792)`.
pub(super) fn line(cell: &Cell) -> String {
    let details = [cell.arguments.as_str(), cell.detail.as_str()];
    let details: Vec<&str> = details.into_iter().filter(|text| !text.is_empty()).collect();
    let params = if cell.params.is_empty() { String::new() } else { format!(" ({})", cell.params) };
    format!("{} {}", cell.kind, details.join(", ")).trim_end().to_owned() + &params
}
