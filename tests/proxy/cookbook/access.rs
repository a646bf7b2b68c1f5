//! Who may come in.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use hmac::Mac as _;
use serde_json::json;

use super::{Recipe, fresh, get};
use crate::support::mmdb::database;
use crate::support::{Origin, Proxy};

fn origin() -> Origin {
    let origin = Origin::start();
    for path in ["/", "/robots.txt", "/films/a.mp4", "/search/", "/login"] {
        origin.on(path, fresh(path));
    }
    origin
}

#[test]
fn networks_and_countries_are_kept_out() {
    let origin = origin();
    let in_country = |name: &str| {
        let countries = database(&[("127.0.0.0/8", json!({ "country": { "iso_code": name } }))]);
        Recipe::of("access", "Block networks or countries").beside("countries.mmdb", countries)
    };
    assert_eq!(in_country("KP").before(&origin).get("/").status, 451);
    assert_eq!(in_country("DE").before(&origin).get("/").status, 200);
    let from = |network: &str, but: &str| {
        let recipe = in_country("DE").with("\"198.51.100.0\"/24", network);
        recipe.with("\"198.51.100.7\"", but).before(&origin).get("/").status
    };
    assert_eq!(from("\"127.0.0.0\"/8", "\"198.51.100.7\""), 403);
    assert_eq!(from("\"127.0.0.0\"/8", "\"127.0.0.1\""), 200);
}

#[test]
fn bad_bots_and_scanners_are_turned_away() {
    let origin = origin();
    let proxy = Recipe::of("access", "Block bad bots").before(&origin);
    let status = |target: &str, agent: &str| get(&proxy, target, &[("User-Agent", agent)]).status;
    let (reader, bot) = ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (compatible; AhrefsBot/7.0)");
    assert_eq!((status("/", reader), status("/", bot)), (200, 403));
    assert_eq!((status("/robots.txt", bot), proxy.get("/").status), (200, 403));
    for target in
        ["/.git/config", "/.env", "/wp-login.php", "/index.php?x=1", "/dump.sql", "/%2egit/config", "//x/../.env"]
    {
        assert_eq!(status(target, reader), 404, "{target}");
    }
    assert_eq!(origin.requests().len(), 2);
}

/// The URL with what proves that whoever has the key gave it out.
fn signed(key: &str, url: &str) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("{url}&sig={signature}")
}

#[test]
fn films_are_for_those_who_have_a_link() {
    let origin = origin();
    let proxy = Recipe::of("access", "Signed URLs").beside("sign.key", "s3cret\n").before(&origin);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let link = |key: &str, until: u64| signed(key, &format!("/films/a.mp4?exp={until}"));
    assert_eq!(proxy.get(&link("s3cret", now + 600)).text(), "/films/a.mp4");
    assert!(proxy.get(&link("s3cret", now + 1200)).cache_status().hit());
    for bad in
        [link("s3cret", now - 600), link("guessed", now + 600), "/films/a.mp4".to_owned(), "//films/a.mp4".to_owned()]
    {
        assert_eq!(proxy.get(&bad).status, 403, "{bad}");
    }
    assert_eq!(origin.wait_for(1).target, "/films/a.mp4");
    assert_eq!(proxy.get("/").status, 200);
}

fn with_password(proxy: &Proxy, host: &str, credentials: &str) -> u16 {
    let field = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    get(proxy, "/", &[("Host", host), ("Authorization", &field)]).status
}

#[test]
fn staging_asks_for_a_password_and_shares_pages_behind_it() {
    let origin = origin();
    let recipe = || {
        let users = "alice:$2y$04$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa\n";
        Recipe::of("access", "A password for staging").beside("staging.htpasswd", users)
    };
    let (staging, public) = ("staging.example.com", "www.example.com");
    let proxy = recipe().before(&origin);
    let refused = get(&proxy, "/", &[("Host", staging)]);
    assert_eq!((refused.status, refused.header("WWW-Authenticate")), (401, Some("Basic realm=\"staging\"")));
    assert_eq!(
        (with_password(&proxy, staging, "alice:guess"), with_password(&proxy, staging, "alice:open")),
        (401, 200)
    );
    assert_eq!(origin.wait_for(1).header("Authorization"), None);
    assert_eq!(with_password(&proxy, staging, "alice:open"), 200);
    assert_eq!(origin.requests().len(), 1);
    assert_eq!(get(&proxy, "/", &[("Host", public)]).header("X-Robots-Tag"), None);

    let proxy = recipe().with("\"192.0.2.0\"/24", "\"127.0.0.0\"/8").before(&origin);
    let colleague = get(&proxy, "/", &[("Host", staging)]);
    assert_eq!((colleague.status, colleague.header("X-Robots-Tag")), (200, Some("noindex")));
}

#[test]
fn the_sixth_try_within_a_minute_is_refused() {
    let origin = origin();
    let proxy = Recipe::of("access", "Limit how often somebody may come").before(&origin);
    let login = || proxy.client().request("POST", "/login").body("password=x").send();
    let tries: Vec<u16> = (0..7).map(|_| login().status).collect();
    assert_eq!(proxy.client().request("POST", "/x/..//login").body("password=x").send().status, 429);
    assert_eq!(tries, [200, 200, 200, 200, 200, 429, 429]);
    assert_eq!(login().header("Retry-After"), Some("60"));
    let searches = (0..12).filter(|_| proxy.get("/search/").status == 200).count();
    assert!((10..12).contains(&searches), "{searches}");
    assert_eq!(proxy.get("/login").status, 200);
}
