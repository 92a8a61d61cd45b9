//! Chains: stages, arrows and repeats in order, with what stands wrongly between them.
//!
//! The grammar gives a chain's tokens in any order; the order is judged here, one fault a mistake. Whether a layer
//! exists, and whether a count fits a list, is not known here.

use super::ast::{Call, Chain, Combinator, Name, Primary, Stage};
use super::grammar::{Rule, Token};
use super::reader::{Reader, unexpected};
use super::repeat::{merge_counts, missing_stage, read_count, second_count};
use crate::base::{Span, Spanned};
use crate::diag::{Diagnostic, Edit, Fix, code};

/// What may open a stage, in the author's words.
const A_STAGE: &str = "a layer, `[` or a block";

/// The token before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Start,
    Arrow(Span),
    Stage,
    /// Something whose fault is reported: what follows it is not reported again.
    Fault,
}

/// A chain while its tokens come in.
pub(super) struct ChainReader {
    stages: Vec<Stage>,
    before: Before,
    end: usize,
}

impl ChainReader {
    /// A chain whose first token starts at `start` or later.
    pub(super) fn new(start: usize) -> Self {
        Self { stages: Vec::new(), before: Before::Start, end: start }
    }

    /// A chain behind something that is reported already: its first token is not reported again.
    pub(super) fn after_fault(start: usize) -> Self {
        Self { before: Before::Fault, ..Self::new(start) }
    }

    /// Where the last token ends.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Whether a stage stood last, so that a new line with a stage does not go on with this chain.
    pub(super) fn may_end(&self) -> bool {
        matches!(self.before, Before::Stage | Before::Fault) && !self.stages.is_empty()
    }

    /// Whether no stage came yet.
    pub(super) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Takes away what was read as layers from `line` on, where it is the head of a block: one call, with at most a
    /// word before it that was to be `let`.
    pub(super) fn take_head(&mut self, line: usize) -> Option<(Option<Name>, Call)> {
        let first = self.stages.iter().position(|stage| stage.span.start >= line)?;
        let (word, head) = match &self.stages[first..] {
            [head] => (None, head),
            [word, head] => (Some(bare_word(word)?), head),
            _ => return None,
        };
        let Stage { primary: Primary::Call(call), repeat: None, .. } = head else { return None };
        let found = (word, call.clone());
        self.stages.truncate(first);
        Some(found)
    }

    /// Takes the next token.
    pub(super) fn push(&mut self, token: Token<'_>, reader: &mut Reader) {
        let span = reader.span(&token);
        match token.as_rule() {
            Rule::arrow => self.arrow(span, reader),
            Rule::wrong_arrow => self.wrong_arrow(&token, span, reader),
            Rule::repeat => self.repeat(token, span, reader),
            Rule::leading_count => self.leading_count(&token, span, reader),
            Rule::layer => {
                let primary = layer(token, span, reader);
                self.stage(primary, span, reader);
            }
            Rule::group | Rule::parens => {
                let primary = group(token, span, reader);
                self.stage(primary, span, reader);
            }
            _ => self.stray(token.as_str(), span, reader),
        }
        self.end = span.end;
    }

