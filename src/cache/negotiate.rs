//! Which of what there is a client likes best (RFC 9110 §12.5), by weight alone.
//!
//! Of what it likes the same the first counts, so that requests which mean the same get the same, in whatever order
//! they say it. A member that cannot be read is as if it were not there.

use super::accept::{language, media_range, token, weighted};
use super::list;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A language, by `Accept-Language` (§12.5.4).
    Language,
    /// A content coding, by `Accept-Encoding` (§12.5.3).
    Encoding,
    /// A media type, by `Accept` (§12.5.1).
    Media,
}

/// So many members are looked at: each is compared with all that is offered, and nobody means more.
const MOST_MEMBERS: usize = 64;

impl Choice {
    /// The best of what is `offered` for a client whose field has these lines; `None` if it takes nothing of it.
    ///
    /// A client that says nothing takes any language and media type (§12.4.1), and of codings `identity`: it
    /// may take others (§12.5.3), but none is sure.
    pub fn best<'l, 'o, O: AsRef<[u8]>>(
        self,
        lines: impl IntoIterator<Item = &'l [u8]>,
        offered: &'o [O],
    ) -> Option<&'o [u8]> {
        let members = lines.into_iter().flat_map(list::split);
        let ranges: Vec<Range> = members.take(MOST_MEMBERS).filter_map(|member| self.range(member)).collect();
        let mut best: Option<(Liking<'_>, &[u8])> = None;
        for one in offered.iter().map(AsRef::as_ref) {
            let liking = self.liking(&one.to_ascii_lowercase(), &ranges);
            if best.as_ref().map_or(liking.weight > 0, |(other, _)| liking.is_above(other)) {
                best = Some((liking, one));
            }
        }
        best.map(|(_, one)| one)
    }

    fn range(self, member: &[u8]) -> Option<Range> {
        let read = match self {
            Self::Language => language,
            Self::Encoding => coding,
            Self::Media => media_range,
        };
        let preference = weighted(member, read)?;
        Some(Range { what: preference.what.to_ascii_lowercase(), weight: preference.weight })
    }

    /// How much the client likes it: by the range that fits best.
    fn liking<'r>(self, offered: &[u8], ranges: &'r [Range]) -> Liking<'r> {
        let fits = match self {
            Self::Language => fits_language,
            Self::Encoding => fits_coding,
            Self::Media => fits_media,
        };
        let fitting = ranges.iter().filter_map(|range| Some((fits(offered, range)?, range)));
        let best = fitting.max_by_key(|(fit, range)| (*fit, range.weight, &range.what));
        let unsaid = match self {
            // §12.5.3: it is fine unless something says that it is not, and everything that is named is better.
            Self::Encoding => u16::from(offered == b"identity"),
            Self::Language | Self::Media => u16::from(ranges.is_empty()),
        };
        best.map_or(Liking { weight: unsaid, fit: 0, by: b"" }, |(fit, range)| Liking {
            weight: range.weight * 2,
            fit,
            by: &range.what,
        })
    }
}

/// How much a client likes something, and what says so.
struct Liking<'r> {
    /// Twice the thousandths of the range, 0 for not at all; 1 for what is fine and no range says so.
    weight: u16,
    fit: Fit,
    by: &'r [u8],
}

impl Liking<'_> {
    /// Whether the client likes this more, or named it more exactly by the same range.
    fn is_above(&self, other: &Self) -> bool {
        self.weight > other.weight || self.weight == other.weight && self.by == other.by && self.fit > other.fit
    }
}

/// What a client names, in lower case, with its weight in thousandths.
struct Range {
    what: Vec<u8>,
    weight: u16,
}

/// How well a range fits, if it does: the more, the better.
type Fit = usize;

/// `x-gzip` is another name of `gzip` (§8.4.1.3).
fn coding(text: &[u8]) -> Option<Vec<u8>> {
    let name = token(text)?;
    Some(if name == b"x-gzip" { b"gzip".to_vec() } else { name })
}

fn fits_coding(offered: &[u8], range: &Range) -> Option<Fit> {
    match range.what.as_slice() {
        b"*" => Some(0),
        _ => (offered == range.what).then_some(1),
    }
}

/// `de-AT` is offered: that itself fits best, then the longest range that holds it, `de` (RFC 4647 §3.3.1), then the
/// longest one that it is the nearest thing to, `de-AT-1996` (§3.4), for which it is nearer than `de`.
fn fits_language(offered: &[u8], range: &Range) -> Option<Fit> {
    const HOLDS: Fit = 1 << 16;
    let holds = |whole: &[u8], part: &[u8]| whole.strip_prefix(part).is_some_and(|rest| rest.starts_with(b"-"));
    match range.what.as_slice() {
        b"*" => Some(0),
        what if offered == what => Some(2 * HOLDS),
        what if holds(offered, what) => Some(HOLDS + what.len()),
        // Who refuses `de-AT` has said nothing of `de`.
        what if range.weight > 0 && holds(what, offered) => Some(1 + offered.len()),
        _ => None,
    }
}

