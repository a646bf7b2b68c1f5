//! From file names to one line of declarations: reading, parsing, following `include`.
//!
//! The declarations of an included file take the place of the `include`; a file that is included
//! twice counts where it came first. The built-in policy is the last file.

use std::collections::{BTreeMap, HashSet};

use smol_str::SmolStr;

use super::amount::{Amount, Kind};
use super::findings::Findings;
use super::{Files, Unread};
use crate::lang::builtin;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::{FileId, SourceFile, SourceMap, Span};
use crate::lang::syntax::ast::{Declaration, Include, Name, Site, Table, TableSource};
use crate::lang::syntax::parse;

/// How many files may stand between the entry and an included file.
const INCLUDE_DEPTH_LIMIT: usize = 64;

/// All declarations of a policy.
pub(super) struct Assembled {
    /// The user's in source order, then those of the built-in policy.
    pub(super) declarations: Vec<Declaration>,
    /// The place that stands for the policy as a whole: its first line.
    pub(super) head: Span,
    /// The built-in policy's file.
    pub(super) builtin: FileId,
    /// The name of the backend that the caller may bring along.
    pub(super) default_name: Name,
    /// The files of tables, by the place of their names.
    pub(super) data: BTreeMap<Span, FileId>,
    /// The sites whose files there are, in source order.
    pub(super) sites: Vec<SiteFile>,
    /// What was read so far.
    pub(super) amount: Amount,
}

impl Assembled {
    /// Frees it part by part.
    pub(super) fn discard(self) {
        self.declarations.into_iter().for_each(Declaration::discard);
    }
}

/// A site with the file in which its policy starts.
pub(super) struct SiteFile {
    /// What is written.
    pub(super) declared: Site,
    /// The name of the file.
    pub(super) name: String,
}

/// Whose policy is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The one that serves what no site is for.
    Root,
    /// A site.
    Site,
}

/// A file that is being read, with the `include` that led to it.
struct Link {
    name: String,
    include: Option<Span>,
}

struct Assembler<'f> {
    files: &'f dyn Files,
    sources: &'f mut SourceMap,
    findings: &'f Findings,
    declarations: Vec<Declaration>,
    seen: HashSet<String>,
    chain: Vec<Link>,
    head: Option<Span>,
    data: BTreeMap<Span, FileId>,
    owner: Owner,
    sites: Vec<SiteFile>,
    amount: Amount,
    /// Nothing more is included: there was too much.
    is_full: bool,
}

/// Reads `entry` and all that it includes.
pub(super) fn assemble(entry: &str, files: &dyn Files, sources: &mut SourceMap, findings: &Findings) -> Assembled {
    let mut assembler = Assembler::new(Owner::Root, files, sources, findings);
    assembler.follow(entry.to_owned(), None);
    assembler.finish()
}

/// The same for the policy of a site; `from` is where its file is named.
pub(super) fn assemble_site(
    entry: &str,
    from: Span,
    files: &dyn Files,
    sources: &mut SourceMap,
    findings: &Findings,
) -> Assembled {
    let mut assembler = Assembler::new(Owner::Site, files, sources, findings);
    assembler.follow(entry.to_owned(), Some(from));
    assembler.finish()
}

impl<'f> Assembler<'f> {
    fn new(owner: Owner, files: &'f dyn Files, sources: &'f mut SourceMap, findings: &'f Findings) -> Self {
        Self {
            files,
            sources,
            findings,
            declarations: Vec::new(),
            seen: HashSet::new(),
            chain: Vec::new(),
            head: None,
            data: BTreeMap::new(),
            owner,
            sites: Vec::new(),
            amount: Amount::default(),
            is_full: false,
        }
    }

    fn finish(mut self) -> Assembled {
        let builtin = self.sources.add(SourceFile::new(builtin::NAME, builtin::TEXT));
        self.parse(builtin);
        let start_of_builtin = Span::new(builtin, 0..0);
        Assembled {
            declarations: self.declarations,
            head: self.head.unwrap_or(start_of_builtin),
            builtin,
            default_name: Name { text: SmolStr::new_static("default"), span: start_of_builtin },
            data: self.data,
            sites: self.sites,
            amount: self.amount,
        }
    }

