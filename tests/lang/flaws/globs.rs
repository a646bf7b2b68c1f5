//! Patterns whose signs say something else than is meant: anchors of one alternative, ranges, globs, dots of an address.

use super::patterns::{everywhere, of_patterns};
use super::words::mended;

fn test(subject: &str, pattern: &str) -> String {
    format!("sub recv {{ if (req.{subject} ~ \"{pattern}\") {{ return (pass); }} }}")
}

fn nothing_of(subject: &str, patterns: &[&str]) {
    for pattern in patterns {
        assert_eq!(of_patterns(&test(subject, pattern)), [""; 0], "{pattern}");
    }
}

#[test]
fn anchors_that_tie_only_the_outer_alternatives() {
    everywhere("W0823", "method", "^GET|HEAD$", "^(GET|HEAD)[A-Z]*$");
    everywhere("W0823", "http.X-Country", "^DE|AT|CH$", "^(DE|AT|CH)[0-9]?$");
    everywhere("W0823", "cookies[\"plan\"]", "(?i)^pro|max$", "(?i)^(pro|max)$");
    everywhere("W0823", "query[\"sort\"]", "(^up|down$)", "^(up|down)[0-9]?$");
    everywhere("W0823", "url", "^/shop|cart|checkout$", "^/(shop|cart|checkout)/?$");
    everywhere("W0823", "path", "^/shop|cart$", "^/(shop|cart)/?$");
    everywhere("W0823", "url", "^/admin|/login", "^/admin|^/login");
    everywhere("W0823", "url", "^/(en|de)/cart|/checkout", "^/(en|de)/cart|^/checkout");
    everywhere("W0823", "url", "^/a|/b|/c$", "^/a|^/b|/c$");
    everywhere("W0823", "url", "\\.css|\\.js$", "\\.css[0-9]$|\\.js$");
    everywhere("W0823", "path", "\\.jpg|png|gif$", "\\.(jpg|png|gif)[0-9]*$");
    nothing_of(
        "url",
        &[
            "^/api/|\\.json$",
            "^/a[0-9]|^/b[0-9]",
            "^/wp-admin|/feed$",
            "^/sitemap|xml$",
            "foo|bar",
            "^/a|^/b|/c",
            "/(a|b)$",
            "^/login|wc-api|preview",
            "\\.php|cgi-bin",
        ],
    );
    nothing_of("http.User-Agent", &["^curl|bot$", "^Mozilla|Opera$"]);
    nothing_of("http.Content-Type", &["^text|json$", "^text/|\\+json$"]);
    nothing_of("http.X-Kind", &["^a-|-b$", "^a b|c$", "^a$|^b[0-9]$"]);
    let trimmed = "sub recv { set req.http.X = regsuball(req.http.X, \"^a|b$\", \"\"); }";
    assert_eq!(of_patterns(trimmed), [""; 0]);
    for (subject, pattern, other) in [
        ("http.X-Country", "^DE|AT|CH$", "^(DE|AT|CH)$"),
        ("url", "^/shop|cart$", "^/(shop|cart)$"),
        ("url", "^/admin|/login", "^(/admin|/login)"),
        ("url", "\\.css|\\.js$", "\\.(css|js)$"),
    ] {
        assert_eq!(mended(&test(subject, pattern)), test(subject, other));
    }
}

#[test]
fn a_range_of_characters_that_holds_more_than_letters() {
    everywhere("W0827", "path", "^/[A-z]+/x$", "^/[A-Za-z]+/x$");
    everywhere("W0827", "http.X-Id", "^[0-z]+$", "^[0-9A-Za-z]+$");
    everywhere("W0827", "url", "(?i)/[^A-z]", "(?i)/[^A-Za-z]");
    everywhere("W0827", "url", "/[a-z0-9.-_]+/x", "/[a-z0-9._-]+/x");
    everywhere("W0827", "url", "/[\\d+-=]+/x", "/[\\d+=-]+/x");
    let replaced = "sub recv { set req.http.X-Id = regsuball(req.http.X-Id, \"[^A-z0-9]\", \"\"); }";
    assert_eq!(of_patterns(replaced), ["W0827"]);
    assert_eq!(mended(replaced), replaced.replace("A-z", "A-Za-z"));
    assert_eq!(mended(&test("url", "/[B-y]/x")), test("url", "/[B-Za-y]/x"));
    assert_eq!(mended(&test("url", "/[a-z0-9.-_]/x")), test("url", "/[a-z0-9.\\-_]/x"));
    nothing_of("url", &["/[!-~]/x", "/[ -~]/x", "/[a-zA-Z_-]/x", "/[+--]/x", "/[\\x41-\\x7a]/x", "/[[:alpha:]]/x"]);
}

