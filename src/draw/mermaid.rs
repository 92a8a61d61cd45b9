//! The picture as a flowchart of Mermaid, which GitHub shows in Markdown.

use std::fmt::Write as _;

use super::figure::{Cell, Figure, Tint};
use super::link::{Item, line, links};

/// The text of the file.
pub(super) fn write(figure: &Figure) -> String {
    let links = links(figure);
    let mut chart = String::from("flowchart TB\n");
    let mut tints = Vec::new();
    write_items(&mut chart, &links.parts, 1, &mut tints);
    for link in &links.edges {
        let shape = if link.shape.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&link.shape)) };
        _ = writeln!(chart, "  n{} -->{shape} n{}", link.from, link.to);
    }
    for tint in Tint::ALL.into_iter().filter(|tint| tints.contains(tint)) {
        let [fill, stroke] = tint.colours();
        _ = writeln!(chart, "  classDef {} fill:{fill},stroke:{stroke},color:#1f2328", tint.name());
    }
    chart
}

fn write_items(chart: &mut String, items: &[Item<'_>], depth: usize, tints: &mut Vec<Tint>) {
    let margin = "  ".repeat(depth);
    for item in items {
        match item {
            Item::Node(number, cells) => {
                let lines: Vec<String> = cells.iter().map(|cell| escaped(&line(cell))).collect();
                let tint = cells.first().map_or(Tint::End, |cell: &Cell| cell.tint);
                tints.push(tint);
                _ = writeln!(chart, "{margin}n{number}(\"{}\"):::{}", lines.join("<br/>"), tint.name());
            }
            Item::Frame(number, label, inner) => {
                _ = writeln!(chart, "{margin}subgraph f{number} [\"{}\"]", escaped(label));
                write_items(chart, inner, depth + 1, tints);
                _ = writeln!(chart, "{margin}end");
            }
        }
    }
}

/// Text inside of quotation marks; entities are written with `#`.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
