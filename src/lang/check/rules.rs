//! Rule tables: one flat `if` in `recv` or `backend_response`.

use super::findings::Findings;
use super::scope::Scope;
use super::{unknown, vcl};
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Arm, Expression, ExpressionKind, Outcome, Statement, StatementKind, Target};
use crate::lang::schema::{Action, Message, RuleAction, RuleTable, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Name, RuleRow, RuleStep, RuleStepKind, Rules};
use crate::pace;

/// The statuses that send a client elsewhere (RFC 9110 section 15.4) and that the built-in page
/// gives a `Location`.
const REDIRECTS: [i64; 5] = [301, 302, 303, 307, 308];

impl<'a> Scope<'_, 'a> {
    /// The statement that a table stands for.
    pub(super) fn rules(&mut self, rules: &'a Rules) -> Statement {
        self.table = Some(rules.table);
        let mut arms = Vec::with_capacity(rules.rows.len());
        for row in &rules.rows {
            pace::pause();
            arms.extend(self.row(row));
        }
        let otherwise = rules.otherwise.as_ref().map(|row| self.row_actions(row)).unwrap_or_default();
        self.table = None;
        match rules.unique {
            Some(place) => self.report_overlaps(&arms, place),
            None => self.report_rows_behind_true(rules),
        }
        let rest = rules.otherwise.as_ref().map(|row| row.span);
        Statement { kind: StatementKind::If { arms, otherwise, rest }, span: rules.span }
    }

    fn row(&mut self, row: &'a RuleRow) -> Option<Arm> {
        let condition = row.condition.as_ref().map(|condition| self.condition(condition));
        let body = self.row_actions(row);
        Some(Arm { condition: condition??, body, span: row.span })
    }

    fn row_actions(&mut self, row: &'a RuleRow) -> Vec<Statement> {
        let mut statements = Vec::with_capacity(row.actions.len());
        for step in &row.actions {
            let statement = self.row_action(step);
            statements.extend(self.with_those_before(statement));
        }
        statements
    }

    fn row_action(&mut self, step: &'a RuleStep) -> Option<Statement> {
        match &step.kind {
            RuleStepKind::Statement(statement) => self.statement(statement),
            RuleStepKind::Action { name, operands } => {
                let kind = self.rule_action(name, operands, step.span)?;
                Some(self.spread(Statement { kind, span: step.span }))
            }
        }
    }

    fn report_rows_behind_true(&self, rules: &Rules) {
        let mut rows = rules.rows.iter().chain(&rules.otherwise);
        let is_true = |row: &&RuleRow| {
            row.condition.as_ref().is_some_and(|condition| condition.kind == ast::ExpressionKind::Bool(true))
        };
        let Some(catch_all) = rows.find(is_true) else { return };
        if let Some(next) = rows.next() {
            let finding = Diagnostic::new(Code::W0501, next.span, "this row is never reached")
                .context(catch_all.span, "this row always matches")
                .help("move the row that always matches to the end of the table");
            self.report(finding);
        }
    }

    fn rule_action(&mut self, name: &Name, operands: &[ast::Expression], span: Span) -> Option<StatementKind> {
        let table = self.table?;
        let Some(action) = RuleAction::find(&name.text) else {
            self.report(unknown_action(self.cx.findings, name, table));
            return None;
        };
        if !action.tables().contains(&table) {
            self.report(wrong_table(action, table, name.span));
            return None;
        }
        self.row_statement(action, operands, table, name.span.to(span))
    }

    /// What an action of a row stands for.
    fn row_statement(
        &mut self,
        action: RuleAction,
        operands: &[ast::Expression],
        table: RuleTable,
        span: Span,
    ) -> Option<StatementKind> {
        match (action, operands) {
            (RuleAction::Cache, []) => Some(end(Action::Hash)),
            (RuleAction::Pass, []) => Some(end(Action::Pass)),
            (RuleAction::Pass, [time]) if table == RuleTable::Response => {
                let time = Some(self.pass_time(time)?);
                Some(ended(Outcome { time, ..Outcome::of(Action::Pass) }))
            }
            (RuleAction::Purge, []) => Some(end(Action::Purge)),
            (RuleAction::Purge, [word]) => {
                let soft = self.soft(word, "purge")?;
                Some(ended(Outcome { soft, ..Outcome::of(Action::Purge) }))
            }
            (RuleAction::Deny, [status]) => Some(synth(self.status(status, "deny")?, None)),
            (RuleAction::Deny, [status, reason]) => {
                let (status, reason) = (self.status(status, "deny"), self.reason(reason, "deny"));
                Some(synth(status?, Some(reason?)))
            }
            (RuleAction::Redirect, [status, url]) => self.redirect(status, url),
            (RuleAction::Backend, [backend]) => self.assign(Variable::ReqBackendHint, backend, "backend"),
            (RuleAction::Slice, [size]) => self.assign(Variable::ReqSlice, size, "slice"),
            (RuleAction::Ttl, [duration]) => self.assign(Variable::BerespTtl, duration, "ttl"),
            (RuleAction::Grace, [duration]) => self.assign(Variable::BerespGrace, duration, "grace"),
            (RuleAction::Keep, [duration]) => self.assign(Variable::BerespKeep, duration, "keep"),
            (RuleAction::Tag, [tags]) => self.tag(tags, span),
            (RuleAction::Uncacheable, []) => {
                let truth = Expression { kind: ExpressionKind::Bool(true), ty: Type::Bool, span };
                Some(StatementKind::Set(Target::Variable(Variable::BerespUncacheable), truth))
            }
            (RuleAction::Strip, [field]) => self.strip(field, table),
            _ => {
                self.report(
                    missing_comma(action, operands, span).unwrap_or_else(|| wrong_operands(action, table, span)),
                );
                None
            }
        }
    }

    fn assign(&mut self, variable: Variable, value: &ast::Expression, name: &str) -> Option<StatementKind> {
        let value = self.wanted(value, variable.ty(), format_args!("`{name}`"))?;
        Some(StatementKind::Set(Target::Variable(variable), value))
    }

    fn redirect(&mut self, status: &ast::Expression, url: &ast::Expression) -> Option<StatementKind> {
        let place = status.span;
        let (status, url) = (self.status(status, "redirect"), self.location(url));
        let (status, url) = (status?, url?);
        if let ExpressionKind::Int(number) = status.kind
            && !REDIRECTS.contains(&number)
        {
            let finding = Diagnostic::new(Code::E0313, place, format!("{number} does not send a client elsewhere"));
            self.report(finding.help("write 301 or 308 for good, 302, 303 or 307 for now"));
            return None;
        }
        Some(ended(Outcome { status: Some(status), location: Some(url), ..Outcome::of(Action::Synth) }))
    }

    fn location(&mut self, url: &ast::Expression) -> Option<Expression> {
        let url = self.wanted(url, Type::String, format_args!("the URL of `redirect`"))?;
        (self.check_length(&url) && self.check_line(&url)).then_some(url)
    }

    /// `strip set_cookie`, `strip "X-Foo"`
    fn strip(&mut self, field: &ast::Expression, table: RuleTable) -> Option<StatementKind> {
        let message = match table {
            RuleTable::Request => Message::Req,
            RuleTable::Response => Message::Beresp,
        };
        let text = match &field.kind {
            ast::ExpressionKind::String(text) => text.to_string(),
            ast::ExpressionKind::Path(path) if path.parts.len() == 1 => path.text().replace('_', "-"),
            _ => {
                let finding = Diagnostic::new(Code::E0301, field.span, "`strip` takes the name of a header field");
                self.report(finding.help("write `strip set_cookie` or `strip \"Set-Cookie\"`"));
                return None;
            }
        };
        let name = self.settable_field(&text, field.span)?;
        Some(StatementKind::Unset(Target::Header(message, name)))
    }
}

