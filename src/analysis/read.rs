//! Expressions as terms and formulas.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use http::HeaderName;

use super::follow::read_whole;
use super::formula::{Formula, Test};
use super::ladder::{Ladder, Taken};
use super::lookup::Tables;
use super::names::Names;
use super::state::{Cases, MOST_CASES, State};
use super::term::{Amount, Op, Place, Term};
use super::unknown::{Name, Times, Unknowns};
use super::walk::MOST_BESIDE;
use crate::lang::hir::{Arithmetic, Expression, ExpressionKind as Kind, Glob, Hir, LocalId, Texts};
use crate::lang::schema::function::{Class, Cookie, Text};
use crate::lang::schema::{Function, Message, Step, StepSet, Type, Variable};

/// What reading the expressions of a policy needs beside a state.
#[derive(Debug)]
pub(super) struct Context<'h> {
    pub hir: &'h Hir,
    pub tables: Tables<'h>,
    pub unknowns: Rc<Unknowns>,
    /// So many kinds of requests are kept apart by ladders that can choose what differs.
    pub most_beside: usize,
    /// The fields of which it matters what their further lines say.
    pub read_whole: HashSet<HeaderName>,
}

impl<'h> Context<'h> {
    pub(super) fn new(hir: &'h Hir, unknowns: Rc<Unknowns>) -> Self {
        Self { hir, tables: Tables::new(hir), unknowns, most_beside: MOST_BESIDE, read_whole: read_whole(hir) }
    }

    /// A value of which nothing is known.
    pub(super) fn anything(&self) -> Term {
        self.unknowns.anything()
    }

    /// What a place holds at the start of a step of which nothing is known.
    pub(super) fn entered(&self, step: Step, state: &State, place: &Place) -> Term {
        self.unknowns.entering(step, times(state), place)
    }
}

/// How often a request and its fetch have begun again, as far as that is known.
fn times(state: &State) -> Times {
    let count = |variable| state.variable(variable).only().cloned().unwrap_or(Term::Unset);
    (count(Variable::ReqRestarts), count(Variable::BereqRetries))
}

/// Reads expressions in a state.
pub(super) struct Reader<'r, 'h> {
    pub(super) cx: &'r Context<'h>,
    state: &'r State,
    step: Step,
    bound: RefCell<HashMap<LocalId, Cases>>,
}

impl<'r, 'h> Reader<'r, 'h> {
    pub(super) fn new(cx: &'r Context<'h>, state: &'r State, step: Step) -> Self {
        Self { cx, state, step, bound: RefCell::default() }
    }

    /// What an expression yields.
    pub(super) fn cases(&self, expression: &Expression) -> Cases {
        let one = Cases::one;
        match &expression.kind {
            Kind::Text(text) => one(Term::text(text)),
            Kind::Int(number) | Kind::Duration(number) | Kind::Bytes(number) => one(Term::Number(*number)),
            Kind::Ip(address) => one(Term::Address(*address)),
            Kind::Backend(backend) => one(Term::Backend(*backend)),
            Kind::Bool(truth) => one(Term::Truth(*truth)),
            Kind::Unset => one(Term::Unset),
            Kind::Variable(variable) => self.state.variable(*variable),
            Kind::Header(message, name) => self.state.field(*message, name),
            Kind::Directive(message, directive) => {
                let field = self.state.field(*message, &http::header::CACHE_CONTROL);
                field.map(|field| Term::made(Op::Directive(*message, *directive), vec![field.clone()]))
            }
            Kind::Query(message, name) => self.made(&Op::Query, &[self.state.url(*message), self.cases(name)]),
            Kind::Cookie(message, name) => self.made(&Op::Cookie, &[self.state.cookies(*message), self.cases(name)]),
            Kind::Local(id) => {
                let bound = self.bound.borrow().get(id).cloned();
                bound.unwrap_or_else(|| self.state.local(*id))
            }
            Kind::Bind(id, value, body) => {
                let value = self.cases(value);
                let before = self.bound.borrow_mut().insert(*id, value);
                let cases = self.cases(body);
                match before {
                    Some(before) => self.bound.borrow_mut().insert(*id, before),
                    None => self.bound.borrow_mut().remove(id),
                };
                cases
            }
            Kind::Concat(parts) => self.made(&Op::Concat, &self.all(parts)),
            Kind::ToText(inner) => self.made(&Op::ToText, &[self.cases(inner)]),
            Kind::Lookup(table, key) => self.made(&Op::Lookup(*table), &[self.cases(key)]),
            Kind::Arithmetic(operation, left, right) => self.reckoned(*operation, left, right),
            Kind::Fallback(parts) => self.fallback(parts),
            Kind::Choose(conditions, values) => self.choose(expression, conditions, values),
            Kind::Call(function, given) => self.called(*function, given, expression),
            Kind::Regex(pattern) => one(Term::text(pattern.text())),
            Kind::List(items) => one(Term::text(items.join(&b'\n'))),
            Kind::Acl(id) => one(Term::Number(i64::from(id.0))),
            Kind::Real(_) | Kind::File(_) | Kind::Users(_) | Kind::Keys(_) | Kind::Database(_) | Kind::RateLimit(_) => {
                one(self.cx.unknowns.constant(&expression.kind).unwrap_or(Term::Fixed(expression.span)))
            }
            _ => truth_by_cases(&self.formula(expression)),
        }
    }

