//! Requests for conditions that proofs do not look into: lengths of texts, numbers that stand in texts, and two places that
//! say the same. Each is a guess, for whoever tries it.

use http::HeaderValue;

use super::said::Said;
use crate::analysis::Witness;
use crate::lang::hir::{Comparison, Expression, ExpressionKind};
use crate::lang::schema::function::{Convert, Text};
use crate::lang::schema::{Function, Message, Variable};

/// A text of more bytes is in no request.
const MOST_BYTES: usize = 4_096;

/// A test that is guessed at.
enum Opaque<'e> {
    /// That many bytes.
    Length(&'e Expression, i64),
    /// That number, in digits.
    Number(&'e Expression, i64),
    /// The same text in both.
    Same(&'e Expression, &'e Expression),
}

/// What a witness could say beside what it says, for the condition to hold, or not to hold, just so.
pub(super) fn guesses(condition: &Expression, witness: &Witness) -> Vec<Witness> {
    let mut tests = Vec::new();
    add_opaque(condition, &mut tests);
    let beside: &[i64] = if tests.is_empty() { &[] } else { &[0, 1, -1] };
    let guess = |by: &i64| tests.iter().try_fold(witness.clone(), |witness, test| test.said(&witness, *by));
    beside.iter().filter_map(guess).collect()
}

fn add_opaque<'e>(part: &'e Expression, tests: &mut Vec<Opaque<'e>>) {
    match &part.kind {
        ExpressionKind::Not(_) | ExpressionKind::And(_) | ExpressionKind::Or(_) => {
            part.parts().for_each(|inner| add_opaque(inner, tests));
        }
        ExpressionKind::Compare(sign, left, right) => match (&left.kind, &right.kind) {
            (ExpressionKind::Call(Function::Text(Text::Strlen), given), ExpressionKind::Int(number)) => {
                tests.extend(given.first().map(|text| Opaque::Length(text, *number)));
            }
            (ExpressionKind::Call(Function::Convert(Convert::Integer), given), ExpressionKind::Int(number)) => {
                tests.extend(given.first().map(|text| Opaque::Number(text, *number)));
            }
            _ if matches!(sign, Comparison::Equal | Comparison::NotEqual) && is_said(left) && is_said(right) => {
                tests.push(Opaque::Same(left, right));
            }
            _ => {}
        },
        _ => {}
    }
}

impl Opaque<'_> {
    /// The witness with what this test asks for, but for that much.
    fn said(&self, witness: &Witness, by: i64) -> Option<Witness> {
        match self {
            Self::Length(place, number) => {
                let bytes = usize::try_from(number.checked_add(by)?).ok().filter(|bytes| *bytes <= MOST_BYTES)?;
                said(witness, place, &"a".repeat(bytes))
            }
            Self::Number(place, number) => said(witness, place, &number.checked_add(by)?.to_string()),
            Self::Same(one, other) => {
                let first = said(witness, one, "a")?;
                said(&first, other, if by == 0 { "a" } else { "b" })
            }
        }
    }
}

/// Whether a client, or a backend, says what stands there.
fn is_said(place: &Expression) -> bool {
    match &place.kind {
        ExpressionKind::ToText(inner) => is_said(inner),
        kind => matches!(kind, ExpressionKind::Header(..) | ExpressionKind::Query(..) | ExpressionKind::Cookie(..)),
    }
}

/// The witness with that text in a place.
fn said(witness: &Witness, place: &Expression, text: &str) -> Option<Witness> {
    let mut witness = witness.clone();
    let name = |name: &Expression| match &name.kind {
        ExpressionKind::Text(name) => String::from_utf8(name.to_vec()).ok(),
        _ => None,
    };
    let of_client = match &place.kind {
        ExpressionKind::ToText(inner) => return said(&witness, inner, text),
        ExpressionKind::Fallback(parts) => return said(&witness, parts.first()?, text),
        ExpressionKind::Header(Message::Req | Message::Bereq, name) => Said::Field(name.clone()),
        ExpressionKind::Query(_, parameter) => Said::Parameter(name(parameter)?),
        ExpressionKind::Cookie(_, cookie) => Said::Cookie(name(cookie)?),
        ExpressionKind::Header(_, name) => {
            witness.answer.headers.insert(name, HeaderValue::from_str(text).ok()?);
            return Some(witness);
        }
        ExpressionKind::Variable(Variable::ReqUrl | Variable::ReqPath | Variable::BereqUrl | Variable::BereqPath) => {
            witness.request.target = format!("/{}", text.get(1..)?);
            return Some(witness);
        }
        _ => return None,
    };
    witness.request = of_client.changed(&witness.request, Some(text.as_bytes()))?;
    Some(witness)
}
