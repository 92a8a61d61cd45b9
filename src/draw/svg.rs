//! The placed picture as SVG: plain elements and one style sheet, readable on light and on dark ground.

use std::fmt::Write as _;

use super::figure::Tint;
use super::measure::{INSET, KIND, PARAMS, SMALL, SPACE};
use super::scene::{Align, Edge, Frame, LayerBox, Scene};

/// Fonts by preference; boxes are wide enough for the widest of them.
const FONTS: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// The text of the file.
pub(super) fn write(scene: &Scene) -> String {
    let mut svg = String::new();
    let (width, height) = (scene.width, scene.height);
    _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" class=\"netc\">"
    );
    _ = writeln!(svg, "<title>{}</title>", escaped(&scene.title));
    svg.push_str(&style(scene));
    svg.push_str(ARROW);
    scene.frames.iter().for_each(|frame| svg.push_str(&frame_text(frame)));
    scene.edges.iter().for_each(|edge| svg.push_str(&edge_text(edge)));
    scene.boxes.iter().for_each(|layer| svg.push_str(&box_text(layer)));
    for label in &scene.labels {
        let [x, y] = label.at;
        _ = writeln!(svg, "<text class=\"shape\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&label.text));
    }
    svg.push_str("</svg>\n");
    svg
}

/// The head of an arrow; it ends where its line does.
const ARROW: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" \
    markerHeight=\"7\" orient=\"auto\"><path class=\"head\" d=\"M0 0.5L8 4L0 7.5z\"/></marker></defs>\n";

/// Text in boxes is dark on their light colours whatever the ground is; all else follows the ground. The rules reach no
/// further than the picture, so that it can stand inside of a page.
fn style(scene: &Scene) -> String {
    let mut style = String::from("<style>\n");
    rule(&mut style, &["text"], &format!("font-family: {FONTS}; fill: #1f2328"));
    rule(&mut style, &[".kind"], &format!("font-size: {KIND}px; font-weight: 600"));
    rule(&mut style, &[".arguments"], &format!("font-size: {KIND}px; font-weight: 400"));
    rule(&mut style, &[".detail", ".shape", ".name"], &format!("font-size: {SMALL}px"));
    rule(&mut style, &[".params"], &format!("font-size: {PARAMS}px; text-anchor: end"));
    rule(&mut style, &[".name"], "font-weight: 600");
    rule(&mut style, &[".count"], &format!("font-size: {KIND}px; font-weight: 600; text-anchor: end"));
    rule(&mut style, &[".frame"], "fill: #8c96a5; fill-opacity: 0.1; stroke: #8c96a5; stroke-dasharray: 5 3");
    rule(&mut style, &[".edge"], "fill: none; stroke-width: 1.3");
    lines(&mut style, "#57606a");
    for tint in Tint::ALL.into_iter().filter(|tint| scene.boxes.iter().any(|layer| layer.cell.tint == *tint)) {
        let [fill, stroke] = tint.colours();
        rule(&mut style, &[&format!(".{}", tint.name())], &format!("fill: {fill}; stroke: {stroke}"));
    }
    style.push_str("@media (prefers-color-scheme: dark) {\n");
    lines(&mut style, "#b6bec9");
    style.push_str("}\n</style>\n");
    style
}

/// The colour of what stands on the ground of the page.
fn lines(style: &mut String, colour: &str) {
    rule(style, &[".shape", ".name", ".count", ".head"], &format!("fill: {colour}"));
    rule(style, &[".edge"], &format!("stroke: {colour}"));
}

fn rule(style: &mut String, selectors: &[&str], declarations: &str) {
    let selectors: Vec<String> = selectors.iter().map(|selector| format!(".netc {selector}")).collect();
    _ = writeln!(style, "{} {{ {declarations} }}", selectors.join(", "));
}

fn frame_text(frame: &Frame) -> String {
    let rect = frame.rect;
    let mut text = format!(
        "<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"/>\n",
        rect.x, rect.y, rect.width, rect.height
    );
    if !frame.name.is_empty() {
        let (x, y) = (rect.x + INSET, rect.y + 18);
        _ = writeln!(text, "<text class=\"name\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&frame.name));
    }
    if !frame.times.is_empty() {
        let (x, y) = (rect.right() - INSET, rect.y + 19);
        _ = writeln!(text, "<text class=\"count\" x=\"{x}\" y=\"{y}\">{}</text>", frame.times);
    }
    text
}

fn edge_text(edge: &Edge) -> String {
    let arrow = if edge.arrow { " marker-end=\"url(#arrow)\"" } else { "" };
    format!("<path class=\"edge\" d=\"{}\"{arrow}/>\n", path(&edge.points, edge.radius))
}

/// Straight pieces with round corners between them.
fn path(points: &[[i32; 2]], radius: i32) -> String {
    let Some(&[x, y]) = points.first() else { return String::new() };
    let mut path = format!("M{x} {y}");
    for corner in points.windows(3) {
        let [from, at, to] = [corner[0], corner[1], corner[2]];
        let radius = radius.min(length(from, at) / 2).min(length(at, to) / 2);
        let [enter, leave] = [from, to].map(|end| toward(at, end, radius));
        _ = write!(path, "L{} {}Q{} {} {} {}", enter[0], enter[1], at[0], at[1], leave[0], leave[1]);
    }
    if let [.., [x, y]] = points {
        _ = write!(path, "L{x} {y}");
    }
    path
}

fn length(from: [i32; 2], to: [i32; 2]) -> i32 {
    (from[0] - to[0]).abs() + (from[1] - to[1]).abs()
}

/// So many pixels from `at` on the way to `end`, which lies beside or below it.
fn toward(at: [i32; 2], end: [i32; 2], pixels: i32) -> [i32; 2] {
    [0, 1].map(|side| at[side] + (end[side] - at[side]).signum() * pixels)
}

fn box_text(layer: &LayerBox) -> String {
    let (rect, cell) = (layer.rect, &layer.cell);
    let mut text = format!(
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n",
        cell.tint.name(),
        rect.x,
        rect.y,
        rect.width,
        rect.height
    );
    let middle = rect.y + rect.height / 2;
    let first = if cell.detail.is_empty() { middle + 5 } else { middle - 5 };
    let arguments = match cell.arguments.as_str() {
        "" => String::new(),
        arguments => format!("<tspan class=\"arguments\" dx=\"{SPACE}\">{}</tspan>", escaped(arguments)),
    };
    text.push_str(&line_text(layer, "kind", first, &format!("{}{arguments}", escaped(&cell.kind))));
    if !cell.params.is_empty() {
        let x = rect.right() - INSET;
        _ = writeln!(text, "<text class=\"params\" x=\"{x}\" y=\"{first}\">{}</text>", escaped(&cell.params));
    }
    if !cell.detail.is_empty() {
        text.push_str(&line_text(layer, "detail", rect.bottom() - 9, &escaped(&cell.detail)));
    }
    text
}

/// A line of a box's text, which is XML already.
fn line_text(layer: &LayerBox, class: &str, y: i32, line: &str) -> String {
    let rect = layer.rect;
    let is_centred = layer.align == Align::Middle || layer.cell.tint == Tint::End;
    if is_centred && layer.cell.params.is_empty() {
        let x = rect.x + rect.width / 2;
        format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{line}</text>\n")
    } else {
        format!("<text class=\"{class}\" x=\"{}\" y=\"{y}\">{line}</text>\n", rect.x + INSET)
    }
}

/// Text as XML holds it; characters that XML 1.0 cannot hold are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character if character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}') => {
                escaped.push('\u{FFFD}');
            }
            character => escaped.push(character),
        }
    }
    escaped
}
