//! Header fields that are nearly called like one that everybody knows: `req.http.User-Agnet`.

use std::collections::BTreeMap;

use http::HeaderName;
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, VARY};

use super::field_list::{elements, written};
use super::known_fields::KNOWN;
use super::walk;
use crate::lang::diagnostic::suggest::distance;
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::{ExpressionKind, Hir, StatementKind, Tags, Target};
use crate::lang::source::{SourceMap, Span};

/// Fields that name others.
const NAMING: [HeaderName; 3] = [ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, VARY];

/// How a policy uses a field.
#[derive(Default)]
struct Uses {
    places: Vec<Span>,
    is_read: bool,
    is_set: bool,
}

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let uses = uses(hir);
    let mut found = Vec::new();
    for (name, uses) in &uses {
        // One that is both set and read here is a name of the policy's own.
        let Some(known) = meant(name).filter(|_| !(uses.is_read && uses.is_set)) else { continue };
        found.extend(uses.places.iter().map(|place| finding(name, &known, *place, sources)));
    }
    found
}

fn uses(hir: &Hir) -> BTreeMap<String, Uses> {
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    let mut note = |name: &HeaderName, place, is_read, is_set| {
        let uses = uses.entry(name.as_str().to_owned()).or_default();
        uses.places.push(place);
        uses.is_read |= is_read;
        uses.is_set |= is_set;
    };
    for expression in walk::expressions(hir) {
        if let ExpressionKind::Header(_, name) = &expression.kind {
            note(name, expression.span, true, false);
        }
    }
    for statement in walk::statements(hir) {
        match &statement.kind {
            StatementKind::Set(Target::Header(_, name), _) => note(name, statement.span, false, true),
            StatementKind::Unset(Target::Header(_, name)) => note(name, statement.span, false, false),
            StatementKind::Tag(Tags::Field(name)) => note(name, statement.span, true, false),
            _ => {}
        }
        if let Some((_, value)) = written(statement).filter(|(name, _)| NAMING.contains(name)) {
            let names = elements(value).into_iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
            names.for_each(|name| note(&name, value.span, true, false));
        }
    }
    uses
}

/// The known field that a name is nearly that of. Short names and those of one's own (`X-…`) are near to many by chance.
fn meant(name: &str) -> Option<String> {
    if KNOWN.contains(&name) || name.starts_with("sec-") {
        return None;
    }
    let allowed = match name.len() {
        0..5 => return None,
        9.. if !name.starts_with("x-") => 2,
        _ => 1,
    };
    let near = KNOWN.iter().filter(|known| known.len() >= 6 && known.starts_with("x-") == name.starts_with("x-"));
    // Many say `cookies`, and misspell that.
    let one = name.strip_suffix('s').filter(|one| one.len() >= 6 && !name.starts_with("x-"));
    let plural = |known: &str| distance(one?, known, 1);
    let near = near.filter_map(|known| Some((distance(name, known, allowed).or_else(|| plural(known))?, *known)));
    near.min().map(|(_, known)| as_written(known))
}

/// The name as people write it.
fn as_written(name: &str) -> String {
    if let Some(special) =
        ["ETag", "DNT", "WWW-Authenticate", "X-XSS-Protection"].iter().find(|it| it.eq_ignore_ascii_case(name))
    {
        return (*special).to_owned();
    }
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn finding(name: &str, known: &str, place: Span, sources: &SourceMap) -> Diagnostic {
    let place = named_within(name, place, sources);
    let written = sources.text(place);
    let message = format!("`{}` is nearly `{known}`", if written.len() == name.len() { written } else { name });
    let finding = Diagnostic::new(Code::W0260, place, message).help(format!("did you mean `{known}`?"));
    if written.len() != name.len() {
        return finding;
    }
    let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("write `{known}`"), place, known) };
    finding.fix(fix)
}

/// Where the name stands within a place; the place if it does not.
pub(super) fn named_within(name: &str, place: Span, sources: &SourceMap) -> Span {
    let text = sources.text(place).to_ascii_lowercase();
    let Some(at) = text.find(name) else { return place };
    let start = place.start as usize + at;
    Span::new(place.file, start..start + name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_told_and_names_of_ones_own_are_not() {
        for (name, known) in [
            ("user-agnet", "User-Agent"),
            ("cokie", "Cookie"),
            ("cookies", "Cookie"),
            ("cookeis", "Cookie"),
            ("referrer", "Referer"),
            ("cache-contol", "Cache-Control"),
            ("set-cookies", "Set-Cookie"),
            ("x-forwared-for", "X-Forwarded-For"),
            ("strict-transport-securty", "Strict-Transport-Security"),
        ] {
            assert_eq!(meant(name).as_deref(), Some(known), "{name}");
        }
        for name in [
            "x-cash",
            "x-site",
            "x-device",
            "hosts",
            "tenant",
            "grade",
            "x-cookie",
            "sec-ch-ua",
            "api-key",
            "accept-post",
            "etags",
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_lower_case() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.iter().all(|name| HeaderName::from_static(name).as_str() == *name));
    }
}
