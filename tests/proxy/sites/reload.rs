//! A site is changed like any policy: by saving its file.

use std::fs;

use super::{Farm, SITES, policy};
use crate::support::until;

/// What `deliver` says of the response.
fn marked(mark: &str) -> String {
    format!("sub deliver {{ set resp.http.X-Mark = \"{mark}\"; }}\n")
}

fn marks(farm: &Farm) -> [String; 3] {
    ["root.test", "a.test", "b.test"].map(|host| farm.get(host, "/page").header("X-Mark").unwrap_or("none").to_owned())
}

fn marked_farm() -> Farm {
    Farm::with(&marked("root"), &marked("a"), &marked("b"), &[])
}

#[test]
fn a_change_of_the_file_of_a_site_is_seen_and_what_is_stored_stays() {
    let farm = marked_farm();
    assert_eq!(marks(&farm), ["root", "a", "b"]);
    farm.write("sites/a.warp", &policy(&farm.a, &marked("new")));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "new", "b"]);
    assert_eq!(farm.hits("/page"), [true; 3]);
}

#[test]
fn a_change_of_what_a_site_includes_is_seen() {
    let farm = marked_farm();
    fs::create_dir(farm.proxy.dir().join("sites/parts")).unwrap();
    farm.write("sites/parts/1.warp", &marked("included"));
    farm.write("sites/b.warp", &policy(&farm.b, "include \"parts/*.warp\";\n"));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "a", "included"]);
    farm.write("sites/parts/1.warp", &marked("changed"));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "a", "changed"]);
    farm.write("sites/parts/2.warp", &marked("behind it"));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "a", "behind it"]);
}

#[test]
fn sites_come_and_go_with_their_declarations() {
    let farm = marked_farm();
    farm.write("policy.warp", &policy(&farm.root, &marked("root")));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "root", "root"]);
    farm.write("policy.warp", &policy(&farm.root, &[SITES, &marked("again")].concat()));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["again", "a", "b"]);
    // A file that no site has any more is not looked at.
    farm.write("policy.warp", &policy(&farm.root, "site \"b.test\" from \"sites/b.warp\";\n"));
    farm.proxy.wait_for_reload("ok");
    farm.write("sites/a.warp", "this is no policy");
    farm.write("sites/b.warp", &policy(&farm.b, &marked("last")));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["none", "none", "last"]);
}

#[test]
fn a_broken_site_leaves_all_of_the_old_policy_serving() {
    let farm = marked_farm();
    farm.write("sites/b.warp", &policy(&farm.b, "sub deliver { set resp.http.X-Mark = \"b\" }\n"));
    let status = farm.proxy.wait_for_reload("rejected");
    let report = &status["last_reload"];
    assert_eq!((&report["errors"], &report["generation"]), (&1.into(), &1.into()));
    let diagnostics = report["diagnostics"].as_str().unwrap();
    assert!(diagnostics.contains("sites/b.warp:3:") && !diagnostics.contains("sites/a.warp"), "{diagnostics}");
    assert_eq!(marks(&farm), ["root", "a", "b"]);
    until("the mistake in the log", || farm.proxy.log().contains(diagnostics.trim_end()).then_some(()));

    // Nothing of a load goes live while a part of it is broken.
    farm.write("sites/a.warp", &policy(&farm.a, &marked("new")));
    farm.proxy.wait_for_reload("rejected");
    assert_eq!(marks(&farm), ["root", "a", "b"]);
    farm.write("sites/b.warp", &policy(&farm.b, &marked("mended")));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "new", "mended"]);
}

#[test]
fn a_site_whose_file_is_gone_is_broken_until_it_is_there_again() {
    let farm = marked_farm();
    farm.proxy.change(|dir| fs::rename(dir.join("sites/a.warp"), dir.join("sites/away")).unwrap());
    let status = farm.proxy.wait_for_reload("rejected");
    assert!(status["last_reload"]["diagnostics"].as_str().unwrap().contains("there is no file `sites/a.warp`"));
    assert_eq!(marks(&farm), ["root", "a", "b"]);
    farm.write("sites/a.warp", &policy(&farm.a, &marked("back")));
    farm.proxy.wait_for_reload("ok");
    assert_eq!(marks(&farm), ["root", "back", "b"]);
}
