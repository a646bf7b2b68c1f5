//! `quickstart.warp`: what `warp demo` runs.

use super::{BIG, BIG_BYTES, Site, assert_stored, seconds_left};

const PAGE: &[u8] = b"<h1>front</h1>";

fn start() -> Site {
    let files: [(&str, &[u8]); 7] = [
        ("index.html", PAGE),
        ("style.css", b"h1 { color: red }"),
        ("images/logo.png", b"\x89PNG not really"),
        ("images/large.png", &BIG),
        ("api/time.json", b"{\"time\": 1}"),
        (".git/config", b"secret"),
        ("health", b"well"),
    ];
    let directives = "location = /broken { return 500; } \
                      location /images/ { add_header Set-Cookie tracker=1; } \
                      location = /seen { return 200 '$request_uri|$http_cookie|$http_accept_encoding'; }";
    Site::start("quickstart.warp", 8081, &files, directives)
}

#[test]
fn pages_are_stored_for_thirty_seconds_and_counted() {
    let site = start();
    let miss = site.get("/");
    assert_eq!((miss.status, miss.body.as_slice(), miss.header("X-Hits")), (200, PAGE, None));
    for hits in ["1", "2"] {
        let hit = site.get("/");
        assert_eq!((hit.body.as_slice(), hit.header("X-Hits")), (PAGE, Some(hits)));
        assert!((20..=30).contains(&seconds_left(&hit)));
        assert_eq!(hit.header("X-Greeting"), Some("hello from quickstart.warp"));
    }
    assert_stored(&site, "/style.css");
    assert_eq!(site.asked(), ["GET / 200", "GET /style.css 200"]);
}

#[test]
fn images_are_stored_for_an_hour_without_their_cookie() {
    let site = start();
    let hit = assert_stored(&site, "/images/logo.png");
    assert!((3_500..=3_600).contains(&seconds_left(&hit)));
    assert_eq!((hit.header("Set-Cookie"), hit.header("Content-Type")), (None, Some("image/png")));
    assert_eq!(site.asked(), ["GET /images/logo.png 200"]);
}

#[test]
fn a_large_file_comes_whole_and_in_parts_from_the_store() {
    let site = start();
    let hit = assert_stored(&site, "/images/large.png");
    assert_eq!((hit.body.len(), hit.body == *BIG), (BIG_BYTES, true));
    let part = site.get_with("/images/large.png", "Range", "bytes=1000000-1000007");
    assert_eq!((part.status, part.text()), (206, "0125000 "));
    assert_eq!(part.header("Content-Range"), Some(format!("bytes 1000000-1000007/{BIG_BYTES}").as_str()));
    assert_eq!(site.asked(), ["GET /images/large.png 200"]);
}

#[test]
fn a_validator_from_nginx_is_answered_from_the_store() {
    let site = start();
    let page = assert_stored(&site, "/");
    let etag = page.header("ETag").expect("nginx sends one").to_owned();
    let known = site.get_with("/", "If-None-Match", &etag);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(site.asked(), ["GET / 200"]);
}

#[test]
fn parameters_of_advertisements_and_order_do_not_split_the_cache() {
    let site = start();
    let first = site.get("/seen?b=2&utm_source=mail&a=1&gclid=9");
    assert_eq!(first.text(), "/seen?a=1&b=2||identity");
    for same in ["/seen?a=1&b=2", "/seen?fbclid=1&b=2&a=1", "/seen?utm_campaign=x&a=1&b=2&utm_medium=y"] {
        assert!(site.get(same).cache_status().hit(), "{same}");
    }
    assert_eq!(site.asked(), ["GET /seen?a=1&b=2 200"]);
}

#[test]
fn cookies_that_the_site_does_not_read_are_dropped_and_a_session_passes() {
    let site = start();
    assert_eq!(site.get_with("/seen", "Cookie", "tracker=1; theme=dark").text(), "/seen||identity");
    assert!(site.get_with("/seen", "Cookie", "tracker=2").cache_status().hit());
    for _ in 0..2 {
        let own = site.get_with("/seen", "Cookie", "tracker=1; session=me");
        assert_eq!((own.text(), own.cache_status().fwd()), ("/seen|session=me|identity", Some("bypass")));
    }
    assert_eq!(site.asked(), ["GET /seen 200"; 3]);
}

