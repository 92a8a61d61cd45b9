//! The heads of blocks: `let name(params) =`, also where a part of it is missing.

use super::ast::{File, Let, Name, Param};
use super::chain::ChainReader;
use super::grammar::{Rule, Token};
use super::reader::{Reader, unexpected};
use crate::base::Span;
use crate::diag::{Diagnostic, code};

/// A block while the tokens of its body come in.
pub(super) struct Block {
    name: Option<Name>,
    params: Vec<Param>,
    span: Span,
    /// Its body so far.
    pub body: ChainReader,
}

impl Block {
    /// A block from its `let_head` token.
    pub(super) fn new(token: Token<'_>, reader: &mut Reader) -> Self {
        let span = reader.span(&token);
        let mut name = None;
        let mut params = Vec::new();
        let mut has_equals = false;
        for part in token.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(reader.name(&part)),
                Rule::args => params = reader.params(part),
                Rule::equals => has_equals = true,
                _ => {}
            }
        }
        let fault = match &name {
            None => Some(nameless(span)),
            Some(name) if !has_equals => Some(without_equals(name, span)),
            Some(_) => None,
        };
        let body = if fault.is_some() { ChainReader::after_fault(span.end) } else { ChainReader::new(span.end) };
        reader.faults.extend(fault);
        Self { name, params, span, body }
    }

    /// The block whose `let` is missing or misspelt, where `equals` is the `=` behind what `network` took for layers
    /// on the line that starts at `line`.
    pub(super) fn without_let(
        equals: Span,
        line: usize,
        network: &mut ChainReader,
        reader: &mut Reader,
    ) -> Option<Self> {
        let (word, call) = network.take_head(line)?;
        reader.faults.retain(|fault| fault.span().is_none_or(|span| span.start < line || span.start > call.span.start));
        let message = format!("the block `{}` is defined without `let`", call.name.value);
        let fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, message);
        reader.report(match word {
            Some(word) => fault.at(word.span, "expected `let`").safe_fix("write `let`", word.span, "let"),
            None => fault.at(call.span, "expected `let` before it").safe_fix(
                "write `let`",
                Span::at(call.span.start),
                "let ",
            ),
        });
        let body = ChainReader::new(equals.end);
        Some(Self { name: Some(call.name), params: reader.as_params(call.args), span: call.span, body })
    }

    /// Whether a stage at `start`, in the text of the body, is on a new line behind a body that may be complete.
    pub(super) fn ends_before(&self, start: usize, text: &str, base: usize) -> bool {
        self.body.may_end() && text[self.body.end() - base..start - base].contains('\n')
    }

    /// Adds the block to `file`; one without a name cannot be used, and is left out.
    pub(super) fn finish(self, file: &mut File, reader: &mut Reader) {
        let what = self.name.as_ref().map_or("the block".to_owned(), |name| format!("the block `{}`", name.value));
        let chain = self.body.finish(&what, reader);
        if let Some(name) = self.name {
            file.lets.push(Let { name, params: self.params, span: self.span.to(chain.span), chain });
        }
    }
}

/// The fault of a block that starts at `start`, behind the network's first layers.
pub(super) fn late_let(start: usize) -> Diagnostic {
    unexpected("`->` or the end", "let", Span::new(start, start + 3)).help("blocks stand before the network")
}

fn nameless(span: Span) -> Diagnostic {
    let let_word = Span::new(span.start, span.start + 3);
    Diagnostic::new(&code::UNEXPECTED_TOKEN, "a `let` without a name")
        .at(let_word, "expected a name behind it")
        .help("write `let block = ...`")
}

fn without_equals(name: &Name, span: Span) -> Diagnostic {
    Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("expected `=` behind `let {}`", name.value))
        .at(span, "expected `=` behind it")
        .help(format!("write `let {} = Conv -> Relu`", name.value))
        .safe_fix("write `=`", Span::at(span.end), " =")
}
