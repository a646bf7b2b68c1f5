//! Conditions as alternatives of conjunctions.

use crate::lang::hir::{Expression, ExpressionKind};

/// How many alternatives one condition may have.
const MOST_ALTERNATIVES: usize = 256;

/// A part of a condition that is tested as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Literal<'h> {
    pub expression: &'h Expression,
    /// Whether it must not hold.
    pub negated: bool,
}

/// Literals that must all hold.
pub(super) type Conjunction<'h> = Vec<Literal<'h>>;

/// A condition, all of whose parts must hold, as alternatives: at most `most`; what would make more of
/// them stays one literal.
pub(super) fn alternatives(parts: &[Expression], most: usize) -> Vec<Conjunction<'_>> {
    all(parts, false, most.clamp(1, MOST_ALTERNATIVES))
}

fn expand(literal: Literal<'_>, most: usize) -> Vec<Conjunction<'_>> {
    let negated = literal.negated;
    match &literal.expression.kind {
        ExpressionKind::Bool(flag) if *flag == negated => Vec::new(),
        ExpressionKind::Bool(_) => vec![Vec::new()],
        ExpressionKind::Not(inner) => expand(Literal { expression: inner, negated: !negated }, most),
        ExpressionKind::And(parts) if !negated => all(parts, negated, most),
        ExpressionKind::Or(parts) if negated => all(parts, negated, most),
        ExpressionKind::And(parts) | ExpressionKind::Or(parts) => {
            any(parts, negated, most).unwrap_or_else(|| single(literal))
        }
        _ => single(literal),
    }
}

fn single(literal: Literal<'_>) -> Vec<Conjunction<'_>> {
    vec![vec![literal]]
}

/// Every choice of one alternative from each part.
fn all(parts: &[Expression], negated: bool, most: usize) -> Vec<Conjunction<'_>> {
    let mut choices = vec![Vec::new()];
    for part in parts {
        let literal = Literal { expression: part, negated };
        let alternatives = expand(literal, most);
        let alternatives = if choices.len() * alternatives.len() > most { single(literal) } else { alternatives };
        choices = combine(&choices, &alternatives);
    }
    choices
}

fn combine<'h>(left: &[Conjunction<'h>], right: &[Conjunction<'h>]) -> Vec<Conjunction<'h>> {
    left.iter().flat_map(|left| right.iter().map(|right| [left.as_slice(), right.as_slice()].concat())).collect()
}

/// The alternatives of each part, one after the other; `None` if they are too many.
fn any(parts: &[Expression], negated: bool, most: usize) -> Option<Vec<Conjunction<'_>>> {
    let mut alternatives = Vec::new();
    for part in parts {
        alternatives.extend(expand(Literal { expression: part, negated }, most));
        if alternatives.len() > most {
            return None;
        }
    }
    Some(alternatives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::schema::Type;
    use crate::lang::source::{FileId, Span};

    fn expression(kind: ExpressionKind) -> Expression {
        Expression { kind, ty: Type::Bool, span: Span::new(FileId(0), 0..0) }
    }

    fn atom(number: i64) -> Expression {
        expression(ExpressionKind::Int(number))
    }

    fn shown(condition: &Expression, most: usize) -> String {
        let literal = |literal: &Literal<'_>| match literal.expression.kind {
            ExpressionKind::Int(number) if literal.negated => format!("!{number}"),
            ExpressionKind::Int(number) => number.to_string(),
            _ => "(...)".to_owned(),
        };
        let conjunction = |parts: &Conjunction<'_>| parts.iter().map(literal).collect::<Vec<_>>().join("&");
        alternatives(std::slice::from_ref(condition), most).iter().map(conjunction).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn conditions_become_alternatives_of_conjunctions() {
        let or = expression(ExpressionKind::Or(vec![atom(1), atom(2)]));
        let both = expression(ExpressionKind::And(vec![or, atom(3)]));
        assert_eq!(shown(&both, 9), "1&3 | 2&3");
        assert_eq!(shown(&expression(ExpressionKind::Not(Box::new(both))), 9), "!1&!2 | !3");
    }

    #[test]
    fn constants_fall_away() {
        let fixed = |flag| expression(ExpressionKind::Bool(flag));
        assert_eq!(shown(&expression(ExpressionKind::And(vec![fixed(true), atom(1)])), 9), "1");
        assert_eq!(shown(&expression(ExpressionKind::Or(vec![fixed(false), atom(1)])), 9), "1");
        assert_eq!(shown(&expression(ExpressionKind::And(vec![fixed(false), atom(1)])), 9), "");
    }

    #[test]
    fn what_would_multiply_stays_whole() {
        let or = || expression(ExpressionKind::Or(vec![atom(1), atom(2)]));
        let many = expression(ExpressionKind::And(vec![or(), or(), or()]));
        assert_eq!(shown(&many, 4), "1&1&(...) | 1&2&(...) | 2&1&(...) | 2&2&(...)");
    }
}