fn end(action: Action) -> StatementKind {
    ended(Outcome::of(action))
}

fn ended(outcome: Outcome) -> StatementKind {
    StatementKind::Return(Box::new(outcome))
}

fn synth(status: Expression, reason: Option<Expression>) -> StatementKind {
    ended(Outcome { status: Some(status), reason, ..Outcome::of(Action::Synth) })
}

fn unknown_action(findings: &Findings, name: &Name, table: RuleTable) -> Diagnostic {
    let finding = Diagnostic::new(Code::E0208, name.span, format!("there is no action `{}`", name.text));
    if let Some(instead) = of_others(&name.text).or_else(|| vcl::instead_of(&name.text)) {
        return finding.help(instead);
    }
    let known = RuleAction::ALL.iter().filter(|action| action.tables().contains(&table));
    let names = known.map(|action| action.name()).chain(["set", "unset", "call"]);
    unknown::suggest(findings, finding, &name.text, "actions of this table", names)
}

/// What to write in the place of what a row does in other languages.
fn of_others(action: &str) -> Option<&'static str> {
    Some(match action.to_ascii_lowercase().as_str() {
        "rewrite" | "rewrite_url" | "replace" => "write `set req.url = regsub(req.url, \"REGEX\", \"TEXT\")`",
        "proxy" | "proxy_pass" | "forward" | "route" | "upstream" | "origin" => "write `backend NAME`",
        "block" | "reject" | "forbid" | "refuse" | "error" | "synth" | "drop" => "write `deny 403`, or another status",
        "bypass" | "skip" | "nocache" | "no_cache" | "no-cache" | "private" => "write `pass`",
        "allow" | "accept" | "lookup" | "hash" | "store" => "write `cache`",
        "add" | "header" | "add_header" | "set_header" => "write `set req.http.NAME = \"TEXT\"`",
        "remove" | "delete" | "del" | "remove_header" => "write `unset req.http.NAME`",
        "strip_cookies" | "strip_cookie" | "remove_cookies" => "write `strip cookie`",
        "expires" | "expire" | "max_age" | "max-age" | "cache_for" | "lifetime" => {
            "write `ttl 10m`, in `rules response`"
        }
        "stale" | "stale_while_revalidate" => "write `grace 1h`, in `rules response`",
        "do_not_store" | "no_store" | "no-store" => "write `uncacheable`, in `rules response`",
        "log" | "restart" | "retry" | "pipe" => "write it in a sub, and `call NAME` here",
        _ => return None,
    })
}