    /// The chain; `what` names it where it is empty.
    pub(super) fn finish(mut self, what: &str, reader: &mut Reader) -> Chain {
        if let Before::Arrow(span) = self.before {
            // A wrong arrow that leads nowhere is to be deleted, not to be written rightly.
            reader.faults.pop_if(|fault| fault.span() == Some(span));
            let start = self.stages.last().map_or(span.start, |stage| stage.span.end);
            reader.report(dangling("an arrow leads nowhere", span, "nothing follows", Span::new(start, span.end)));
        }
        if self.stages.is_empty() {
            let span = Span::at(self.end);
            if self.before == Before::Start {
                let fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("{what} is empty"));
                let help = "write a layer there, such as `Conv -> Relu`, or take it out";
                reader.report(fault.at(span, format!("expected {A_STAGE}")).help(help));
            }
            self.stages.push(Stage { primary: Primary::Unknown(span), repeat: None, span });
        }
        let first = self.stages[0].span;
        let span = self.stages.iter().fold(first, |span, stage| span.to(stage.span));
        Chain { stages: self.stages, span }
    }

    fn arrow(&mut self, span: Span, reader: &mut Reader) {
        match self.before {
            Before::Start => {
                reader.report(dangling("a chain starts with an arrow", span, "no layer stands before it", span));
            }
            Before::Arrow(first) => {
                let both = Span::new(first.end, span.end);
                reader.report(dangling("two arrows follow each other", span, "no layer stands between them", both));
            }
            Before::Stage | Before::Fault => {}
        }
        // A leading arrow is reported: it must not be reported once more where nothing follows.
        self.before = if self.stages.is_empty() { Before::Fault } else { Before::Arrow(span) };
    }

    fn wrong_arrow(&mut self, token: &Token<'_>, span: Span, reader: &mut Reader) {
        let found = token.as_str();
        if matches!(self.before, Before::Start | Before::Arrow(_)) {
            return self.arrow(span, reader);
        }
        if found == "=" {
            if self.before == Before::Stage {
                reader.report(unexpected("`->`", found, span).help("a block is defined with `let name = ...`"));
            }
            self.before = Before::Fault;
            return;
        }
        let arrow = spaced_arrow(token);
        reader.report(
            Diagnostic::new(&code::WRONG_ARROW, format!("`{found}` does not join layers, `->` does"))
                .at(span, "expected `->`")
                .safe_fix("write `->`", span, arrow),
        );
        self.before = Before::Arrow(span);
    }

    fn stage(&mut self, primary: Primary, span: Span, reader: &mut Reader) {
        if self.before == Before::Stage {
            let gap = Span::at(self.end);
            let arrow = if self.end == span.start { " -> " } else { " ->" };
            let found = match &primary {
                Primary::Call(call) => format!("`{}`", call.name.value),
                Primary::Combinator(combinator) => format!("`{}`", combinator.name.value),
                _ => "`[`".to_owned(),
            };
            reader.report(
                Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("expected `->` before {found}"))
                    .at(span, "a stage without an arrow")
                    .safe_fix("write `->` between them", gap, arrow),
            );
        }
        self.stages.push(Stage { primary, repeat: None, span });
        self.before = Before::Stage;
    }

    fn stray(&mut self, found: &str, span: Span, reader: &mut Reader) {
        match self.before {
            Before::Fault => {}
            Before::Stage if matches!(found, "," | ";") => {
                reader.report(unexpected("`->`", found, span).safe_fix("write `->`", span, " ->"));
            }
            Before::Stage if found == "|" => {
                reader.report(unexpected("`->`", found, span).help("`|` parts the branches of `Add[a | b]`"));
            }
            Before::Stage => reader.unexpected("`->`", found, span),
            Before::Start | Before::Arrow(_) => {
                reader.unexpected(A_STAGE, found, span);
                self.stages.push(Stage { primary: Primary::Unknown(span), repeat: None, span });
            }
        }
        self.before = Before::Fault;
    }

    fn leading_count(&mut self, token: &Token<'_>, span: Span, reader: &mut Reader) {
        let count = token.as_str().trim_end_matches(['*', '×']).trim_end();
        reader.report(
            Diagnostic::new(&code::BAD_REPEAT_COUNT, format!("the count `{count}` stands before what it repeats"))
                .at(span, "move it behind")
                .help(format!("write `[...] * {count}`")),
        );
        self.before = Before::Fault;
    }

    fn repeat(&mut self, token: Token<'_>, span: Span, reader: &mut Reader) {
        let count = read_count(token, span, reader);
        let Some(stage) = self.stages.last_mut().filter(|_| !matches!(self.before, Before::Start | Before::Arrow(_)))
        else {
            if self.before != Before::Fault {
                reader.report(missing_stage(span));
            }
            self.before = Before::Fault;
            return;
        };
        stage.repeat = match stage.repeat {
            Some(first) => {
                reader.report(second_count(first, count, span));
                Some(merge_counts(first, count))
            }
            None => Some(count),
        };
        stage.span.end = span.end;
    }
}

