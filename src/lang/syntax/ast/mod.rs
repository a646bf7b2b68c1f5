//! The syntax tree: what is written, with its places, before any name is looked up.
//!
//! Lists are flat on purpose: a ladder of ten thousand `else if` arms is one [`If`] with ten
//! thousand arms, so that no walk over the tree recurses deeper than the source nests.

mod declaration;
mod expression;
mod function;
mod promise;
mod rules;
mod statement;

use smol_str::SmolStr;

use crate::lang::source::{FileId, Span};
use crate::pace;

pub use declaration::{
    Acl, AclEntry, Attribute, AttributeBlock, AttributeValue, Binding, Director, Include, Site, Table, TableEntry,
    TableSource,
};
pub use expression::{
    Argument, BinaryOperator, Call, Expression, ExpressionKind, ListItem, Path, TestOperator, dotted,
};
pub use function::{Function, FunctionBody, FunctionIf, FunctionStatement, Parameter};
pub use promise::{FieldLine, Invariant, KeyClaim, Sent, Test, TestPart, TestPartKind};
pub use rules::{Key, KeyPart, Normalize, NormalizeClause, NormalizeOperation, RuleRow, RuleStep, RuleStepKind, Rules};
pub use statement::{
    Arm, AssignOperator, Block, If, Match, MatchArm, MatchTest, MatchTestKind, Return, Statement, StatementKind, Sub,
};

/// A piece of text with its place: a name, a keyword, the text of a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As written; for a string literal what is between the quotes.
    pub text: SmolStr,
    /// Where; for a string literal quotes included.
    pub span: Span,
}

/// One file, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxTree {
    /// The file.
    pub file: FileId,
    /// `warp 1;`, if it is there and was understood.
    pub version: Option<Version>,
    /// The declarations that could be parsed, in order.
    pub declarations: Vec<Declaration>,
}

/// `warp 1;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The number.
    pub number: u32,
    /// The whole line.
    pub span: Span,
}

/// What stands at the top level.
#[derive(Clone, Debug, PartialEq)]
pub enum Declaration {
    /// `include "parts/*.warp";`
    Include(Include),
    /// `site "example.com", "*.example.com" from "sites/example.warp";`
    Site(Site),
    /// `backend NAME { … }` or `backend NAME none;`
    Backend(AttributeBlock),
    /// `probe NAME { … }`
    Probe(AttributeBlock),
    /// `director NAME = KIND { … }`
    Director(Director),
    /// `acl NAME { … }`
    Acl(Acl),
    /// `table NAME { "key": value }` or `table NAME from "file";`
    Table(Table),
    /// `const NAME = EXPRESSION;`
    Const(Binding),
    /// `fn NAME(a: STRING) -> INT { … }`
    Function(Function),
    /// `sub NAME { … }`
    Sub(Sub),
    /// `override builtin.NAME { … }`
    Override(Sub),
    /// `rules request first { … }`
    Rules(Rules),
    /// `normalize req { … }`
    Normalize(Normalize),
    /// `key { … }`
    Key(Key),
    /// `invariant "…" { FACTS => CLAIM }`
    Invariant(Invariant),
    /// `test "…" { request …; origin …; expect …; }`
    Test(Test),
}

impl Declaration {
    /// Frees it part by part.
    pub(in crate::lang) fn discard(self) {
        match self {
            Self::Sub(sub) | Self::Override(sub) => sub.body.discard(),
            Self::Rules(rules) => pace::discard(rules.rows),
            Self::Acl(acl) => pace::discard(acl.entries),
            Self::Table(Table { source: TableSource::Entries(entries), .. }) => pace::discard(entries),
            _ => {}
        }
    }
}
