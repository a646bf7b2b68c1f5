//! `rfc9111.warp`: RFC 9111 and nothing else, in front of any origin.

use crate::support::Proxy;

use super::{Site, assert_stored, edited, example, serve};

fn start() -> Site {
    let files: [(&str, &[u8]); 6] = [
        ("fresh/page.html", b"<p>fresh</p>"),
        ("public/page.html", b"<p>public</p>"),
        ("private/page.html", b"<p>private</p>"),
        ("cookie/page.html", b"<p>cookie</p>"),
        ("plain/page.html", b"<p>plain</p>"),
        ("no-store/page.html", b"<p>secret</p>"),
    ];
    let directives = "location /fresh/ { add_header Cache-Control max-age=60; } \
                      location /public/ { add_header Cache-Control 'public, max-age=60'; } \
                      location /private/ { add_header Cache-Control 'private, max-age=60'; } \
                      location /cookie/ { add_header Cache-Control max-age=60; add_header Set-Cookie id=1; } \
                      location /no-store/ { add_header Cache-Control no-store; } \
                      location /bare/ { add_header Last-Modified ''; return 200 bare; }";
    let (nginx, dir) = serve(&files, directives);
    // As its comment says: in front of any origin.
    let policy = example("rfc9111.warp", &[]);
    let proxy = Proxy::start_with(&policy, &["--origin", &format!("http://{}", nginx.address())]);
    Site { policy, nginx, proxy, _files: dir }
}

#[test]
fn a_cookie_does_not_keep_a_request_from_the_cache() {
    let site = start();
    assert!(site.get_with("/fresh/page.html", "Cookie", "id=1").cache_status().stored());
    assert!(site.get_with("/fresh/page.html", "Cookie", "id=2").cache_status().hit());
    assert_eq!(site.asked(), ["GET /fresh/page.html 200"]);
}

#[test]
fn authorization_is_stored_only_if_the_response_allows_it() {
    let site = start();
    let ask = |target| site.get_with(target, "Authorization", "Basic bWU6bWU=");
    assert!(!ask("/fresh/page.html").cache_status().stored());
    assert!(!ask("/fresh/page.html").cache_status().hit());
    assert!(ask("/public/page.html").cache_status().stored());
    assert!(ask("/public/page.html").cache_status().hit());
    let wanted = ["GET /fresh/page.html 200", "GET /fresh/page.html 200", "GET /public/page.html 200"];
    assert_eq!(site.asked(), wanted);
}

#[test]
fn set_cookie_does_not_forbid_storing() {
    let site = start();
    assert_eq!(assert_stored(&site, "/cookie/page.html").header("Set-Cookie"), Some("id=1"));
    assert_eq!(site.asked(), ["GET /cookie/page.html 200"]);
}

#[test]
fn what_the_rfc_forbids_is_not_stored() {
    let site = start();
    for target in ["/private/page.html", "/no-store/page.html", "/bare/page"] {
        for _ in 0..2 {
            let response = site.get(target);
            assert_eq!((response.status, response.cache_status().hit()), (200, false), "{target}");
            assert!(!response.cache_status().stored(), "{target}");
        }
    }
    assert_eq!(site.asked().len(), 6);
}

#[test]
fn what_has_only_a_validator_is_validated_each_time() {
    let site = start();
    for _ in 0..3 {
        assert_eq!(site.get("/plain/page.html").text(), "<p>plain</p>");
    }
    let wanted = ["GET /plain/page.html 200", "GET /plain/page.html 304", "GET /plain/page.html 304"];
    assert_eq!(site.asked(), wanted);
}

#[test]
fn the_method_of_a_purge_is_the_origins_until_a_live_edit_knows_it() {
    let mut site = start();
    assert_stored(&site, "/fresh/page.html");
    assert_eq!(site.request("PURGE", "/fresh/page.html").status, 405);
    assert!(site.get("/fresh/page.html").cache_status().hit());

    let piece = "override builtin.cookie {}";
    let rule = "rules request first { when method == \"PURGE\" -> purge; }";
    site.edit(piece, &format!("{piece}\n{rule}"));
    assert!(site.get("/fresh/page.html").cache_status().hit());
    assert_eq!(site.request("PURGE", "/fresh/page.html").status, 200);
    assert_stored(&site, "/fresh/page.html");
    let asked = ["GET /fresh/page.html 200", "PURGE /fresh/page.html 405", "GET /fresh/page.html 200"];
    assert_eq!(site.asked(), asked);
}

#[test]
fn taking_the_cookie_piece_back_makes_cookies_pass_again() {
    let site = start();
    assert!(site.get_with("/fresh/page.html", "Cookie", "id=1").cache_status().stored());
    site.proxy.write_policy(edited(&site.policy, "override builtin.cookie {}", ""));
    site.proxy.wait_for_reload("ok");
    let passed = site.get_with("/fresh/page.html", "Cookie", "id=1");
    assert_eq!(passed.cache_status().fwd(), Some("bypass"));
    assert!(site.get("/fresh/page.html").cache_status().hit());
    assert_eq!(site.asked(), ["GET /fresh/page.html 200"; 2]);
}
