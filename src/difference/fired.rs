//! The rules that fire for a request.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::decision::Event;
use crate::lang::builtin;
use crate::lang::source::{SourceMap, Span};
use crate::simulate::{Journey, Simulator};

/// A rule or statement that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fired {
    /// The file and the line: `site.warp:12`.
    pub place: String,
    /// What stands there: a line, or the rule in a long one.
    pub text: String,
}

/// Where the rules of a policy stand, by their numbers.
type Places = Rc<[Option<Span>]>;

/// A policy that says which of its rules fire.
pub(super) struct Teller<'t> {
    simulator: &'t Simulator,
    sources: &'t SourceMap,
    /// Those of each site, once they were asked for.
    places: RefCell<HashMap<Option<String>, Places>>,
}

impl<'t> Teller<'t> {
    pub fn new(simulator: &'t Simulator, sources: &'t SourceMap) -> Self {
        Self { simulator, sources, places: RefCell::default() }
    }

    fn places(&self, site: Option<&str>) -> Places {
        let places = || self.simulator.program_of(site).rules().map(|rule| rule.place).collect();
        Rc::clone(self.places.borrow_mut().entry(site.map(str::to_owned)).or_insert_with(places))
    }

    fn fired(&self, journey: &Journey) -> Vec<Fired> {
        let places = self.places(journey.site.as_deref());
        let steps = journey.and_behind().flat_map(|journey| &journey.steps);
        let spans = steps.flat_map(|ran| {
            let events = ran.explanation.course.iter().filter_map(|event| match event {
                Event::Decided(rule) => *places.get(rule.0 as usize)?,
                Event::Acted(span) | Event::Normalized(span) => Some(*span),
                Event::Called(_) => None,
            });
            events.chain(ran.explanation.verdict.span)
        });
        let mut seen = HashSet::new();
        let told = spans.filter(|span| seen.insert(*span)).filter_map(|span| line(span, self.sources));
        let all: Vec<Fired> = told.collect();
        let mut seen = HashSet::new();
        all.into_iter().filter(|fired| seen.insert(fired.clone())).collect()
    }
}

/// The rules that fire by two policies, without those that both have; all, where they have the same.
pub(super) fn apart([old, new]: [&Teller<'_>; 2], [before, after]: [&Journey; 2]) -> [Vec<Fired>; 2] {
    let (old, new) = (old.fired(before), new.fired(after));
    let only = |ones: &[Fired], others: &[Fired]| -> Vec<Fired> {
        let known: HashSet<&str> = others.iter().map(|other| other.text.as_str()).collect();
        ones.iter().filter(|one| !known.contains(one.text.as_str())).cloned().collect()
    };
    let (before, after) = (only(&old, &new), only(&new, &old));
    if before.is_empty() && after.is_empty() { [old, new] } else { [before, after] }
}

/// Whether a policy has a line, or a part of one, that says that.
pub(super) fn says(sources: &SourceMap, rule: &str) -> bool {
    sources.iter().any(|(_, file)| file.text().contains(rule))
}

/// The line on which something begins; `None` in the built-in policy.
fn line(span: Span, sources: &SourceMap) -> Option<Fired> {
    let file = sources.get(span.file).filter(|file| file.name() != builtin::NAME)?;
    let at = sources.locate(span)?.line;
    let (before, behind) = file.text().split_at_checked(span.start as usize)?;
    let begun = before.rsplit('\n').next().unwrap_or_default();
    let rest = behind.split('\n').next().unwrap_or_default();
    let line = format!("{begun}{rest}");
    let line = line.trim();
    let rule = file.text().get(span.start as usize..span.end as usize).and_then(|rule| rule.lines().next());
    let text = if line.chars().count() <= MOST_SHOWN && !holds_several(line) {
        line.to_owned()
    } else {
        cut(rule.unwrap_or(line))
    };
    Some(Fired { place: format!("{}:{at}", file.name()), text })
}

/// Whether something stands behind the end of a declaration on its line, so that the line is not one rule.
fn holds_several(line: &str) -> bool {
    let mut depth = 0_usize;
    line.char_indices().any(|(at, sign)| {
        depth = match sign {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        let rest = line.get(at + sign.len_utf8()..).unwrap_or_default().trim_start();
        sign == '}' && depth == 0 && ["sub ", "rules ", "override ", "normalize "].iter().any(|it| rest.starts_with(it))
    })
}

/// So many characters of a line are shown; of a longer one, the rule that stands in it.
pub(super) const MOST_SHOWN: usize = 160;

pub(super) fn cut(rule: &str) -> String {
    match rule.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", rule.get(..end).unwrap_or(rule)),
        None => rule.to_owned(),
    }
}
