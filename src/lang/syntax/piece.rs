//! One declaration after the other: parsed by pest if it is whole, mended if it is not.

use std::collections::BTreeSet;

use pest::Parser as _;

use crate::lang::diagnostic::Diagnostic;
use crate::lang::lexer::TokenKind;
use crate::lang::source::FileId;

use super::assembly::Assembly;
use super::ast::SyntaxTree;
use super::bracket::{self, span};
use super::build::{Builder, Place, too_long};
use super::cut::{self, Flaw, Piece};
use super::grammar::{Grammar, Rule};
use super::head::{self, Head};
use super::lexical;
use super::limits::{MAX_DIAGNOSTICS, MAX_LOST, recovery_budget};
use super::parsed::{Node, Parsed, Text};
use super::recover::Mending;
use super::shape::Shapes;
use super::stream::Stream;
use super::unit::Section;

/// What is known of a file so far.
pub(super) struct Parser<'a, 's> {
    stream: &'a Stream<'s>,
    /// The tree so far.
    pub(super) tree: SyntaxTree,
    /// The findings so far.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The byte at which reading stopped, if there were too many mistakes.
    pub(super) stopped: Option<usize>,
    budget: usize,
    /// Whether there was a version line, understood or not.
    versioned: bool,
    /// How many pieces in a row started with nothing known.
    lost: usize,
    shapes: Shapes,
}

impl<'a, 's> Parser<'a, 's> {
    /// A parser at the start of the file.
    pub(super) fn new(stream: &'a Stream<'s>, file: FileId) -> Self {
        Self {
            stream,
            tree: SyntaxTree { file, version: None, declarations: Vec::new() },
            diagnostics: Vec::new(),
            stopped: None,
            budget: recovery_budget(stream.text.len()),
            versioned: false,
            lost: 0,
            shapes: Shapes::default(),
        }
    }

    /// Parses the whole file, or up to where there are too many mistakes.
    pub(super) fn run(&mut self) {
        let Some(first) = self.stream.tok(0) else {
            return self.diagnostics.push(head::empty(self.tree.file, self.stream.text));
        };
        for piece in cut::pieces(self.stream) {
            let start = self.stream.tok(piece.toks.start).map(|tok| tok.start as usize);
            if self.gives_up() {
                self.stopped = start;
                break;
            }
            self.piece(&piece);
            if self.budget == 0 {
                self.stopped = start;
                break;
            }
        }
        if !self.versioned {
            self.diagnostics.push(head::missing(span(self.tree.file, first)));
        }
    }

    fn gives_up(&self) -> bool {
        self.diagnostics.len() >= MAX_DIAGNOSTICS || self.lost >= MAX_LOST
    }

    fn piece(&mut self, piece: &Piece) {
        let Some(place) = self.place(piece) else { return };
        let head = head::head(self.stream, piece);
        if let Some(opener) = piece.too_deep {
            self.diagnostics.extend(bracket::too_deep(self.stream, self.tree.file, opener));
            return self.versioned |= head == Head::Version;
        }
        if let Some(sign) = piece.too_long.and_then(|at| self.stream.tok(at)) {
            self.diagnostics.push(too_long(span(self.tree.file, sign)));
            return self.versioned |= head == Head::Version;
        }
        let explained = self.flaws(piece);
        self.lost = if head == Head::Unknown { self.lost + 1 } else { 0 };
        match head {
            Head::Version => self.version(piece, place, explained),
            Head::Vcl => {
                self.versioned = true;
                self.diagnostics.extend(head::vcl(self.stream, self.tree.file, piece));
            }
            Head::Known(keyword) => self.declaration(piece, place, keyword, explained),
            Head::Misspelt(meant) => self.misspelt(piece, place, meant, explained),
            Head::Unknown => self.unknown(piece, &explained),
        }
    }

    /// One finding for a line is enough where nothing is understood.
    fn unknown(&mut self, piece: &Piece, explained: &BTreeSet<usize>) {
        let goes_on = self.stream.tok(piece.toks.start).is_some_and(|tok| !tok.first_on_line);
        if explained.is_empty() && !(goes_on && self.lost > 1) {
            self.diagnostics.extend(head::unknown(self.stream, self.tree.file, piece));
        }
    }

    fn place(&self, piece: &Piece) -> Option<Place> {
        let (first, last) = (self.stream.tok(piece.toks.start)?, self.stream.tok(piece.toks.end.checked_sub(1)?)?);
        let start = first.start as usize;
        Some(Place { file: self.tree.file, base: start, start, end: last.end as usize })
    }

    /// Reports bad tokens and brackets; returns the bytes at which they stand.
    fn flaws(&mut self, piece: &Piece) -> BTreeSet<usize> {
        let (stream, file) = (self.stream, self.tree.file);
        let mut explained = BTreeSet::new();
        let mut swallowed = false;
        for (diagnostic, bytes) in lexical::findings(stream, file, piece.toks.clone()) {
            swallowed |= bytes.end == stream.text.len();
            explained.extend([bytes.start, bytes.end.saturating_sub(1)]);
            self.diagnostics.push(diagnostic);
        }
        for flaw in &piece.flaws {
            let (Flaw::Unclosed { opener: index, .. } | Flaw::Unopened(index)) = *flaw;
            explained.extend(stream.tok(index).map(|tok| tok.start as usize));
            self.diagnostics.extend(bracket::flaw(stream, file, *flaw));
        }
        if !swallowed {
            self.diagnostics.extend(bracket::unclosed_braces(stream, file, piece));
        }
        explained
    }