    fn all(&self, parts: &[Expression]) -> Vec<Cases> {
        parts.iter().map(|part| self.cases(part)).collect()
    }

    /// What is made of values, case by case.
    pub(super) fn made(&self, op: &Op, of: &[Cases]) -> Cases {
        if of.iter().map(Cases::len).product::<usize>() > MOST_CASES {
            return Cases::one(self.cx.anything());
        }
        let mut rows = vec![(Formula::Const(true), Vec::new())];
        for cases in of {
            let joined = rows.iter().flat_map(|(guard, terms)| {
                cases.iter().map(move |(further, term)| {
                    let terms: Vec<Term> = terms.iter().chain([term]).cloned().collect();
                    (Formula::all([guard.clone(), further.clone()]), terms)
                })
            });
            rows = joined.collect();
        }
        Cases::new(rows.into_iter().map(|(guard, terms)| (guard, Term::made(op.clone(), terms))))
    }

    fn reckoned(&self, operation: Arithmetic, left: &Expression, right: &Expression) -> Cases {
        let is_whole = |one: &Expression| matches!(one.ty, Type::Int | Type::Duration | Type::Bytes);
        let is_turned = matches!(operation, Arithmetic::Add | Arithmetic::Multiply);
        let (value, given) = match (self.amount(left), self.amount(right)) {
            (Some(amount), _) if is_turned && is_whole(right) => (right, Some(amount)),
            (_, amount) => (left, amount.filter(|_| is_whole(left))),
        };
        // A part of a duration is one; of a number it is none.
        let is_part = matches!(given, Some(Amount::Part(_)));
        let keeps_type = !is_part || value.ty != Type::Int && is_turned != (operation == Arithmetic::Divide);
        match given.filter(|_| operation != Arithmetic::Remainder && keeps_type) {
            Some(amount) => self.made(&Op::Reckoned(operation, amount), &[self.cases(value)]),
            None => self.made(&Op::Arithmetic(operation), &[self.cases(left), self.cases(right)]),
        }
    }

    /// A number that is known.
    fn amount(&self, expression: &Expression) -> Option<Amount> {
        match (&expression.kind, expression.ty) {
            (Kind::Real(number), _) => Some(Amount::Part(number.to_bits())),
            (_, Type::Int | Type::Duration | Type::Bytes) => match self.cases(expression).only() {
                Some(Term::Number(number)) => Some(Amount::Whole(*number)),
                _ => None,
            },
            _ => None,
        }
    }

    fn fallback(&self, parts: &[Expression]) -> Cases {
        let mut whole: Vec<(Formula, Term)> = Vec::new();
        let mut open = Formula::Const(true);
        for part in parts {
            let cases = self.cases(part);
            let set = |term: &Term| self.literal(term, &present(part.ty));
            for (guard, term) in cases.iter() {
                whole.push((Formula::all([open.clone(), guard.clone(), set(term)]), term.clone()));
            }
            let is_set = Formula::any(cases.iter().map(|(guard, term)| Formula::all([guard.clone(), set(term)])));
            open = Formula::all([open, is_set.not()]);
        }
        whole.push((open, Term::Unset));
        if whole.len() > MOST_CASES { Cases::one(self.cx.anything()) } else { Cases::new(whole) }
    }

