//! The syntax tree: what is written, with its places, before any name is looked up.
//!
//! Lists are flat on purpose: a ladder of ten thousand `else if` arms is one [`If`] with ten
//! thousand arms, so that no walk over the tree recurses deeper than the source nests.

use crate::lang::schema::RuleTable;
use crate::lang::source::{FileId, Span};

/// A piece of text with its place: a name, a keyword, the text of a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As written; for a string literal what is between the quotes.
    pub text: String,
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

/// `include "GLOB";`
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// The path or pattern, relative to the file it stands in.
    pub path: Name,
    /// The whole declaration.
    pub span: Span,
}

/// `site "HOST", "*.HOST" from "FILE";`
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The hosts, at least one.
    pub hosts: Vec<Name>,
    /// The policy of these hosts, relative to the file it stands in.
    pub path: Name,
    /// The whole declaration.
    pub span: Span,
}

/// A backend, a probe, a member of a director.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeBlock {
    /// The declared name; for a probe written inside a backend, the word `probe`.
    pub name: Name,
    /// The attributes; `None` for `backend NAME none;` and for a member without a block.
    pub attributes: Option<Vec<Attribute>>,
    /// The whole declaration.
    pub span: Span,
}

/// `.host = "127.0.0.1";`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name without the dot (the span has the dot).
    pub name: Name,
    /// What it is set to.
    pub value: AttributeValue,
    /// The whole line.
    pub span: Span,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// An expression; a probe's name is an [`ExpressionKind::Path`].
    Expression(Expression),
    /// `.probe = { … }`
    Block(AttributeBlock),
}

/// `director NAME = KIND { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Director {
    /// The declared name.
    pub name: Name,
    /// How it chooses, to be looked up in the schema.
    pub kind: Name,
    /// Its own attributes.
    pub attributes: Vec<Attribute>,
    /// Its members in order, each with its attributes if it has a block.
    pub members: Vec<AttributeBlock>,
    /// The whole declaration.
    pub span: Span,
}

/// `acl NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// The declared name.
    pub name: Name,
    /// VCL's flags, which an acl does not have.
    pub flags: Vec<Span>,
    /// The entries in order.
    pub entries: Vec<AclEntry>,
    /// The whole declaration.
    pub span: Span,
}

/// `! "10.0.0.0"/8;`
#[derive(Clone, Debug, PartialEq)]
pub struct AclEntry {
    /// Whether it starts with `!`.
    pub negated: bool,
    /// The address as written, between the quotes.
    pub address: Name,
    /// The prefix length as written, without the slash.
    pub mask: Option<Name>,
    /// Whether it stands in parentheses: left out while its name cannot be looked up.
    pub optional: bool,
    /// The whole entry.
    pub span: Span,
}

/// `table NAME: STRING -> INT { "key": 1 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The declared name.
    pub name: Name,
    /// The types of keys and values, if written.
    pub types: Option<(Name, Name)>,
    /// Where what it holds stands.
    pub source: TableSource,
    /// The whole declaration.
    pub span: Span,
}

/// Where what a table holds stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TableSource {
    /// Between its braces.
    Entries(Vec<TableEntry>),
    /// In the file of that name, relative to the file that the table stands in.
    File(Name),
}

/// `"key": value`
#[derive(Clone, Debug, PartialEq)]
pub struct TableEntry {
    /// The key, between the quotes.
    pub key: Name,
    /// The value.
    pub value: Expression,
}

/// `let NAME = EXPRESSION;` or `const …`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The declared name.
    pub name: Name,
    /// The type, if written: `let x: STRING = …`.
    pub ty: Option<Name>,
    /// The value.
    pub value: Expression,
    /// The whole declaration.
    pub span: Span,
}

/// `fn NAME(a: STRING) -> INT { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The declared name.
    pub name: Name,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// The type of what it yields.
    pub result: Name,
    /// How it comes to that.
    pub body: FunctionBody,
    /// The whole declaration.
    pub span: Span,
}

/// `a: STRING`
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the body and in calls.
    pub name: Name,
    /// Its type.
    pub ty: Name,
}

/// `{ … }` of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionBody {
    /// The statements in order.
    pub statements: Vec<FunctionStatement>,
    /// With the braces.
    pub span: Span,
}

