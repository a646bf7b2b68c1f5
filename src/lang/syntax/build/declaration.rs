//! Declarations other than rule tables.

use super::super::ast::{
    Acl, AclEntry, Attribute, AttributeBlock, AttributeValue, Binding, Director, Include, Name, Site, Sub, Table,
    TableEntry, TableSource,
};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;

impl Builder<'_> {
    pub(super) fn include(node: Node<'_>) -> Option<Include> {
        let span = node.span();
        Some(Include { path: Self::text(&node.child(Rule::string)?), span })
    }

    /// The last of its texts is the file.
    pub(super) fn site(node: Node<'_>) -> Option<Site> {
        let span = node.span();
        let mut hosts: Vec<Name> =
            node.children().filter(|part| part.rule() == Rule::string).map(|part| Self::text(&part)).collect();
        let path = hosts.pop()?;
        Some(Site { hosts, path, span })
    }

    pub(super) fn constant(&mut self, node: Node<'_>) -> Option<Binding> {
        let span = node.span();
        let binding = self.binding(node.child(Rule::binding)?)?;
        Some(Binding { span, ..binding })
    }

    /// `NAME: TYPE = VALUE`; its span is put right by the caller, who knows the whole.
    pub(super) fn binding(&mut self, node: Node<'_>) -> Option<Binding> {
        let span = node.span();
        let mut inner = node.children();
        let name = Self::name(&inner.next()?);
        let mut ty = None;
        let mut value = None;
        for part in inner {
            match part.rule() {
                Rule::type_name => ty = Some(Self::name(&part)),
                Rule::expression => value = Some(self.expression(part, 0)?),
                _ => {}
            }
        }
        Some(Binding { name, ty, value: value?, span })
    }

    pub(super) fn attribute_block(&mut self, node: Node<'_>) -> Option<AttributeBlock> {
        let span = node.span();
        let mut name = None;
        let mut attributes = None;
        for part in node.children() {
            match part.rule() {
                Rule::name => name = Some(Self::name(&part)),
                Rule::attributes => attributes = Some(self.attributes(part)?),
                _ => {}
            }
        }
        Some(AttributeBlock { name: name?, attributes, span })
    }

    fn attributes(&mut self, node: Node<'_>) -> Option<Vec<Attribute>> {
        let attributes = node.children().filter(|part| part.rule() == Rule::attribute);
        attributes.map(|part| self.attribute(part)).collect()
    }

    fn attribute(&mut self, node: Node<'_>) -> Option<Attribute> {
        let span = node.span();
        let mut inner = node.children();
        let dotted = inner.next()?;
        let written = dotted.span();
        let name = Name { span: written, ..Self::name(&dotted.child(Rule::word)?) };
        let value = inner.find(|part| matches!(part.rule(), Rule::attributes | Rule::expression))?;
        let value = if value.rule() == Rule::attributes {
            AttributeValue::Block(self.nested_block(name.clone(), value)?)
        } else {
            AttributeValue::Expression(self.expression(value, 0)?)
        };
        Some(Attribute { name, value, span })
    }

    fn nested_block(&mut self, name: Name, node: Node<'_>) -> Option<AttributeBlock> {
        let span = node.span();
        Some(AttributeBlock { name, attributes: Some(self.attributes(node)?), span })
    }

    pub(super) fn director(&mut self, node: Node<'_>) -> Option<Director> {
        let span = node.span();
        let (mut names, mut attributes, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for part in node.children() {
            match part.rule() {
                Rule::name => names.push(Self::name(&part)),
                Rule::attribute => attributes.push(self.attribute(part)?),
                Rule::member => members.push(self.attribute_block(part)?),
                _ => {}
            }
        }
        let mut names = names.into_iter();
        Some(Director { name: names.next()?, kind: names.next()?, attributes, members, span })
    }

    pub(super) fn acl(node: Node<'_>) -> Option<Acl> {
        let span = node.span();
        let mut name = None;
        let (mut flags, mut entries) = (Vec::new(), Vec::new());
        for part in node.children() {
            match part.rule() {
                Rule::name => name = Some(Self::name(&part)),
                Rule::acl_flag => flags.push(part.span()),
                Rule::acl_entry => entries.push(Self::acl_entry(part)?),
                _ => {}
            }
        }
        Some(Acl { name: name?, flags, entries, span })
    }

    pub(in super::super) fn acl_entry(node: Node<'_>) -> Option<AclEntry> {
        let span = node.span();
        let (mut negated, mut address, mut mask) = (false, None, None);
        let group = node.child(Rule::acl_group);
        let inner = group.iter().flat_map(Node::children);
        for part in node.children().chain(inner) {
            match part.rule() {
                Rule::not_mark => negated = true,
                Rule::string => address = Some(Self::text(&part)),
                Rule::acl_mask => mask = part.child(Rule::number).map(|number| Self::name(&number)),
                _ => {}
            }
        }
        Some(AclEntry { negated, address: address?, mask, optional: group.is_some(), span })
    }

    pub(super) fn table(&mut self, node: Node<'_>) -> Option<Table> {
        let span = node.span();
        let (mut name, mut types, mut source) = (None, None, TableSource::Entries(Vec::new()));
        for part in node.children() {
            match part.rule() {
                Rule::name => name = Some(Self::name(&part)),
                Rule::table_types => types = Self::table_types(part),
                Rule::string => source = TableSource::File(Self::text(&part)),
                Rule::entries => source = TableSource::Entries(self.entries(part)?),
                _ => {}
            }
        }
        Some(Table { name: name?, types, source, span })
    }

    fn table_types(node: Node<'_>) -> Option<(Name, Name)> {
        let mut types = node.children().filter(|part| part.rule() == Rule::type_name);
        Some((Self::name(&types.next()?), Self::name(&types.next()?)))
    }

    pub(in super::super) fn entries(&mut self, node: Node<'_>) -> Option<Vec<TableEntry>> {
        let entries = node.children().filter(|part| part.rule() == Rule::table_entry);
        entries.map(|part| self.table_entry(part)).collect()
    }

    fn table_entry(&mut self, node: Node<'_>) -> Option<TableEntry> {
        let mut inner = node.children();
        let key = Self::text(&inner.next()?);
        let value = inner.find(|part| part.rule() == Rule::expression)?;
        Some(TableEntry { key, value: self.expression(value, 0)? })
    }

    pub(super) fn sub(&mut self, node: Node<'_>) -> Option<Sub> {
        let span = node.span();
        let mut name = None;
        let mut body = None;
        for part in node.children() {
            match part.rule() {
                Rule::dotted_name => name = Some(Self::dotted_name(&part)),
                Rule::block => body = Some(self.block(part)?),
                _ => {}
            }
        }
        Some(Sub { name: name?, body: body?, span })
    }
}
