//! `Accept-Encoding` (RFC 9110 section 12.5.3).

/// The first of `wanted` that a client with this header accepts; `None` if it accepts none.
///
/// A coding is accepted if it, or else `*`, is listed with a weight above 0. `identity` is accepted
/// unless it is refused so. A weight that cannot be read counts as 0.
pub(super) fn first_accepted<'a>(header: &[u8], wanted: &'a [String]) -> Option<&'a str> {
    wanted.iter().map(String::as_str).find(|coding| accepts(header, coding))
}

fn accepts(header: &[u8], coding: &str) -> bool {
    let named = weight_of(header, |name| is_coding(name, coding));
    let weight = named.or_else(|| weight_of(header, |name| name == b"*"));
    weight.unwrap_or(coding.eq_ignore_ascii_case("identity"))
}

/// `x-gzip` is another name of `gzip` (RFC 9110 section 8.4.1.3).
fn is_coding(name: &[u8], coding: &str) -> bool {
    let plain = name.strip_prefix(b"x-").filter(|rest| rest.eq_ignore_ascii_case(b"gzip")).unwrap_or(name);
    plain.eq_ignore_ascii_case(coding.as_bytes())
}

/// Whether the first listed coding that is `wanted` has a weight above 0; `None` if none is listed.
fn weight_of(header: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Option<bool> {
    header.split(|byte| *byte == b',').find_map(|item| {
        let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        wanted(parts.next()?).then(|| parts.all(|parameter| !is_zero_weight(parameter)))
    })
}

fn is_zero_weight(parameter: &[u8]) -> bool {
    let Some((name, value)) = parameter.split_at_checked(2) else { return false };
    let number = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse::<f64>().ok());
    name.eq_ignore_ascii_case(b"q=") && number.is_none_or(|weight| weight <= 0.0 || weight.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wanted_coding_that_is_accepted_is_taken() {
        let wanted: Vec<String> = ["br", "gzip", "identity"].map(str::to_owned).into();
        for (header, coding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip;q=1.0, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("*;q=0, identity", Some("identity")),
            ("deflate", Some("identity")),
            ("identity;q=0", None),
            ("", Some("identity")),
            ("br; q=0.000, gzip ; q=0.001", Some("gzip")),
            ("br;q=x", Some("identity")),
        ] {
            assert_eq!(first_accepted(header.as_bytes(), &wanted), coding, "{header}");
        }
    }
}
