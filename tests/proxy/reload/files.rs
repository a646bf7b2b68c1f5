//! The ways in which files change under a running proxy: each has to be seen.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::marked::{self, assert_serves};
use crate::support::{Origin, Proxy};

use super::{origin, start};

/// Makes a change of the policy from `a` to `b` in some way, and waits until it serves.
fn is_seen(change: impl FnOnce(&Path, &str)) {
    let (origin, proxy) = start();
    let text = marked::policy(&origin, "b");
    proxy.change(|dir| change(&dir.join("policy.warp"), &text));
    proxy.wait_for_reload("ok");
    assert_serves(&proxy, &origin, "b");
}

#[test]
fn a_file_written_in_place_is_seen() {
    is_seen(|policy, text| fs::write(policy, text).unwrap());
}

#[test]
fn a_file_renamed_over_the_old_one_is_seen() {
    is_seen(|policy, text| {
        let new = policy.with_extension("warp.tmp");
        fs::write(&new, text).unwrap();
        fs::rename(new, policy).unwrap();
    });
}

/// As Vim does it with its default settings.
#[test]
fn a_file_written_anew_behind_a_backup_is_seen() {
    is_seen(|policy, text| {
        let backup = policy.with_extension("warp~");
        fs::rename(policy, &backup).unwrap();
        fs::write(policy, text).unwrap();
        fs::remove_file(backup).unwrap();
    });
}

/// As `install` and `cp --remove-destination` do it.
#[test]
fn a_file_removed_and_written_anew_is_seen() {
    is_seen(|policy, text| {
        fs::remove_file(policy).unwrap();
        fs::write(policy, text).unwrap();
    });
}

#[test]
fn a_file_that_becomes_a_link_is_seen() {
    is_seen(|policy, text| {
        let elsewhere = policy.with_file_name("other.warp");
        let link = policy.with_file_name("link");
        fs::write(&elsewhere, text).unwrap();
        symlink(elsewhere, &link).unwrap();
        fs::rename(link, policy).unwrap();
    });
}

#[test]
fn a_long_line_of_renames_ends_with_the_last() {
    let (origin, proxy) = start();
    let texts: Vec<String> = (0..100).map(|n| marked::policy(&origin, &format!("m{n}"))).collect();
    proxy.change(|dir| {
        for text in &texts {
            fs::write(dir.join("new"), text).unwrap();
            fs::rename(dir.join("new"), dir.join("policy.warp")).unwrap();
        }
    });
    crate::support::until("the last policy", || {
        let response = proxy.get("/passed/witness");
        (response.header("X-Deliver") == Some("m99")).then_some(())
    });
    let policy = proxy.policy();
    assert_eq!((&policy["reloads_rejected"], &policy["last_reload"]["outcome"]), (&0.into(), &"ok".into()));
    assert_serves(&proxy, &origin, "m99");
}

/// A volume of Kubernetes: `policy.warp -> ..data/policy.warp`, `..data -> ..1`, changed by renaming over `..data`.
struct Volume(TempDir);

impl Volume {
    fn new(text: &str) -> Self {
        let volume = Self(tempfile::tempdir().unwrap());
        volume.write("..1", text);
        symlink("..1", volume.0.path().join("..data")).unwrap();
        symlink("..data/policy.warp", volume.0.path().join("policy.warp")).unwrap();
        volume
    }

    fn write(&self, version: &str, text: &str) {
        write_version(self.0.path(), version, text);
    }
}

fn write_version(volume: &Path, version: &str, text: &str) {
    fs::create_dir(volume.join(version)).unwrap();
    fs::write(volume.join(version).join("policy.warp"), text).unwrap();
}

/// As the kubelet does it: the new version, a link to it, the rename, and the old version goes.
fn flip(volume: &Path, from: &str, to: &str, text: &str) {
    write_version(volume, to, text);
    symlink(to, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    fs::remove_dir_all(volume.join(from)).unwrap();
}

#[test]
fn the_flip_of_a_config_map_is_seen_each_time() {
    let origin = origin();
    let volume = Volume::new(&marked::policy(&origin, "a"));
    let proxy = Proxy::start_in(volume.0, "policy.warp", &[]);
    assert_serves(&proxy, &origin, "a");
    for (from, to, mark) in [("..1", "..2", "b"), ("..2", "..3", "c"), ("..3", "..4", "d")] {
        proxy.change(|dir| flip(dir, from, to, &marked::policy(&origin, mark)));
        proxy.wait_for_reload("ok");
        assert_serves(&proxy, &origin, mark);
    }
    let policy = proxy.policy();
    assert_eq!((&policy["generation"], &policy["reloads_rejected"]), (&4.into(), &0.into()));
}

/// A policy of several files; `parts/*.warp` may say more.
fn with_parts(origin: &Origin, parts: &[(&str, &str)]) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("parts")).unwrap();
    let text = marked::policy(origin, "a") + "include \"parts/*.warp\";\n";
    fs::write(dir.path().join("policy.warp"), text).unwrap();
    for (name, mark) in parts {
        fs::write(dir.path().join("parts").join(name), part(name, mark)).unwrap();
    }
    Proxy::start_in(dir, "policy.warp", &[])
}

