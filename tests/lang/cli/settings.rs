//! `warp.toml`: levels by code and by path.

use super::{GOOD, MENDABLE, Ran, folder, read, snapshot, warp, warp_with_stdin};

fn checked(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let here = folder(files);
    warp(here.path(), &[&["check", "--format", "concise"], arguments].concat())
}

/// The exit code, and how many findings are shown.
fn counted(settings: &str, arguments: &[&str]) -> (i32, usize) {
    let ran = checked(&[("site.warp", MENDABLE), ("warp.toml", settings)], arguments);
    assert_ne!(ran.code, 2, "{}", ran.stderr);
    (ran.code, ran.stdout.lines().count())
}

#[test]
fn a_code_has_the_level_that_is_set() {
    assert_eq!(counted("", &[]), (0, 1));
    assert_eq!(counted("[lint]\nW0610 = \"deny\"\n", &[]), (1, 1));
    assert_eq!(counted("lint.W0610 = \"warn\"\n", &[]), (0, 1));
    assert_eq!(counted("lint = { duplicate-acl-entry = \"allow\" }\n", &[]), (0, 0));
    assert_eq!(counted("[lint]\nwarnings = \"deny\"\n", &[]), (1, 1));
    assert_eq!(counted("[lint]\nwarnings = \"deny\"\nW0610 = \"allow\"\n", &[]), (0, 0));
    assert_eq!(counted("[lint]\nwarnings = \"allow\"\nW0610 = \"warn\"\n", &[]), (0, 1));
}

#[test]
fn the_command_line_goes_before_the_file() {
    let (allow, deny) = ("[lint]\nW0610 = \"allow\"\n", "[lint]\nW0610 = \"deny\"\n");
    assert_eq!(counted(allow, &["--deny", "W0610"]), (1, 1));
    assert_eq!(counted(deny, &["--allow", "W0610"]), (0, 0));
    // What is left out is no warning to be denied.
    assert_eq!(counted(allow, &["--deny", "warnings"]), (0, 0));
    assert_eq!(counted("[lint]\nW0610 = \"warn\"\n", &["--deny", "warnings"]), (1, 1));
}

#[test]
fn the_last_glob_that_is_like_the_file_goes_before_what_holds_for_all() {
    let of = |glob: &str, level: &str| format!("[[lint.path]]\nglob = \"{glob}\"\nW0610 = \"{level}\"\n");
    let deny = "[lint]\nW0610 = \"deny\"\n";
    for (globs, code) in [
        (of("*.warp", "allow"), 0),
        (of("**", "allow"), 0),
        (of("legacy/**", "allow"), 1),
        (of("**/site.warp", "allow"), 0),
        (of("*", "allow") + &of("site.*", "deny"), 1),
        (of("*", "deny") + &of("other.warp", "deny") + &of("site.*", "allow"), 0),
        ("[[lint.path]]\nglob = \"*\"\nwarnings = \"allow\"\n".to_owned(), 0),
        ("[[lint.path]]\nglob = \"*\"\nW0216 = \"allow\"\n".to_owned(), 1),
    ] {
        assert_eq!(counted(&format!("{deny}{globs}"), &[]).0, code, "{globs}");
    }
}

#[test]
fn globs_count_from_the_folder_of_the_file_whatever_the_current_one() {
    let settings = "[[lint.path]]\nglob = \"legacy/*/a.warp\"\nW0610 = \"deny\"\n";
    let here = folder(&[("warp.toml", settings), ("legacy/old/a.warp", MENDABLE), ("legacy/b.warp", MENDABLE)]);
    for (at, path, code) in [
        (".", "legacy/old/a.warp", 1),
        ("legacy", "old/a.warp", 1),
        ("legacy", "./old/../old/a.warp", 1),
        ("legacy/old", ".", 1),
        (".", "legacy/b.warp", 0),
    ] {
        assert_eq!(warp(&here.path().join(at), &["check", path]).code, code, "{at} {path}");
    }
    let absolute = here.path().join("legacy/old/a.warp");
    assert_eq!(warp(here.path(), &["check", absolute.to_str().unwrap()]).code, 1);
}