/// `text/html;level=1` fits better than `text/html`, that than `text/*`, and that than `*/*`.
fn fits_media(offered: &[u8], range: &Range) -> Option<Fit> {
    let (offered_type, offered_parameters) = parts(offered);
    let (range_type, parameters) = parts(&range.what);
    let has_parameters = parameters.iter().all(|parameter| offered_parameters.contains(parameter));
    let family = range_type.strip_suffix(b"*");
    match family {
        Some(b"*/") => Some(0),
        Some(family) if !family.is_empty() => offered_type.starts_with(family).then_some(1),
        _ => (offered_type == range_type && has_parameters).then_some(2 + parameters.len()),
    }
}

/// The type and its parameters.
fn parts(media_type: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let mut parts = list::split_at_semicolons(media_type);
    (parts.next().unwrap_or_default(), parts.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn best(choice: Choice, line: &str, offered: &[&str]) -> Option<String> {
        let found = choice.best(Some(line.as_bytes()), offered);
        found.map(|one| String::from_utf8(one.to_vec()).unwrap())
    }

    #[test]
    fn rfc9110_12_5_4_the_best_language_is_found_by_weight() {
        for (line, expected) in [
            ("de", Some("de")),
            ("de;q=0.5, en;q=0.7", Some("en")),
            ("fr, de;q=0.1", Some("de")),
            ("de-CH, fr;q=0.9", Some("de")),
            ("DE-at-1996;q=0.5", Some("de-AT")),
            ("de, de-AT;q=0.5, en;q=0.6", Some("de")),
            ("de-AT, de;q=0.5", Some("de-AT")),
            ("*, en;q=0.5", Some("de")),
            ("*;q=0.1, en;q=0", Some("de")),
            ("en;q=0, de;q=0", None),
            ("fr", None),
            ("", Some("en")),
            ("d e, en;q=2", Some("en")),
            ("de, en", Some("en")),
            ("de, de-AT, fr", Some("de")),
            ("de-CH;q=0, en;q=0", None),
            ("de-CH;q=0, *;q=0.1, en;q=0", Some("de")),
        ] {
            assert_eq!(best(Choice::Language, line, &["en", "de", "de-AT"]).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn rfc4647_3_3_1_a_range_holds_whole_subtags() {
        assert_eq!(best(Choice::Language, "de", &["den"]), None);
        assert_eq!(best(Choice::Language, "zh-Hant", &["zh-Hant-TW", "zh-TW"]).as_deref(), Some("zh-Hant-TW"));
    }

    #[test]
    fn rfc9110_12_5_3_codings_by_weight_and_identity_last() {
        for (line, expected) in [
            ("gzip, br", Some("br")),
            ("gzip;q=1.0, br;q=0.5", Some("gzip")),
            ("X-GZIP", Some("gzip")),
            ("*;q=0.5, br;q=0", Some("gzip")),
            ("deflate", Some("identity")),
            ("identity;q=0.5, gzip;q=0.4", Some("identity")),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("*;q=0, identity;q=0.1", Some("identity")),
            ("br;q=0.001", Some("br")),
            ("", Some("identity")),
        ] {
            assert_eq!(best(Choice::Encoding, line, &["br", "gzip", "identity"]).as_deref(), expected, "{line}");
        }
        assert_eq!(best(Choice::Encoding, "", &["br", "gzip"]), None);
    }

    #[test]
    fn rfc9110_12_5_1_the_most_specific_range_counts() {
        let line = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
        for (offered, weight) in [
            ("text/plain;format=flowed", 1000),
            ("text/plain", 700),
            ("text/html", 300),
            ("image/jpeg", 500),
            ("text/plain;format=fixed", 400),
            ("text/plain;format=flowed;x=y", 1000),
        ] {
            let ranges: Vec<Range> = list::split(line.as_bytes()).filter_map(|one| Choice::Media.range(one)).collect();
            assert_eq!(Choice::Media.liking(offered.as_bytes(), &ranges).weight, weight * 2, "{offered}");
        }
        let offered = ["application/json", "text/html"];
        let best = |line| best(Choice::Media, line, &offered);
        assert_eq!(best("text/html, application/json;q=0.9").as_deref(), Some("text/html"));
        assert_eq!(best("*/*").as_deref(), Some("application/json"));
        assert_eq!(best("TEXT/HTML").as_deref(), Some("text/html"));
        assert_eq!(best("image/*").as_deref(), None);
        assert_eq!(best("*/html, text/html;q=0.1").as_deref(), Some("text/html"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_what_is_chosen_is_offered(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            for choice in [Choice::Language, Choice::Encoding, Choice::Media] {
                let offered = ["de", "gzip", "text/html"];
                if let Some(best) = choice.best(Some(line.as_slice()), &offered) {
                    prop_assert!(offered.iter().any(|one| one.as_bytes() == best));
                }
            }
        }

        #[test]
        fn the_order_of_members_does_not_matter(
            members in proptest::collection::vec(
                proptest::sample::select(vec!["de", "de-AT;q=0.5", "en;q=0.5", "*;q=0.2", "fr", "de-CH;q=0.3"]), 0..5)
            .prop_shuffle(),
        ) {
            let offered = ["en", "de", "de-AT", "fr"];
            let mut sorted = members.clone();
            sorted.sort_unstable();
            prop_assert_eq!(
                best(Choice::Language, &members.join(", "), &offered),
                best(Choice::Language, &sorted.join(","), &offered)
            );
        }
    }
}
