//! What is asked of a text beside what a policy asks: that clauses of `normalize` leave it alone
//! (`decision/eval/url_path.rs`), or that it does not say a directive.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::term::{Op, Place, Term};
use super::text::{self, Asked, Automata, Domain, Found, View};
use crate::lang::hir::{Normalization, Pattern, Texts};
use crate::lang::schema::{Directive, Variable};

/// What is refused, by what refuses it: each pattern is compiled once.
type Refused = LazyLock<Asked>;

/// What stands in no path whose escapes are undone: a `%` that escapes nothing, digits in lower case, and escapes of what
/// needs none.
static ESCAPED: Refused = LazyLock::new(|| {
    refused(
        "%(?:[^0-9A-F]|[0-9A-F][^0-9A-F]|[0-9A-F]?\\z\
         |2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])",
    )
});
/// What stands in no path whose dots are gone.
static DOTS: Refused = LazyLock::new(|| refused("/(?:\\.|%2[Ee]){1,2}(?:/|\\z)"));
/// What stands in no path whose slashes are merged.
static SLASHES: Refused = LazyLock::new(|| refused("//"));
/// What stands in every path that clauses do not leave as it is.
static REWRITTEN: Refused = LazyLock::new(|| refused("%|//|/\\.{1,2}(?:/|\\z)"));
/// What most texts of a `Cache-Control` say that say a directive.
static SAID: LazyLock<HashMap<Directive, Asked>> =
    LazyLock::new(|| Directive::ALL.iter().map(|directive| (*directive, saying(*directive))).collect());
/// What stands in every text that says a directive.
static NAMED: LazyLock<HashMap<Directive, Arc<[Texts<'static>]>>> = LazyLock::new(|| {
    let texts =
        |name: &str| -> Arc<[Texts<'static>]> { Arc::new([Texts::Pattern(Pattern::new(format!("(?i){name}")), None)]) };
    Directive::ALL.iter().map(|directive| (*directive, texts(&directive.name().replace('_', "-")))).collect()
});

/// What is so of every text that a value may be, if it has gone through clauses about paths or codings. None of them undoes
/// what another one has done.
pub(super) fn asked(term: &Term) -> Vec<Asked> {
    if let Some((Op::Normalized(Normalization::AcceptEncoding(wanted)), _)) = term.as_made() {
        // One of these, if any.
        let texts = wanted.iter().map(|coding| Texts::Exact(coding.clone().into_bytes().into()));
        return vec![Asked { views: Vec::new(), texts: Some(texts.collect()), holds: true }];
    }
    let (mut at, mut asked) = (term, Vec::new());
    while let Some((Op::Normalized(clause), [inner])) = at.as_made() {
        let pattern = match clause {
            Normalization::PathDecode => Some(&ESCAPED),
            Normalization::PathResolve => Some(&DOTS),
            Normalization::PathMerge => Some(&SLASHES),
            _ => None,
        };
        asked.extend(pattern.map(|pattern| Asked::clone(pattern)));
        at = inner;
    }
    if *at == Term::Input(Place::Variable(Variable::ReqUrl)) { asked } else { Vec::new() }
}

/// What is so of all that clauses leave of a URL, of what is asked of it as it comes: a path without escapes and doubled
/// slashes is left as it is, up to there, if no segments are dots; and all of it, if nothing in it `is_rewritten`.
pub(super) fn beginnings(term: &Term, came: &[Asked], mut is_rewritten: impl FnMut() -> bool) -> Vec<Asked> {
    let (mut at, mut has_dots) = (term, false);
    while let Some((Op::Normalized(clause), [inner])) = at.as_made() {
        has_dots |= *clause == Normalization::PathResolve;
        at = inner;
    }
    if at == term || *at != Term::Input(Place::Variable(Variable::ReqUrl)) {
        return Vec::new();
    }
    let is_of_path = |asked: &&Asked| asked.texts.is_some() && asked.views.first() == Some(&View::Path);
    let of_path = || came.iter().filter(is_of_path);
    if of_path().any(|asked| !asked.holds) && !is_rewritten() {
        return of_path().cloned().collect();
    }
    let is_plain = |texts: &Texts<'static>| match texts {
        Texts::Exact(text) | Texts::Prefix(text) => {
            !text.iter().any(|byte| b"%?".contains(byte)) && memchr::memmem::find(text, b"//").is_none()
        }
        _ => false,
    };
    let is_whole = |asked: &&Asked| matches!(*asked.views, [View::Path] | [View::Path, View::Lower | View::Upper]);
    let is_left = |asked: &&Asked| asked.holds && asked.texts.as_ref().is_some_and(|texts| texts.iter().all(is_plain));
    of_path().filter(|_| !has_dots).filter(is_whole).filter(is_left).cloned().collect()
}

/// Whether there may be something to rewrite in the path of a URL of which all that is asked.
pub(super) fn is_rewritten(came: &[Asked], automata: &mut Automata) -> bool {
    let rewritten = Asked { holds: true, ..Asked::clone(&REWRITTEN) };
    text::find(Domain::Url, &[came, &[rewritten]].concat(), automata) != Found::Nothing
}

/// Whether clauses may not leave the path of a URL as it is.
pub(super) fn may_be_rewritten(url: &[u8]) -> bool {
    !REWRITTEN.passes(Some(url))
}

/// What is so of most texts of a `Cache-Control` that do not say that.
pub(super) fn without(directive: Directive) -> Option<Asked> {
    SAID.get(&directive).cloned()
}

/// What is so of most texts that say that, seen through views.
pub(super) fn with(directive: Directive, views: Vec<View>) -> Option<Asked> {
    SAID.get(&directive).map(|asked| Asked { views, holds: true, ..asked.clone() })
}

/// All texts that a directive may be said in.
pub(super) fn named(directive: Directive) -> Arc<[Texts<'static>]> {
    NAMED.get(&directive).cloned().unwrap_or_else(|| Arc::new([Texts::Prefix(Cow::Borrowed(b""))]))
}

fn saying(directive: Directive) -> Asked {
    let name = directive.name().replace('_', "-");
    Asked { views: Vec::new(), ..refused(&format!("(?i)(?:^|[, \\t]){name}(?:$|[, \\t=])")) }
}

/// What is so of most texts of a `Cookie` with a cookie of that name: also of those that are written in other ways than
/// browsers write them.
pub(super) fn with_cookie(name: &[u8], automata: &mut Automata) -> Option<Asked> {
    let name = regex_syntax::escape(std::str::from_utf8(name).ok()?);
    let texts = automata.pattern(format!("(?:^|;)[ \\t]*{name}=[a-z0-9]"));
    Some(Asked { views: Vec::new(), texts: Some(Arc::new([texts])), holds: true })
}

/// What is so of texts of a `Cookie` without a cookie of that name.
pub(super) fn without_cookie(name: &[u8], automata: &mut Automata) -> Option<Asked> {
    let name = regex_syntax::escape(std::str::from_utf8(name).ok()?);
    let texts = automata.pattern(format!("(?:^|;)[ \\t]*{name}[ \\t]*(?:$|[;=])"));
    Some(Asked { views: Vec::new(), texts: Some(Arc::new([texts])), holds: false })
}

fn refused(pattern: &str) -> Asked {
    let texts = Texts::Pattern(Pattern::new(pattern), None);
    Asked { views: vec![View::Path], texts: Some(Arc::new([texts])), holds: false }
}
