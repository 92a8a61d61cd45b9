//! Arguments of a layer or block, and parameters of a `let`.

use super::ast::{Arg, Literal, Name, Param};
use super::grammar::{Rule, Token};
use super::reader::{Reader, unexpected};
use crate::base::{Span, Spanned};

impl Reader {
    /// An `args` token as arguments.
    pub(super) fn args(&mut self, token: Token<'_>) -> Vec<Arg> {
        self.sequence(token, ")", Self::arg)
    }

    /// An `args` token as parameters: names, some with a default.
    pub(super) fn params(&mut self, token: Token<'_>) -> Vec<Param> {
        let args = self.args(token);
        self.as_params(args)
    }

    /// Arguments as the parameters they were meant for.
    pub(super) fn as_params(&mut self, args: Vec<Arg>) -> Vec<Param> {
        args.into_iter().filter_map(|arg| self.param(arg)).collect()
    }

    /// A `name` token.
    pub(super) fn name(&self, token: &Token<'_>) -> Name {
        Spanned::new(token.as_str().to_owned(), self.span(token))
    }

    fn arg(&mut self, token: Token<'_>) -> Arg {
        let span = self.span(&token);
        let mut name = None;
        let mut value = None;
        for part in token.into_inner() {
            match part.as_rule() {
                Rule::label => name = self.label(part),
                _ => value = Some(self.value(part)),
            }
        }
        let value = value.unwrap_or_else(|| self.missing_value(name.as_ref(), span));
        Arg { name, value, span }
    }

    /// The name before `:`.
    fn label(&mut self, token: Token<'_>) -> Option<Name> {
        let mut parts = token.into_inner();
        let name = parts.next().map(|part| self.name(&part));
        if let Some(sign) = parts.next().filter(|sign| sign.as_str() == "=>") {
            let span = self.span(&sign);
            self.report(unexpected("`:`", sign.as_str(), span).safe_fix("write `:`", span, ":"));
        }
        name
    }

    fn missing_value(&mut self, name: Option<&Name>, span: Span) -> Spanned<Literal> {
        let name = name.map_or("", |name| name.value.as_str());
        self.report(unexpected(&format!("a value for `{name}`"), "nothing", span));
        Spanned::new(Literal::Unknown, Span::at(span.end))
    }

    fn param(&mut self, arg: Arg) -> Option<Param> {
        match (arg.name, arg.value) {
            (Some(name), default) => Some(Param { name, default: Some(default) }),
            (None, Spanned { value: Literal::Word(word), span }) => {
                Some(Param { name: Spanned::new(word, span), default: None })
            }
            (None, Spanned { value: Literal::Unknown, .. }) => None,
            (None, _) => {
                self.unexpected("a parameter's name", "a value", arg.span);
                None
            }
        }
    }
}