#[test]
fn host_and_codings_are_brought_to_one_form() {
    let site = start();
    let ask = |host: &str, codings: &str| {
        site.proxy.client().get("/seen").header("Host", host).header("Accept-Encoding", codings).send()
    };
    assert_eq!(ask("Www.Example", "br;q=1.0, gzip;q=0.8, *;q=0.1").text(), "/seen||gzip");
    assert!(ask("www.example", "gzip, deflate").cache_status().hit());
    assert_eq!(site.asked().len(), 1);
}

#[test]
fn the_api_and_the_health_page_pass() {
    let site = start();
    for target in ["/api/time.json", "/health"] {
        for _ in 0..2 {
            let passed = site.get(target);
            assert_eq!((passed.status, passed.cache_status().fwd()), (200, Some("bypass")), "{target}");
        }
    }
    assert_eq!(site.asked(), ["GET /api/time.json 200"; 2]);
}

#[test]
fn other_methods_pass() {
    let site = start();
    assert_eq!(site.request("POST", "/").status, 405, "nginx takes no POST for a file");
    assert_eq!(site.request("BREW", "/").status, 501);
    assert_eq!(site.asked(), ["POST / 405"]);
}

#[test]
fn hidden_files_are_denied_with_a_page_of_our_own() {
    let site = start();
    for target in ["/.git/config", "/.git/", "/.env"] {
        let denied = site.get(target);
        assert_eq!((denied.status, denied.text()), (403, "403 Nothing to see here"), "{target}");
        assert_eq!(denied.header("Content-Type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[test]
fn the_old_front_page_redirects() {
    let site = start();
    let moved = site.get("/home");
    assert_eq!((moved.status, moved.header("Location")), (302, Some("/")));
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[test]
fn errors_are_not_stored() {
    let site = start();
    for _ in 0..2 {
        let broken = site.get("/broken");
        assert_eq!((broken.status, broken.cache_status().stored()), (500, false));
    }
    assert_eq!(site.asked(), ["GET /broken 500"; 2]);
}

#[test]
fn a_purge_makes_the_next_request_a_miss_and_leaves_the_others() {
    let site = start();
    assert_stored(&site, "/");
    assert_stored(&site, "/style.css");
    assert_eq!(site.request("PURGE", "/").status, 200);
    assert!(!site.get("/").cache_status().hit());
    assert!(site.get("/").cache_status().hit());
    assert!(site.get("/style.css").cache_status().hit());
    assert_eq!(site.asked(), ["GET / 200", "GET /style.css 200", "GET / 200"]);
}

#[test]
fn who_may_purge_can_be_changed_live() {
    let mut site = start();
    assert_stored(&site, "/");
    site.edit("    \"127.0.0.1\";\n    \"::1\";", "    \"192.0.2.1\";");
    let denied = site.request("PURGE", "/");
    assert_eq!((denied.status, denied.text()), (403, "403 Purging is not allowed from here"));
    assert!(site.get("/").cache_status().hit());
    assert_eq!(site.asked(), ["GET / 200"]);
}

#[test]
fn a_changed_greeting_is_on_the_next_response_that_is_stored_already() {
    let mut site = start();
    assert_stored(&site, "/");
    site.edit("hello from quickstart.warp", "good morning");
    let hit = site.get("/");
    assert_eq!((hit.header("X-Greeting"), hit.cache_status().hit()), (Some("good morning"), true));
    assert_eq!(site.asked(), ["GET / 200"]);
}

#[test]
fn a_changed_lifetime_holds_from_the_next_fetch_on() {
    let mut site = start();
    assert_stored(&site, "/");
    site.edit("else -> ttl 30s, grace 1m;", "else -> ttl 5m, grace 1m;");
    assert!(seconds_left(&site.get("/")) <= 30);
    assert!((290..=300).contains(&seconds_left(&assert_stored(&site, "/style.css"))));
    assert_eq!(site.asked(), ["GET / 200", "GET /style.css 200"]);
}

#[test]
fn a_mistake_is_told_and_the_site_is_served_as_before() {
    let mut site = start();
    assert_stored(&site, "/");
    site.proxy.write_policy(super::edited(&site.policy, "grace 1m;", "grace 1m"));
    let policy = site.proxy.wait_for_reload("rejected");
    assert!(policy["last_reload"]["diagnostics"].as_str().unwrap().contains("E0102"), "{policy}");
    assert!(site.get("/").cache_status().hit());
    assert_stored(&site, "/style.css");
    site.edit("hello from quickstart.warp", "mended");
    assert_eq!(site.get("/").header("X-Greeting"), Some("mended"));
    assert_eq!(site.asked(), ["GET / 200", "GET /style.css 200"]);
}
