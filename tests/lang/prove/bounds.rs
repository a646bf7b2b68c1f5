//! What is said where it is not known whether a promise holds.

use super::verdict;

#[test]
fn a_bound_has_a_number_and_what_it_was_about() {
    let asked = "sub recv { if (std.random(0, 9) > 5) { return (pass); } }";
    let said = verdict(asked, "stored => key contains req.http.X");
    assert!(said.starts_with("GET "), "{said}");
    let said = verdict(
        "sub backend_response { if (std.random(0, 9) > 20) { set beresp.ttl = 2h; } else { set beresp.ttl = 1h; } }",
        "ttl <= 1h",
    );
    assert!(said.starts_with("none of the ") && said.contains(" requests that were tried breaks it, and "), "{said}");
    assert!(said.ends_with("how `std.random` compares was taken for anything"), "{said}");
}

#[test]
fn what_was_taken_for_anything_is_named() {
    let longer = "sub backend_response {
        if (regsub(beresp.http.A, \"a(.)\", \"\\1z\") == \"qqza\") { set beresp.ttl = 2h; } else { set beresp.ttl = 1h; }
    }";
    for (policy, claim, named) in [
        (
            "",
            "req.http.A == \"1\" + req.http.B => not stored",
            "how `req.http.a` with `req.http.b` compares was taken for anything",
        ),
        (longer, "ttl <= 1h", "what `regsub` makes of `beresp.http.a` was taken for anything"),
    ] {
        let said = verdict(policy, claim);
        assert!(said.contains(" tried ") && said.ends_with(named), "{said}");
    }
}
