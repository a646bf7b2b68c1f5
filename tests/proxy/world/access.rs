//! Signed URLs, users and kinds of devices in front of a real origin.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Answer, Origin, Proxy};

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("film").header("Cache-Control", "max-age=60"));
    origin
}

#[test]
fn only_signed_urls_are_served_and_from_one_entry() {
    let origin = origin();
    let proxy = Proxy::before(
        &origin,
        "sub recv {
             if (req.url == \"/sign\") {
                 return (synth(200, sign_url(\"/a\", secret: std.getenv(\"NO_COLOR\"), until: now + 1h)));
             }
             if (!signed_url(req.url, secret: std.getenv(\"NO_COLOR\"))) { return (synth(403)); }
         }
         normalize req { query drop [\"sig\", \"exp\"]; }",
    );
    let signed = proxy.get("/sign").reason;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(signed.starts_with("/a?exp=") && signed[7..17].parse::<u64>().unwrap() >= now + 3500, "{signed}");
    assert_eq!((proxy.get(&signed).text(), proxy.get("/a").status), ("film", 403));
    assert_eq!(proxy.get(&signed.replace("exp=", "exp=9")).status, 403);
    assert!(proxy.get(&signed).cache_status().hit());
    assert_eq!(origin.wait_for(1).target, "/a");
}

const BASIC: &str = "sub recv {
    if (!auth.basic(req.http.Authorization, \"users.htpasswd\")) { return (synth(401)); }
    set req.http.X-User = auth.user(req.http.Authorization);
    unset req.http.Authorization;
}
sub synth {
    if (resp.status == 401) { set resp.http.WWW-Authenticate = \"\"\"Basic realm=\"staff\" \"\"\"; }
}";

fn status(proxy: &Proxy, credentials: &str) -> u16 {
    use base64::Engine as _;
    let field = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    proxy.client().get("/a").header("Authorization", &field).send().status
}

#[test]
fn users_are_those_of_a_file_that_may_change() {
    let origin = origin();
    let dir = tempfile::tempdir().unwrap();
    let alice = "alice:$2y$04$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa\n";
    fs::write(dir.path().join("users.htpasswd"), alice).unwrap();
    fs::write(dir.path().join("policy.warp"), format!("warp 1;\n{}{BASIC}", origin.backend())).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let response = proxy.get("/a");
    assert_eq!((response.status, response.header("WWW-Authenticate")), (401, Some("Basic realm=\"staff\"")));
    assert_eq!(status(&proxy, "alice:wrong"), 401);
    assert_eq!(status(&proxy, "bob:open"), 401);
    assert_eq!((status(&proxy, "alice:open"), status(&proxy, "alice:open")), (200, 200));
    assert_eq!(origin.wait_for(1).header("X-User"), Some("alice"));

    let bob = "bob:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=\n";
    proxy.change(|dir| fs::write(dir.join("users.htpasswd"), bob).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!((status(&proxy, "alice:open"), status(&proxy, "bob:open")), (401, 200));

    let others = "carol:$apr1$abcdefgh$M6iygawm05mFb0y4lNi270
dan:$6$rounds=1000$saltstring$UUq6JJwSPA2z4yDWHxLz2DkhcDQ251my4kvd0oxx9GB487Cn5SQPdNZqyKYECAsDbmA8GOoB9hJmwXsovkmiI.
erin:$5$abc$JjHhV1dhqUUk2/UqA0T27s87e68V2BeJGRsIMqpBFb4
bob:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=\n";
    proxy.change(|dir| fs::write(dir.join("users.htpasswd"), others).unwrap());
    proxy.wait_for_reload("ok");
    for name in ["carol", "dan", "erin"] {
        let with = |password: &str| status(&proxy, &format!("{name}:{password}"));
        assert_eq!((with("open"), with("Open"), with("open")), (200, 401, 200), "{name}");
    }

    let endless = others.replace("rounds=1000$", "rounds=999999999$");
    proxy.change(|dir| fs::write(dir.join("users.htpasswd"), endless).unwrap());
    proxy.wait_for_reload("rejected");
    proxy.wait_for_log("line 2 of the users: a SHA-crypt has");

    proxy.change(|dir| fs::write(dir.join("users.htpasswd"), "carol:s3cret\n").unwrap());
    proxy.wait_for_reload("rejected");
    assert_eq!((status(&proxy, "bob:open"), proxy.log().contains("s3cret")), (200, false));
}

#[test]
fn kinds_of_devices_have_pages_of_their_own() {
    let origin = Origin::start();
    origin.on_each("/", |request| {
        Answer::ok(request.header("X-Device").unwrap_or_default()).header("Cache-Control", "max-age=60")
    });
    let proxy = Proxy::before(
        &origin,
        "sub recv { set req.http.X-Device = device.class(req.http.User-Agent); }
         sub hash { hash_data(req.http.X-Device); }",
    );
    let get = |agent: &str| proxy.client().get("/").header("User-Agent", agent).send();
    assert_eq!(get("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)").text(), "mobile");
    assert_eq!(get("curl/8.5.0").text(), "bot");
    assert!(get("Wget/1.21 curl/").cache_status().hit());
}