#[test]
fn a_level_is_that_of_the_file_that_the_finding_is_in() {
    let part = "acl office { \"10.0.0.0\"/8; \"10.0.0.0\"/8; }\n";
    let main =
        format!("{GOOD}include \"parts/a.warp\";\nsub recv {{ if (client.ip ~ office) {{ return (pass); }} }}\n");
    let settings = "[lint]\nW0610 = \"deny\"\n[[lint.path]]\nglob = \"parts/**\"\nW0610 = \"allow\"\n";
    let ran = checked(&[("site.warp", &main), ("parts/a.warp", part), ("warp.toml", settings)], &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
}

#[test]
fn the_nearest_file_above_the_policy_counts_alone() {
    let files = [
        ("warp.toml", "[lint]\nwarnings = \"deny\"\n"),
        ("a/b/site.warp", MENDABLE),
        ("c/site.warp", MENDABLE),
        ("c/warp.toml", "[lint]\nW0216 = \"deny\"\n"),
    ];
    assert_eq!(checked(&files, &["a/b/site.warp"]).code, 1);
    assert_eq!(checked(&files, &["c/site.warp"]).code, 0);
    let both = checked(&files, &[]);
    assert_eq!((both.code, both.stdout.lines().count()), (1, 2));
    assert_eq!(checked(&files, &["c", "--config", "warp.toml"]).code, 1);
    assert_eq!(checked(&files, &["a", "--config", "c/warp.toml"]).code, 0);
}

#[test]
fn stdin_stands_in_the_current_folder() {
    let here = folder(&[("warp.toml", "[lint]\nwarnings = \"deny\"\n")]);
    assert_eq!(warp_with_stdin(here.path(), &["check", "-"], MENDABLE).code, 1);
}

#[test]
fn what_is_allowed_is_not_mended() {
    let here = folder(&[("site.warp", MENDABLE), ("warp.toml", "[lint]\nW0610 = \"allow\"\n")]);
    assert_eq!(warp(here.path(), &["check", "--fix"]).stderr, "mended 0; 0 errors, 0 warnings in 1 file\n");
    assert_eq!(read(&here, "site.warp"), MENDABLE);
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let settings = "colour = true

[lnt]

[lint]
W0611 = \"deny\"
unused-declaratoin = \"deny\"
E0102 = \"allow\"
W0610 = \"denny\"
W0216 = 3
unused-declaration = \"warn\"
W0217 = \"warn\"
unused-let = \"warn\"

[[lint.path]]
W0610 = \"allow\"

[[lint.path]]
glob = \"a***\"
globb = \"x\"

[[lint.path]]
glob = [\"a\"]

[[lint.path]]
glob = \"/etc/**\"

[[lint.path]]
glob = \"legacy/\"

[[lint.path]]
glob = \"{legacy,old}/**\"

[[lint.path]]
glob = \"../site/*.warp\"
";
    let ran = checked(&[("site.warp", MENDABLE), ("warp.toml", settings)], &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    snapshot("settings", &ran.stderr);
}

#[test]
fn what_is_no_toml_is_shown_at_its_place() {
    for (settings, told) in [
        ("[lint\nW0610 = \"deny\"\n", "warp.toml:1:"),
        ("[lint]\nW0610 = deny\n", "warp.toml:2:9"),
        ("[lint]\nW0610 = \"deny\"\nW0610 = \"deny\"\n", "warp.toml:3:1"),
        ("lint = 3\n", "`lint` is a table"),
        ("[lint]\npath = \"legacy\"\n", "`[[lint.path]]`"),
        ("[lint]\npath = [\"legacy\"]\n", "`[[lint.path]]`"),
        ("# \u{1b}[2J\n[lint]\n", "warp.toml:1:"),
    ] {
        let ran = checked(&[("site.warp", MENDABLE), ("warp.toml", settings)], &[]);
        assert_eq!(ran.code, 2, "{settings}");
        assert!(ran.stderr.contains(told) && !ran.stderr.contains('\u{1b}'), "{settings}: {}", ran.stderr);
    }
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_told() {
    let ran = checked(&[("site.warp", MENDABLE)], &["--config", "nowhere.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cannot read nowhere.toml"), "{}", ran.stderr);
    let here = folder(&[("site.warp", MENDABLE)]);
    std::fs::write(here.path().join("warp.toml"), [0xff, 0xfe]).unwrap();
    assert_eq!(warp(here.path(), &["check"]).code, 2);
    let here = folder(&[("site.warp", MENDABLE)]);
    std::fs::create_dir(here.path().join("warp.toml")).unwrap();
    let ran = warp(here.path(), &["check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("warp.toml"), "{}", ran.stderr);
}
