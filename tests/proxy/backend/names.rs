//! Backends that are named: what their names stand for is looked up again and again.

use crate::support::{Answer, Dns, Origin, Proxy, until};

const NAME: &str = "origin.test";

/// An origin whose page says its name.
fn origin(body: &str) -> Origin {
    answering(Origin::start(), body)
}

fn answering(origin: Origin, body: &str) -> Origin {
    origin.on("/page", Answer::ok(body).header("Cache-Control", "no-store"));
    origin
}

fn proxy(dns: &Dns, backend: &str) -> Proxy {
    let policy = format!("warp 1;\nbackend default {{ {backend} }}\n");
    Proxy::start_with(&policy, &["--resolver", &dns.address()])
}

fn named(dns: &Dns, port: u16) -> Proxy {
    proxy(dns, &format!(".host = \"{NAME}\"; .port = {port};"))
}

fn resolved(proxy: &Proxy) -> Vec<String> {
    let status = proxy.status();
    let resolved = status["backends"][0]["resolved"].as_array().unwrap();
    resolved.iter().map(|address| address.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_name_that_moves_is_followed() {
    let (dns, one) = (Dns::start(), origin("one"));
    let port = one.address().port();
    let two = answering(Origin::start_on("127.0.0.2", port), "two");
    dns.addresses(NAME, 1, &["127.0.0.1"]);
    let proxy = named(&dns, port);
    assert_eq!(proxy.get("/page").text(), "one");
    dns.addresses(NAME, 600, &["127.0.0.2"]);
    until("the name to be looked up again", || (resolved(&proxy) == [format!("127.0.0.2:{port}")]).then_some(()));
    assert_eq!(proxy.get("/page").text(), "two");
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
}

#[test]
fn all_addresses_of_a_name_are_used() {
    let (dns, one) = (Dns::start(), origin("one"));
    let port = one.address().port();
    let two = answering(Origin::start_on("127.0.0.2", port), "two");
    dns.addresses(NAME, 600, &["127.0.0.1", "127.0.0.2"]);
    let proxy = named(&dns, port);
    for _ in 0..6 {
        assert_eq!(proxy.get("/page").status, 200);
    }
    assert_eq!((one.requests().len(), two.requests().len()), (3, 3));
    let asked = dns.asked_for(NAME);
    assert!((1..=2).contains(&asked), "once for each kind of address, not for each request: {asked}");
}

#[test]
fn an_address_to_which_nobody_answers_is_passed_over() {
    let (dns, origin) = (Dns::start(), origin("well"));
    dns.addresses(NAME, 600, &["127.0.0.7", "127.0.0.8", "127.0.0.9", "127.0.0.10", "127.0.0.1", "::1"]);
    let proxy = named(&dns, origin.address().port());
    for method in ["GET", "POST"] {
        for _ in 0..4 {
            assert_eq!(proxy.client().request(method, "/page").send().text(), "well");
        }
    }
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"ok\"}", 8);
}

#[test]
fn a_lookup_that_fails_keeps_the_old_addresses() {
    let (dns, origin) = (Dns::start(), origin("well"));
    dns.addresses(NAME, 1, &["127.0.0.1"]);
    let proxy = named(&dns, origin.address().port());
    assert_eq!(proxy.get("/page").text(), "well");
    let error = || proxy.status()["backends"][0]["resolve_error"].as_str().map(str::to_owned);
    dns.fail(true);
    until("a lookup to fail", error);
    assert_eq!(proxy.get("/page").text(), "well");
    dns.fail(false);
    dns.remove(NAME);
    until("the name to be gone", || (error()? == "there is no such name").then_some(()));
    assert_eq!(proxy.get("/page").text(), "well");
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    until("the name to be back", || error().is_none().then_some(()));
}

#[test]
fn a_name_that_is_unknown_is_a_backend_that_is_down_until_it_is_known() {
    let (dns, origin) = (Dns::start(), origin("well"));
    let proxy = named(&dns, origin.address().port());
    assert_eq!(proxy.get("/page").status, 503);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"resolve\"}", 1);
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    until("the name to be known", || (proxy.get("/page").status == 200).then_some(()));
}

