//! Which policy serves which host.

use std::fmt::Write as _;

use super::{Farm, SITES, fresh, policy};
use crate::support::{Origin, Proxy};

const WHOSE: &str = "sub recv { return (pass); }";

#[test]
fn a_host_is_served_by_the_policy_of_its_site() {
    let farm = Farm::alike(WHOSE);
    for (host, whose) in [
        ("a.test", "a"),
        ("A.Test:8080", "a"),
        ("a.test.", "a"),
        ("www.a.test", "a"),
        ("x.y.A.TEST.:80", "a"),
        ("b.test", "b"),
        ("www.b.test", "root"),
        ("aa.test", "root"),
        ("test", "root"),
        ("c.test", "root"),
        ("[::1]:80", "root"),
        ("127.0.0.1", "root"),
    ] {
        assert_eq!(farm.get(host, "/page").text(), whose, "{host}");
    }
}

#[test]
fn the_longest_host_that_fits_is_taken() {
    let origins = ["name", "below", "deeper", "address"].map(|name| {
        let origin = Origin::start();
        origin.on("/page", fresh(name));
        origin
    });
    let dir = tempfile::tempdir().unwrap();
    let mut declared = String::new();
    let hosts = ["shop.a.test", "*.a.test", "*.shop.a.test", "127.0.0.1"];
    for (number, (origin, host)) in origins.iter().zip(hosts).enumerate() {
        writeln!(declared, "site \"{host}\" from \"{number}.warp\";").unwrap();
        std::fs::write(dir.path().join(format!("{number}.warp")), policy(origin, WHOSE)).unwrap();
    }
    std::fs::write(dir.path().join("policy.warp"), policy(&origins[0], &declared)).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let whose = |host: &str| proxy.client().get("/page").header("Host", host).send().text().to_owned();
    assert_eq!(["shop.a.test", "x.a.test", "x.shop.a.test"].map(whose), ["name", "below", "deeper"]);
    assert_eq!(proxy.get("/page").text(), "address");
}

/// RFC 9112 section 3.2.2: the host of the target counts, whether there is a `Host` or not.
#[test]
fn rfc9112_3_2_2_the_host_of_a_target_in_absolute_form_chooses() {
    let farm = Farm::alike(WHOSE);
    assert_eq!(farm.get("www.a.test", "http://www.a.test/page").text(), "a");
    let mut client = farm.proxy.client();
    client.send_raw("GET http://b.test/page HTTP/1.0\r\n\r\n");
    assert_eq!(client.read_response("GET").unwrap().text(), "b");
}

#[test]
fn without_a_host_the_root_answers() {
    let farm = Farm::alike(WHOSE);
    let mut client = farm.proxy.client();
    client.send_raw("GET /page HTTP/1.0\r\n\r\n");
    assert_eq!(client.read_response("GET").unwrap().text(), "root");
}

/// The requests of one connection need not be for the same host.
#[test]
fn each_request_of_a_connection_has_its_own_site() {
    let farm = Farm::alike("");
    let mut client = farm.proxy.client();
    let mut whose = |host| client.get("/page").header("Host", host).send().text().to_owned();
    assert_eq!(["a.test", "b.test", "c.test", "a.test"].map(&mut whose), ["a", "b", "root", "a"]);
}

#[test]
fn the_subs_of_the_root_do_not_run_for_a_site() {
    let farm = Farm::with("sub recv { return (synth(404)); }", "", "sub recv { return (synth(403)); }", &[]);
    assert_eq!(["c.test", "a.test", "b.test"].map(|host| farm.get(host, "/page").status), [404, 200, 403]);
}

#[test]
fn several_sites_may_have_the_same_file_and_stay_apart() {
    let (origin, dir) = (Origin::start(), tempfile::tempdir().unwrap());
    origin.on("/page", fresh("page"));
    std::fs::write(
        dir.path().join("policy.warp"),
        policy(&origin, &SITES.replace("sites/a", "one").replace("sites/b", "one")),
    )
    .unwrap();
    std::fs::write(dir.path().join("one.warp"), policy(&origin, super::BY_URL)).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let hit = |host: &str| proxy.client().get("/page").header("Host", host).send().cache_status().hit();
    // Two hosts of one site share what is stored, two sites of one file do not.
    assert_eq!(["a.test", "www.a.test", "b.test", "b.test"].map(hit), [false, true, false, true]);
}
