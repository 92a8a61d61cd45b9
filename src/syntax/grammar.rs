//! The parser that pest makes of `grammar/net.pest`.

use pest::iterators::Pair;
use pest_derive::Parser;

/// The parser; [`Rule`] is its rules.
#[derive(Parser)]
#[grammar = "../grammar/net.pest"]
pub(super) struct Net;

/// A matched rule.
pub(super) type Token<'a> = Pair<'a, Rule>;