#[test]
fn a_glob_where_a_pattern_stands() {
    everywhere("W0828", "url", "/images/*", "^/images/[0-9]");
    everywhere("W0828", "url", "^/images/*", "^/images/*$");
    everywhere("W0828", "path", "(?i)^/api/*/users", "(?i)^/api/[^/]+/users");
    everywhere("W0828", "url", "/images/*.jpg", "/images/.*\\.jpg$");
    everywhere("W0828", "url", "/images/*\\.(jpg|png)$", "/images/.*\\.(jpg|png)$");
    everywhere("W0828", "url", "^/(images|css)/[a-z]+/*", "^/(images|css)/[a-z]+/");
    everywhere("W0828", "http.User-Agent", "Googlebot*", "Googlebot");
    everywhere("W0828", "http.Accept", "(text/*|image/*)", "(text/|image/)");
    nothing_of("url", &["^/a//*$", "/*$", "^/*x", "^/a/*$", "/a/*(\\?|$)", "/[a-z]*", "/a*", "/a/.*b", "^/a/+"]);
    for pattern in ["^/*", "/*$", "^/api/*", "/a/*/b"] {
        let policy = format!("sub recv {{ set req.url = regsub(req.url, \"{pattern}\", \"/\"); }}");
        assert_eq!(of_patterns(&policy), [""; 0], "{pattern}");
    }
    for (pattern, other) in
        [("^/static/*", "^/static/"), ("^/api/*/users", "^/api/[^/]+/users"), ("/images/*.jpg", "/images/.*\\.jpg")]
    {
        assert_eq!(super::linted(&[("p.warp", &test("url", pattern))]).diagnostics.len(), 1, "{pattern}");
        assert!(mended(&test("url", pattern)).contains(other), "{pattern}");
    }
}

#[test]
fn alternatives_in_brackets() {
    everywhere("W0829", "http.User-Agent", "[bot|crawler]", "(bot|crawler)");
    everywhere("W0829", "http.User-Agent", "(?i)[Googlebot|Bingbot|7]", "(?i)(Googlebot|Bingbot|7)");
    everywhere("W0829", "url", "^/[a-z|A-Z]/x/", "^/[a-zA-Z]/x/");
    everywhere("W0829", "url", "^/[^foo|bar]/x/", "^/[^/]/x/");
    everywhere("W0829", "url", "^/([\\d|a-f])+/x/", "^/([\\da-f])+/x/");
    for (wrong, right) in [
        ("[bot|crawler]", "(bot|crawler)"),
        ("[a-z|A-Z]+/x", "[a-zA-Z]+/x"),
        ("[^a-z|0-9]/x", "[^a-z0-9]/x"),
        ("[a|b]/x", "[ab]/x"),
    ] {
        assert_eq!(mended(&test("http.User-Agent", wrong)), test("http.User-Agent", right));
    }
    assert_eq!(mended(&test("http.User-Agent", "[^bot|spider]")), test("http.User-Agent", "[^bot|spider]"));
    nothing_of("http.X-List", &["[,|;]", "[|a]x", "[a|]x", "[a\\|b]x", "a[0-9,|;]b", "[a-z| ]x", "[ab]|[cd]"]);
    let replaced = "sub recv { set req.http.X-Id = regsuball(req.http.X-Id, \"[foo|bar]\", \"\"); }";
    assert_eq!(of_patterns(replaced), ["W0829"]);
}

#[test]
fn dots_of_an_address() {
    everywhere("W0822", "http.X-Real-IP", "^10.0.0.", "^10\\.0\\.0\\.");
    everywhere("W0822", "http.X-Forwarded-For", "(^|, )192.168.[0-9]+.", "(^|, )192\\.168\\.[0-9]+\\.");
    everywhere("W0822", "http.True-Client-IP", "^(10|172).16\\.", "^(10|172)\\.16\\.");
    nothing_of("http.X-Real-IP", &["^10\\.", "^.{7,15}$", "^[0-9.]+$", "^1.*0$"]);
    nothing_of("http.X-Version", &["^10.0.0."]);
    assert_eq!(mended(&test("http.X-Real-IP", "^10.0.0.")), test("http.X-Real-IP", "^10\\.0\\.0\\."));
}
