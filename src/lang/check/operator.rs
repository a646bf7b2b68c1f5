//! Signs between two expressions: reckoning, joining text, comparing, matching.

use std::net::IpAddr;

use super::context::number;
use super::convert::{literal_to_real, to_text, without_unit};
use super::expression::negation;
use super::fold::{self, Impossible, Literal};
use super::scope::Scope;
use super::unknown;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{AclId, Arithmetic, Comparison, Expression, ExpressionKind, Pattern};
use crate::lang::schema::Type;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, BinaryOperator};

/// What a sign does.
pub(super) enum Sign {
    /// It reckons, or joins text.
    Reckon(Arithmetic),
    /// It compares.
    Compare(Comparison),
    /// It matches with a pattern or an acl.
    Match {
        /// Whether it must not match.
        negated: bool,
    },
}

/// What `operator` does.
pub(super) fn sign_of(operator: BinaryOperator) -> Sign {
    match operator {
        BinaryOperator::Equal => Sign::Compare(Comparison::Equal),
        BinaryOperator::NotEqual => Sign::Compare(Comparison::NotEqual),
        BinaryOperator::Less => Sign::Compare(Comparison::Less),
        BinaryOperator::LessOrEqual => Sign::Compare(Comparison::LessOrEqual),
        BinaryOperator::Greater => Sign::Compare(Comparison::Greater),
        BinaryOperator::GreaterOrEqual => Sign::Compare(Comparison::GreaterOrEqual),
        BinaryOperator::Match => Sign::Match { negated: false },
        BinaryOperator::NotMatch => Sign::Match { negated: true },
        BinaryOperator::Add => Sign::Reckon(Arithmetic::Add),
        BinaryOperator::Subtract => Sign::Reckon(Arithmetic::Subtract),
        BinaryOperator::Multiply => Sign::Reckon(Arithmetic::Multiply),
        BinaryOperator::Divide => Sign::Reckon(Arithmetic::Divide),
        BinaryOperator::Remainder => Sign::Reckon(Arithmetic::Remainder),
    }
}

/// The sign as written.
fn written(sign: Arithmetic) -> &'static str {
    match sign {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Remainder => "%",
    }
}