/// A statement of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionStatement {
    /// `let NAME = EXPRESSION;`
    Let(Binding),
    /// `if (…) { … } else if (…) { … } else { … }`
    If(FunctionIf),
    /// `match VALUE { TESTS -> { … } … }`
    Match(Match<FunctionBody>, Span),
    /// `return EXPRESSION;`
    Return(Expression),
}

/// An `if` with all of its arms.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionIf {
    /// Conditions with what is computed, in order.
    pub arms: Vec<(Expression, FunctionBody)>,
    /// The `else`.
    pub otherwise: Option<FunctionBody>,
    /// The whole `if`.
    pub span: Span,
}

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
    Let(Binding),
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
    Match(Match<Block>),
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

/// `rules request first { … }`, `rules request unique { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Which table.
    pub table: RuleTable,
    /// The place of the word `request` or `response`.
    pub table_span: Span,
    /// The place of `unique`, if it stands in place of `first`.
    pub unique: Option<Span>,
    /// The rows in order.
    pub rows: Vec<RuleRow>,
    /// The `else` row.
    pub otherwise: Option<RuleRow>,
    /// The whole declaration.
    pub span: Span,
}

/// `when CONDITION -> ACTION, ACTION;` (for an `else` row the condition is `None`).
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRow {
    /// What must hold.
    pub condition: Option<Expression>,
    /// What is done then, in order.
    pub actions: Vec<RuleStep>,
    /// The whole row.
    pub span: Span,
}

/// One action of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStep {
    /// What it is.
    pub kind: RuleStepKind,
    /// The whole action.
    pub span: Span,
}

/// The kinds of actions of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleStepKind {
    /// `ttl 10m`, `deny 403 "no"`, `strip set_cookie`: a name and what follows it.
    Action {
        /// The name, to be looked up in the schema.
        name: Name,
        /// The operands in order; a bare word is an [`ExpressionKind::Path`].
        operands: Vec<Expression>,
    },
    /// `set`, `unset` or `call`, as in a sub.
    Statement(Statement),
}

/// `normalize req { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// The clauses in order.
    pub clauses: Vec<NormalizeClause>,
    /// The whole declaration.
    pub span: Span,
}

/// `query drop ["utm_*"], sort;`
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizeClause {
    /// `query`, `cookie`, `accept_encoding`, `host`.
    pub subject: Name,
    /// What is done, in order.
    pub operations: Vec<NormalizeOperation>,
    /// The whole clause.
    pub span: Span,
}

/// `drop ["utm_*", "gclid"]`
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizeOperation {
    /// `drop`, `keep`, `sort`, `to`, `lower`.
    pub name: Name,
    /// The strings in brackets; empty if there are none.
    pub arguments: Vec<Name>,
    /// The whole operation.
    pub span: Span,
}

/// `key { req.host; req.query sorted; }`
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The piece of the built-in policy that it replaces, `builtin.key`, at the place of the word `key`.
    pub piece: Name,
    /// The parts in order.
    pub parts: Vec<KeyPart>,
    /// The whole declaration.
    pub span: Span,
}

/// `req.query sorted;`
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPart {
    /// What stands in the key.
    pub value: Expression,
    /// The word `sorted`, if it is there.
    pub sorted: Option<Span>,
    /// The whole part.
    pub span: Span,
}

/// `invariant "admin is never stored" { path under "/admin/" => not stored }`
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// What it is called.
    pub name: Name,
    /// The requests that it speaks of; all, if `None`.
    pub facts: Option<Expression>,
    /// What is claimed of them.
    pub claim: Expression,
    /// The whole declaration.
    pub span: Span,
}

/// `test "accounts are never stored" { request GET "https://a.example/account/x"; origin 200 { }; expect not stored; }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it is called.
    pub name: Name,
    /// The parts in order.
    pub parts: Vec<TestPart>,
    /// The whole declaration.
    pub span: Span,
}

/// A part of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestPart {
    /// What it is.
    pub kind: TestPartKind,
    /// The whole part.
    pub span: Span,
}

