//! All lines of a header field.

use crate::support::{Answer, Origin, Proxy};

#[test]
fn lines_are_added_joined_and_removed() {
    let origin = Origin::start();
    let cookies = Answer::ok("").header("Set-Cookie", "a=1").header("Set-Cookie", "b=2").header("X-A", "1");
    origin.on("/", cookies.header("X-A", "2").header("X-A", "3"));
    let proxy = Proxy::before(
        &origin,
        "sub recv { return (pass); }
         sub deliver {
             header.append(resp.http.Set-Cookie, \"c=3\");
             header.remove(resp.http.Set-Cookie, \"^b=\");
             set resp.http.X-Count = std.count(resp.http.Set-Cookie);
             set resp.http.X-Got = header.get(resp.http.Set-Cookie, \"^c\");
             std.collect(resp.http.X-A);
         }",
    );
    let response = proxy.get("/");
    assert_eq!(response.fields.all("Set-Cookie").collect::<Vec<_>>(), ["a=1", "c=3"]);
    assert_eq!((response.header("X-Count"), response.header("X-Got")), (Some("2"), Some("c=3")));
    assert_eq!(response.fields.all("X-A").collect::<Vec<_>>(), ["1, 2, 3"]);
}
