//! A network as a picture: SVG, Graphviz and Mermaid.
//!
//! `figure` says what is shown: layers in stacks, repeats and blocks in frames, branches with what joins them.
//! `layout` places it, exactly and without search: a network is chains of branches of chains. The writers
//! turn either into text, the same bytes for the same network. Files and colours of a terminal are not known here.

mod curve;
mod dot;
mod figure;
mod layout;
mod link;
mod measure;
mod mermaid;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod width;

pub use curve::Curve;

use crate::check::{Net, Repeats};

/// The language of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Scalable Vector Graphics 1.1.
    Svg,
    /// Graphviz.
    Dot,
    /// Mermaid's flowchart.
    Mermaid,
}

/// The picture of a network that is called `name`.
#[must_use]
pub fn draw(net: &Net, name: &str, repeats: Repeats, language: Language) -> String {
    let figure = figure::figure(net, name, repeats);
    match language {
        Language::Svg => svg::write(&layout::layout(&figure)),
        Language::Dot => dot::write(&figure),
        Language::Mermaid => mermaid::write(&figure),
    }
}