/// The parts of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum TestPartKind {
    /// `before GET "https://a.example/";`
    Before(Sent),
    /// `request GET "https://a.example/" { Cookie: "a=1" } from 10.0.0.1;`
    Request(Sent),
    /// `origin 200 { Cache-Control: "max-age=60" };`: the status as written, and the fields.
    Origin(Name, Vec<FieldLine>),
    /// `origin none;`
    Unreachable,
    /// `expect not stored;`
    Expect(Expression),
}

/// A request that a client sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The method; a text in its place where it is missing.
    pub method: Name,
    /// The URL.
    pub url: Option<Name>,
    /// The fields in order.
    pub fields: Vec<FieldLine>,
    /// The client's address as written, if it is.
    pub client: Option<Name>,
}

/// `Cookie: "a=1"`
#[derive(Clone, Debug, PartialEq)]
pub struct FieldLine {
    /// The name of the field.
    pub name: Name,
    /// Its value.
    pub value: Name,
}

/// `contains EXPRESSION` or `excludes query "sig"` behind `key`.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyClaim {
    /// A part of the key is that value.
    Contains(Box<Expression>),
    /// Nothing in the key is made of that part of the request: its kind, to be looked up, and its name.
    Excludes(Name, Name),
}

/// A dotted name: `req.http.X-Forwarded-For`, `std.tolower`, `default`, `req.http."7-x"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The parts between the dots; a quoted part without its quotes.
    pub parts: Vec<Name>,
    /// The whole name.
    pub span: Span,
}

impl Path {
    /// The parts joined by dots.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.span.len());
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                text.push('.');
            }
            text.push_str(&part.text);
        }
        text
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// The whole expression.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `"text"` or `"""text"""`
    String(String),
    /// `42`
    Int(i64),
    /// `0.5`
    Real(f64),
    /// `true`
    Bool(bool),
    /// `10s`, in milliseconds.
    Duration(i64),
    /// `64KB`, in bytes.
    Bytes(i64),
    /// A variable, header, constant, backend, acl …: whatever the name turns out to be.
    Path(Path),
    /// `req.query["k"]`
    Index {
        /// What is looked into.
        base: Path,
        /// The key.
        key: Box<Expression>,
    },
    /// `std.tolower(x)`
    Call(Call),
    /// `header "Set-Cookie"` in a rule table.
    Header(Name),
    /// `key contains tenant()` in an invariant.
    KeyClaim(KeyClaim),
    /// `match VALUE { TESTS -> VALUE; … }`
    Match(Box<Match<Expression>>),
    /// `a ?? b ?? c`, flat.
    Fallback(Vec<Expression>),
    /// `["a", "b"]` where no word such as `in` stands before it.
    List(Vec<ListItem>),
    /// `! x`, `not x`
    Not(Box<Expression>),
    /// `- x`
    Negate(Box<Expression>),
    /// `a && b && c`, flat.
    And(Vec<Expression>),
    /// `a || b || c`, flat.
    Or(Vec<Expression>),
    /// `a == b`, `a + b` …
    Binary {
        /// Which sign.
        operator: BinaryOperator,
        /// Where it stands.
        operator_span: Span,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// `x in […]`, `x under […]`, `x ext […]`, `x has "k"`, `x any "k*"`
    Test {
        /// Which word.
        operator: TestOperator,
        /// Where it stands.
        operator_span: Span,
        /// What is tested.
        subject: Box<Expression>,
        /// What it is tested for; one element when no brackets are written.
        list: Vec<ListItem>,
    },
}

/// `NAME(ARGUMENTS)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub function: Path,
    /// The arguments in order.
    pub arguments: Vec<Argument>,
}

/// `VALUE` or `NAME: VALUE` in a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter, if it is named.
    pub label: Option<Name>,
    /// The value.
    pub value: Expression,
}

/// Signs between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~`
    Match,
    /// `!~`
    NotMatch,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// Words between a subject and a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOperator {
    /// Equal to one of them, or within one of the ranges.
    In,
    /// A path at or below one of them.
    Under,
    /// A path with one of these extensions.
    Ext,
    /// A collection with that key.
    Has,
    /// A collection with a key like one of these patterns.
    Any,
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum ListItem {
    /// One value.
    Value(Expression),
    /// `500..599`, both ends included.
    Range(Expression, Expression),
}
