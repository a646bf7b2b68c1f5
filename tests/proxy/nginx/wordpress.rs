//! `wordpress.warp`: anonymous readers are served from the cache, the others go through.

use super::{Site, assert_stored, seconds_left};
use crate::support::until;

fn start() -> Site {
    let files: [(&str, &[u8]); 9] = [
        ("index.html", b"<h1>blog</h1>"),
        ("post.html", b"<p>post</p>"),
        ("shop.html", b"<p>shop</p>"),
        ("wp-admin/index.html", b"<p>admin</p>"),
        ("cart/index.html", b"<p>cart</p>"),
        ("wp-content/style.css", b"p {}"),
        ("wp-content/uploads/shell.php", b"<?php"),
        ("wp-includes/images/blank.gif", b"GIF"),
        ("xmlrpc.php", b"<?php"),
    ];
    let directives = "add_header X-Powered-By PHP; add_header X-Pingback /xmlrpc.php; \
                      location = /shop.html { add_header Set-Cookie cart=new; } \
                      location = /wp-content/style.css { add_header Set-Cookie tracker=1; } \
                      location = /broken { return 502; } \
                      location = /seen { return 200 '$request_uri|$http_cookie'; }";
    Site::start("wordpress.warp", 8080, &files, directives)
}

#[test]
fn anonymous_readers_share_pages_whatever_noise_they_bring() {
    let site = start();
    assert_eq!(site.get_with("/seen?srsltid=1&mc_cid=2&p=7", "Cookie", "_ga=1; wp-settings=2").text(), "/seen?p=7|");
    assert!(site.get_with("/seen?p=7&utm_source=x", "Cookie", "_ga=2").cache_status().hit());
    assert_eq!(site.asked(), ["GET /seen?p=7 200"]);
}

#[test]
fn a_page_is_stored_for_ten_minutes_and_browsers_ask_each_time() {
    let site = start();
    let hit = assert_stored(&site, "/post.html");
    assert!((590..=600).contains(&seconds_left(&hit)));
    assert_eq!(hit.header("Cache-Control"), Some("no-cache"));
    assert_eq!((hit.header("X-Powered-By"), hit.header("X-Pingback")), (None, None));
    assert_eq!(site.asked(), ["GET /post.html 200"]);
}

#[test]
fn files_of_the_theme_are_stored_for_a_week_without_cookies_for_everybody() {
    let site = start();
    let hit = assert_stored(&site, "/wp-content/style.css");
    assert!(seconds_left(&hit) > 6 * 86_400);
    assert_eq!((hit.header("Set-Cookie"), hit.header("Cache-Control")), (None, None));
    let logged_in = site.get_with("/wp-content/style.css", "Cookie", "wordpress_test=1; woocommerce_cart_hash=2");
    assert!(logged_in.cache_status().hit());
    assert_eq!(site.asked(), ["GET /wp-content/style.css 200"]);
}

#[test]
fn who_is_logged_in_or_has_something_in_the_cart_passes() {
    let site = start();
    assert_stored(&site, "/seen");
    let cookies = ["wordpress_logged_in_ab12=me", "wp-postpass_ab12=word", "woocommerce_items_in_cart=1"];
    for cookie in cookies {
        let own = site.get_with("/seen", "Cookie", &format!("_ga=1; {cookie}"));
        assert_eq!((own.text(), own.cache_status().fwd()), (format!("/seen|{cookie}").as_str(), Some("bypass")));
    }
    // Someone who commented once is a reader like any other.
    assert!(site.get_with("/seen", "Cookie", "comment_author_ab12=me").cache_status().hit());
    assert_eq!(site.asked(), ["GET /seen 200"; 4]);
}

#[test]
fn personal_pages_pass() {
    let site = start();
    for target in ["/wp-admin/", "/cart/", "/post.html?preview=true", "/post.html?add-to-cart=9"] {
        for _ in 0..2 {
            let own = site.get(target);
            assert_eq!((own.status, own.cache_status().fwd()), (200, Some("bypass")), "{target}");
        }
    }
    assert_eq!(site.asked().len(), 8);
}

#[test]
fn what_is_not_for_the_outside_is_closed() {
    let site = start();
    for target in ["/xmlrpc.php", "/wp-content/uploads/shell.php", "/wp-content/uploads/2026/11/x.php"] {
        let closed = site.get(target);
        assert_eq!((closed.status, closed.reason.as_str()), (403, "Closed"), "{target}");
    }
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[test]
fn a_page_that_sets_a_cookie_is_for_one_reader() {
    let site = start();
    for _ in 0..2 {
        let own = site.get("/shop.html");
        assert_eq!((own.header("Set-Cookie"), own.cache_status().stored()), (Some("cart=new"), false));
    }
    assert_eq!(site.asked(), ["GET /shop.html 200"; 2]);
}

#[test]
fn what_is_not_there_is_known_for_half_a_minute_and_errors_are_not_stored() {
    let site = start();
    assert_eq!(site.get("/nothing").status, 404);
    let known = site.get("/nothing");
    assert!(known.status == 404 && known.cache_status().hit() && seconds_left(&known) <= 30);
    for _ in 0..2 {
        assert_eq!(site.get("/broken").status, 502);
    }
    assert_eq!(site.asked(), ["GET /nothing 404", "GET /broken 502", "GET /broken 502"]);
}

#[test]
fn the_plugin_purges_a_page() {
    let site = start();
    assert_stored(&site, "/post.html");
    assert_eq!(site.request("PURGE", "/post.html").status, 200);
    assert_stored(&site, "/post.html");
    assert_eq!(site.asked(), ["GET /post.html 200"; 2]);
}

#[test]
fn after_a_soft_purge_readers_do_not_wait() {
    let site = start();
    assert_stored(&site, "/post.html");
    assert_eq!(site.proxy.client().request("PURGE", "/post.html").header("X-Soft", "1").send().status, 200);
    assert_eq!(site.get("/post.html").cache_status().parameters["detail"], "grace");
    until("the page that is fetched anew", || {
        (site.get("/post.html").cache_status().parameters["detail"] == "fresh").then_some(())
    });
    assert_eq!(site.asked(), ["GET /post.html 200", "GET /post.html 304"]);
}

#[test]
fn a_live_edit_takes_pages_out_of_the_cache_and_keeps_what_is_stored() {
    let mut site = start();
    assert_stored(&site, "/post.html");
    let closed = "when path under \"/xmlrpc.php\" -> deny 403 \"Closed\";";
    site.edit(closed, &format!("{closed}\n    when path == \"/post.html\" -> deny 410 \"Withdrawn\";"));
    assert_eq!(site.get("/post.html").status, 410);
    site.edit("    when path == \"/post.html\" -> deny 410 \"Withdrawn\";\n", "");
    assert!(site.get("/post.html").cache_status().hit());
    assert_eq!(site.asked(), ["GET /post.html 200"]);
}