/// A part that sets a response field of its own name.
fn part(name: &str, mark: &str) -> String {
    let name = name.trim_end_matches(".warp");
    format!("sub deliver {{ set resp.http.X-{name} = \"{mark}\"; }}\n")
}

fn fields(proxy: &Proxy) -> [Option<String>; 2] {
    let response = proxy.get("/passed/witness");
    ["X-one", "X-two"].map(|name| response.header(name).map(str::to_owned))
}

#[test]
fn an_included_file_that_changes_is_seen() {
    let origin = origin();
    let proxy = with_parts(&origin, &[("one.warp", "1")]);
    assert_eq!(fields(&proxy), [Some("1".to_owned()), None]);
    proxy.change(|dir| fs::write(dir.join("parts/one.warp"), part("one.warp", "2")).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(fields(&proxy), [Some("2".to_owned()), None]);
    assert_eq!(proxy.status()["policy"]["files"], 2);
}

#[test]
fn a_file_that_a_pattern_begins_or_ceases_to_match_is_seen() {
    let origin = origin();
    let proxy = with_parts(&origin, &[("one.warp", "1")]);
    proxy.change(|dir| fs::write(dir.join("parts/two.warp"), part("two.warp", "2")).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(fields(&proxy), ["1", "2"].map(|mark| Some(mark.to_owned())));

    proxy.change(|dir| fs::remove_file(dir.join("parts/one.warp")).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(fields(&proxy), [None, Some("2".to_owned())]);
}

#[test]
fn a_folder_that_a_pattern_begins_to_match_is_seen() {
    let origin = origin();
    let dir = tempfile::tempdir().unwrap();
    let text = marked::policy(&origin, "a") + "include \"sites/*/rules.warp\";\n";
    fs::write(dir.path().join("policy.warp"), text).unwrap();
    fs::create_dir_all(dir.path().join("sites/first")).unwrap();
    fs::write(dir.path().join("sites/first/rules.warp"), part("one.warp", "1")).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);

    proxy.change(|dir| {
        fs::create_dir(dir.join("sites/second")).unwrap();
        fs::write(dir.join("sites/second/rules.warp"), part("two.warp", "2")).unwrap();
    });
    proxy.wait_for_reload("ok");
    assert_eq!(fields(&proxy), ["1", "2"].map(|mark| Some(mark.to_owned())));
}

#[test]
fn a_mistake_in_an_included_file_is_refused_with_its_place_and_its_mending_is_seen() {
    let origin = origin();
    let proxy = with_parts(&origin, &[("one.warp", "1")]);
    proxy.change(|dir| {
        fs::write(dir.join("parts/one.warp"), "sub deliver {\n    set resp.http.X-one = ;\n}\n").unwrap();
    });
    let policy = proxy.wait_for_reload("rejected");
    let diagnostics = policy["last_reload"]["diagnostics"].as_str().unwrap();
    assert!(diagnostics.contains("parts/one.warp:2:"), "{diagnostics}");
    assert_eq!(fields(&proxy), [Some("1".to_owned()), None]);

    proxy.change(|dir| fs::write(dir.join("parts/one.warp"), part("one.warp", "2")).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(fields(&proxy), [Some("2".to_owned()), None]);
}

#[test]
fn a_file_that_is_gone_leaves_the_policy_until_it_is_back() {
    let (origin, proxy) = start();
    proxy.change(|dir| fs::remove_file(dir.join("policy.warp")).unwrap());
    let policy = proxy.wait_for_reload("rejected");
    let diagnostics = policy["last_reload"]["diagnostics"].as_str().unwrap();
    assert!(diagnostics.contains("there is no such file"), "{diagnostics}");
    assert_serves(&proxy, &origin, "a");

    proxy.write_policy(marked::policy(&origin, "a"));
    assert_eq!(proxy.wait_for_reload("unchanged")["generation"], 1);
    assert_eq!(proxy.warp_status().1, Some(0));

    proxy.write_policy(marked::policy(&origin, "b"));
    assert_eq!(proxy.wait_for_reload("ok")["generation"], 2);
    assert_serves(&proxy, &origin, "b");
}

#[test]
fn a_folder_that_is_gone_leaves_the_policy_until_it_is_back() {
    let origin = origin();
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("conf");
    fs::create_dir(&conf).unwrap();
    fs::write(conf.join("policy.warp"), marked::policy(&origin, "a")).unwrap();
    let proxy = Proxy::start_in(dir, "conf/policy.warp", &[]);
    for mark in ["b", "c"] {
        proxy.change(|_| fs::remove_dir_all(&conf).unwrap());
        proxy.wait_for_reload("rejected");
        proxy.change(|_| {
            fs::create_dir(&conf).unwrap();
            fs::write(conf.join("policy.warp"), marked::policy(&origin, mark)).unwrap();
        });
        proxy.wait_for_reload("ok");
        assert_serves(&proxy, &origin, mark);
    }
}