    fn version(&mut self, piece: &Piece, place: Place, explained: BTreeSet<usize>) {
        let first = !std::mem::replace(&mut self.versioned, true) && piece.toks.start == 0;
        if !first {
            let line = place.span(0..place.end - place.start);
            return self.diagnostics.push(head::misplaced(line));
        }
        let text = self.text(place);
        let Some(version) = parsed(Rule::version_piece, &text, place, Builder::version) else {
            if explained.is_empty() {
                self.mending(place, text, explained).report(Rule::version_piece, &piece.toks);
            }
            return;
        };
        let number = self.stream.tok(piece.toks.start + 1).filter(|tok| tok.kind == TokenKind::Number);
        let unsupported = number.and_then(|number| head::unsupported(version.as_ref(), span(self.tree.file, number)));
        self.diagnostics.extend(unsupported);
        self.tree.version = version;
    }

    fn declaration(&mut self, piece: &Piece, place: Place, keyword: &str, explained: BTreeSet<usize>) {
        if explained.is_empty() && (piece.unclosed.is_empty() && self.assemble(piece, keyword)) {
            return;
        }
        let text = self.text(place) + &"}".repeat(piece.unclosed.len());
        if explained.is_empty() && self.build(place, &text) {
            return;
        }
        self.mend(piece, place, text, Section::of(keyword), explained);
    }

    /// Puts the declaration together from its parts; whether that could be done.
    fn assemble(&mut self, piece: &Piece, keyword: &str) -> bool {
        let (stream, before) = (self.stream, self.diagnostics.len());
        let place = Place { file: self.tree.file, base: 0, start: 0, end: stream.text.len() };
        let builder = Builder::new(&mut self.diagnostics);
        let mut assembly = Assembly { stream, place, shapes: &mut self.shapes, builder, toks: Vec::new() };
        let declaration = assembly.declaration(piece.toks.clone(), Section::of(keyword));
        if declaration.is_none() {
            self.diagnostics.truncate(before);
        }
        let is_done = declaration.is_some();
        self.tree.declarations.extend(declaration);
        is_done
    }

    /// The declaration is read as if its first word were `meant`.
    fn misspelt(&mut self, piece: &Piece, place: Place, meant: &str, explained: BTreeSet<usize>) {
        self.diagnostics.extend(head::misspelt(self.stream, self.tree.file, piece, meant));
        if meant == "warp" {
            return self.versioned = true;
        }
        let word = self.stream.word(piece.toks.start).len();
        let Some(base) = (place.start + word).checked_sub(meant.len()) else { return };
        let text = meant.to_owned() + self.text(place).get(word..).unwrap_or_default();
        let text = text + &"}".repeat(piece.unclosed.len());
        self.mend(piece, Place { base, ..place }, text, Section::of(meant), explained);
    }

    fn mend(
        &mut self,
        piece: &Piece,
        place: Place,
        text: String,
        section: Option<Section>,
        explained: BTreeSet<usize>,
    ) {
        let body = self.body(piece);
        let silent = explained.is_empty();
        let before = self.diagnostics.len();
        let mut mending = self.mending(place, text, explained);
        mending.closers = piece.unclosed.len();
        if let (Some(section), Some(body)) = (section, body) {
            mending.body(section, body);
        }
        if mending.exhausted() {
            // Nothing is left out in silence, even when there is no time to look closer.
            if silent && mending.diagnostics.len() == before {
                mending.report(Rule::declaration_piece, &piece.toks);
            }
            return;
        }
        let left = std::mem::take(&mut mending.explained);
        let text = std::mem::take(&mut mending.text);
        if left.is_empty() && !self.build(place, &text) {
            self.mending(place, text, left).report(Rule::declaration_piece, &piece.toks);
        }
    }

    fn mending(&mut self, place: Place, text: String, explained: BTreeSet<usize>) -> Mending<'_, 's> {
        Mending {
            stream: self.stream,
            place,
            text,
            explained,
            diagnostics: &mut self.diagnostics,
            budget: &mut self.budget,
            closers: 0,
        }
    }

    /// Parses the declaration whole; whether it can be parsed.
    fn build(&mut self, place: Place, text: &str) -> bool {
        let diagnostics = &mut self.diagnostics;
        let built = parsed(Rule::declaration_piece, text, place, |node| Builder::new(diagnostics).declaration(node));
        let is_parsed = built.is_some();
        self.tree.declarations.extend(built.flatten());
        is_parsed
    }

    /// The tokens between the outermost braces.
    fn body(&self, piece: &Piece) -> Option<std::ops::Range<usize>> {
        let opener = piece.toks.clone().find(|&index| self.stream.kind(index) == Some(TokenKind::BraceOpen))?;
        let closed = piece.unclosed.is_empty() && self.stream.kind(piece.toks.end - 1) == Some(TokenKind::BraceClose);
        Some(opener + 1..piece.toks.end - usize::from(closed))
    }

    fn text(&self, place: Place) -> String {
        self.stream.text.get(place.start..place.end).unwrap_or_default().to_owned()
    }
}

/// Hands what the text is to `read`; `None` if it is not what the rule says.
fn parsed<T>(rule: Rule, text: &str, place: Place, read: impl FnOnce(Node<'_>) -> T) -> Option<T> {
    let pairs = Grammar::parse(rule, text).ok()?;
    let toks = Stream::new(text).toks;
    let parsed = Parsed::new(&pairs, &toks)?;
    parsed.root(&Text { written: text, toks: &toks, place }).map(read)
}
