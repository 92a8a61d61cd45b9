//! The body: blocks and the network out of one row of tokens.

use pest::Parser;
use pest::error::{Error, InputLocation};

use super::ast::File;
use super::block::{Block, late_let};
use super::cascade::drop_followers;
use super::chain::ChainReader;
use super::grammar::{Net, Rule, Token};
use super::reader::Reader;
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
            Ok(tokens) => {
                let row = Row { text: &text, base, file: &mut *file, reader: &mut reader, block: None, network: None };
                row.read(tokens.flat_map(Token::into_inner));
            }
            Err(fault) => reader.report(stopped(&fault, base)),
        }
    }
    if file.chain.is_none() && reader.faults.is_empty() {
        reader.report(no_network(base + body.len(), !file.lets.is_empty()));
    }
    drop_followers(reader.faults, body, base)
}

/// The row of tokens while it is read: a token belongs to the open block, else to the network.
struct Row<'r> {
    text: &'r str,
    base: usize,
    file: &'r mut File,
    reader: &'r mut Reader,
    block: Option<Block>,
    network: Option<ChainReader>,
}

impl Row<'_> {
    fn read<'t>(mut self, tokens: impl Iterator<Item = Token<'t>>) {
        for token in tokens {
            match token.as_rule() {
                Rule::EOI => {}
                Rule::let_head => self.open_block(token),
                _ => self.push(token),
            }
        }
        self.close_block();
        self.file.chain = self.network.map(|chain| chain.finish("the network", self.reader));
    }

    fn open_block(&mut self, token: Token<'_>) {
        if self.block.is_none() && self.network.is_some() {
            self.reader.report(late_let(self.reader.span(&token).start));
        }
        self.close_block();
        self.block = Some(Block::new(token, self.reader));
    }

    fn push(&mut self, token: Token<'_>) {
        let start = self.reader.span(&token).start;
        let opens_stage = !matches!(token.as_rule(), Rule::arrow | Rule::wrong_arrow | Rule::repeat);
        if let Some(block) = &mut self.block {
            if !(opens_stage && block.ends_before(start, self.text, self.base)) {
                return block.body.push(token, self.reader);
            }
            self.close_block();
        }
        let network = self.network.get_or_insert_with(|| ChainReader::new(start));
        if token.as_str() == "=" {
            let line = self.text[..start - self.base].rfind('\n').map_or(0, |found| found + 1);
            self.block = Block::without_let(self.reader.span(&token), self.base + line, network, self.reader);
        }
        if self.block.is_none() {
            network.push(token, self.reader);
        } else if network.is_empty() {
            self.network = None;
        }
    }

    fn close_block(&mut self) {
        if let Some(block) = self.block.take() {
            block.finish(self.file, self.reader);
        }
    }
}

fn no_network(end: usize, has_blocks: bool) -> Diagnostic {
    let label = if has_blocks { "expected a chain of layers behind the blocks" } else { "expected a chain of layers" };
    Diagnostic::new(&code::NO_NETWORK, "the spec declares no network")
        .at(Span::at(end), label)
        .help("write layers joined by arrows: `Conv -> Relu -> Flatten -> Dense -> Softmax`")
}

/// The grammar matches every text, unless the machine's stack is nearly used up.
fn stopped(fault: &Error<Rule>, base: usize) -> Diagnostic {
    let at = match fault.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => base + at,
    };
    Diagnostic::new(&code::UNEXPECTED_TOKEN, "the text cannot be read on from here")
        .at(Span::at(at), "reading stopped")
        .help("make the text shorter, or its brackets less deep")
}
