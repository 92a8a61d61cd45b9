//! The ways out of findings as one change of the spec.

use super::finding::{Finding, Level, Remedy, ordered};
use crate::base::{Source, Span};
use crate::check::{self, Facts};
use crate::diag::{Diagnostic, Edit, Fix};
use crate::syntax;
use crate::syntax::settings::{Balance, FrontMatter};

/// A spec after the ways out of findings.
#[derive(Clone, Debug)]
pub struct Advised {
    /// The text.
    pub source: Source,
    /// What was changed, and the code of the finding that it is for.
    pub done: Vec<(String, String)>,
}

/// Applies the ways out of `findings` to a spec, the weightiest first: of two that set the same key the first counts. A
/// change after which the spec has an error that it had not is left out; so are those of notes where there are warnings.
#[must_use]
pub fn advise(source: &Source, findings: &[Finding]) -> Advised {
    let has_warning = findings.iter().any(|finding| finding.severity > Level::Note);
    let ordered = ordered(findings);
    let roots = ordered.iter().map(|(root, _)| *root);
    let explained = ordered.iter().flat_map(|(_, explained)| explained.iter().copied());
    let counted = roots.chain(explained).filter(|finding| !has_warning || finding.severity > Level::Note);
    let mut advised = Advised { source: source.clone(), done: Vec::new() };
    let mut set: Vec<&str> = Vec::new();
    for (finding, remedy) in counted.flat_map(|finding| finding.remedies.iter().map(move |remedy| (finding, remedy))) {
        let key = match remedy {
            Remedy::Set { key, .. } => key.as_str(),
            Remedy::Rectify => "",
        };
        if set.contains(&key) {
            continue;
        }
        if let Some((text, words)) = changed(&advised.source, remedy) {
            let next = Source::new(source.name(), text);
            if errors(&next) <= errors(&advised.source) {
                set.push(key);
                advised.source = next;
                advised.done.push((finding.code.clone(), words));
            }
        }
    }
    advised
}

/// The text after a remedy, and what was done; `None` where nothing is to be done.
fn changed(source: &Source, remedy: &Remedy) -> Option<(String, String)> {
    match remedy {
        Remedy::Set { key, value } => Some((with_setting(source, key, value)?, format!("set `{key}: {value}`"))),
        Remedy::Rectify => Some((rectified(source)?, "write `Relu` for `Sigmoid` and `Tanh`".to_owned())),
    }
}

fn errors(source: &Source) -> usize {
    let (file, mut faults) = syntax::parse(source);
    faults.extend(check::check(source, &file, &Facts::default()).diagnostics);
    faults.iter().filter(|fault: &&Diagnostic| fault.is_error()).count()
}

/// The text in which the front matter's `key` is `value`.
fn with_setting(source: &Source, key: &str, value: &str) -> Option<String> {
    let front = syntax::parse(source).0.front;
    let (section, name) = key.split_once('.')?;
    if is_there(&front, key) {
        return None;
    }
    let edit = match (front.places.of(key), front.places.of(section), front.span) {
        (Some(span), ..) if source.slice(span) == value => return None,
        (Some(span), ..) => Edit { span, text: value.to_owned() },
        (None, Some(span), _) => within(source, span, name, value),
        (None, None, Some(span)) => {
            Edit { span: Span::at(span.end), text: format!("{section}: {{ {name}: {value} }}\n") }
        }
        (None, None, None) => Edit { span: Span::at(0), text: format!("---\n{section}: {{ {name}: {value} }}\n---\n") },
    };
    Some(check::apply(source.text(), &[&Fix::offered("", vec![edit])]))
}

/// Whether the spec does already what a key is to bring about, whatever the value.
fn is_there(front: &FrontMatter, key: &str) -> bool {
    match key {
        "train.warmup" => front.train.warmup_epochs > 0.0,
        "train.early_stopping" => front.train.early_stopping.is_some(),
        "data.augment" => !front.data.augment.is_none(),
        "data.balance" => front.data.balance != Balance::None,
        _ => false,
    }
}

/// A key put into the mapping at `span`: `{ … }`, or a block of lines.
fn within(source: &Source, span: Span, name: &str, value: &str) -> Edit {
    let text = source.slice(span);
    if let Some(inner) = text.strip_prefix('{') {
        let comma = if inner.trim_start().starts_with('}') { " " } else { "," };
        return Edit { span: Span::at(span.start + 1), text: format!(" {name}: {value}{comma}") };
    }
    if text.trim().is_empty() {
        return Edit { span: Span::at(span.start), text: format!(" {{ {name}: {value} }}") };
    }
    let before = &source.text()[..span.start];
    let indent = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    Edit { span: Span::at(span.start), text: format!("{name}: {value}\n{indent}") }
}

/// The text with every sigmoid and tanh between the layers as a ReLU; `None` where there is none.
fn rectified(source: &Source) -> Option<String> {
    let (file, _) = syntax::parse(source);
    let net = check::check(source, &file, &Facts::default()).net?;
    let (_, between) = net.layers.split_last()?;
    let squashing = between.iter().filter(|layer| ["Sigmoid", "Tanh"].contains(&layer.kind));
    let mut edits: Vec<Edit> = squashing.filter_map(|layer| rectify(source, layer.span, layer.is_argument)).collect();
    edits.sort_by_key(|edit| edit.span);
    edits.dedup();
    let fix = Fix::offered("", edits);
    (!fix.edits.is_empty()).then(|| check::apply(source.text(), &[&fix]))
}

/// `Sigmoid` or `Sigmoid()` to `Relu`; of `activation: sigmoid` the word.
fn rectify(source: &Source, span: Span, is_argument: bool) -> Option<Edit> {
    let text = source.slice(span);
    if !is_argument {
        let is_plain = text.chars().all(|letter| letter.is_alphanumeric() || "_()".contains(letter));
        return is_plain.then(|| Edit { span, text: "Relu".to_owned() });
    }
    let word = text.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(0, |at| at + 1);
    Some(Edit { span: Span::new(span.start + word, span.end), text: "relu".to_owned() })
}
