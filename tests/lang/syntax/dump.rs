//! A compact, readable form of the syntax tree for snapshots: one line for each node of a list,
//! expressions on one line with every precedence made visible by parentheses.

use std::fmt::Write as _;

use warp_edge::lang::syntax::SyntaxTree;
use warp_edge::lang::syntax::ast::{
    Argument, Attribute, AttributeBlock, AttributeValue, Binding, Block, Call, Declaration, Director, Expression,
    ExpressionKind, FieldLine, FunctionBody, FunctionStatement, KeyClaim, ListItem, Match, MatchArm, MatchTest,
    MatchTestKind, Name, NormalizeClause, Parameter, Path, RuleRow, RuleStep, RuleStepKind, Rules, Sent, Statement,
    StatementKind, TableSource, TestPartKind,
};

pub fn tree(tree: &SyntaxTree) -> String {
    let mut dump = Dump { text: String::new(), depth: 0 };
    dump.line(&format!("version {:?}", tree.version.as_ref().map(|version| version.number)));
    for declaration in &tree.declarations {
        dump.declaration(declaration);
    }
    dump.text
}

struct Dump {
    text: String,
    depth: usize,
}

impl Dump {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{}{line}", "  ".repeat(self.depth)).unwrap();
    }

    fn nested(&mut self, head: &str, inner: impl FnOnce(&mut Self)) {
        self.line(head);
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    fn function_body(&mut self, body: &FunctionBody) {
        for statement in &body.statements {
            match statement {
                FunctionStatement::Let(binding) => self.binding("let", binding),
                FunctionStatement::Return(value) => self.line(&format!("return {}", expression(value))),
                FunctionStatement::If(ladder) => {
                    for (condition, body) in &ladder.arms {
                        self.nested(&format!("if {}", expression(condition)), |dump| dump.function_body(body));
                    }
                    if let Some(body) = &ladder.otherwise {
                        self.nested("else", |dump| dump.function_body(body));
                    }
                }
                FunctionStatement::Match(found, _) => self.matching(found, Self::function_body),
            }
        }
    }

    fn matching<T>(&mut self, found: &Match<T>, body: impl Fn(&mut Self, &T)) {
        self.nested(&format!("match {}", expression(&found.subject)), |dump| {
            for arm in &found.arms {
                dump.nested(&tests(&arm.tests), |dump| body(dump, &arm.then));
            }
            if let Some(otherwise) = &found.otherwise {
                dump.nested("else", |dump| body(dump, otherwise));
            }
        });
    }

    fn declaration(&mut self, declaration: &Declaration) {
        match declaration {
            Declaration::Include(include) => self.line(&format!("include {:?}", include.path.text)),
            Declaration::Site(site) => {
                let hosts: Vec<&str> = site.hosts.iter().map(|host| host.text.as_str()).collect();
                self.line(&format!("site {hosts:?} from {:?}", site.path.text));
            }
            Declaration::Backend(block) => self.attributes("backend", block),
            Declaration::Probe(block) => self.attributes("probe", block),
            Declaration::Director(director) => self.director(director),
            Declaration::Acl(acl) => self.nested(&format!("acl {}", acl.name.text), |dump| {
                for entry in &acl.entries {
                    let (not, mask) = (if entry.negated { "not " } else { "" }, entry.mask.as_ref());
                    let mask = mask.map_or(String::new(), |mask| format!(" / {}", mask.text));
                    let optional = if entry.optional { "optional " } else { "" };
                    dump.line(&format!("{not}{optional}{:?}{mask}", entry.address.text));
                }
            }),
            Declaration::Table(table) => {
                let types = table
                    .types
                    .as_ref()
                    .map_or(String::new(), |(key, value)| format!(": {} -> {}", key.text, value.text));
                let head = format!("table {}{types}", table.name.text);
                match &table.source {
                    TableSource::File(name) => self.line(&format!("{head} from {:?}", name.text)),
                    TableSource::Entries(entries) => self.nested(&head, |dump| {
                        for one in entries {
                            dump.line(&format!("{:?}: {}", one.key.text, expression(&one.value)));
                        }
                    }),
                }
            }
            Declaration::Const(binding) => self.binding("const", binding),
            Declaration::Function(function) => {
                let parameter = |one: &Parameter| format!("{}: {}", one.name.text, one.ty.text);
                let parameters: Vec<_> = function.parameters.iter().map(parameter).collect();
                let head = format!("fn {}({}) -> {}", function.name.text, parameters.join(", "), function.result.text);
                self.nested(&head, |dump| dump.function_body(&function.body));
            }
            Declaration::Sub(sub) => self.nested(&format!("sub {}", sub.name.text), |dump| dump.block(&sub.body)),
            Declaration::Override(sub) => {
                self.nested(&format!("override {}", sub.name.text), |dump| dump.block(&sub.body));
            }
            Declaration::Rules(rules) => self.nested(&format!("rules {}{}", rules.table.name(), mode(rules)), |dump| {
                rules.rows.iter().chain(&rules.otherwise).for_each(|row| dump.row(row));
            }),
            Declaration::Key(key) => self.nested("key", |dump| {
                for part in &key.parts {
                    let sorted = if part.sorted.is_some() { " sorted" } else { "" };
                    dump.line(&format!("{}{sorted}", expression(&part.value)));
                }
            }),
            Declaration::Invariant(invariant) => {
                let facts =
                    invariant.facts.as_ref().map_or(String::new(), |facts| format!("{} => ", expression(facts)));
                self.line(&format!("invariant {:?} {facts}{}", invariant.name.text, expression(&invariant.claim)));
            }
            Declaration::Test(test) => self.nested(&format!("test {:?}", test.name.text), |dump| {
                test.parts.iter().for_each(|part| dump.line(&test_part(&part.kind)));
            }),
            Declaration::Normalize(normalize) => self.nested("normalize", |dump| {
                normalize.clauses.iter().for_each(|clause| dump.line(&normalize_clause(clause)));
            }),
        }
    }

    fn director(&mut self, director: &Director) {
        self.nested(&format!("director {} = {}", director.name.text, director.kind.text), |dump| {
            dump.attribute_lines(&director.attributes);
            for member in &director.members {
                dump.nested(&member.name.text, |dump| {
                    dump.attribute_lines(member.attributes.as_deref().unwrap_or_default());
                });
            }
        });
    }

    fn attributes(&mut self, kind: &str, block: &AttributeBlock) {
        let Some(attributes) = &block.attributes else {
            return self.line(&format!("{kind} {} none", block.name.text));
        };
        self.nested(&format!("{kind} {}", block.name.text), |dump| dump.attribute_lines(attributes));
    }

    fn attribute_lines(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            match &attribute.value {
                AttributeValue::Expression(value) => {
                    self.line(&format!(".{} = {}", attribute.name.text, expression(value)));
                }
                AttributeValue::Block(block) => self.attributes("block", block),
            }
        }
    }

    fn binding(&mut self, keyword: &str, binding: &Binding) {
        let ty = binding.ty.as_ref().map_or(String::new(), |ty| format!(": {}", ty.text));
        self.line(&format!("{keyword} {}{ty} = {}", binding.name.text, expression(&binding.value)));
    }

    fn block(&mut self, block: &Block) {
        block.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Let(binding) => self.binding("let", binding),
            StatementKind::If(found) => {
                for arm in &found.arms {
                    self.nested(&format!("if {}", expression(&arm.condition)), |dump| dump.block(&arm.block));
                }
                if let Some(block) = &found.otherwise {
                    self.nested("else", |dump| dump.block(block));
                }
            }
            StatementKind::Match(found) => {
                self.matching(found, Self::block);
            }
            kind => self.line(&simple(kind)),
        }
    }

    fn row(&mut self, row: &RuleRow) {
        let condition = row.condition.as_ref().map_or("else".to_owned(), |when| format!("when {}", expression(when)));
        self.nested(&condition, |dump| row.actions.iter().for_each(|step| dump.line(&rule_step(step))));
    }
}