impl Scope<'_, '_> {
    /// `left OPERATOR right`
    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &ast::Expression,
        right: &ast::Expression,
        span: Span,
    ) -> Option<Expression> {
        match sign_of(operator) {
            Sign::Reckon(sign) => self.chain(sign, left, right, span),
            Sign::Compare(sign) => {
                let (left, right) = (self.expression(left), self.expression(right));
                self.compared(sign, left?, right?, span)
            }
            Sign::Match { negated } => {
                let subject = self.expression(left);
                let matched = self.matched(subject, right, span)?;
                Some(if negated { negation(matched, span) } else { matched })
            }
        }
    }

    /// `a + b + c`, which the tree holds as `(a + b) + c`: walked in a loop, as it may be long.
    fn chain(
        &mut self,
        sign: Arithmetic,
        left: &ast::Expression,
        right: &ast::Expression,
        span: Span,
    ) -> Option<Expression> {
        let mut links = vec![(sign, right, span)];
        let mut first = left;
        while let ast::ExpressionKind::Binary { operator, left, right, .. } = &first.kind
            && let Sign::Reckon(sign) = sign_of(*operator)
        {
            links.push((sign, right, first.span));
            first = left;
        }
        let mut value = self.expression(first);
        for (sign, right, span) in links.into_iter().rev() {
            let right = self.expression(right);
            value = match (value, right) {
                (Some(left), Some(right)) => self.arithmetic(sign, left, right, span),
                _ => None,
            };
        }
        value
    }

    /// `left SIGN right` with numbers, or joining text.
    pub(super) fn arithmetic(
        &self,
        sign: Arithmetic,
        left: Expression,
        right: Expression,
        span: Span,
    ) -> Option<Expression> {
        if sign == Arithmetic::Add && (left.ty == Type::String || right.ty == Type::String) {
            return Some(join(to_text(left), to_text(right), span));
        }
        let Some(ty) = result_type(sign, left.ty, right.ty) else {
            self.report(cannot_reckon(sign, &left, &right, span));
            return None;
        };
        if let (Some(left), Some(right)) = (Literal::of(&left.kind), Literal::of(&right.kind)) {
            return self.folded(sign, &left, &right, ty, span);
        }
        let (left, right) =
            if ty == Type::Real { (literal_to_real(left), literal_to_real(right)) } else { (left, right) };
        Some(Expression { kind: ExpressionKind::Arithmetic(sign, Box::new(left), Box::new(right)), ty, span })
    }

    fn folded(&self, sign: Arithmetic, left: &Literal, right: &Literal, ty: Type, span: Span) -> Option<Expression> {
        match fold::arithmetic(sign, left, right, ty) {
            Ok(literal) => Some(Expression { ty: literal.ty(), kind: literal.into_kind(), span }),
            Err(impossible) => {
                let message = match impossible {
                    Impossible::TooLarge => "the result is too large a number",
                    Impossible::DividesByZero => "this divides by zero",
                };
                self.report(Diagnostic::new(Code::E0318, span, message).help("write a value that there is"));
                None
            }
        }
    }

    /// `left == right` and the like.
    pub(super) fn compared(
        &self,
        sign: Comparison,
        left: Expression,
        right: Expression,
        span: Span,
    ) -> Option<Expression> {
        let (left, right) = self.of_one_type(left, right, span)?;
        let equality = matches!(sign, Comparison::Equal | Comparison::NotEqual);
        if !equality && matches!(left.ty, Type::String | Type::Bool | Type::Ip | Type::Backend) {
            let message = format!("there is no order between values of type {}", left.ty.name());
            self.report(Diagnostic::new(Code::E0303, span, message).help("compare them with `==` or `!=`"));
            return None;
        }
        let known = Literal::of(&left.kind).zip(Literal::of(&right.kind));
        let kind = match known {
            Some((left, right)) => ExpressionKind::Bool(fold::compare(sign, &left, &right)),
            None => ExpressionKind::Compare(sign, Box::new(left), Box::new(right)),
        };
        Some(Expression { kind, ty: Type::Bool, span })
    }

    /// Both sides as values of one type.
    fn of_one_type(&self, left: Expression, right: Expression, span: Span) -> Option<(Expression, Expression)> {
        match (left.ty, right.ty) {
            (a, b) if a == b => Some((left, right)),
            (Type::Int, Type::Real) if Literal::of(&left.kind).is_some() => Some((literal_to_real(left), right)),
            (Type::Real, Type::Int) if Literal::of(&right.kind).is_some() => Some((left, literal_to_real(right))),
            (Type::Ip, Type::String) if Literal::of(&right.kind).is_some() => {
                Some((left, self.text_to_address(&right)?))
            }
            (Type::String, Type::Ip) if Literal::of(&left.kind).is_some() => {
                Some((self.text_to_address(&left)?, right))
            }
            (Type::Duration | Type::Bytes, Type::Int) => {
                self.report(without_unit(&right, left.ty, format_args!("this comparison")));
                None
            }
            (Type::Int, Type::Duration | Type::Bytes) => {
                self.report(without_unit(&left, right.ty, format_args!("this comparison")));
                None
            }
            _ => {
                self.report(not_comparable(&left, &right, span));
                None
            }
        }
    }

    /// `subject ~ right`: text with a regular expression, an address with an acl.
    pub(super) fn matched(
        &mut self,
        subject: Option<Expression>,
        right: &ast::Expression,
        span: Span,
    ) -> Option<Expression> {
        if self.is_unknown_acl(right) || self.is_refused_table(right) {
            return None;
        }
        let kind = if let Some(acl) = self.acl_named(right) {
            self.in_acl(subject?, acl)
        } else {
            let pattern = self.pattern(right);
            self.like_pattern(subject?, pattern?, right.span)
        };
        Some(Expression { kind: kind?, ty: Type::Bool, span })
    }

    fn in_acl(&self, subject: Expression, acl: AclId) -> Option<ExpressionKind> {
        if subject.ty == Type::Ip {
            return Some(ExpressionKind::InAcl(Box::new(subject), acl));
        }
        self.report(not_an_address(&subject));
        None
    }

    fn like_pattern(&self, subject: Expression, pattern: Pattern, place: Span) -> Option<ExpressionKind> {
        if subject.ty == Type::Ip {
            self.report(address_with_pattern(&subject, place));
            return None;
        }
        Some(ExpressionKind::Matches(Box::new(to_text(subject)), pattern))
    }

    /// Reports a bare word behind `~` that is nothing at all.
    fn is_unknown_acl(&self, written: &ast::Expression) -> bool {
        let Some(name) = self.unknown_word_in(written) else { return false };
        let finding = Diagnostic::new(Code::E0203, name.span, format!("there is no acl `{}`", name.text));
        self.report(unknown::suggest(self.cx.findings, finding, &name.text, "the acls", self.cx.names.acls.names()));
        true
    }

    /// The acl that `written` names, if it names one.
    fn acl_named(&mut self, written: &ast::Expression) -> Option<AclId> {
        let ast::ExpressionKind::Path(path) = &written.kind else { return None };
        let [name] = path.parts.as_slice() else { return None };
        let acl = self.cx.names.acls.refer(&name.text)?;
        Some(AclId(number(acl)))
    }
}

