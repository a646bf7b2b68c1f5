//! Access lists with names: what they stand for is looked up when the policy is loaded, and again beside the requests.

use crate::support::{Answer, Dns, Origin, Proxy, until};

const NAME: &str = "office.test";

/// Lets in who is in this list.
fn policy(origin: &Origin, entries: &str) -> String {
    format!(
        "warp 1;\n{}acl office {{ {entries} }}\nsub recv {{ if (client.ip !~ office) {{ return (synth(403)); }} }}",
        origin.backend()
    )
}

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/", Answer::ok("in").header("Cache-Control", "no-store"));
    origin
}

fn proxy(dns: &Dns, policy: &str) -> Proxy {
    Proxy::start_with(policy, &["--resolver", &dns.address()])
}

fn until_status(proxy: &Proxy, status: u16) {
    until(&format!("a {status}"), || (proxy.get("/").status == status).then_some(()));
}

#[test]
fn a_name_that_moves_is_followed() {
    let (dns, origin) = (Dns::start(), origin());
    dns.addresses(NAME, 1, &["127.0.0.7", "127.0.0.1"]);
    let proxy = proxy(&dns, &policy(&origin, "\"office.test\";"));
    assert_eq!(proxy.get("/").status, 200, "from the first request on");
    dns.addresses(NAME, 1, &["127.0.0.7"]);
    until_status(&proxy, 403);
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    until_status(&proxy, 200);
    assert_eq!(proxy.policy()["generation"], 1, "it is the same policy all the time");
}

#[test]
fn no_request_looks_a_name_up() {
    let (dns, origin) = (Dns::start(), origin());
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    let proxy = proxy(&dns, &policy(&origin, "\"office.test\";"));
    let asked = dns.asked_for(NAME);
    for _ in 0..5 {
        assert_eq!(proxy.get("/").status, 200);
    }
    assert_eq!(dns.asked_for(NAME), asked);
}

#[test]
fn a_mask_is_for_the_network_around_the_address() {
    let (dns, origin) = (Dns::start(), origin());
    dns.addresses(NAME, 600, &["127.0.0.200", "2001:db8::1"]);
    assert_eq!(proxy(&dns, &policy(&origin, "\"office.test\"/24;")).get("/").status, 200);
    assert_eq!(proxy(&dns, &policy(&origin, "\"office.test\"/28;")).get("/").status, 403);
}

#[test]
fn a_name_may_be_excluded() {
    let (dns, origin) = (Dns::start(), origin());
    dns.addresses(NAME, 1, &["127.0.0.1"]);
    let proxy = proxy(&dns, &policy(&origin, "\"127.0.0.0\"/8; ! \"office.test\";"));
    assert_eq!(proxy.get("/").status, 403);
    dns.addresses(NAME, 600, &["127.0.0.7"]);
    until_status(&proxy, 200);
}

#[test]
fn a_lookup_that_fails_changes_nothing() {
    let (dns, origin) = (Dns::start(), origin());
    dns.addresses(NAME, 1, &["127.0.0.1"]);
    let text = policy(&origin, "\"office.test\";");
    let proxy = proxy(&dns, &text);
    dns.remove(NAME);
    let asked = dns.asked_for(NAME);
    until("lookups to fail", || (dns.asked_for(NAME) > asked + 3).then_some(()));
    assert_eq!(proxy.get("/").status, 200);
    proxy.write_policy(text + "\nsub deliver { set resp.http.New = \"yes\"; }");
    proxy.wait_for_reload("ok");
    let page = proxy.get("/");
    assert_eq!((page.status, page.header("New")), (200, Some("yes")), "a reload takes what is known");
}

#[test]
fn an_unknown_name_keeps_the_old_policy() {
    let (dns, origin) = (Dns::start(), origin());
    let proxy = proxy(&dns, &policy(&origin, "\"127.0.0.1\";"));
    proxy.write_policy(policy(&origin, "\"office.test\";"));
    let report = proxy.wait_for_reload("rejected");
    let diagnostics = report["last_reload"]["diagnostics"].as_str().unwrap();
    assert!(diagnostics.contains("`office.test` cannot be looked up: there is no such name"), "{diagnostics}");
    assert!(diagnostics.contains("E0607") && diagnostics.contains("policy.warp:3"), "{diagnostics}");
    assert_eq!(proxy.get("/").status, 200);
}

#[test]
fn a_name_in_parentheses_may_be_unknown_for_a_while() {
    let (dns, origin) = (Dns::start(), origin());
    let proxy = proxy(&dns, &policy(&origin, "(\"office.test\"/24); \"10.0.0.0\"/8;"));
    assert_eq!(proxy.get("/").status, 403);
    dns.addresses(NAME, 600, &["127.0.0.77"]);
    until_status(&proxy, 200);
}

/// The networks of a list are gathered for all names that change at once, not for each of them.
#[test]
fn two_thousand_names_are_ready_within_seconds() {
    let (dns, origin) = (Dns::start(), origin());
    let names = (0..2_000).map(|number| format!("(\"h{number}.test\");")).collect::<Vec<_>>().concat();
    dns.addresses("h1999.test", 600, &["127.0.0.1"]);
    let proxy = proxy(&dns, &policy(&origin, &names));
    until_status(&proxy, 200);
}
