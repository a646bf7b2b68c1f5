//! What Cache-Control and the Accept fields say, as policies read it from real messages.

use crate::support::{Answer, Origin, Proxy};

#[test]
fn a_policy_reads_what_the_response_says_of_caching() {
    let origin = Origin::start();
    let proxy = Proxy::before(
        &origin,
        "sub backend_response {
             set beresp.http.X-Said = \"\" + (beresp.cache_control.max_age ?? -1s) + \" \"
                 + (beresp.cache_control.s_maxage ?? -1s) + \" \" + beresp.cache_control.no_store + \" \"
                 + beresp.cache_control.private + \" \" + beresp.cache_control.immutable;
             unset beresp.http.Cache-Control;
             set beresp.http.X-Then = \"\" + (beresp.cache_control.max_age ?? -1s);
         }
         sub deliver { set resp.http.X-Sent = \"\" + (resp.cache_control.max_age ?? -1s); }",
    );
    for (path, lines, said) in [
        ("/two", &["max-age=60, Immutable", "S-MaxAge=\"5\", max-age=1"][..], "60.000 5.000 false false true"),
        ("/broken", &["max-age=abc, private"][..], "0.000 -1.000 false true false"),
        ("/fields", &["private=\"X-User\", no-store"][..], "-1.000 -1.000 true false false"),
        ("/quoted", &["x=\"no-store, max-age=9\""][..], "-1.000 -1.000 false false false"),
        ("/none", &[][..], "-1.000 -1.000 false false false"),
    ] {
        let answer = lines.iter().fold(Answer::ok("page"), |answer, line| answer.header("Cache-Control", line));
        origin.on(path, answer);
        let response = proxy.get(path);
        assert_eq!(response.header("X-Said"), Some(said), "{path}");
        let by_now = (response.header("X-Then"), response.header("X-Sent"));
        assert_eq!(by_now, (Some("-1.000"), Some("-1.000")), "{path}");
    }
}

#[test]
fn a_policy_may_follow_what_a_request_says_of_caching() {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("page").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(
        &origin,
        "sub recv {
             if (req.cache_control.only_if_cached) { return (synth(504)); }
             if (req.cache_control.no_cache or (req.cache_control.max_age ?? 1h) == 0s) {
                 set req.hash_always_miss = true;
             }
         }",
    );
    let mut client = proxy.client();
    let mut is_hit = |said: &str| client.get("/a").header("Cache-Control", said).send().cache_status().hit();
    assert_eq!(
        [is_hit("max-age=9"), is_hit("max-age=9"), is_hit("max-age=0"), is_hit("No-Cache")],
        [false, true, false, false]
    );
    assert!(is_hit("max-age=x"));
    assert_eq!(client.get("/a").header("Cache-Control", "only-if-cached").send().status, 504);
}

#[test]
fn what_the_client_likes_best_is_a_part_of_the_key() {
    let origin = Origin::start();
    origin.on_each("/", |asked| {
        let chosen = ["X-Language", "X-Type", "X-Coding"].map(|name| asked.header(name).unwrap_or("-").to_owned());
        Answer::ok(chosen.join(" ")).header("Cache-Control", "max-age=60")
    });
    let proxy = Proxy::before(
        &origin,
        "sub recv {
             set req.http.X-Language = req.accept.language([\"en\", \"de\"]) ?? \"en\";
             set req.http.X-Type = req.accept.media([\"text/html\", \"application/json\"]);
             set req.http.X-Coding = req.accept.encoding([\"br\", \"gzip\", \"identity\"]);
         }
         sub hash { hash_data(req.http.X-Language + req.http.X-Type + req.http.X-Coding); }",
    );
    let get = |fields: &[(&str, &str)]| {
        let mut client = proxy.client();
        fields.iter().fold(client.get("/"), |request, (name, value)| request.header(name, value)).send()
    };
    for (fields, chosen) in [
        (&[][..], "en text/html identity"),
        (&[("Accept-Language", "fr"), ("Accept", "image/png")], "en - identity"),
        (&[("Accept-Language", "de-CH, en;q=0.8"), ("Accept-Encoding", "gzip, br;q=0.9")], "de text/html gzip"),
        (&[("Accept-Language", "en;q=0.1"), ("Accept-Language", "de;q=0.2")], "de text/html identity"),
        (&[("Accept", "text/*;q=0.5, application/json")], "en application/json identity"),
    ] {
        assert_eq!(get(fields).text(), chosen, "{fields:?}");
    }
    assert!(get(&[("Accept-Language", "de-AT;q=0.9, en;q=0.2"), ("Accept-Encoding", "gzip")]).cache_status().hit());
}