/// `pass strip cookie`: another action where nothing, or a value, follows one.
fn missing_comma(action: RuleAction, operands: &[ast::Expression], span: Span) -> Option<Diagnostic> {
    let is_action = |operand: &ast::Expression| {
        let ast::ExpressionKind::Path(path) = &operand.kind else { return None };
        let name = path.text();
        (RuleAction::find(&name).is_some() || of_others(&name).is_some()).then_some(name)
    };
    let (at, next) = operands.iter().enumerate().find_map(|(at, operand)| Some((at, is_action(operand)?)))?;
    let place = operands.get(at)?.span;
    let before = match at.checked_sub(1).and_then(|before| operands.get(before)) {
        Some(before) => before.span.after(),
        None => Span { end: span.start.saturating_add(u32::try_from(action.name().len()).ok()?), ..span }.after(),
    };
    let message = format!("`,` stands between the actions of a row: `{next}` begins another one");
    let finding = Diagnostic::new(Code::E0305, place, message).help("write `,` before it");
    Some(finding.fix(Fix::replace("add the `,`", before, ",")))
}

fn wrong_table(action: RuleAction, table: RuleTable, span: Span) -> Diagnostic {
    let other = match table {
        RuleTable::Request => RuleTable::Response,
        RuleTable::Response => RuleTable::Request,
    };
    let message = format!("`{}` is not possible in `rules {}`", action.name(), table.name());
    Diagnostic::new(Code::E0404, span, message).help(format!("move the row to `rules {}`", other.name()))
}

fn wrong_operands(action: RuleAction, table: RuleTable, span: Span) -> Diagnostic {
    let name = action.name();
    let operand = match (action, table) {
        // Only a response passes for a time.
        (RuleAction::Pass, RuleTable::Request) => "",
        _ => action.operand(),
    };
    let message = match operand {
        "" => format!("nothing but a `,` and another action follows `{name}` in `rules {}`", table.name()),
        operand => format!("`{name}` is followed by {operand}"),
    };
    if matches!(action, RuleAction::Ttl | RuleAction::Grace | RuleAction::Keep) {
        let help =
            format!("write a number and its unit as one word: `{name} 10m`, or `{name} 90m` for an hour and a half");
        return Diagnostic::new(Code::E0305, span, message).help(help);
    }
    let form = format!("{name} {operand}");
    let example = match action {
        RuleAction::Redirect => ", such as `redirect 301 \"/new\"`",
        RuleAction::Deny => ", such as `deny 403 \"Not for you\"`",
        _ => "",
    };
    Diagnostic::new(Code::E0305, span, message).help(format!("write `{}`{example}", form.trim_end()))
}