fn simple(kind: &StatementKind) -> String {
    match kind {
        StatementKind::Set { target, operator, value } => {
            format!("set {} {operator:?} {}", path(target), expression(value))
        }
        StatementKind::Unset { target } => format!("unset {}", path(target)),
        StatementKind::Call { name } => format!("call {}", name.text),
        StatementKind::Return(found) => {
            let action = found.action.as_ref().map_or("-", |action| &action.text);
            format!("return {action}{}", list(&found.arguments))
        }
        StatementKind::Ban(condition) => format!("ban where {}", expression(condition)),
        StatementKind::Tag(tags) => format!("tag {}", expression(tags)),
        StatementKind::Effect(found) => format!("effect {}", call(found)),
        other => panic!("not a simple statement: {other:?}"),
    }
}

fn rule_step(step: &RuleStep) -> String {
    match &step.kind {
        RuleStepKind::Statement(statement) => simple(&statement.kind),
        RuleStepKind::Action { name, operands } => format!("{} {}", name.text, list(operands)),
    }
}

fn mode(rules: &Rules) -> &'static str {
    if rules.unique.is_some() { " unique" } else { "" }
}

fn test_part(part: &TestPartKind) -> String {
    match part {
        TestPartKind::Before(request) => format!("before {}", sent(request)),
        TestPartKind::Request(request) => format!("request {}", sent(request)),
        TestPartKind::Origin(status, fields) => format!("origin {}{}", status.text, field_lines(fields)),
        TestPartKind::Unreachable => "origin none".to_owned(),
        TestPartKind::Expect(claim) => format!("expect {}", expression(claim)),
    }
}