#[test]
fn the_hosts_file_goes_first() {
    let (dns, origin) = (Dns::start(), origin("well"));
    let proxy = proxy(&dns, &format!(".host = \"localhost\"; .port = {};", origin.address().port()));
    assert_eq!(proxy.get("/page").text(), "well");
    assert_eq!(dns.asked_for("localhost"), 0);
}

#[test]
fn a_reload_does_not_forget_what_a_name_stands_for() {
    let (dns, origin) = (Dns::start(), origin("well"));
    let port = origin.address().port();
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    let proxy = named(&dns, port);
    assert_eq!(proxy.get("/page").text(), "well");
    let asked = dns.asked_for(NAME);
    dns.fail(true);
    let changed = format!(".host = \"{NAME}\"; .port = {port}; .connect_timeout = 9s;");
    proxy.write_policy(format!("warp 1;\nbackend default {{ {changed} }}\n"));
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/page").text(), "well");
    assert_eq!(dns.asked_for(NAME), asked);
}

#[test]
fn rfc2782_a_service_says_where_it_is() {
    let dns = Dns::start();
    let (often, seldom, spare) = (origin("often"), origin("seldom"), origin("spare"));
    let port = |origin: &Origin| origin.address().port();
    dns.service(
        "_http._tcp.shop.test",
        1,
        &[
            (20, 9, port(&spare), "c.test"),
            (10, 3, port(&often), "a.test"),
            (10, 1, port(&seldom), "b.test"),
            (10, 9, 1, "unknown.test"),
        ],
    );
    for host in ["a.test", "b.test", "c.test"] {
        dns.addresses(host, 600, &["127.0.0.1"]);
    }
    let proxy = proxy(&dns, ".srv = \"_http._tcp.shop.test\";");
    let mut client = proxy.client();
    for _ in 0..8 {
        assert_eq!(client.get("/page").send().status, 200);
    }
    let asked = || [&often, &seldom, &spare].map(|origin| origin.requests().len());
    assert_eq!(asked(), [6, 2, 0]);
    client.send_raw("GET /page HTTP/1.0\r\n\r\n");
    client.read_response("GET").unwrap();
    let host = [&often, &seldom]
        .into_iter()
        .flat_map(Origin::requests)
        .find_map(|request| request.header("Host").filter(|host| *host == "shop.test").map(str::to_owned));
    assert_eq!(host.as_deref(), Some("shop.test"), "a request without a host asks the domain");
    assert_eq!(proxy.status()["backends"][0]["address"], "_http._tcp.shop.test");
    drop((often, seldom));
    assert_eq!(proxy.get("/page").text(), "spare", "the next priority");
    dns.service("_http._tcp.shop.test", 600, &[(0, 0, 0, ".")]);
    until("the service to be gone", || {
        (proxy.status()["backends"][0]["resolve_error"] == "the service is not offered").then_some(())
    });
}

#[test]
fn a_probe_uses_what_a_name_stands_for() {
    let (dns, origin) = (Dns::start(), origin("well"));
    let probe = ".probe = { .url = \"/page\"; .interval = 20ms; .window = 1; .threshold = 1; };";
    let proxy = proxy(&dns, &format!(".host = \"{NAME}\"; .port = {}; {probe}", origin.address().port()));
    let error =
        until("a probe to fail", || proxy.status()["backends"][0]["probe"]["last_error"].as_str().map(str::to_owned));
    assert_eq!(error, format!("the name `{NAME}` cannot be resolved: there is no such name"));
    dns.addresses(NAME, 600, &["127.0.0.1"]);
    proxy.wait_for_backends();
}
