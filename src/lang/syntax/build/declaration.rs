//! Declarations other than rule tables.

use super::super::ast::{
    Acl, AclEntry, Attribute, AttributeBlock, AttributeValue, Binding, Director, Include, Name, Sub, Table, TableEntry,
    TableSource,
};
use super::super::grammar::{Pair, Rule};
use super::{Builder, child};

impl Builder<'_> {
    pub(super) fn include(&mut self, pair: Pair<'_>) -> Option<Include> {
        let span = self.span(&pair);
        Some(Include { path: self.text(&child(pair, Rule::string)?), span })
    }

    pub(super) fn constant(&mut self, pair: Pair<'_>) -> Option<Binding> {
        let span = self.span(&pair);
        let binding = self.binding(child(pair, Rule::binding)?)?;
        Some(Binding { span, ..binding })
    }

    /// `NAME: TYPE = VALUE`; its span is put right by the caller, who knows the whole.
    pub(super) fn binding(&mut self, pair: Pair<'_>) -> Option<Binding> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let name = self.name(&inner.next()?);
        let mut ty = None;
        let mut value = None;
        for part in inner {
            match part.as_rule() {
                Rule::type_name => ty = Some(self.name(&part)),
                Rule::expression => value = Some(self.expression(part, 0)?),
                _ => {}
            }
        }
        Some(Binding { name, ty, value: value?, span })
    }

    pub(super) fn attribute_block(&mut self, pair: Pair<'_>) -> Option<AttributeBlock> {
        let span = self.span(&pair);
        let mut name = None;
        let mut attributes = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::attributes => attributes = Some(self.attributes(part)?),
                _ => {}
            }
        }
        Some(AttributeBlock { name: name?, attributes, span })
    }

    fn attributes(&mut self, pair: Pair<'_>) -> Option<Vec<Attribute>> {
        let attributes = pair.into_inner().filter(|part| part.as_rule() == Rule::attribute);
        attributes.map(|part| self.attribute(part)).collect()
    }

    fn attribute(&mut self, pair: Pair<'_>) -> Option<Attribute> {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let dotted = inner.next()?;
        let written = self.span(&dotted);
        let name = Name { span: written, ..self.name(&child(dotted, Rule::word)?) };
        let value = inner.find(|part| matches!(part.as_rule(), Rule::attributes | Rule::expression))?;
        let value = if value.as_rule() == Rule::attributes {
            AttributeValue::Block(self.nested_block(name.clone(), value)?)
        } else {
            AttributeValue::Expression(self.expression(value, 0)?)
        };
        Some(Attribute { name, value, span })
    }

    fn nested_block(&mut self, name: Name, pair: Pair<'_>) -> Option<AttributeBlock> {
        let span = self.span(&pair);
        Some(AttributeBlock { name, attributes: Some(self.attributes(pair)?), span })
    }

    pub(super) fn director(&mut self, pair: Pair<'_>) -> Option<Director> {
        let span = self.span(&pair);
        let (mut names, mut attributes, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.name(&part)),
                Rule::attribute => attributes.push(self.attribute(part)?),
                Rule::member => members.push(self.attribute_block(part)?),
                _ => {}
            }
        }
        let mut names = names.into_iter();
        Some(Director { name: names.next()?, kind: names.next()?, attributes, members, span })
    }

    pub(super) fn acl(&mut self, pair: Pair<'_>) -> Option<Acl> {
        let span = self.span(&pair);
        let mut name = None;
        let mut entries = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::acl_entry => entries.push(self.acl_entry(part)?),
                _ => {}
            }
        }
        Some(Acl { name: name?, entries, span })
    }

    fn acl_entry(&mut self, pair: Pair<'_>) -> Option<AclEntry> {
        let span = self.span(&pair);
        let (mut negated, mut address, mut mask) = (false, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::not_mark => negated = true,
                Rule::string => address = Some(self.text(&part)),
                Rule::acl_mask => mask = child(part, Rule::number).map(|number| self.name(&number)),
                _ => {}
            }
        }
        Some(AclEntry { negated, address: address?, mask, span })
    }

    pub(super) fn table(&mut self, pair: Pair<'_>) -> Option<Table> {
        let span = self.span(&pair);
        let (mut name, mut types, mut source) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::table_types => types = self.table_types(part),
                Rule::string => source = Some(TableSource::File(self.text(&part))),
                Rule::entries => source = Some(TableSource::Entries(self.entries(part)?)),
                _ => {}
            }
        }
        Some(Table { name: name?, types, source: source?, span })
    }

    fn table_types(&self, pair: Pair<'_>) -> Option<(Name, Name)> {
        let mut types = pair.into_inner().filter(|part| part.as_rule() == Rule::type_name);
        Some((self.name(&types.next()?), self.name(&types.next()?)))
    }

    fn entries(&mut self, pair: Pair<'_>) -> Option<Vec<TableEntry>> {
        let entries = pair.into_inner().filter(|part| part.as_rule() == Rule::table_entry);
        entries.map(|part| self.table_entry(part)).collect()
    }

    fn table_entry(&mut self, pair: Pair<'_>) -> Option<TableEntry> {
        let mut inner = pair.into_inner();
        let key = self.text(&inner.next()?);
        let value = inner.find(|part| part.as_rule() == Rule::expression)?;
        Some(TableEntry { key, value: self.expression(value, 0)? })
    }

    pub(super) fn sub(&mut self, pair: Pair<'_>) -> Option<Sub> {
        let span = self.span(&pair);
        let mut name = None;
        let mut body = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::dotted_name => name = Some(self.dotted_name(&part)),
                Rule::block => body = Some(self.block(part)?),
                _ => {}
            }
        }
        Some(Sub { name: name?, body: body?, span })
    }
}
