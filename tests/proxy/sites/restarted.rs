//! A request stays with its site, whatever becomes of its host: when it begins again, and in the background.

use super::{BY_URL, Farm, fresh};
use crate::support::{Answer, until};

/// The host of the other site, from the second time on.
const ELSEWHERE: &str = "sub recv { if (req.restarts == 1) { set req.http.Host = \"b.test\"; } }\n";

#[test]
fn a_request_that_begins_again_does_so_in_its_site() {
    let steps = [
        ("recv", "sub recv { if (req.restarts == 0) { set req.http.Host = \"b.test\"; return (restart); } }"),
        ("miss", "sub miss { if (req.restarts == 0) { set req.http.Host = \"b.test\"; return (restart); } }"),
        ("deliver", "sub deliver { if (req.restarts == 0) { set req.http.Host = \"b.test\"; return (restart); } }"),
    ];
    for (step, sub) in steps {
        let tell = "sub deliver { set resp.http.X-Restarts = req.restarts; }";
        let farm = Farm::with("", &format!("{sub}\n{ELSEWHERE}{tell}"), "", &[]);
        let response = farm.get("a.test", "/page");
        assert_eq!((response.text(), response.header("X-Restarts")), ("a", Some("1")), "{step}");
        assert_eq!(farm.b.requests().len(), 0, "{step}");
        assert_eq!(farm.a.requests().last().unwrap().header("Host"), Some("b.test"), "{step}");
        // The next request of the connection begins with its own host.
        let mut client = farm.proxy.client();
        let mut whose = |host| client.get("/page").header("Host", host).send().text().to_owned();
        assert_eq!(["a.test", "b.test"].map(&mut whose), ["a", "b"], "{step}");
    }
}

#[test]
fn a_request_of_the_root_that_begins_again_with_the_host_of_a_site_stays_with_the_root() {
    let farm = Farm::with(
        "sub deliver { if (req.restarts == 0) { set req.http.Host = \"b.test\"; return (restart); } }",
        "",
        "",
        &[],
    );
    assert_eq!(farm.get("c.test", "/page").text(), "root");
    assert_eq!(farm.b.requests().len(), 0);
}

fn stale(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=0, stale-while-revalidate=600")
}

/// The one whose host is changed in `recv` is fetched with the head as it came, and goes the same way.
#[test]
fn what_is_fetched_in_the_background_is_fetched_by_the_site() {
    let farm = Farm::with("", "sub recv { set req.http.Host = \"b.test\"; }", "", &[]);
    farm.a.once("/page", stale("old"));
    assert_eq!(farm.get("a.test", "/page").text(), "old");
    assert_eq!(farm.get("a.test", "/page").text(), "old");
    farm.a.wait_for(2);
    until("the new page", || (farm.get("a.test", "/page").text() == "a").then_some(()));
    assert_eq!(farm.b.requests().len(), 0);
}

/// What pingora knows of the request is then what it was when it began again.
#[test]
fn so_is_what_is_fetched_behind_a_request_that_began_again() {
    let again = "sub recv { if (req.url == \"/1\") { return (pass); } }\n\
                 sub deliver { if (req.url == \"/1\") { set req.url = \"/page\"; set req.http.Host = \"b.test\"; return (restart); } }\n";
    for (root, a, host) in [("", again, "a.test"), (again, "", "c.test")] {
        let farm = Farm::with(&[BY_URL, root].concat(), &[BY_URL, a].concat(), BY_URL, &[]);
        let (origin, name) = if host == "a.test" { (&farm.a, "a") } else { (&farm.root, "root") };
        origin.once("/page", stale("old"));
        assert_eq!(farm.get(host, "/1").text(), "old", "{host}");
        assert_eq!(farm.get(host, "/1").text(), "old", "{host}");
        until("the new page", || (farm.get(host, "/1").text() == name).then_some(()));
        assert_eq!(farm.b.requests().len(), 0, "{host}");
        assert_eq!(origin.requests_to("/page").len(), 2, "{host}");
    }
}

/// A change while it is under way leaves it with the policy that it has.
#[test]
fn a_site_that_is_gone_serves_what_has_begun() {
    let gate = crate::support::Gate::new();
    let farm = Farm::with("", "sub deliver { if (req.restarts == 0) { return (restart); } }", "", &[]);
    farm.a.once("/page", fresh("a").behind(&gate));
    let mut client = farm.proxy.client();
    client.get("/page").header("Host", "a.test").send_only();
    farm.a.wait_for(1);
    farm.write("policy.warp", &super::policy(&farm.root, "site \"b.test\" from \"sites/b.warp\";\n"));
    farm.proxy.wait_for_reload("ok");
    gate.open();
    assert_eq!(client.read_response("GET").unwrap().text(), "a");
    assert_eq!(farm.get("a.test", "/page").text(), "root");
}
