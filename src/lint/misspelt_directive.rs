//! Directives of a `Cache-Control` that a policy writes, and that no cache knows: `pubic`, `max_age=60`, `s-max-age=60`, or
//! several with a `;` between them. What a cache does not know it passes over (RFC 9111 section 5.2.3).

use super::field_list::{elements, written};
use super::misspelt_field::named_within;
use super::walk;
use crate::lang::diagnostic::suggest::distance;
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::Hir;
use crate::lang::source::{SourceMap, Span};

/// Fields that hold such directives.
const FIELDS: [&str; 3] = ["cache-control", "cdn-cache-control", "surrogate-control"];

/// Those that caches know, or knew.
const KNOWN: [&str; 20] = [
    "content",
    "immutable",
    "max-age",
    "max-stale",
    "min-fresh",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-store-remote",
    "no-transform",
    "only-if-cached",
    "post-check",
    "pre-check",
    "private",
    "proxy-revalidate",
    "public",
    "s-maxage",
    "stale-if-error",
    "stale-while-revalidate",
];

/// Shorter words are near to others by chance.
const FEWEST_LETTERS: usize = 5;
/// In one of so many letters two errors are a misspelling.
const LONG: usize = 10;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        let Some((_, value)) = written(statement).filter(|(name, _)| FIELDS.contains(&name.as_str())) else { continue };
        found.extend(elements(value).iter().filter_map(|element| finding(element, value.span, sources)));
    }
    found
}

fn finding(element: &str, place: Span, sources: &SourceMap) -> Option<Diagnostic> {
    let name = element.split('=').next()?.trim().to_ascii_lowercase();
    if is_known(&name) {
        return None;
    }
    let tell = |message: String, written: &str, meant: &str| {
        let place = named_within(written, place, sources);
        let finding = Diagnostic::new(Code::W0264, place, message).help(format!("write `{meant}`"));
        let is_there = sources.text(place).eq_ignore_ascii_case(written);
        let fix = || Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("write `{meant}`"), place, meant) };
        if is_there { finding.fix(fix()) } else { finding }
    };
    if let Some(listed) = listed(element) {
        let message = format!("no cache knows `{name}`: a `,` stands between two directives");
        return Some(tell(message, &element.to_ascii_lowercase(), &listed));
    }
    let meant = meant(&name)?;
    Some(tell(format!("no cache knows `{name}`, which is nearly `{meant}`"), &name, meant))
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// What is meant where something else than a `,` stands between directives that are known, or than a `=` behind one.
fn listed(element: &str) -> Option<String> {
    let known = |piece: &str| is_known(&piece.split('=').next().unwrap_or_default().trim().to_ascii_lowercase());
    if let Some((name, value)) = element.split_once(':') {
        return known(name).then(|| format!("{}={}", name.trim(), value.trim()));
    }
    let pieces: Vec<&str> = element.split([';', ' ']).filter(|piece| !piece.is_empty()).collect();
    (pieces.len() > 1 && pieces.iter().all(|piece| known(piece))).then(|| pieces.join(", "))
}

/// The directive that a name is nearly that of.
fn meant(name: &str) -> Option<&'static str> {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let allowed = match name.len() {
        0..FEWEST_LETTERS => return None,
        LONG.. => 2,
        _ => 1,
    };
    let near = |known: &&str| letters(name) == letters(known) || distance(name, known, allowed).is_some();
    KNOWN.into_iter().find(near)
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, is_known, listed, meant};

    #[test]
    fn near_ones_are_told_and_those_of_others_are_not() {
        for (name, known) in [
            ("pubic", "public"),
            ("privat", "private"),
            ("max_age", "max-age"),
            ("maxage", "max-age"),
            ("s-max-age", "s-maxage"),
            ("nostore", "no-store"),
            ("no-chache", "no-cache"),
            ("must-validate", "must-revalidate"),
            ("stale-while-revalidating", "stale-while-revalidate"),
        ] {
            assert_eq!(meant(name), (name != "stale-while-revalidating").then_some(known), "{name}");
        }
        for name in ["community", "x-public", "no-archive", "age", "edge-control", "dynamic", "\"set-cookie\""] {
            assert_eq!(meant(name), None, "{name}");
        }
        assert!(KNOWN.is_sorted() && KNOWN.into_iter().all(is_known));
    }

    #[test]
    fn what_stands_between_two() {
        for (element, meant) in [
            ("public; max-age=60", "public, max-age=60"),
            ("public max-age=60", "public, max-age=60"),
            ("max-age: 60", "max-age=60"),
        ] {
            assert_eq!(listed(element).as_deref(), Some(meant), "{element}");
        }
        for element in ["max-age=60", "max-age=60;target", "ext: 60"] {
            assert_eq!(listed(element), None, "{element}");
        }
    }
}
