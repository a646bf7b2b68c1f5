//! `warp check --fix --diff`: git takes what is shown, and what comes of it is what `--fix` writes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{GOOD, MENDABLE, folder, read, warp, warp_with_stdin};

/// A policy in which a `;` is missing at the end of its last line.
const OPEN: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\nsub recv { return (pass) }";

/// Has git apply the diff in that folder.
fn apply(folder: &Path, diff: &str, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.arg("apply").args(arguments).current_dir(folder).env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap());
    let mut child = git.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("git is not installed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), diff.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{diff}", String::from_utf8_lossy(&output.stderr));
}

/// Holds what git makes of the diff against what `--fix` writes.
fn same_as_fix(files: &[(&str, &str)], arguments: &[&str]) {
    let (patched, fixed) = (folder(files), folder(files));
    let shown = warp(patched.path(), &[&["check", "--fix", "--diff"], arguments].concat());
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    for (name, text) in files {
        assert_eq!(read(&patched, name), *text, "--diff writes nothing");
    }
    apply(patched.path(), &shown.stdout, &[]);
    warp(fixed.path(), &[&["check", "--fix"], arguments].concat());
    for (name, text) in files {
        assert_eq!(read(&patched, name), read(&fixed, name), "{name}");
        assert!(read(&patched, name) != *text || *text == GOOD, "{name} is as it was");
    }
}

#[test]
fn of_one_file_and_of_several() {
    same_as_fix(&[("site.warp", MENDABLE)], &[]);
    same_as_fix(&[("a.warp", MENDABLE), ("deep/er/b.warp", OPEN), ("good.warp", GOOD)], &[]);
    let part = "acl office { \"10.0.0.0\"/8;\n\"10.0.0.0\"/8; }\n";
    let main = format!("{GOOD}include \"parts/*.warp\";\nsub recv {{ if (client.ip ~ office) {{ return (pass) }} }}\n");
    same_as_fix(&[("site.warp", &main), ("parts/part.warp", part)], &["site.warp"]);
}

#[test]
fn with_every_end_of_lines_and_without() {
    let crlf = MENDABLE.replace('\n', "\r\n");
    same_as_fix(&[("crlf.warp", &crlf), ("open.warp", OPEN)], &[]);
    same_as_fix(&[("site.warp", &OPEN.replace('\n', "\r\n"))], &[]);
    let mixed = crlf.replacen("\r\n", "\n", 2) + "# a\rb";
    same_as_fix(&[("site.warp", &mixed)], &[]);
    same_as_fix(&[("site.warp", &format!("\u{feff}{OPEN}"))], &[]);
}

#[test]
fn of_files_with_odd_names() {
    same_as_fix(&[("sub folder/a b.warp", MENDABLE), ("ä.warp", OPEN), ("q\"\\.warp", OPEN), ("t\tb.warp", OPEN)], &[]);
    same_as_fix(&[("site.warp", MENDABLE)], &["./site.warp"]);
}

#[test]
fn of_absolute_paths_and_links() {
    let here = folder(&[("real/site.warp", MENDABLE)]);
    std::os::unix::fs::symlink("real/site.warp", here.path().join("link.warp")).unwrap();
    let absolute = here.path().join("real/site.warp");
    for path in ["link.warp", absolute.to_str().unwrap()] {
        let shown = warp(here.path(), &["check", "--fix", "--diff", path]);
        assert!(shown.stdout.starts_with("--- a/real/site.warp\n+++ b/real/site.warp\n"), "{}", shown.stdout);
        apply(here.path(), &shown.stdout, &["--check"]);
    }
}

#[test]
fn within_a_repository_below_its_root() {
    let here = folder(&[("deep/site.warp", MENDABLE)]);
    assert!(Command::new("git").args(["init", "-q"]).current_dir(here.path()).status().unwrap().success());
    let below = here.path().join("deep");
    let shown = warp(&below, &["check", "--fix", "--diff"]);
    apply(&below, &shown.stdout, &[]);
    assert_eq!(read(&here, "deep/site.warp").matches("10.0.0.0").count(), 1);
}

#[test]
fn of_stdin() {
    let here = folder(&[("<stdin>", MENDABLE)]);
    let shown = warp_with_stdin(here.path(), &["check", "--fix", "--diff", "-"], MENDABLE);
    assert_eq!(shown.code, 1);
    apply(here.path(), &shown.stdout, &[]);
    let fixed = warp_with_stdin(here.path(), &["check", "--fix", "-"], MENDABLE);
    assert_eq!(read(&here, "<stdin>"), fixed.stdout);
}