    /// Reads the file of that name, and what it includes, unless it has been read or there is too much.
    fn follow(&mut self, name: String, include: Option<Span>) {
        if self.is_full || !self.seen.insert(name.clone()) {
            return;
        }
        let Some(file) = self.read(&name, include, Kind::Policy) else { return };
        self.chain.push(Link { name, include });
        self.parse(file);
        self.chain.pop();
    }

    /// Reads a file into the source map; reports what keeps it from being a policy's text, or a table's.
    fn read(&mut self, name: &str, include: Option<Span>, kind: Kind) -> Option<FileId> {
        let bytes = match self.amount.read(kind, |most_bytes| self.files.read(name, most_bytes)) {
            Ok(bytes) => bytes,
            Err(Unread::Failed(reason)) => {
                let place = self.place_of(name, include);
                let finding = Diagnostic::new(Code::E0222, place, format!("cannot read `{name}`: {reason}"));
                let include = include.filter(|_| kind == Kind::Policy);
                self.findings.report(match include.and_then(|include| self.all_in_folder(include)) {
                    Some(help) => finding.help(help),
                    None => finding,
                });
                return None;
            }
            Err(Unread::TooLarge) => {
                let place = self.place_of(name, include);
                self.findings.report(self.amount.too_large(kind, name, place));
                self.is_full |= kind == Kind::Policy;
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(self.sources.add(source(kind, name, text))),
            Err(error) => {
                self.report_not_utf8(kind, name, &error);
                None
            }
        }
    }

    /// How to include the files in the folder that an `include` names, if it does.
    fn all_in_folder(&self, include: Span) -> Option<String> {
        let text = self.sources.get(include.file)?.text().get(include.range())?;
        let pattern = format!("{}/*.warp", text.trim_matches('"').trim_end_matches('/'));
        let from = self.chain.last().map_or("", |link| link.name.as_str());
        let found = self.files.expand(from, &pattern).is_ok_and(|found| !found.is_empty());
        found.then(|| format!("to include the files in this folder, write `include \"{pattern}\";`"))
    }

    /// Where to report what is wrong with a whole file: its `include`, or an empty file of its name.
    fn place_of(&mut self, name: &str, include: Option<Span>) -> Span {
        include.unwrap_or_else(|| {
            let place = Span::new(self.sources.add(SourceFile::new(name, "")), 0..0);
            self.head.get_or_insert(place);
            place
        })
    }

    fn report_not_utf8(&mut self, kind: Kind, name: &str, error: &std::string::FromUtf8Error) {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let file = self.sources.add(source(kind, name, shown));
        let span = Span::new(file, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
        self.head.get_or_insert(span);
        let message = format!("this is not UTF-8 text: the byte 0x{byte:02X} cannot stand here");
        let finding = Diagnostic::new(Code::E0109, span, message)
            .label("not UTF-8")
            .help("save the file as UTF-8; policies are read in no other encoding");
        self.findings.report(finding);
    }

    fn parse(&mut self, file: FileId) {
        let Some(source) = self.sources.get(file) else { return };
        let (tree, findings) = parse(file, source);
        // Only the entry has to say which language it is written in.
        let is_entry = self.chain.len() <= 1;
        let wanted = |finding: &Diagnostic| is_entry || !matches!(finding.code, Code::E0106 | Code::E0110);
        findings.into_iter().filter(wanted).for_each(|finding| self.findings.report(finding));
        let start = tree.version.as_ref().map_or(Span::new(file, 0..0), |version| version.span);
        self.head.get_or_insert(start);
        for declaration in tree.declarations {
            match declaration {
                Declaration::Include(include) => self.include(&include),
                Declaration::Site(site) => self.site(site),
                other => {
                    if let Declaration::Table(Table { source: TableSource::File(path), .. }) = &other {
                        self.read_data(path);
                    }
                    self.declarations.push(other);
                }
            }
        }
    }

    /// Reads the file of a table.
    fn read_data(&mut self, path: &Name) {
        let Some(name) = self.one_file(path) else { return };
        if let Some(file) = self.read(&name, Some(path.span), Kind::Table) {
            self.data.insert(path.span, file);
        }
    }

    /// Notes a site with its file, which is read later.
    fn site(&mut self, declared: Site) {
        if self.owner == Owner::Site {
            let finding = Diagnostic::new(Code::E0252, declared.span, "a site has no sites of its own")
                .help("declare this site beside the other one, in the policy that `warp serve` is given");
            self.findings.report(finding);
        } else if let Some(name) = self.one_file(&declared.path) {
            self.sites.push(SiteFile { declared, name });
        }
    }

    /// The name of the one file that a path stands for; reports that there is none.
    fn one_file(&self, path: &Name) -> Option<String> {
        let from = self.chain.last().map_or("", |link| link.name.as_str());
        let found = if is_pattern(&path.text) { Ok(Vec::new()) } else { self.files.expand(from, &path.text) };
        match found.map(|names| names.into_iter().next()) {
            Ok(Some(name)) => return Some(name),
            Ok(None) => {
                let finding = Diagnostic::new(Code::E0220, path.span, format!("there is no file `{}`", path.text));
                let help = "the path counts from the folder of the file that this line stands in";
                self.findings.report(finding.help(help));
            }
            Err(reason) => {
                let message = format!("cannot look for `{}`: {reason}", path.text);
                self.findings.report(Diagnostic::new(Code::E0222, path.span, message));
            }
        }
        None
    }

    fn include(&mut self, include: &Include) {
        let from = self.chain.last().map_or("", |link| link.name.as_str());
        let pattern = include.path.text.as_str();
        match self.files.expand(from, pattern) {
            Ok(names) if names.is_empty() => {
                let finding = nothing_found(&include.path);
                let help = self.all_in_folder(include.path.span).filter(|_| !is_pattern(pattern));
                self.findings.report(help.into_iter().fold(finding, Diagnostic::help));
            }
            Ok(names) => names.into_iter().for_each(|name| self.include_file(name, &include.path)),
            Err(reason) => {
                let message = format!("cannot look for `{pattern}`: {reason}");
                self.findings.report(Diagnostic::new(Code::E0222, include.path.span, message));
            }
        }
    }

    fn include_file(&mut self, name: String, path: &Name) {
        if let Some(at) = self.chain.iter().position(|link| link.name == name) {
            // A pattern that also finds the file it stands in means the other ones.
            if !is_pattern(&path.text) {
                self.findings.report(self.cycle(at, &name, path.span));
            }
        } else if self.chain.len() >= INCLUDE_DEPTH_LIMIT {
            let message = format!("more than {INCLUDE_DEPTH_LIMIT} files include each other in a row");
            self.findings.report(Diagnostic::new(Code::E0221, path.span, message));
        } else if !self.is_full {
            match self.amount.count_file(path.span) {
                Ok(()) => self.follow(name, Some(path.span)),
                Err(finding) => {
                    self.findings.report(*finding);
                    self.is_full = true;
                }
            }
        }
    }

    /// The cycle that the file at `start` of the chain closes when it is included once more.
    fn cycle(&self, start: usize, name: &str, span: Span) -> Diagnostic {
        let links = self.chain.get(start..).unwrap_or_default();
        let names: Vec<&str> = links.iter().map(|link| link.name.as_str()).chain([name]).collect();
        let finding = Diagnostic::new(Code::E0221, span, format!("`{name}` includes itself: {}", names.join(" -> ")))
            .label("closes the circle")
            .help("move what both files need into a third one, and include that");
        let included = links.iter().skip(1).filter_map(|link| Some((link, link.include?)));
        included.fold(finding, |finding, (link, include)| finding.context(include, format!("includes `{}`", link.name)))
    }
}

fn source(kind: Kind, name: &str, text: String) -> SourceFile {
    if kind == Kind::Policy { SourceFile::new(name, text) } else { SourceFile::data(name, text) }
}

/// Whether an `include` may stand for several files.
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn nothing_found(path: &Name) -> Diagnostic {
    if is_pattern(&path.text) {
        let message = format!("no file is like `{}`", path.text);
        return Diagnostic::new(Code::W0224, path.span, message)
            .help("the path counts from the folder of the file that this line stands in");
    }
    Diagnostic::new(Code::E0220, path.span, format!("there is no file `{}`", path.text))
        .help("the path counts from the folder of the file that this line stands in")
}