/// The stage as a name alone.
fn bare_word(stage: &Stage) -> Option<Name> {
    match stage {
        Stage { primary: Primary::Call(call), repeat: None, .. } if call.args.is_empty() => Some(call.name.clone()),
        _ => None,
    }
}

/// The fault of an arrow at `span`, mended by deleting `excess`.
fn dangling(message: &str, span: Span, label: &str, excess: Span) -> Diagnostic {
    Diagnostic::new(&code::DANGLING_ARROW, message).at(span, label).safe_fix("delete the arrow", excess, "")
}

/// `->` with the white space that the wrong arrow's surroundings ask for.
fn spaced_arrow(token: &Token<'_>) -> String {
    let span = token.as_span();
    let text = span.get_input();
    let blank_before = text[..span.start()].ends_with(char::is_whitespace);
    let blank_after = text[span.end()..].starts_with(char::is_whitespace);
    match (blank_before, blank_after) {
        (true, false) => "-> ".to_owned(),
        (false, true) => " ->".to_owned(),
        _ => "->".to_owned(),
    }
}

fn layer(token: Token<'_>, span: Span, reader: &mut Reader) -> Primary {
    let mut name = Spanned::new(String::new(), Span::at(span.start));
    let mut args = Vec::new();
    let mut branches = None;
    for part in token.into_inner() {
        match part.as_rule() {
            Rule::name => name = reader.name(&part),
            Rule::args => args = reader.args(part),
            _ => branches = Some(self::branches(part, reader)),
        }
    }
    match branches {
        Some(branches) => Primary::Combinator(Combinator { name, args, branches, span }),
        None => Primary::Call(Call { name, args, span }),
    }
}

/// A bracketed chain; parentheses are reported and taken for brackets.
fn group(token: Token<'_>, span: Span, reader: &mut Reader) -> Primary {
    if token.as_rule() == Rule::parens {
        reader.report(round_group(&token, span));
    }
    let bar = token.clone().into_inner().find(|part| part.as_rule() == Rule::bar);
    let mut branches = branches(token, reader);
    let Some(bar) = bar else { return Primary::Group(branches.swap_remove(0), span) };
    let at = reader.span(&bar);
    reader.report(
        Diagnostic::new(&code::UNEXPECTED_TOKEN, "branches stand in brackets without a combinator")
            .at(at, "parts two branches")
            .label(Span::new(span.start, span.start + 1), "what joins them?")
            .help("write the combinator before the bracket: `Add[a | b]`, `Concat[a | b]`, `Multiply[a | b]`"),
    );
    Primary::Unknown(span)
}

fn branches(token: Token<'_>, reader: &mut Reader) -> Vec<Chain> {
    let tokens = token.into_inner().filter(|part| part.as_rule() == Rule::branch);
    tokens.map(|branch| chain(branch, reader)).collect()
}

fn chain(token: Token<'_>, reader: &mut Reader) -> Chain {
    let mut chain = ChainReader::new(reader.span(&token).start);
    for token in token.into_inner() {
        chain.push(token, reader);
    }
    chain.finish("the bracket", reader)
}

fn round_group(token: &Token<'_>, span: Span) -> Diagnostic {
    let opening = Span::new(span.start, span.start + 1);
    let fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, "layers are grouped by `[`, not by `(`");
    let mut fault = fault.at(opening, "expected `[`").help("write `[` and `]` around the layers");
    if token.as_str().ends_with(')') {
        let edits = [(opening, "["), (Span::new(span.end - 1, span.end), "]")]
            .map(|(span, text)| Edit { span, text: text.to_owned() });
        fault.fixes.push(Fix::safe("write `[` and `]`", edits.into()));
    }
    fault
}
