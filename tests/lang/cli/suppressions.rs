//! Comments that say of a warning that it is meant.

use super::{GOOD, MENDABLE, folder, read, warp, warp_with_stdin};

/// The codes that are shown, in their order.
fn codes(policy: &str) -> Vec<String> {
    let ran = warp_with_stdin(folder(&[]).path(), &["check", "--format", "jsonl", "-"], policy);
    let lines = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

fn mendable(twice: &str) -> String {
    MENDABLE.replacen("    \"10.0.0.0\"/8;\n}", &format!("{twice}\n}}"), 1)
}

#[test]
fn a_warning_is_left_out_by_a_comment_before_it_or_behind_it() {
    assert_eq!(codes(MENDABLE), ["W0610"]);
    for twice in [
        "    # warp: allow(W0610) for the test\n    \"10.0.0.0\"/8;",
        "    // warp: allow(W0610) for the test\n\n    # and another\n    \"10.0.0.0\"/8;",
        "    \"10.0.0.0\"/8; # warp: allow(duplicate-acl-entry) for the test",
        "    /* warp: allow(W0610) for the test */\n    \"10.0.0.0\"/8;",
        "    \"10.0.0.0\"/8; /* warp: allow(W0610) for\n the test */",
        "    /** warp: allow(W0610)\n      * for the test\n      */ \"10.0.0.0\"/8;",
        "    # warp: allow(w0610) for the test\r\n    \"10.0.0.0\"/8;\r",
    ] {
        assert_eq!(codes(&mendable(twice)), [""; 0], "{twice}");
    }
    let around = MENDABLE.replace("acl office", "# warp: allow(W0610) for the test\nacl office");
    assert_eq!(codes(&around), [""; 0]);
    let whole = format!("# warp: allow-file(W0610) for the test\n{MENDABLE}");
    assert_eq!(codes(&whole), [""; 0]);
}

#[test]
fn a_comment_is_about_nothing_else() {
    let above = "    # warp: allow(W0610) for the test\n    \"192.0.2.0\"/24;\n    \"10.0.0.0\"/8;";
    assert_eq!(codes(&mendable(above)), ["W1010", "W0610"]);
    let other = "    \"10.0.0.0\"/8; # warp: allow(W0609) for the test";
    assert_eq!(codes(&mendable(other)), ["W0610", "W1010"]);
    let text = "    \"10.0.0.0\"/8;\n    /* # warp: allow(W0610) no line */\n";
    assert_eq!(codes(&mendable(text)), ["W0610"]);
}

#[test]
fn a_reason_is_asked_for() {
    assert_eq!(codes(&mendable("    \"10.0.0.0\"/8; # warp: allow(W0610)")), ["W1011"]);
}

#[test]
fn what_is_misspelt_is_told_with_what_may_be_meant() {
    for (comment, meant) in [
        ("allow(W0611) x", "did you mean `W0511`?"),
        ("allow(duplicate-acl-entri) x", "did you mean `duplicate-acl-entry`?"),
        ("alow(W0610) x", "did you mean `allow(…)`?"),
        ("allow W0610 x", "# warp: allow(W0701) reason"),
        ("allow(nothing-like-it) x", "`warp rule` lists all"),
    ] {
        let policy = mendable(&format!("    \"10.0.0.0\"/8; # warp: {comment}"));
        let ran = warp_with_stdin(folder(&[]).path(), &["check", "-"], &policy);
        assert!(ran.stdout.contains("W1012") && ran.stdout.contains(meant), "{comment}: {}", ran.stdout);
        assert!(ran.stdout.contains("W0610 dup"), "{comment}: {}", ran.stdout);
    }
}

#[test]
fn errors_are_never_left_out() {
    let policy = format!("{GOOD}sub recv {{ return (pasz); }} # warp: allow(E0207) for the test\n");
    assert_eq!(codes(&policy), ["E0207", "W1013"]);
}

#[test]
fn a_policy_with_errors_has_no_unused_comments() {
    let policy = format!("{GOOD}sub recv {{ return (pasz); }} # warp: allow(W0610) for the test\n");
    assert_eq!(codes(&policy), ["E0207"]);
}

/// A promise that is broken keeps nothing from being looked at.
#[test]
fn comments_without_use_are_told_beside_a_broken_promise() {
    let comment = "sub recv { return (pass); } # warp: allow(W0610) for the test\n";
    let policy = format!("{GOOD}{comment}invariant \"a\" {{ stored }}\n");
    assert_eq!(codes(&policy), ["W1010", "E0770"]);
}

#[test]
fn what_is_not_needed_is_taken_out() {
    let cases = [
        ("    \"192.0.2.0\"/24; # warp: allow(W0610) x", "    \"192.0.2.0\"/24;"),
        ("    # warp: allow(W0610) x\r\n    \"192.0.2.0\"/24;\r", "    \"192.0.2.0\"/24;\r"),
        ("    \"10.0.0.0\"/8; # warp: allow(W0609,W0610) x", "    \"10.0.0.0\"/8; # warp: allow(W0610) x"),
        ("    \"192.0.2.0\"/24; # warp: allow(W0609, W0610) x", "    \"192.0.2.0\"/24;"),
        ("    # warp: allow(W0610) x\n    # Ours.\n    \"192.0.2.0\"/24;", "    # Ours.\n    \"192.0.2.0\"/24;"),
        ("    /* warp: allow(W0610) x */ \"192.0.2.0\"/24; # Ours.", "    \"192.0.2.0\"/24; # Ours."),
        ("    /* warp: allow(W0610) x */ # Ours.\n    \"192.0.2.0\"/24;", "    # Ours.\n    \"192.0.2.0\"/24;"),
    ];
    for (before, after) in cases {
        let here = folder(&[("site.warp", &mendable(before))]);
        let ran = warp(here.path(), &["check", "--fix"]);
        assert_eq!(ran.stderr, "mended 1; 0 errors, 0 warnings in 1 file\n", "{before}: {}", ran.stdout);
        assert_eq!(read(&here, "site.warp"), mendable(after));
    }
}

/// An acl that is used in one policy alone.
#[test]
fn a_comment_of_an_included_file_is_used_if_one_policy_needs_it() {
    let part = "# warp: allow(W0216) not every site has an office\nacl office { \"10.0.0.0\"/8; }\n";
    let without = format!("{GOOD}include \"part.warp\";\n");
    let with = format!("{without}sub recv {{ if (client.ip ~ office) {{ return (pass); }} }}\n");
    let here = folder(&[("a.warp", &with), ("b.warp", &without), ("part.warp", part)]);
    for arguments in [&["check"][..], &["check", "--fix"]] {
        let ran = warp(here.path(), arguments);
        assert!(ran.stderr.ends_with("0 errors, 0 warnings in 3 files\n"), "{}{}", ran.stdout, ran.stderr);
        assert_eq!(read(&here, "part.warp"), part);
    }
    let alone = warp(here.path(), &["check", "a.warp", "--format", "concise"]);
    assert!(alone.stdout.starts_with("part.warp:1:15: warning[W1010]"), "{}", alone.stdout);
}
