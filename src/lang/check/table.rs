//! Tables: what they hold, and looking keys up in them.

use std::collections::{BTreeMap, HashMap};

use super::context::{Context, number};
use super::convert::to_text;
use super::fold::Literal;
use super::scope::{Home, Scope};
use super::{table_file, unknown};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Datum, Expression, ExpressionKind, Table, TableId};
use crate::lang::schema::{DirectiveView, Type};
use crate::lang::source::{FileId, Span};
use crate::lang::syntax::ast::{self, ListItem, Path, TableEntry, TableSource};

/// Types that the values of a table may have.
const VALUE_TYPES: &[Type] =
    &[Type::String, Type::Int, Type::Real, Type::Bool, Type::Duration, Type::Bytes, Type::Ip, Type::Backend];

/// What to write in place of a table of what texts and addresses are tested for.
const NO_TESTS: &str = "write `match KEY { \"a\" -> client.ip ~ A; else -> false; }`: what is tested for is known when the policy is checked";

/// An entry with the place of its key.
pub(super) type Entry = (Box<[u8]>, Datum, Span);

/// All tables in the order of declaration. `data` are the files that were read for them.
pub(super) fn tables(cx: &Context, data: &BTreeMap<Span, FileId>) -> Vec<Table> {
    cx.names.tables.iter().map(|entry| table(cx, entry.item, data)).collect()
}

fn table(cx: &Context, written: &ast::Table, data: &BTreeMap<Span, FileId>) -> Table {
    let mut scope = Scope::new(cx, Home::Constant);
    let wanted = written.types.as_ref().map(|(key, value)| scope.entry_type(key, value));
    let (ty, entries) = match (&written.source, wanted) {
        (_, Some(None)) => (Type::String, Vec::new()),
        (TableSource::Entries(entries), wanted) => scope.entries(entries, wanted.flatten()),
        (TableSource::File(path), wanted) => {
            let ty = wanted.flatten().unwrap_or(Type::String);
            let file = data.get(&path.span);
            (ty, file.map(|file| table_file::entries(cx, *file, ty)).unwrap_or_default())
        }
    };
    let is_from_file = matches!(written.source, TableSource::File(_));
    let (name, entries) = (written.name.text.to_string(), without_doubles(cx, entries));
    Table { name, ty, entries, is_from_file, span: written.name.span }
}

/// Whether it is a type of what texts and addresses are tested for.
fn holds_tests(ty: &ast::Name) -> bool {
    matches!(ty.text.as_str(), "ACL" | "REGEX")
}

fn without_doubles(cx: &Context, entries: Vec<Entry>) -> Vec<(Box<[u8]>, Datum)> {
    let mut places: HashMap<Box<[u8]>, Span> = HashMap::with_capacity(entries.len());
    let mut kept = Vec::with_capacity(entries.len());
    for (key, value, span) in entries {
        if let Some(first) = places.get(&key) {
            let message = format!("the key `{}` is there twice", String::from_utf8_lossy(&key));
            let finding = Diagnostic::new(Code::E0346, span, message).context(*first, "here first");
            cx.findings.report(finding.help("remove one of them"));
        } else {
            places.insert(key.clone(), span);
            kept.push((key, value));
        }
    }
    kept
}

impl Scope<'_, '_> {
    /// The type of a table's values; `None` after a finding.
    fn entry_type(&self, key: &ast::Name, value: &ast::Name) -> Option<Type> {
        if key.text != Type::String.name() {
            let message = format!("the keys of a table are texts, not `{}`", key.text);
            self.report(Diagnostic::new(Code::E0320, key.span, message).help("write `STRING -> TYPE`"));
            return None;
        }
        let found = VALUE_TYPES.iter().copied().find(|ty| ty.name() == value.text);
        if found.is_none() {
            let message = format!("there is no type `{}` for the values of a table", value.text);
            let names = VALUE_TYPES.iter().map(|ty| ty.name());
            let finding = Diagnostic::new(Code::E0320, value.span, message);
            if holds_tests(value) {
                self.report(finding.help(NO_TESTS));
                return None;
            }
            self.report(unknown::suggest(
                self.cx.findings,
                finding,
                &value.text.to_ascii_uppercase(),
                "the types",
                names,
            ));
        }
        found
    }

