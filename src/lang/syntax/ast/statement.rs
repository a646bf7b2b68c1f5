//! Subs and what stands in them.

use super::{BinaryOperator, Binding, Call, Expression, ListItem, Name, Path, TestOperator};
use crate::lang::source::Span;
use crate::pace;

/// `sub NAME { … }` or `override builtin.NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Sub {
    /// The name, dots included (`builtin.cookie`).
    pub name: Name,
    /// The statements.
    pub body: Block,
    /// The whole declaration.
    pub span: Span,
}

/// `{ … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// Braces included.
    pub span: Span,
}

impl Block {
    /// Frees it part by part.
    pub(super) fn discard(self) {
        for statement in self.statements {
            pace::pause();
            if let StatementKind::If(ladder) = statement.kind {
                pace::discard(ladder.arms);
            }
        }
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// The whole statement, semicolon included.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `let x = …;`
    Let(Box<Binding>),
    /// `set TARGET = VALUE;` and `+= -= *= /=`
    Set {
        /// What is set.
        target: Path,
        /// Which sign.
        operator: AssignOperator,
        /// To what.
        value: Expression,
    },
    /// `unset TARGET;`
    Unset {
        /// What is unset.
        target: Path,
    },
    /// `call NAME;`
    Call {
        /// The sub, dots included.
        name: Name,
    },
    /// `return (ACTION(ARGUMENTS));`, or `return;` in a sub of one's own.
    Return(Return),
    /// `if … else if … else …`
    If(If),
    /// `match VALUE { TESTS -> { … } … }`
    Match(Box<Match<Block>>),
    /// `tag "post-12";`, `tag header "Surrogate-Key";`
    Tag(Expression),
    /// `ban where obj.http.X-Kind == "news";`
    Ban(Expression),
    /// A function called for its effect: `hash_data(req.url);`
    Effect(Call),
}

/// `return (ACTION(ARGUMENTS))`
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// The action; `None` for a bare `return;`.
    pub action: Option<Name>,
    /// What stands in its parentheses.
    pub arguments: Vec<Expression>,
}

/// The sign of a `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignOperator {
    /// `=`
    Assign,
    /// `+=`
    Add,
    /// `-=`
    Subtract,
    /// `*=`
    Multiply,
    /// `/=`
    Divide,
}

/// `if … else if … else …`, flat.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// The conditions with their blocks, in order.
    pub arms: Vec<Arm>,
    /// The last `else`.
    pub otherwise: Option<Block>,
}

/// `if (CONDITION) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// What must hold.
    pub condition: Expression,
    /// What is done then.
    pub block: Block,
}

/// `match VALUE { … }`: of a statement the arms hold blocks, of an expression they hold values.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<T> {
    /// What is looked at.
    pub subject: Expression,
    /// The arms in order.
    pub arms: Vec<MatchArm<T>>,
    /// What stands behind `else ->`.
    pub otherwise: Option<T>,
}

/// `TEST or TEST -> THEN`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm<T> {
    /// One of them must hold.
    pub tests: Vec<MatchTest>,
    /// What is done, or the value.
    pub then: T,
    /// The whole arm.
    pub span: Span,
}

/// What an arm asks of the value: what would stand behind it in a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchTest {
    /// What it is.
    pub kind: MatchTestKind,
    /// The test as written.
    pub span: Span,
}

/// The kinds of tests.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchTestKind {
    /// `~ "regex"`, `>= 500`
    Compare(BinaryOperator, Expression),
    /// `under "/a"`, `ext ["css"]`; `"a"`, `["a", "b"]` and `500..599` are [`TestOperator::In`].
    Test(TestOperator, Vec<ListItem>),
}
