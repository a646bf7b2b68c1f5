//! What two sites call the same are two things: stored responses, backends, directors, counters, data.

use std::fs;

use super::{BY_URL, Farm, fresh};
use crate::support::{Answer, Gate, until};

#[test]
fn the_same_key_is_another_response_for_each_site() {
    let farm = Farm::alike(BY_URL);
    assert_eq!(farm.each("/page"), ["root", "a", "b"].map(|whose| (whose.to_owned(), false)));
    assert_eq!(farm.each("/page"), ["root", "a", "b"].map(|whose| (whose.to_owned(), true)));
}

/// A key of the root cannot be that of a site, whatever it is made of.
#[test]
fn no_key_of_the_root_is_that_of_a_site() {
    let named = "key { \"a.test\"; req.url; }\n";
    let farm = Farm::with(named, BY_URL, named, &[]);
    for _ in 0..2 {
        assert_eq!(farm.each("/page").map(|(whose, _)| whose), ["root", "a", "b"]);
    }
}

#[test]
fn queries_and_slices_are_kept_apart_as_well() {
    let farm = Farm::alike(&[BY_URL, "sub recv { if (req.url == \"/page\") { set req.slice = 64KB; } }\n"].concat());
    for (origin, name) in [(&farm.root, "root"), (&farm.a, "a"), (&farm.b, "b")] {
        origin.on(
            "/page",
            Answer::status(206)
                .with_body(name)
                .header("Cache-Control", "max-age=600")
                .header("Content-Range", &format!("bytes 0-{}/{}", name.len() - 1, name.len()))
                .header("ETag", "\"1\""),
        );
    }
    for _ in 0..2 {
        assert_eq!(farm.each("/page").map(|(whose, _)| whose), ["root", "a", "b"]);
    }
    let query = |host: &str| {
        let mut client = farm.proxy.client();
        let request = client.request("QUERY", "/1").header("Host", host).header("Content-Type", "text/plain");
        request.body("q").send().text().to_owned()
    };
    for _ in 0..2 {
        assert_eq!(["c.test", "a.test", "b.test"].map(query), ["root", "a", "b"]);
    }
    assert_eq!((farm.a.requests().len(), farm.b.requests().len()), (2, 2));
}

#[test]
fn one_site_marks_no_key_of_another() {
    let passed = "sub backend_response { if (beresp.http.X-Pass) { return (pass(10m)); } }";
    let farm = Farm::alike(&[BY_URL, passed].concat());
    farm.a.on("/page", fresh("a").header("X-Pass", "1"));
    farm.each("/page");
    let detail = |host| farm.get(host, "/page").cache_status().parameters["detail"].clone();
    assert_eq!(["a.test", "b.test", "c.test"].map(detail), ["hit-for-pass", "fresh", "fresh"]);
}

#[test]
fn requests_of_two_sites_do_not_wait_for_each_other() {
    let farm = Farm::alike(BY_URL);
    let gate = Gate::new();
    farm.a.on("/page", fresh("a").behind(&gate));
    let mut waiting = farm.proxy.client();
    waiting.get("/page").header("Host", "a.test").send_only();
    farm.a.wait_for(1);
    assert_eq!((farm.get("b.test", "/page").text(), farm.get("c.test", "/page").text()), ("b", "root"));
    gate.open();
    assert_eq!(waiting.read_response("GET").unwrap().text(), "a");
}

/// Even where they are at the same place.
#[test]
fn backends_of_one_name_are_counted_and_limited_apart() {
    let farm = Farm::alike("");
    let limited = farm.a.backend().replace("; }", "; .max_connections = 1; }");
    for site in ["sites/a.warp", "sites/b.warp"] {
        farm.write(site, &format!("warp 1;\n{limited}sub recv {{ return (pass); }}\n"));
        farm.proxy.wait_for_reload("ok");
    }
    let gate = Gate::new();
    farm.a.once("/page", fresh("first").behind(&gate));
    let mut waiting = farm.proxy.client();
    waiting.get("/page").header("Host", "a.test").send_only();
    farm.a.wait_for(1);
    assert_eq!(farm.get("a.test", "/page").status, 503);
    assert_eq!(farm.get("b.test", "/page").text(), "a");
    gate.open();
    waiting.read_response("GET").unwrap();

    let counted = |backend: &str, result: &str| {
        farm.proxy
            .wait_for_metric(&format!("warp_origin_requests_total{{backend=\"{backend}\",result=\"{result}\"}}"), 1);
    };
    counted("a.test/default", "ok");
    counted("a.test/default", "busy");
    counted("b.test/default", "ok");
    let status = farm.proxy.status();
    let names: Vec<&str> = status["backends"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["default", "a.test/default", "b.test/default"]);
}

