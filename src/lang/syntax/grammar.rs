//! The parser that pest makes of `grammar/warp.pest`.

use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "grammar/warp.pest"]
pub(super) struct Grammar;

/// A node of pest's tree.
pub(super) type Pair<'i> = pest::iterators::Pair<'i, Rule>;

/// Nodes of pest's tree.
pub(super) type Pairs<'i> = pest::iterators::Pairs<'i, Rule>;
