//! Policies that leave their mark on both ends of a request.

use crate::support::{Origin, Proxy};

/// A policy in front of `origin` that leaves `mark` wherever a request passes: the origin sees the marks of `recv` and
/// `backend_fetch`, the client those of `backend_response` and `deliver`, and that of `recv` once more. Paths below
/// `/passed` pass; everything else is stored for an hour.
pub fn policy(origin: &Origin, mark: &str) -> String {
    format!(
        r#"warp 1;
{backend}
sub recv {{
    set req.http.X-Recv = "{mark}";
    if (req.path under "/passed/") {{
        return (pass);
    }}
}}
sub backend_fetch {{
    set bereq.http.X-Fetch = "{mark}";
}}
rules response first {{
    when path under "/passed/" -> uncacheable;
    when status == 200 -> ttl 1h;
}}
sub backend_response {{
    set beresp.http.X-Response = "{mark}";
}}
sub backend_error {{
    set beresp.http.X-Error = "{mark}";
}}
sub deliver {{
    set resp.http.X-Recv = req.http.X-Recv;
    set resp.http.X-Deliver = "{mark}";
}}
"#,
        backend = origin.backend(),
    )
}

/// A request serves as witness that the policy with that mark answers: at the origin and at the client.
///
/// # Panics
/// When another policy answers, or the origin does not know `/passed/witness`.
pub fn assert_serves(proxy: &Proxy, origin: &Origin, mark: &str) {
    let response = proxy.get("/passed/witness");
    assert_eq!(
        (response.status, response.header("X-Recv"), response.header("X-Deliver")),
        (200, Some(mark), Some(mark))
    );
    let asked = origin.requests_to("/passed/witness").pop().expect("it passes");
    assert_eq!((asked.header("X-Recv"), asked.header("X-Fetch")), (Some(mark), Some(mark)));
}