/// The probe of one asks what that of the other asks; what one finds is its own business.
#[test]
fn each_site_probes_for_itself() {
    let farm = Farm::alike("");
    let probed = farm.b.backend().replace("; }", "; .probe = { .url = \"/page\"; .interval = 100ms; }; }");
    for site in ["sites/a.warp", "sites/b.warp"] {
        farm.write(site, &format!("warp 1;\n{probed}"));
        farm.proxy.wait_for_reload("ok");
    }
    farm.proxy.wait_for_backends();
    let succeeded = |site: &str| {
        farm.proxy.metric(&format!("warp_backend_probes_total{{backend=\"{site}/default\",result=\"ok\"}}"))
    };
    until("probes of both", || (succeeded("a.test") > 0 && succeeded("b.test") > 0).then_some(()));
}

#[test]
fn directors_of_one_name_take_turns_of_their_own() {
    let turns = "director all = round_robin { default; spare; }
        sub recv { set req.backend_hint = all; return (pass); }
        sub backend_response { set beresp.http.X-Name = beresp.backend.name; }";
    let farm = Farm::alike("");
    for site in ["sites/a.warp", "sites/b.warp"] {
        let spare = farm.a.backend().replace("default", "spare");
        farm.write(site, &super::policy(&farm.a, &[&spare, turns].concat()));
        farm.proxy.wait_for_reload("ok");
    }
    let name = |host: &str| farm.get(host, "/page").header("X-Name").unwrap().to_owned();
    // As it is declared, in a policy. If they shared their turns, it would be that of the other backend.
    assert_eq!(
        ["a.test", "a.test", "a.test", "b.test", "b.test"].map(name),
        ["default", "spare", "default", "default", "spare"]
    );
    let status = farm.proxy.status();
    assert_eq!(status["directors"][0]["name"], "a.test/all");
    assert_eq!(status["directors"][1]["members"][0], "b.test/default");
}

#[test]
fn rate_limits_written_alike_count_apart() {
    let limit = "sub recv { if (ratelimit(key: client.ip, limit: 2, per: 1h)) { return (synth(429)); } }";
    let farm = Farm::alike(limit);
    let statuses = |host: &str| [(); 3].map(|()| farm.get(host, "/page").status);
    for host in ["a.test", "b.test", "c.test"] {
        assert_eq!(statuses(host), [200, 200, 429], "{host}");
    }
    // They outlive a change, as they do without sites.
    farm.write("sites/b.warp", &super::policy(&farm.b, &[limit, "\n# changed\n"].concat()));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(["a.test", "b.test", "c.test"].map(|host| farm.get(host, "/page").status), [429; 3]);
}

#[test]
fn each_site_reads_its_own_tables() {
    let farm = Farm::alike("");
    for name in ["a", "b"] {
        let table = "table who from \"who.json\";\nsub recv { return (synth(200, who[\"name\"] ?? \"nobody\")); }";
        fs::create_dir(farm.proxy.dir().join(name)).unwrap();
        fs::write(farm.proxy.dir().join(format!("{name}/who.json")), format!("{{\"name\": \"{name}\"}}")).unwrap();
        let origin = if name == "a" { &farm.a } else { &farm.b };
        fs::write(farm.proxy.dir().join(format!("{name}/site.warp")), super::policy(origin, table)).unwrap();
    }
    let sites = super::SITES.replace("sites/a.warp", "a/site.warp").replace("sites/b.warp", "b/site.warp");
    farm.write("policy.warp", &super::policy(&farm.root, &sites));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(["a.test", "b.test"].map(|host| farm.get(host, "/page").reason), ["a", "b"]);
    farm.write("b/who.json", "{\"name\": \"new\"}");
    farm.proxy.wait_for_reload("ok");
    assert_eq!(["a.test", "b.test"].map(|host| farm.get(host, "/page").reason), ["a", "new"]);
}