/// Text behind text, in one flat list; known texts side by side become one.
fn join(left: Expression, right: Expression, span: Span) -> Expression {
    let mut parts = parts_of(left);
    for part in parts_of(right) {
        match (parts.last_mut(), part) {
            (Some(Expression { kind: ExpressionKind::Text(text), span: place, .. }), part)
                if matches!(part.kind, ExpressionKind::Text(_)) =>
            {
                if let ExpressionKind::Text(more) = &part.kind {
                    *text = [&**text, &**more].concat().into_boxed_slice();
                    *place = place.to(part.span);
                }
            }
            (_, part) => parts.push(part),
        }
    }
    let kind = match parts.pop() {
        Some(only) if parts.is_empty() => only.kind,
        last => {
            parts.extend(last);
            ExpressionKind::Concat(parts)
        }
    };
    Expression { kind, ty: Type::String, span }
}

fn parts_of(value: Expression) -> Vec<Expression> {
    match value.kind {
        ExpressionKind::Concat(parts) => parts,
        kind => vec![Expression { kind, ..value }],
    }
}

/// What reckoning with values of these types yields (VCL 4.1, "vcl", expressions).
fn result_type(sign: Arithmetic, left: Type, right: Type) -> Option<Type> {
    use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
    use Type::{Bytes, Duration, Int, Real, Time};
    Some(match (sign, left, right) {
        (_, Int, Int) => Int,
        (Add | Subtract | Multiply | Divide, Int | Real, Int | Real) => Real,
        (Add | Subtract, Duration, Duration) | (Subtract, Time, Time) => Duration,
        (Add | Subtract, Bytes, Bytes) => Bytes,
        (Multiply | Divide, Duration | Bytes, Int | Real) => left,
        (Multiply, Int | Real, Duration | Bytes) => right,
        (Add | Subtract, Time, Duration) => Time,
        (Remainder | Add | Subtract | Multiply | Divide, ..) => return None,
    })
}

