//! `warp diff`: exit codes and formats.

use super::formats::complaints;
use super::{BAD, GOOD, folder, snapshot, warp};

const OLD: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
rules request first {
    when path under \"/api/\" and method in [\"GET\", \"HEAD\"] -> pass;
}
";

fn new() -> String {
    OLD.replace("-> pass", "-> deny 403")
}

#[test]
fn exit_codes_tell_what_was_found() {
    let here = folder(&[("old.warp", OLD), ("new.warp", &new()), ("bad.warp", BAD), ("good.warp", GOOD)]);
    let run = |arguments: &[&str]| warp(here.path(), &[&["diff"], arguments].concat());
    let same = run(&["old.warp", "old.warp"]);
    assert_eq!((same.code, &*same.stdout), (0, "no change\n"));
    assert_eq!(run(&["old.warp", "new.warp"]).code, 1);
    let bad = run(&["good.warp", "bad.warp"]);
    assert_eq!((bad.code, &*bad.stdout), (2, ""));
    assert!(bad.stderr.contains("pasz"), "{}", bad.stderr);
    let missing = run(&["good.warp", "none.warp"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("cannot read none.warp"), "{}", missing.stderr);
    assert_eq!(run(&["good.warp"]).code, 2);
}

#[test]
fn each_format_shows_the_request_and_the_rules() {
    let here = folder(&[("old.warp", OLD), ("new.warp", &new())]);
    for format in ["text", "json", "markdown"] {
        let ran = warp(here.path(), &["diff", "old.warp", "new.warp", "--format", format]);
        snapshot(&format!("diff_{format}"), &ran.shown());
        if format == "json" {
            assert_eq!(complaints("diff.json", &serde_json::from_str(&ran.stdout).unwrap()), Vec::<String>::new());
        }
    }
}
