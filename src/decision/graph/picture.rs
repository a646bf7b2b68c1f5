//! Trees as boxes and arrows, words instead of types.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words;
use crate::decision::index::Summary;
use crate::decision::program::Program;
use crate::decision::tree::{DecisionTree, Match, Node, NodeId};
use crate::lang::diagnostic::render::visible;
use crate::lang::source::{SourceMap, Span};

/// The tree of one step.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    pub step: &'static str,
    /// The number of the first node.
    pub entry: u32,
    pub nodes: Vec<PictureNode>,
}

/// A node.
#[derive(Debug, Serialize)]
pub(super) struct PictureNode {
    pub id: u32,
    pub kind: &'static str,
    /// What it does, as written if it was written.
    pub text: String,
    /// `file:line`; empty if it has no place of its own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What a match looks up instead of trying its arms in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexPicture>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrows: Vec<Arrow>,
}

/// What an index looks up.
#[derive(Debug, Serialize)]
pub(super) struct IndexPicture {
    pub lookups: Vec<LookupPicture>,
    pub most_in_turn: usize,
}

/// A value that is looked up, with how many keys of which kind.
#[derive(Debug, Serialize)]
pub(super) struct LookupPicture {
    pub value: String,
    pub keys: BTreeMap<&'static str, usize>,
}

/// Where a node goes on.
#[derive(Debug, Serialize)]
pub(super) struct Arrow {
    pub to: u32,
    /// The condition as written, `else`, `calls`, `goes on`, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// `file:line` of the condition.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// The pictures of all steps, in the order of the policy.
pub(super) fn pictures(program: &Program, sources: &SourceMap) -> Vec<Picture> {
    let painter = Painter { program, sources };
    program.trees().iter().map(|tree| painter.tree(tree)).collect()
}

struct Painter<'p> {
    program: &'p Program,
    sources: &'p SourceMap,
}

impl Painter<'_> {
    fn tree(&self, tree: &DecisionTree) -> Picture {
        let mut nodes: Vec<PictureNode> = tree.nodes().filter_map(|(id, node)| self.node(id, node)).collect();
        nodes.iter_mut().flat_map(|node| &mut node.arrows).for_each(|arrow| arrow.follow(tree));
        Picture { step: tree.step().name(), entry: tree.entry().0, nodes }
    }

    /// What is drawn of a node; `None` for what only says where others go on.
    fn node(&self, id: NodeId, node: &Node) -> Option<PictureNode> {
        let plain = |kind, text, place, arrows| PictureNode { id: id.0, kind, text, place, index: None, arrows };
        Some(match node {
            Node::Match(node) => self.matching(id, node),
            Node::Resume { .. } => return None,
            Node::Act { statement, next, .. } => {
                let written = self.written(statement.span, || words::statement(&statement.kind));
                let text = words::in_context(&statement.kind, written);
                plain("act", text, self.place(statement.span), vec![to(*next)])
            }
            Node::Call { sub, entry, next } => {
                let sub = self.program.sub(*sub);
                let (text, place) = sub.map(|(name, at)| (format!("call {name}"), self.place(at))).unwrap_or_default();
                plain("call", text, place, vec![Arrow { label: "calls".to_owned(), ..to(*entry) }, to(*next)])
            }
            Node::Return { outcome, span, .. } => {
                let text = self.written(*span, || format!("return ({})", outcome.action.name()));
                plain("return", text, self.place(*span), Vec::new())
            }
            Node::Leave => plain("end", "end".to_owned(), String::new(), Vec::new()),
        })
    }

    fn matching(&self, id: NodeId, node: &Match) -> PictureNode {
        let arms = node.arms().map(|arm| Arrow {
            to: arm.target.0,
            label: self.written(arm.condition, || "an arm".to_owned()),
            place: self.place(arm.condition),
        });
        let otherwise = Arrow { label: "else".to_owned(), ..to(node.otherwise()) };
        let arrows = arms.chain([otherwise]).collect();
        let index = node.index().map(|index| index_picture(index.summary()));
        let text = if index.is_some() { "look up" } else { "match in turn" }.to_owned();
        PictureNode { id: id.0, kind: "match", text, place: String::new(), index, arrows }
    }

    /// The text of a place on one line, with what a terminal would obey made visible; other words if it has none.
    fn written(&self, span: Span, words: impl FnOnce() -> String) -> String {
        let text = self.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { words() } else { visible(&text) }
    }

    fn place(&self, span: Span) -> String {
        let file = self.sources.get(span.file).filter(|_| !span.is_empty());
        let line = self.sources.locate(span).map(|at| at.line);
        file.zip(line).map(|(file, line)| visible(&format!("{}:{line}", file.name()))).unwrap_or_default()
    }
}

fn to(node: NodeId) -> Arrow {
    Arrow { to: node.0, label: String::new(), place: String::new() }
}

fn index_picture(summary: Summary) -> IndexPicture {
    let lookups = summary
        .lookups
        .into_iter()
        .map(|lookups| LookupPicture { value: visible(&lookups.subject), keys: lookups.keys });
    IndexPicture { lookups: lookups.collect(), most_in_turn: summary.most_in_turn }
}

impl PictureNode {
    /// What stands in the box, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![shortened(&self.text)];
        if let Some(index) = &self.index {
            lines.extend(index.lookups.iter().map(LookupPicture::line));
            lines.push(format!("then at most {} in turn", index.most_in_turn));
        }
        lines.extend((!self.place.is_empty()).then(|| self.place.clone()));
        lines
    }
}

impl LookupPicture {
    fn line(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|(kind, count)| words::count(*count, kind)).collect();
        format!("{}: {}", self.value, keys.join(", "))
    }
}

impl Arrow {
    /// Where it leads in the midst of a match, it is drawn to the match.
    fn follow(&mut self, tree: &DecisionTree) {
        if let Some(Node::Resume { of, .. }) = tree.node(NodeId(self.to)) {
            self.to = of.0;
            self.label = if self.label.is_empty() { GOES_ON.to_owned() } else { format!("{}, {GOES_ON}", self.label) };
        }
    }

    /// What stands at the arrow, line by line.
    pub fn lines(&self) -> Vec<String> {
        [shortened(&self.label), self.place.clone()].into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// At an arrow back to a match, of which the next arm that holds comes then.
const GOES_ON: &str = "goes on";

/// How many characters of a text are drawn.
const MOST_CHARACTERS: usize = 80;

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_CHARACTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}