fn sent(request: &Sent) -> String {
    let url = request.url.as_ref().map(|url| url.text.as_str());
    let client = request.client.as_ref().map_or(String::new(), |client| format!(" from {}", client.text));
    format!("{} {url:?}{}{client}", request.method.text, field_lines(&request.fields))
}

fn field_lines(fields: &[FieldLine]) -> String {
    fields.iter().fold(String::new(), |text, line| format!("{text} [{}: {:?}]", line.name.text, line.value.text))
}

fn normalize_clause(clause: &NormalizeClause) -> String {
    let mut line = clause.subject.text.to_string();
    for operation in &clause.operations {
        let arguments: Vec<&str> = operation.arguments.iter().map(|text| text.text.as_str()).collect();
        write!(line, " | {} {arguments:?}", operation.name.text).unwrap();
    }
    line
}

fn path(path: &Path) -> String {
    let part =
        |name: &Name| if name.text.contains([' ', '.']) { format!("{:?}", name.text) } else { name.text.to_string() };
    path.parts.iter().map(part).collect::<Vec<_>>().join(".")
}

fn call(found: &Call) -> String {
    let argument = |argument: &Argument| {
        let label = argument.label.as_ref().map_or(String::new(), |label| format!("{}: ", label.text));
        format!("{label}{}", expression(&argument.value))
    };
    let arguments: Vec<String> = found.arguments.iter().map(argument).collect();
    format!("{}({})", path(&found.function), arguments.join(", "))
}

fn list(expressions: &[Expression]) -> String {
    format!("({})", expressions.iter().map(expression).collect::<Vec<_>>().join(", "))
}

fn expression(found: &Expression) -> String {
    let join = |parts: &[Expression], word: &str| {
        format!("({})", parts.iter().map(expression).collect::<Vec<_>>().join(&format!(" {word} ")))
    };
    match &found.kind {
        ExpressionKind::String(text) => format!("{text:?}"),
        ExpressionKind::Int(number) => number.to_string(),
        ExpressionKind::Real(number) => format!("{number:?}"),
        ExpressionKind::Bool(value) => value.to_string(),
        ExpressionKind::Duration(milliseconds) => format!("{milliseconds}ms"),
        ExpressionKind::Bytes(bytes) => format!("{bytes}B"),
        ExpressionKind::Path(name) => path(name),
        ExpressionKind::Index { base, key } => format!("{}[{}]", path(base), expression(key)),
        ExpressionKind::Call(found) => call(found),
        ExpressionKind::Header(name) => format!("header {:?}", name.text),
        ExpressionKind::List(items) => format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", ")),
        ExpressionKind::Fallback(parts) => join(parts, "??"),
        ExpressionKind::KeyClaim(claim) => match &**claim {
            KeyClaim::Contains(value) => format!("(key contains {})", expression(value)),
            KeyClaim::Excludes(kind, name) => format!("(key excludes {} {:?})", kind.text, name.text),
        },
        ExpressionKind::Match(found) => match_value(found),
        ExpressionKind::Not(inner) => format!("(not {})", expression(inner)),
        ExpressionKind::Negate(inner) => format!("(- {})", expression(inner)),
        ExpressionKind::And(parts) => join(parts, "and"),
        ExpressionKind::Or(parts) => join(parts, "or"),
        ExpressionKind::Binary { operator, left, right, .. } => {
            format!("({} {operator:?} {})", expression(left), expression(right))
        }
        ExpressionKind::Test { operator, subject, list, .. } => {
            let items: Vec<String> = list.iter().map(item).collect();
            format!("({} {operator:?} [{}])", expression(subject), items.join(", "))
        }
    }
}

fn tests(tests: &[MatchTest]) -> String {
    let test = |test: &MatchTest| match &test.kind {
        MatchTestKind::Compare(operator, value) => format!("{operator:?} {}", expression(value)),
        MatchTestKind::Test(operator, list) => {
            format!("{operator:?} [{}]", list.iter().map(item).collect::<Vec<_>>().join(", "))
        }
    };
    tests.iter().map(test).collect::<Vec<_>>().join(" or ")
}

fn match_value(found: &Match<Expression>) -> String {
    let arm = |arm: &MatchArm<Expression>| format!("{} -> {}", tests(&arm.tests), expression(&arm.then));
    let otherwise = found.otherwise.iter().map(|value| format!("else -> {}", expression(value)));
    let arms: Vec<String> = found.arms.iter().map(arm).chain(otherwise).collect();
    format!("(match {} {{{}}})", expression(&found.subject), arms.join("; "))
}

fn item(item: &ListItem) -> String {
    match item {
        ListItem::Value(value) => expression(value),
        ListItem::Range(ends) => format!("{}..{}", expression(&ends.0), expression(&ends.1)),
    }
}