fn cannot_reckon(sign: Arithmetic, left: &Expression, right: &Expression, span: Span) -> Diagnostic {
    let has_unit = |ty: Type| matches!(ty, Type::Duration | Type::Bytes);
    let additive = matches!(sign, Arithmetic::Add | Arithmetic::Subtract);
    if additive && has_unit(left.ty) && right.ty == Type::Int {
        return without_unit(right, left.ty, format_args!("`{}`", written(sign)));
    }
    if additive && has_unit(right.ty) && left.ty == Type::Int {
        return without_unit(left, right.ty, format_args!("`{}`", written(sign)));
    }
    let message = format!("`{}` does not go with {} and {}", written(sign), left.ty.in_words(), right.ty.in_words());
    let finding = Diagnostic::new(Code::E0304, span, message)
        .context(left.span, left.ty.name())
        .context(right.span, right.ty.name());
    if let (Arithmetic::Divide, ExpressionKind::Text(text)) = (sign, &left.kind)
        && let Some(address) = std::str::from_utf8(text).ok().filter(|text| text.parse::<IpAddr>().is_ok())
    {
        return finding
            .help(format!("declare the network, `acl NAME {{ \"{address}\"/…; }}`, and test with `client.ip ~ NAME`"));
    }
    match (left.ty, right.ty) {
        (Type::String, _) | (_, Type::String) => {
            finding.help("turn the text into a number first: `std.integer(…, 0)` or `std.duration(…, 0s)`")
        }
        _ => finding.help("bring both sides to types that go together"),
    }
}

fn not_comparable(left: &Expression, right: &Expression, span: Span) -> Diagnostic {
    let message = format!("{} and {} cannot be compared", left.ty.in_words(), right.ty.in_words());
    let finding = Diagnostic::new(Code::E0303, span, message)
        .context(left.span, left.ty.name())
        .context(right.span, right.ty.name());
    let digits = |side: &Expression| match &side.kind {
        ExpressionKind::Text(text) if !text.is_empty() && text.iter().all(u8::is_ascii_digit) => {
            Some((String::from_utf8_lossy(text).into_owned(), side.span))
        }
        _ => None,
    };
    let is_number = |side: &Expression| side.ty == Type::Int;
    if let Some((number, place)) =
        digits(right).or_else(|| digits(left)).filter(|_| is_number(left) || is_number(right))
    {
        let help = format!("write the number without quotes: `{number}`");
        return finding.help(help).fix(Fix::replace("remove the quotes", place, number));
    }
    match (left.ty, right.ty) {
        (Type::String, Type::Int) | (Type::Int, Type::String) => {
            finding.help("put the number in quotes, or turn the text into one: `std.integer(…, 0)`")
        }
        (Type::String, Type::Duration) | (Type::Duration, Type::String) => {
            finding.help("turn the text into a duration: `std.duration(…, 0s)`")
        }
        (Type::String, Type::Bytes) | (Type::Bytes, Type::String) => {
            finding.help("turn the text into a size: `std.bytes(…, 0B)`")
        }
        (Type::String, Type::Ip) | (Type::Ip, Type::String) => {
            finding.help("turn the text into an address: `std.ip(…, \"0.0.0.0\")`")
        }
        (Type::Bool, _) | (_, Type::Bool) => {
            finding.help("a condition needs no comparison: write it alone, or `!` before it")
        }
        _ => finding.help("both sides have to be of one type"),
    }
}

fn not_an_address(subject: &Expression) -> Diagnostic {
    let message = format!("an acl is matched with an IP address, this is {}", subject.ty.in_words());
    let finding = Diagnostic::new(Code::E0303, subject.span, message).label(subject.ty.name());
    match subject.ty {
        Type::String => finding.help("turn the text into an address: `std.ip(…, \"0.0.0.0\") ~ …`"),
        _ => finding.help("match an address such as `client.ip`"),
    }
}

fn address_with_pattern(subject: &Expression, pattern: Span) -> Diagnostic {
    Diagnostic::new(Code::E0303, pattern, "an IP address is matched with an acl, not with a text")
        .context(subject.span, "IP")
        .help("declare an acl with the addresses and write its name here")
}
