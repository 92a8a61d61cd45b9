//! The tree as a document, with every comment in the gap where it stands.
//!
//! The tree has no commas, arrows and brackets; their places are found in the text, where only white space and comments
//! stand between them.

use super::doc::{Comment, Doc, Gap, Hold, INDENT, Line};
use crate::base::{Source, Span};
use crate::diag::Edit;
use crate::syntax::ast::{Arg, Call, Chain, Combinator, File, Let, Literal, Name, Param, Primary, Stage, Value};

/// Builds documents from the start of a body to its end.
pub(super) struct Builder<'a> {
    source: &'a Source,
    /// Texts that are written instead of names, in the order of their places.
    names: &'a [Edit],
    /// The comments that are in no gap yet.
    comments: &'a [Name],
    /// Lines, by index and in order, with a comment that silences codes on them. What stands on such a line stays there, and
    /// nothing comes to it.
    kept_lines: Vec<usize>,
    /// Where the text before ends; `None` at the start of the body.
    end: Option<usize>,
}

impl<'a> Builder<'a> {
    /// A builder for the body of `file`.
    pub(super) fn new(source: &'a Source, file: &'a File, names: &'a [Edit]) -> Self {
        let kept_lines = file.allows.iter().map(|allow| source.line_index(allow.line.start)).collect();
        Self { source, names, comments: &file.comments, kept_lines, end: None }
    }

