//! Values that are known when the policy is checked.

use std::net::IpAddr;

use crate::lang::hir::{Arithmetic, Comparison, ExpressionKind};
use crate::lang::schema::Type;

/// A value that is known when the policy is checked.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) enum Literal {
    /// STRING.
    Text(Box<[u8]>),
    /// INT.
    Int(i64),
    /// REAL.
    Real(f64),
    /// BOOL.
    Bool(bool),
    /// DURATION in milliseconds.
    Duration(i64),
    /// BYTES.
    Bytes(i64),
    /// IP.
    Ip(IpAddr),
}

impl Literal {
    /// The value of an expression, if it is known.
    pub(super) fn of(kind: &ExpressionKind) -> Option<Self> {
        Some(match kind {
            ExpressionKind::Text(text) => Self::Text(text.clone()),
            ExpressionKind::Int(number) => Self::Int(*number),
            ExpressionKind::Real(number) => Self::Real(*number),
            ExpressionKind::Bool(truth) => Self::Bool(*truth),
            ExpressionKind::Duration(millis) => Self::Duration(*millis),
            ExpressionKind::Bytes(bytes) => Self::Bytes(*bytes),
            ExpressionKind::Ip(address) => Self::Ip(*address),
            _ => return None,
        })
    }

    /// The expression that stands for it.
    pub(super) fn into_kind(self) -> ExpressionKind {
        match self {
            Self::Text(text) => ExpressionKind::Text(text),
            Self::Int(number) => ExpressionKind::Int(number),
            Self::Real(number) => ExpressionKind::Real(number),
            Self::Bool(truth) => ExpressionKind::Bool(truth),
            Self::Duration(millis) => ExpressionKind::Duration(millis),
            Self::Bytes(bytes) => ExpressionKind::Bytes(bytes),
            Self::Ip(address) => ExpressionKind::Ip(address),
        }
    }

    /// Its type.
    pub(super) fn ty(&self) -> Type {
        match self {
            Self::Text(_) => Type::String,
            Self::Int(_) => Type::Int,
            Self::Real(_) => Type::Real,
            Self::Bool(_) => Type::Bool,
            Self::Duration(_) => Type::Duration,
            Self::Bytes(_) => Type::Bytes,
            Self::Ip(_) => Type::Ip,
        }
    }

    /// Its text, as VCL writes it: durations in seconds and reals with three decimals.
    pub(super) fn to_text(&self) -> Box<[u8]> {
        let text = match self {
            Self::Text(text) => return text.clone(),
            Self::Int(number) | Self::Bytes(number) => number.to_string(),
            Self::Real(number) => format!("{number:.3}"),
            Self::Bool(truth) => truth.to_string(),
            Self::Duration(millis) => seconds(*millis),
            Self::Ip(address) => address.to_string(),
        };
        text.into_bytes().into_boxed_slice()
    }

    /// As a number with a fraction; a duration in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "that is what REAL arithmetic on large numbers means")]
    fn as_real(&self) -> Option<f64> {
        match self {
            Self::Real(number) => Some(*number),
            Self::Int(number) | Self::Duration(number) | Self::Bytes(number) => Some(*number as f64),
            _ => None,
        }
    }

    fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) | Self::Duration(number) | Self::Bytes(number) => Some(*number),
            _ => None,
        }
    }
}

fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

/// Why a known result cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Impossible {
    /// The result is outside the numbers.
    TooLarge,
    /// The divisor is zero.
    DividesByZero,
}

/// The result of reckoning with two known numbers, of type `ty`.
pub(super) fn arithmetic(sign: Arithmetic, left: &Literal, right: &Literal, ty: Type) -> Result<Literal, Impossible> {
    let fraction = matches!(left, Literal::Real(_)) || matches!(right, Literal::Real(_));
    if !fraction && let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return whole(sign, left, right).map(|number| of_type(ty, number));
    }
    let (Some(left), Some(right)) = (left.as_real(), right.as_real()) else { return Err(Impossible::TooLarge) };
    let number = real(sign, left, right)?;
    match ty {
        Type::Real => Ok(Literal::Real(number)),
        _ => rounded(number).map(|number| of_type(ty, number)),
    }
}

fn whole(sign: Arithmetic, left: i64, right: i64) -> Result<i64, Impossible> {
    let divides = matches!(sign, Arithmetic::Divide | Arithmetic::Remainder);
    if divides && right == 0 {
        return Err(Impossible::DividesByZero);
    }
    let result = match sign {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    result.ok_or(Impossible::TooLarge)
}

fn real(sign: Arithmetic, left: f64, right: f64) -> Result<f64, Impossible> {
    let divides = matches!(sign, Arithmetic::Divide | Arithmetic::Remainder);
    if divides && right == 0.0 {
        return Err(Impossible::DividesByZero);
    }
    let result = match sign {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
    };
    if result.is_finite() { Ok(result) } else { Err(Impossible::TooLarge) }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn rounded(number: f64) -> Result<i64, Impossible> {
    const LIMIT: f64 = 9.0e18;
    if number.abs() < LIMIT { Ok(number.round() as i64) } else { Err(Impossible::TooLarge) }
}

fn of_type(ty: Type, number: i64) -> Literal {
    match ty {
        Type::Duration => Literal::Duration(number),
        Type::Bytes => Literal::Bytes(number),
        _ => Literal::Int(number),
    }
}

/// The result of comparing two known values of one type.
pub(super) fn compare(sign: Comparison, left: &Literal, right: &Literal) -> bool {
    match sign {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_written_as_vcl_writes_them() {
        let text = |literal: Literal| String::from_utf8(literal.to_text().into_vec()).unwrap();
        assert_eq!(text(Literal::Duration(90_500)), "90.500");
        assert_eq!(text(Literal::Duration(-5)), "-0.005");
        assert_eq!(text(Literal::Real(0.5)), "0.500");
        assert_eq!(text(Literal::Bytes(1024)), "1024");
    }

    #[test]
    fn results_outside_the_numbers_are_told_apart() {
        let reckon = |sign, left, right| arithmetic(sign, &Literal::Int(left), &Literal::Int(right), Type::Int);
        assert_eq!(reckon(Arithmetic::Multiply, i64::MAX, 2), Err(Impossible::TooLarge));
        assert_eq!(reckon(Arithmetic::Remainder, 1, 0), Err(Impossible::DividesByZero));
        assert_eq!(reckon(Arithmetic::Divide, i64::MIN, -1), Err(Impossible::TooLarge));
        assert_eq!(reckon(Arithmetic::Subtract, 3, 5), Ok(Literal::Int(-2)));
    }

    #[test]
    fn a_share_of_a_duration_is_a_duration() {
        let half = arithmetic(Arithmetic::Multiply, &Literal::Duration(3000), &Literal::Real(0.5), Type::Duration);
        assert_eq!(half, Ok(Literal::Duration(1500)));
    }
}
