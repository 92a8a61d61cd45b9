//! The body: blocks and the network out of one row of tokens.

use pest::Parser;

use super::ast::{Chain, File, Let};
use super::chain::ChainReader;
use super::grammar::{Net, Rule, Token};
use super::reader::{Reader, unexpected};
use super::scan::scan;
use crate::base::Span;
use crate::diag::{Diagnostic, code};

/// Reads `body`, which starts `base` bytes into its file, into `file`, and gives its faults.
pub(super) fn read_body(body: &str, base: usize, file: &mut File) -> Vec<Diagnostic> {
    let mut reader = Reader::new(base);
    let scan = scan(body, base, &mut reader.faults);
    file.comments = scan.comments;
    if let Some(text) = scan.text {
        match Net::parse(Rule::file, &text) {
            Ok(mut tokens) => read_file(tokens.next(), &text, base, file, &mut reader),
            Err(fault) => reader.report(stopped(&fault, base)),
        }
    }
    if file.chain.is_none() && reader.faults.is_empty() {
        reader.report(no_network(base + body.len(), !file.lets.is_empty()));
    }
    reader.faults
}

/// A part of the file while its tokens come in.
enum Part {
    Let(Head, ChainReader),
    Network,
}

/// `let name(params) =`.
struct Head {
    name: super::ast::Name,
    params: Vec<super::ast::Param>,
    span: Span,
}

fn read_file(token: Option<Token<'_>>, text: &str, base: usize, file: &mut File, reader: &mut Reader) {
    let mut network: Option<ChainReader> = None;
    let mut part = Part::Network;
    for token in token.into_iter().flat_map(Token::into_inner) {
        let start = reader.span(&token).start;
        if token.as_rule() == Rule::EOI {
            break;
        }
        if token.as_rule() == Rule::let_head {
            if let (Part::Network, Some(_)) = (&part, &network) {
                reader.report(late_let(start));
            }
            close(part, file, reader);
            let (head, chain) = let_head(token, reader);
            part = Part::Let(head, chain);
            continue;
        }
        if let Part::Let(_, chain) = &mut part {
            let is_new_line = text[chain.end() - base..start - base].contains('\n');
            if !(is_new_line && chain.may_end() && opens_stage(token.as_rule())) {
                chain.push(token, reader);
                continue;
            }
            close(part, file, reader);
            part = Part::Network;
        }
        if let Some(head) = forgotten_let(&token, &mut network, reader) {
            part = Part::Let(head, ChainReader::new(reader.span(&token).end));
            continue;
        }
        network.get_or_insert_with(|| ChainReader::new(start)).push(token, reader);
    }
    close(part, file, reader);
    file.chain = network.map(|chain| chain.finish("the network", reader));
}

fn close(part: Part, file: &mut File, reader: &mut Reader) {
    if let Part::Let(Head { name, params, span }, chain) = part {
        let chain: Chain = chain.finish(&format!("the block `{}`", name.value), reader);
        file.lets.push(Let { span: span.to(chain.span), name, params, chain });
    }
}

fn opens_stage(rule: Rule) -> bool {
    !matches!(rule, Rule::arrow | Rule::wrong_arrow | Rule::repeat)
}

/// The head of a block, and its chain, still empty.
fn let_head(token: Token<'_>, reader: &mut Reader) -> (Head, ChainReader) {
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
    let chain = match (&name, has_equals) {
        (Some(_), true) => ChainReader::new(span.end),
        (None, _) => {
            let let_word = Span::new(span.start, span.start + 3);
            let fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, "a `let` without a name");
            reader.report(fault.at(let_word, "expected a name behind it").help("write `let block = ...`"));
            ChainReader::after_fault(span.end)
        }
        (Some(name), false) => {
            let message = format!("expected `=` behind `let {}`", name.value);
            let fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, message).at(span, "expected `=` behind it");
            reader.report(fault.fix("write `=`", Span::at(span.end), " ="));
            ChainReader::after_fault(span.end)
        }
    };
    let name = name.unwrap_or_else(|| crate::base::Spanned::new(String::new(), Span::at(span.end)));
    (Head { name, params, span }, chain)
}

/// The head of a block whose `let` was forgotten, where `token` is the `=` behind it.
fn forgotten_let(token: &Token<'_>, network: &mut Option<ChainReader>, reader: &mut Reader) -> Option<Head> {
    let call = network.as_ref().filter(|_| token.as_str() == "=")?.lone_call()?.clone();
    *network = None;
    reader.report(
        Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("the block `{}` is defined without `let`", call.name.value))
            .at(call.span, "expected `let` before it")
            .fix("write `let`", Span::at(call.span.start), "let "),
    );
    Some(Head { name: call.name, params: reader.as_params(call.args), span: call.span })
}

fn late_let(start: usize) -> Diagnostic {
    unexpected("`->` or the end", "let", Span::new(start, start + 3)).help("blocks stand before the network")
}

fn no_network(end: usize, has_blocks: bool) -> Diagnostic {
    let fault = Diagnostic::new(&code::NO_NETWORK, "the spec declares no network");
    let label = if has_blocks { "expected a chain of layers behind the blocks" } else { "expected a chain of layers" };
    fault.at(Span::at(end), label).help("write layers joined by arrows: `Conv -> Relu -> Flatten -> Dense -> Softmax`")
}

/// The grammar matches every text, unless the machine's stack is nearly used up.
fn stopped(fault: &pest::error::Error<Rule>, base: usize) -> Diagnostic {
    let at = match fault.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => base + at,
    };
    Diagnostic::new(&code::UNEXPECTED_TOKEN, "the text cannot be read on from here").at(Span::at(at), "reading stopped")
}