    fn choose(&self, whole: &Expression, conditions: &[Expression], values: &[Expression]) -> Cases {
        let formulas = conditions.iter().map(|condition| self.formula(condition)).collect();
        let spans = conditions.iter().map(|condition| condition.span).collect();
        let ladder = self.cx.unknowns.ladder(Ladder::new(formulas, spans, whole.span));
        let mut cases = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let taken = if at < ladder.len() { Taken::arm(at) } else { Taken::rest() };
            let guard = Formula::first(&ladder, taken);
            let value = self.cases(value);
            cases.extend(
                value.iter().map(|(further, term)| (Formula::all([guard.clone(), further.clone()]), term.clone())),
            );
        }
        if cases.len() > MOST_CASES { Cases::one(self.cx.anything()) } else { Cases::new(cases) }
    }

    fn called(&self, function: Function, given: &[Expression], whole: &Expression) -> Cases {
        match (function, given) {
            (Function::Text(Text::ToLower), [text]) => self.made(&Op::Lower, &[self.cases(text)]),
            (Function::Text(Text::ToUpper), [text]) => self.made(&Op::Upper, &[self.cases(text)]),
            (Function::Cookie(Cookie::Get | Cookie::GetRe), _) => {
                let mut of = vec![self.own_cookies()];
                of.extend(self.all(given));
                self.made(&Op::Call(function), &of)
            }
            (Function::Accept(liked), _) => {
                let mut of = vec![self.state.field(Message::Req, &liked.field())];
                of.extend(self.all(given));
                self.made(&Op::Call(function), &of)
            }
            _ if whole.ty == Type::Bool && is_test(function) => truth_by_cases(&self.formula(whole)),
            _ if function.class() == Class::Pure => self.made(&Op::Call(function), &self.all(given)),
            _ => Cases::one(self.called_now(function, given)),
        }
    }

    /// What a function yields that asks the world.
    fn called_now(&self, function: Function, given: &[Expression]) -> Term {
        let given: Option<Vec<Term>> = self.all(given).iter().map(|given| given.only().cloned()).collect();
        match given {
            Some(given) => self.cx.unknowns.named(Name::Called(self.step, times(self.state), function, given)),
            None => self.cx.anything(),
        }
    }

    /// When a condition holds.
    pub(super) fn formula(&self, condition: &Expression) -> Formula {
        if self.cx.unknowns.effort.ends() {
            return Formula::Const(true);
        }
        match &condition.kind {
            Kind::Bool(truth) => Formula::Const(*truth),
            Kind::Not(inner) => self.formula(inner).not(),
            Kind::And(parts) => Formula::all(parts.iter().map(|part| self.formula(part))),
            Kind::Or(parts) => Formula::any(parts.iter().map(|part| self.formula(part))),
            Kind::Truth(inner) => self.truth(&self.cases(inner), inner.ty),
            Kind::Compare(comparison, left, right) => self.compared(*comparison, left, right),
            Kind::Matches(text, pattern) => self.among(text, [Texts::matching(pattern)]),
            Kind::InTexts(text, texts) => self.among(text, texts.iter().map(|text| Texts::Exact((&**text).into()))),
            Kind::Under(path, paths) => self.among(path, paths.iter().flat_map(|path| Texts::under(path))),
            Kind::Extension(path, texts) => {
                self.among(path, texts.iter().map(|text| Texts::Extension((&**text).into())))
            }
            Kind::InTable(table, key) => self.test(&self.cases(key), &Test::In(self.cx.tables.keys(*table))),
            Kind::InRanges(number, ranges) => self.test(&self.cases(number), &Test::Within(ranges.as_slice().into())),
            Kind::InAcl(address, acl) => self.listed(address, *acl),
            Kind::HasQuery(message, names) => self.any_named(&Op::Query, &self.state.url(*message), names),
            Kind::HasCookie(message, names) => self.any_named(&Op::Cookie, &self.state.cookies(*message), names),
            Kind::AnyQuery(message, globs) => self.any_like(&Op::Query, &self.state.url(*message), globs),
            Kind::AnyCookie(message, globs) => self.any_like(&Op::Cookie, &self.state.cookies(*message), globs),
            Kind::Call(function, given) => {
                self.tested(*function, given).unwrap_or_else(|| self.truth(&self.cases(condition), condition.ty))
            }
            _ => self.truth(&self.cases(condition), condition.ty),
        }
    }

    fn among<'t>(&self, text: &Expression, texts: impl IntoIterator<Item = Texts<'t>>) -> Formula {
        let texts: Vec<Texts<'static>> = texts.into_iter().map(Texts::into_owned).collect();
        self.test(&self.cases(text), &Test::In(texts.into()))
    }

    /// A test of a value, case by case.
    pub(super) fn test(&self, value: &Cases, test: &Test) -> Formula {
        Formula::any(value.iter().map(|(guard, term)| Formula::all([guard.clone(), self.literal(term, test)])))
    }

    /// A test of a term; of constants it is known, and of what a table holds it is one of the key.
    pub(super) fn literal(&self, term: &Term, test: &Test) -> Formula {
        self.cx.tables.literal(term, test)
    }

    /// VCL's truth of a value.
    pub(super) fn truth(&self, value: &Cases, ty: Type) -> Formula {
        match ty {
            Type::String => self.test(value, &Test::Set),
            Type::Int | Type::Bytes => self.test(value, &Test::Within([i64::MIN..=-1, 1..=i64::MAX].to_vec().into())),
            Type::Duration => self.test(value, &Test::Within([1..=i64::MAX].to_vec().into())),
            Type::Ip | Type::Time => Formula::Const(true),
            Type::Bool => self.test(value, &Test::Holds),
            _ => Formula::any(value.iter().map(|(guard, term)| {
                let truth = match term {
                    Term::Backend(backend) => Formula::Const(backend.is_some()),
                    _ => self.literal(&Term::made(Op::Truth, vec![term.clone()]), &Test::Holds),
                };
                Formula::all([guard.clone(), truth])
            })),
        }
    }

    fn any_named(&self, op: &Op, whole: &Cases, names: &[Box<[u8]>]) -> Formula {
        let set = |name: &[u8]| self.test(&self.made(op, &[whole.clone(), Cases::one(Term::text(name))]), &Test::Set);
        Formula::any(names.iter().map(|name| set(name)))
    }

    fn any_like(&self, op: &Op, whole: &Cases, globs: &[Glob]) -> Formula {
        let like = |glob: &Glob| {
            if !glob.text().contains('*') {
                return self.any_named(op, whole, &[glob.text().as_bytes().into()]);
            }
            let names = Names::like(vec![glob.clone()]);
            let op = if *op == Op::Query { Op::AnyQuery(names) } else { Op::AnyCookie(names) };
            self.test(&self.made(&op, std::slice::from_ref(whole)), &Test::Holds)
        };
        Formula::any(globs.iter().map(like))
    }

    fn listed(&self, address: &Expression, acl: crate::lang::hir::AclId) -> Formula {
        let has_hosts = self.cx.hir.acls.get(acl.0 as usize).is_none_or(|acl| !acl.hosts.is_empty());
        let address = self.cases(address);
        if !has_hosts {
            return self.test(&address, &Test::Listed(acl));
        }
        // What a name stands for is not known, but it is the same for the same address.
        self.test(&self.made(&Op::Listed(acl), &[address]), &Test::Holds)
    }

    /// A function that is a test of a text, where what it looks for is known.
    fn tested(&self, function: Function, given: &[Expression]) -> Option<Formula> {
        let known = |expression: &Expression| match self.cases(expression).only() {
            Some(Term::Text(text)) => Some(text.to_vec()),
            _ => None,
        };
        let containing = |part: &[u8]| {
            let part = std::str::from_utf8(part).ok().filter(|part| !part.is_empty())?;
            Some(Texts::matching(&crate::lang::hir::Pattern::new(regex_syntax::escape(part))))
        };
        match (function, given) {
            (Function::Text(Text::Prefixof | Text::StartsWith), [text, start]) => {
                Some(self.among(text, [Texts::Prefix(known(start)?.into())]))
            }
            (Function::Text(Text::Suffixof | Text::EndsWith), [text, end]) => {
                Some(self.among(text, [Texts::Suffix(known(end)?.into())]))
            }
            (Function::Text(Text::Contains), [text, part]) => Some(self.among(text, [containing(&known(part)?)?])),
            (Function::Text(Text::ContainsAny), [text, Expression { kind: Kind::List(parts), .. }]) => {
                let parts = parts.iter().map(|part| containing(part)).collect::<Option<Vec<_>>>()?;
                Some(self.among(text, parts))
            }
            (Function::Cookie(Cookie::IsSet), [name]) => {
                let name: Box<[u8]> = known(name)?.into();
                Some(self.any_named(&Op::Cookie, &self.own_cookies(), &[name]))
            }
            _ => None,
        }
    }

    /// The cookies that functions look at.
    fn own_cookies(&self) -> Cases {
        self.state.cookies(if StepSet::BACKEND.contains(self.step) { Message::Bereq } else { Message::Req })
    }
}

/// Functions that [`Reader::tested`] may know.
fn is_test(function: Function) -> bool {
    matches!(
        function,
        Function::Text(
            Text::Prefixof | Text::StartsWith | Text::Suffixof | Text::EndsWith | Text::Contains | Text::ContainsAny
        ) | Function::Cookie(Cookie::IsSet)
    )
}

/// The test of whether there is a value of a type at all.
pub(super) fn present(ty: Type) -> Test {
    match ty {
        Type::Int | Type::Duration | Type::Bytes => Test::Within([i64::MIN..=i64::MAX].to_vec().into()),
        _ => Test::Set,
    }
}

/// True where the condition holds, and false elsewhere.
pub(super) fn truth_by_cases(condition: &Formula) -> Cases {
    Cases::new([(condition.clone(), Term::Truth(true)), (condition.not(), Term::Truth(false))])
}