    /// Whether a value is looked up in a table that would hold what is tested for, which is reported there.
    pub(super) fn is_refused_table(&self, written: &ast::Expression) -> bool {
        let ast::ExpressionKind::Index { base, .. } = &written.kind else { return false };
        let tables = &self.cx.names.tables;
        let table = tables.refer(&base.text()).and_then(|at| tables.get(at));
        let types = table.and_then(|table| table.item.types.as_ref());
        types.is_some_and(|(_, value)| holds_tests(value))
    }

    /// The entries that stand in the policy; without a type that is wanted, all are of the first one's.
    fn entries(&mut self, written: &[TableEntry], mut wanted: Option<Type>) -> (Type, Vec<Entry>) {
        let mut entries = Vec::with_capacity(written.len());
        for entry in written {
            let value = match wanted {
                Some(ty) => self.wanted(&entry.value, ty, format_args!("this table")),
                None => self.expression(&entry.value),
            };
            let Some(value) = value else { continue };
            wanted = wanted.or(Some(value.ty));
            if let Some(datum) = self.datum(&value) {
                entries.push((entry.key.text.as_bytes().into(), datum, entry.key.span));
            }
        }
        (wanted.unwrap_or(Type::String), entries)
    }

    fn datum(&self, value: &Expression) -> Option<Datum> {
        if let ExpressionKind::Backend(backend) = value.kind {
            return Some(Datum::Backend(backend));
        }
        Some(match self.known(value, format_args!("a value of a table"))? {
            Literal::Text(text) => Datum::Text(text),
            Literal::Int(number) => Datum::Int(number),
            Literal::Real(number) => Datum::Real(number),
            Literal::Bool(flag) => Datum::Bool(flag),
            Literal::Duration(millis) => Datum::Duration(millis),
            Literal::Bytes(bytes) => Datum::Bytes(bytes),
            Literal::Ip(address) => Datum::Ip(address),
        })
    }

    /// `table[key]` where a value has to be there: text may be unset, nothing else may.
    pub(super) fn certain_entry(&self, base: &Path, at: usize, key: Box<Expression>, span: Span) -> Option<Expression> {
        let value = self.entry(at, key, span)?;
        if value.ty != Type::String {
            let message = format!("`{}` may hold nothing for this key", base.text());
            let finding = Diagnostic::new(Code::E0345, span, message);
            self.report(finding.help(format!("say what stands for it: `{}[…] ?? VALUE`", base.text())));
            return None;
        }
        Some(value)
    }

    /// A value that may be missing: what stands before `??`.
    pub(super) fn perhaps(&mut self, written: &ast::Expression) -> Option<Expression> {
        if let ast::ExpressionKind::Index { base, key } = &written.kind
            && let [name] = base.parts.as_slice()
            && let Some(at) = self.cx.names.tables.find(&name.text)
        {
            self.cx.names.tables.refer(&name.text);
            let key = self.expression(key).map(|key| Box::new(to_text(key)))?;
            return self.entry(at, key, written.span);
        }
        if let ast::ExpressionKind::Path(path) = &written.kind
            && let Some(view) = DirectiveView::find(&path.text())
        {
            return self.directive(view, written.span);
        }
        self.expression(written)
    }

    fn entry(&self, at: usize, key: Box<Expression>, span: Span) -> Option<Expression> {
        let Some(table) = self.cx.tables.get(at) else {
            let finding = Diagnostic::new(Code::E0316, span, "what a table holds is not known yet here");
            self.report(finding.help("write the value, or look it up in a sub"));
            return None;
        };
        Some(Expression { kind: ExpressionKind::Lookup(TableId(number(at)), key), ty: table.ty, span })
    }

    /// `table has key`: one of the keys.
    pub(super) fn has_key(&mut self, at: usize, list: &[ListItem]) -> Option<ExpressionKind> {
        let mut tests = Vec::with_capacity(list.len());
        for item in list {
            let written = item.first();
            if item.last().is_some() {
                let finding = Diagnostic::new(Code::E0314, written.span, "the keys of a table are texts");
                self.report(finding.help("name one key"));
                return None;
            }
            let key = Box::new(to_text(self.expression(written)?));
            let span = key.span;
            let kind = ExpressionKind::InTable(TableId(number(at)), key);
            tests.push(Expression { kind, ty: Type::Bool, span });
        }
        Some(if tests.len() == 1 { tests.pop()?.kind } else { ExpressionKind::Or(tests) })
    }
}