    /// The whole body, up to a line break at its end.
    pub(super) fn body(&mut self, file: &'a File) -> Vec<Doc<'a>> {
        let mut parts = Vec::new();
        for block in &file.lets {
            parts.push(self.gap(block.span.start, Line::Hard));
            self.block(block, &mut parts);
        }
        if let Some(chain) = &file.chain {
            parts.push(self.gap(chain.span.start, Line::Hard));
            parts.push(self.chain(chain));
        }
        parts.push(self.gap(self.source.text().len(), Line::Hard));
        parts
    }

    fn block(&mut self, block: &'a Let, parts: &mut Vec<Doc<'a>>) {
        parts.push(self.sign("let", block.span.start));
        parts.push(self.gap(block.name.span.start, Line::Space));
        parts.push(self.token(block.name.span));
        if let (Some(first), Some(last)) = (block.params.first(), block.params.last()) {
            let open = self.find('(', block.name.span.end);
            let close = self.find(')', end_of(last));
            debug_assert!(open < first.name.span.start, "a parenthesis stands before what it holds");
            parts.push(self.gap(open, Line::Tight));
            parts.push(self.bracketed(("(", open), &block.params, (")", close), Line::SoftSpace, Self::param));
        }
        parts.push(Doc::Text(" ="));
        let gap = self.gap(block.chain.span.start, Line::Space);
        parts.push(Doc::Nest(INDENT, vec![gap]));
        parts.push(self.chain(&block.chain));
    }

    fn param(&mut self, param: &'a Param, parts: &mut Vec<Doc<'a>>) {
        parts.push(self.token(param.name.span));
        if let Some(default) = &param.default {
            parts.push(Doc::Text(":"));
            parts.push(self.gap(default.span.start, Line::Space));
            parts.push(self.value(default));
        }
    }

    fn chain(&mut self, chain: &'a Chain) -> Doc<'a> {
        let mut stages = chain.stages.iter();
        let mut parts: Vec<_> = stages.next().map(|first| self.stage(first)).into_iter().collect();
        let mut rest = Vec::new();
        for (before, stage) in chain.stages.iter().zip(stages) {
            let line = if follows(before, stage) { Line::Fill } else { Line::SoftSpace };
            rest.push(self.gap(stage.span.start, line));
            rest.push(Doc::Text("-> "));
            rest.push(self.stage(stage));
        }
        parts.push(Doc::Nest(INDENT, rest));
        Doc::group(parts)
    }

    fn stage(&mut self, stage: &'a Stage) -> Doc<'a> {
        let mut parts = match &stage.primary {
            Primary::Call(call) => self.call(call),
            Primary::Group(chain, span) => vec![self.brackets(span.start, std::slice::from_ref(chain), span.end)],
            Primary::Combinator(combinator) => self.combinator(combinator),
            Primary::Unknown(span) => vec![self.token(*span)],
        };
        if let Some(repeat) = stage.repeat {
            parts.push(self.gap(repeat.span.start, Line::Space));
            parts.push(Doc::Text("* "));
            parts.push(self.token(repeat.span));
        }
        Doc::Nest(0, parts)
    }

    fn call(&mut self, call: &'a Call) -> Vec<Doc<'a>> {
        let mut parts = vec![self.token(call.name.span)];
        self.args(&call.name, &call.args, &mut parts);
        parts
    }

    fn combinator(&mut self, combinator: &'a Combinator) -> Vec<Doc<'a>> {
        let mut parts = vec![self.token(combinator.name.span)];
        self.args(&combinator.name, &combinator.args, &mut parts);
        let behind = combinator.args.last().map_or(combinator.name.span.end, |last| self.find(')', last.span.end));
        let open = self.find('[', behind);
        parts.push(self.gap(open, Line::Tight));
        parts.push(self.brackets(open, &combinator.branches, combinator.span.end));
        parts
    }

    /// `[a | b]` from its first byte to its last; branches of several are set apart by their bars.
    fn brackets(&mut self, start: usize, branches: &'a [Chain], end: usize) -> Doc<'a> {
        let nest = if branches.len() > 1 { 2 * INDENT } else { INDENT };
        let mut parts = vec![self.sign("[", start)];
        for (at, branch) in branches.iter().enumerate() {
            let mut line = Line::Soft;
            if at > 0 {
                let bar = self.find('|', branches[at - 1].span.end);
                parts.push(Doc::Nest(INDENT, vec![self.gap(bar, Line::SoftSpace)]));
                parts.push(self.sign("|", bar));
                line = Line::Space;
            }
            let inner = vec![self.gap(branch.span.start, line), self.chain(branch)];
            parts.push(Doc::Nest(nest, inner));
        }
        parts.push(self.gap(end - 1, Line::Close));
        parts.push(self.sign("]", end - 1));
        Doc::group(parts)
    }

    fn args(&mut self, name: &Name, args: &'a [Arg], parts: &mut Vec<Doc<'a>>) {
        let Some(last) = args.last() else { return };
        let open = self.find('(', name.span.end);
        let close = self.find(')', last.span.end);
        parts.push(self.gap(open, Line::Tight));
        parts.push(self.bracketed(("(", open), args, (")", close), Line::SoftSpace, Self::arg));
    }

    fn arg(&mut self, arg: &'a Arg, parts: &mut Vec<Doc<'a>>) {
        if let Some(name) = &arg.name {
            parts.push(self.token(name.span));
            parts.push(Doc::Text(":"));
            parts.push(self.gap(arg.value.span.start, Line::Space));
        }
        parts.push(self.value(&arg.value));
    }

    fn value(&mut self, value: &'a Value) -> Doc<'a> {
        let Span { start, end } = value.span;
        let item = |builder: &mut Self, item: &'a Value, parts: &mut Vec<Doc<'a>>| parts.push(builder.value(item));
        match &value.value {
            Literal::List(items) => self.bracketed(("[", start), items, ("]", end - 1), Line::Fill, item),
            Literal::Tuple(items) => self.bracketed(("(", start), items, (")", end - 1), Line::Fill, item),
            _ => self.token(value.span),
        }
    }

    /// Items with commas between brackets, each bracket with its place.
    fn bracketed<T>(
        &mut self,
        open: (&'static str, usize),
        items: &'a [T],
        close: (&'static str, usize),
        between: Line,
        print: impl Fn(&mut Self, &'a T, &mut Vec<Doc<'a>>),
    ) -> Doc<'a>
    where
        T: Placed,
    {
        let mut parts = vec![self.sign(open.0, open.1)];
        let mut inner = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let line = if at == 0 { Line::Soft } else { between };
            inner.push(self.gap(item.start(), line));
            print(self, item, &mut inner);
            if at + 1 < items.len() {
                inner.push(Doc::Text(","));
            }
        }
        parts.push(Doc::Nest(INDENT, inner));
        parts.push(self.gap(close.1, Line::Close));
        parts.push(self.sign(close.0, close.1));
        Doc::group(parts)
    }

    /// A name or value as it is to be written.
    fn token(&mut self, span: Span) -> Doc<'a> {
        self.end = Some(span.end);
        let found = self.names.binary_search_by_key(&span, |edit| edit.span);
        Doc::Text(found.map_or_else(|_| self.source.slice(span), |at| &self.names[at].text))
    }

    /// A word or sign that stands at `at`.
    fn sign(&mut self, sign: &'static str, at: usize) -> Doc<'a> {
        self.end = Some(at + sign.len());
        Doc::Text(sign)
    }

    /// The gap before the text at `start`.
    fn gap(&mut self, start: usize, line: Line) -> Doc<'a> {
        let inside = self.comments.iter().take_while(|comment| comment.span.start < start).count();
        let (comments, rest) = self.comments.split_at(inside);
        self.comments = rest;
        let hold = self.hold(start);
        let blank = line == Line::Hard && self.is_after_blank(start);
        let comments = comments.iter().map(|comment| self.comment(comment)).collect();
        Doc::Gap(Gap { line, comments, blank, hold })
    }

    fn comment(&self, comment: &'a Name) -> Comment<'a> {
        let start = comment.span.start;
        let line = self.source.line_index(start);
        let is_trailing = self.end.is_some_and(|end| self.source.line_index(end) == line);
        Comment { text: &comment.value, is_trailing, after_blank: self.is_after_blank(start) }
    }

    fn hold(&self, start: usize) -> Hold {
        let Some(end) = self.end else { return Hold::Free };
        let line = self.source.line_index(start);
        match self.kept_lines.binary_search(&line) {
            Err(_) => Hold::Free,
            Ok(_) if self.source.line_index(end) == line => Hold::Stay,
            Ok(_) => Hold::Break,
        }
    }

    /// Whether a blank line stands before `start`.
    fn is_after_blank(&self, start: usize) -> bool {
        let before = &self.source.text()[..start];
        let white = &before[before.trim_end().len()..];
        white.bytes().filter(|&byte| byte == b'\n').count() > 1
    }

    /// Where the first `sign` outside of comments stands from `from` on.
    fn find(&self, sign: char, from: usize) -> usize {
        let mut in_comment = false;
        let found = self.source.text()[from..].char_indices().find(|&(_, character)| {
            in_comment = if in_comment { character != '\n' } else { character == '#' };
            !in_comment && character == sign
        });
        found.map_or(from, |(at, _)| from + at)
    }
}

/// What has a place that it starts at.
trait Placed {
    fn start(&self) -> usize;
}

impl Placed for Arg {
    fn start(&self) -> usize {
        self.span.start
    }
}

impl Placed for Param {
    fn start(&self) -> usize {
        self.name.span.start
    }
}

impl Placed for Value {
    fn start(&self) -> usize {
        self.span.start
    }
}

fn end_of(param: &Param) -> usize {
    param.default.as_ref().map_or(param.name.span.end, |default| default.span.end)
}

/// Whether a stage goes on the line of the one before it even where their chain is broken: a bare name does, behind a
/// layer. So activations stay with their layers.
fn follows(before: &Stage, stage: &Stage) -> bool {
    let is_bare = matches!(&stage.primary, Primary::Call(call) if call.args.is_empty()) && stage.repeat.is_none();
    is_bare && before.repeat.is_none() && !matches!(before.primary, Primary::Group(..))
}
