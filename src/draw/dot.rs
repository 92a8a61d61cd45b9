//! The picture in the language of Graphviz.

use std::fmt::Write as _;

use super::figure::{Cell, Figure, Tint};
use super::link::{Item, line, links};

/// The text of the file.
pub(super) fn write(figure: &Figure) -> String {
    let links = links(figure);
    let mut dot = format!("digraph {} {{\n", quoted(&figure.title));
    dot.push_str("  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n");
    dot.push_str("  edge [fontname=\"Helvetica\", fontsize=9, color=\"#57606a\"];\n");
    _ = writeln!(dot, "  label={};\n  fontname=\"Helvetica\";", quoted(&figure.caption));
    write_items(&mut dot, &links.parts, 1);
    for link in &links.edges {
        _ = writeln!(dot, "  n{} -> n{} [label={}];", link.from, link.to, quoted(&link.shape));
    }
    dot.push_str("}\n");
    dot
}

fn write_items(dot: &mut String, items: &[Item<'_>], depth: usize) {
    let margin = "  ".repeat(depth);
    for item in items {
        match item {
            Item::Node(number, cells) => {
                let lines: Vec<String> = cells.iter().map(line).collect();
                let [fill, stroke] = cells.first().map_or(Tint::End, |cell: &Cell| cell.tint).colours();
                let label = quoted(&lines.join("\n"));
                _ = writeln!(dot, "{margin}n{number} [label={label}, fillcolor=\"{fill}\", color=\"{stroke}\"];");
            }
            Item::Frame(number, label, inner) => {
                _ = writeln!(dot, "{margin}subgraph cluster{number} {{");
                _ = writeln!(dot, "{margin}  label={}; labeljust=l; style=\"rounded,dashed\";", quoted(label));
                write_items(dot, inner, depth + 1);
                _ = writeln!(dot, "{margin}}}");
            }
        }
    }
}

/// A string of the language.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            character if character.is_control() => quoted.push(' '),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
