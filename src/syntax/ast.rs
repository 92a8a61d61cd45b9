//! The tree of a spec's body, every part with its place.

use super::settings::FrontMatter;
use crate::base::{Span, Spanned};

/// A name as written.
pub type Name = Spanned<String>;

/// A whole `.net` file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The front matter; the defaults where it is left out.
    pub front: FrontMatter,
    /// Blocks, in source order.
    pub lets: Vec<Let>,
    /// The network; `None` where there is none or nothing of it could be read.
    pub chain: Option<Chain>,
    /// Comments of the body, in source order, from `#` to the end of the line.
    pub comments: Vec<Name>,
    /// `# netc: allow(...)` comments.
    pub allows: Vec<Allow>,
}

/// `let name(params) = chain`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The block's name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its body.
    pub chain: Chain,
    /// From `let` to the end of the body.
    pub span: Span,
}

/// A parameter of a block, with its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The parameter's name.
    pub name: Name,
    /// What it is where a call does not say.
    pub default: Option<Value>,
}

/// Stages joined by arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The stages, in order; never empty.
    pub stages: Vec<Stage>,
    /// From the first stage to the last.
    pub span: Span,
}

/// A layer, group, block or combinator, and how often it is repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// What is repeated.
    pub primary: Primary,
    /// The count behind `*`, at least 1; `None` where there is no `*`.
    pub repeat: Option<Spanned<u64>>,
    /// The stage with its repeat.
    pub span: Span,
}

/// What stands between two arrows.
#[derive(Clone, Debug, PartialEq)]
pub enum Primary {
    /// A layer (`Conv(32)`) or a block (`block(64)`): which of them, `check` says.
    Call(Call),
    /// `[chain]`.
    Group(Chain, Span),
    /// `Add[a | b]`, with arguments where there are any.
    Combinator(Combinator),
    /// A part that could not be read; its fault is reported already.
    Unknown(Span),
}

impl Primary {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Call(call) => call.span,
            Self::Group(_, span) | Self::Unknown(span) => *span,
            Self::Combinator(combinator) => combinator.span,
        }
    }
}

/// A name with arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The layer's or block's name.
    pub name: Name,
    /// The arguments, in order.
    pub args: Vec<Arg>,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// A name with branches.
#[derive(Clone, Debug, PartialEq)]
pub struct Combinator {
    /// The combinator's name.
    pub name: Name,
    /// The arguments, in order.
    pub args: Vec<Arg>,
    /// The branches, in order; at least one.
    pub branches: Vec<Chain>,
    /// From the name to the closing bracket.
    pub span: Span,
}

/// `name: value`, or a value by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The argument's name, where it is given.
    pub name: Option<Name>,
    /// Its value.
    pub value: Value,
    /// The whole.
    pub span: Span,
}

/// A value and its place.
pub type Value = Spanned<Literal>;

/// A value as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Literal {
    /// A whole number without a point or exponent: `32`, `-1`.
    Integer(i64),
    /// Any other number: `1e-4`, `0.5`.
    Real(f64),
    /// `50%`, kept as 0.5.
    Percent(f64),
    /// `3x3`, `256x256x3`.
    Size(Vec<u64>),
    /// `(3, 3)`.
    Tuple(Vec<Value>),
    /// `[64, 32, 32]`, spread over a repeat.
    List(Vec<Value>),
    /// `true`, `false`.
    Flag(bool),
    /// A bare word: `same`, `relu`, or a parameter of the block.
    Word(String),
    /// `"text"`.
    Text(String),
    /// A value that could not be read; its fault is reported already.
    #[default]
    Unknown,
}

/// `# netc: allow(CODE, CODE)` at the end of a line: silences these codes on that line.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// The codes, as written.
    pub codes: Vec<Name>,
    /// The line it silences, from its first byte to its end.
    pub line: Span,
}
