//! `rules request unique { … }`: no request may be one of two rows.
//!
//! Two rows are apart if they ask of one value what no value is: other texts, paths that are not below each other, numbers
//! of other ranges, addresses of other networks, a condition and its opposite. What is not understood keeps nothing apart, so that a table without
//! a finding has no overlap, and one with a finding may have none that anybody sees: it is said what to add.

mod claim;
mod lists;
mod pairs;

use std::ops::ControlFlow;

use self::claim::Claims;
use self::pairs::visit_pairs;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Expression, ExpressionKind};
use crate::lang::source::Span;

/// So many pairs of rows are looked at.
const MOST_PAIRS: usize = 2_000_000;

/// The longest condition that is shown in a help.
const LONGEST_SHOWN_BYTES: usize = 60;

impl Scope<'_, '_> {
    /// Reports each row that a request may take which takes an earlier one, too.
    pub(super) fn report_overlaps(&self, arms: &[Arm], table: Span) {
        let claims = Claims::of(arms.iter().map(|arm| &arm.condition), &self.cx.acls);
        let mut met: Vec<Option<usize>> = vec![None; arms.len()];
        let mut spare = MOST_PAIRS;
        let ended = visit_pairs(&claims, &mut |one, other| {
            let pair = claims.ways.get(one).zip(claims.ways.get(other));
            if let Some((one, other)) = pair
                && one.row != other.row
                && let Some(known @ None) = met.get_mut(one.row.max(other.row))
                && !claims.are_apart(one, other)
            {
                *known = Some(one.row.min(other.row));
            }
            spare -= 1;
            if spare == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        for (later, earlier) in met.into_iter().enumerate() {
            let pair = earlier.and_then(|earlier| Some((&arms.get(earlier)?.condition, &arms.get(later)?.condition)));
            if let Some((earlier, later)) = pair {
                self.report(self.overlap(earlier, later));
            }
        }
        if ended.is_break() {
            let message = "there are too many rows to see that each request takes one of them at most";
            let finding = Diagnostic::new(Code::E0540, table, message);
            self.report(finding.help("ask for the host or the start of the path in each row, or write `first`"));
        }
    }

    fn overlap(&self, earlier: &Expression, later: &Expression) -> Diagnostic {
        let finding = Diagnostic::new(Code::E0540, later.span, "a request may take this row and another one")
            .context(earlier.span, "the other one");
        if [earlier, later].into_iter().any(|condition| condition.kind == ExpressionKind::Bool(true)) {
            return finding.help("write the row that takes all that is left as `else -> …`");
        }
        if !earlier.is_pure() || !later.is_pure() {
            let help = "what may be another value the next time keeps nothing apart: let the rows ask for different paths, \
                        or write `first`";
            return finding.help(help);
        }
        let (earlier, later) = (self.shown(earlier.span), self.shown(later.span));
        finding.help(format!(
            "keep them apart with `and not ({earlier})` here or `and not ({later})` there, or write `first` for the row \
             that stands above to win"
        ))
    }

    fn shown(&self, condition: Span) -> &str {
        let written = self.cx.sources.text(condition);
        if written.len() <= LONGEST_SHOWN_BYTES && !written.contains('\n') { written } else { "…" }
    }
}
