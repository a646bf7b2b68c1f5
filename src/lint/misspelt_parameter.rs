//! Parameters that are nearly called like those which campaigns and advertisers add to links: `utm_sorce`.

use super::misspelt_name::{Names, is_near, quoted_within};
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::source::{SourceMap, Span};

/// Those that everybody means who writes one of them.
const KNOWN: [&str; 24] = [
    "_hsenc",
    "dclid",
    "fbclid",
    "gbraid",
    "gclid",
    "gclsrc",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "srsltid",
    "ttclid",
    "twclid",
    "utm_campaign",
    "utm_content",
    "utm_id",
    "utm_medium",
    "utm_source",
    "utm_source_platform",
    "utm_term",
    "wbraid",
    "yclid",
];

/// In a shorter one, which is near to others by chance, only letters that are out of order count.
const LONG: usize = 8;

pub(super) fn find(parameters: &Names, sources: &SourceMap) -> Vec<Diagnostic> {
    let misspelt = parameters.iter().filter_map(|(name, places)| {
        // One that stands beside the known one is compared with that.
        let known = meant(name).filter(|known| !parameters.contains_key(*known))?;
        Some(places.iter().map(move |place| finding(name, known, *place, sources)))
    });
    misspelt.flatten().collect()
}

fn meant(name: &str) -> Option<&'static str> {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_meant = |known: &&str| {
        let is_long = name.len() >= LONG && name.replace('-', "_") != **known;
        !name.eq_ignore_ascii_case(known) && is_near(name, known) && (is_long || letters(name) == letters(known))
    };
    KNOWN.into_iter().find(is_meant).filter(|_| !KNOWN.contains(&name))
}

fn finding(name: &str, known: &str, place: Span, sources: &SourceMap) -> Diagnostic {
    let place = quoted_within(name, place, sources);
    let finding = Diagnostic::new(Code::W0262, place, format!("the parameter `{name}` is nearly `{known}`"));
    let finding = finding.help(format!("did you mean `{known}`?"));
    if sources.text(place) != format!("\"{name}\"") {
        return finding;
    }
    let fix = Fix::replace(format!("write `{known}`"), place, format!("\"{known}\""));
    finding.fix(Fix { safety: Safety::NeedsReview, ..fix })
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn near_ones_are_told_and_other_ones_are_not() {
        for (name, known) in [
            ("utm_sorce", "utm_source"),
            ("utm_campain", "utm_campaign"),
            ("umt_medium", "utm_medium"),
            ("gcild", "gclid"),
            ("fbcild", "fbclid"),
        ] {
            assert_eq!(meant(name), Some(known), "{name}");
        }
        for name in
            ["utm_source", "UTM_SOURCE", "utm-source", "utm_sources", "utm_name", "gclidx", "clid", "wclid", "source"]
        {
            assert_eq!(meant(name), None, "{name}");
        }
    }
}
