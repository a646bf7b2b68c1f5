use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::lang::hir::Pattern;

const TEXTS: &[&str] = &["/", "/a", "/a/", "/a/b", "/ab", "/b.a", "/B", "a", ".a", "b", "", "?", "/a?b", "*"];
const PATTERNS: &[&str] =
    &["^/a", "^/a/", "^/a$", "a$", "", "^$", "^/(a|b)", "(?i)^/A", "b.a", "^a", r"\?b", "^/[^/]*$"];

fn kind() -> impl Strategy<Value = Texts<'static>> {
    (0_usize..5, select(TEXTS), select(PATTERNS)).prop_map(|(kind, text, pattern)| match kind {
        0 => Texts::Exact(text.as_bytes().into()),
        1 => Texts::Prefix(text.as_bytes().into()),
        2 => Texts::Suffix(text.as_bytes().into()),
        3 => Texts::Extension(b"a"[..].into()),
        _ => Texts::matching(&Pattern::new(pattern)),
    })
}

fn view() -> impl Strategy<Value = View> {
    let around = View::Around(b"/"[..].into(), b"b"[..].into());
    select(vec![View::Lower, View::Upper, View::Path, View::Host, around])
}

fn asked() -> impl Strategy<Value = Asked> {
    let texts = prop::option::weighted(0.9, prop::collection::vec(kind(), 1..3).prop_map(Arc::from));
    (prop::collection::vec(view(), 0..2), texts, any::<bool>()).prop_map(|(views, texts, holds)| Asked {
        views,
        texts,
        holds,
    })
}

/// All texts of a few bytes, of those that tests look for and one that none does.
fn all_texts() -> Vec<Vec<u8>> {
    let bytes = b"/ab.?ABx:*";
    let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
    let mut last = texts.clone();
    for _ in 0..4 {
        last = last.iter().flat_map(|text| bytes.iter().map(move |byte| [text, &[*byte][..]].concat())).collect();
        texts.extend(last.iter().cloned());
    }
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_passes_and_what_is_not_found_is_nowhere(
        asked in prop::collection::vec(asked(), 1..5),
        domain in select(vec![Domain::Url, Domain::Field, Domain::Any, Domain::Host]),
    ) {
        match find(domain, &asked, &mut Automata::default()) {
            Found::Value(None) => prop_assert!(domain.may_be_unset() && asked.iter().all(|one| one.passes(None))),
            Found::Value(Some(text)) => {
                prop_assert!(domain.holds(&text), "{text:?}");
                prop_assert!(asked.iter().all(|one| one.passes(Some(&text))), "{}", String::from_utf8_lossy(&text));
            }
            Found::Nothing => {
                let passing = all_texts().into_iter().find(|text| {
                    domain.holds(text) && asked.iter().all(|one| one.passes(Some(text)))
                });
                prop_assert_eq!(passing.map(|text| String::from_utf8_lossy(&text).into_owned()), None);
            }
            Found::GaveUp => prop_assert!(false, "a budget for so little"),
        }
    }
}

fn texts(asked: &[(Texts<'static>, bool)]) -> Found {
    let asked = asked.iter().map(|(texts, holds)| Asked {
        views: Vec::new(),
        texts: Some([texts.clone()].to_vec().into()),
        holds: *holds,
    });
    find(Domain::Url, &asked.collect::<Vec<_>>(), &mut Automata::default())
}

#[test]
fn a_pattern_without_the_slash_matches_no_url() {
    assert_eq!(texts(&[(Texts::matching(&Pattern::new("^admin")), true)]), Found::Nothing);
    assert!(matches!(texts(&[(Texts::matching(&Pattern::new("admin")), true)]), Found::Value(Some(_))));
}

#[test]
fn products_tell_what_no_pair_does() {
    let pattern = |text: &str| Texts::matching(&Pattern::new(text));
    let within = [(pattern("^/[ab]$"), true), (pattern("^/a"), false), (pattern("b$"), false)];
    assert_eq!(texts(&within), Found::Nothing);
    let open = [(pattern(r"\.(css|js)$"), true), (Texts::Prefix(b"/static/"[..].into()), false)];
    assert!(matches!(texts(&open), Found::Value(Some(_))));
}
