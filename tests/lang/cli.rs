//! The command line as scripts and editors use it: exit codes, streams, formats. Runs the binary.

mod diff;
mod diffs;
pub mod formats;
mod log;
mod settings;
mod suppressions;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub const GOOD: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\n";
pub const BAD: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\nsub recv { return (pasz); }\n";
/// A warning with a safe fix: the network is in the acl already.
pub const MENDABLE: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
acl office {
    \"10.0.0.0\"/8;
    \"10.0.0.0\"/8;
}
sub recv { if (client.ip ~ office) { return (pass); } }
";

pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// All three in one text, for snapshots.
    pub fn shown(&self) -> String {
        format!("exit: {}\n---- stdout\n{}---- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warp"));
    command.args(arguments).current_dir(folder).env_remove("NO_COLOR").env_remove("COLUMNS");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn warp(folder: &Path, arguments: &[&str]) -> Ran {
    ended(command(folder, arguments).spawn().unwrap())
}

pub fn warp_with_stdin(folder: &Path, arguments: &[&str], stdin: &str) -> Ran {
    let mut child = command(folder, arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    ended(child)
}

pub fn ended(child: std::process::Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

pub fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

pub fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

mod arguments {
    use super::*;

    #[test]
    fn help_of_every_command_shows_an_example() {
        let here = folder(&[]);
        let mut commands = vec!["check", "diff", "graph", "rule"];
        if cfg!(feature = "server") {
            commands.extend(["serve", "demo", "status"]);
        }
        for command in commands {
            let ran = warp(here.path(), &[command, "--help"]);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
            assert!(ran.stdout.contains("Example"), "{command}");
            snapshot(&format!("help_{command}"), &ran.stdout);
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn help_lists_the_commands_that_are_there() {
        let ran = warp(folder(&[]).path(), &["--help"]);
        snapshot("help", &ran.stdout);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let here = folder(&[("site.warp", GOOD)]);
        let wrong: [&[&str]; 9] = [
            &[],
            &["chekc"],
            &["fmt"],
            &["check", "--disk"],
            &["check", "--format", "yaml"],
            &["check", "--deny", "E9999"],
            &["check", "--unsafe-fixes"],
            &["graph"],
            &["graph", "site.warp", "--step", "init"],
        ];
        for arguments in wrong {
            let ran = warp(here.path(), arguments);
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
            assert!(!ran.stderr.is_empty(), "{arguments:?}");
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn serve_refuses_what_it_cannot_do() {
        let here = folder(&[]);
        let wrong: [(&[&str], &str); 13] = [
            (&["serve"], "<POLICY|--origin <URL>>"),
            (&["serve", "--origin", "https://example.test"], "over TLS"),
            (&["serve", "--origin", "localhost:80"], "http://HOST:PORT"),
            (&["serve", "x.warp", "--listen", "8080"], "127.0.0.1:8080"),
            (&["serve", "x.warp", "--memory", "lots"], "256MB"),
            (&["serve", "x.warp", "--disk", "/tmp"], "--disk"),
            (&["serve", "x.warp", "--threads", "0"], "'--threads <N>': must be at least 1"),
            (&["serve", "x.warp", "--threads", "100000"], "'--threads <N>': must be at most 1024"),
            (&["serve", "x.warp", "--max-waiting", "0"], "'--max-waiting <N>': must be at least 1"),
            (&["serve", "x.warp", "--max-fetches", "0"], "'--max-fetches <N>': must be at least 1"),
            (&["serve", "x.warp", "--memory", "0"], "'--memory <SIZE>': must be at least 1MB"),
            (&["serve", "x.warp", "--memory", "16777215TB"], "'--memory <SIZE>': must be at most"),
            (&["serve", "--origin", "http://127.0.0.1:99999"], "`99999` is not a port"),
        ];
        for (arguments, told) in wrong {
            let ran = warp(here.path(), arguments);
            assert_eq!(ran.code, 2, "{arguments:?}");
            assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn serve_does_not_start_with_a_broken_policy() {
        let here = folder(&[("site.warp", BAD)]);
        let ran = warp(here.path(), &["serve", "site.warp", "--listen", "127.0.0.1:0", "--admin", "off"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.contains("site.warp:3:20"), "{}", ran.stderr);
    }

    #[cfg(feature = "server")]
    #[test]
    fn status_tells_when_no_proxy_answers() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let ran = warp(folder(&[]).path(), &["status", "--admin", &port]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains(&format!("cannot reach the admin listener at {port}")), "{}", ran.stderr);
    }
}

mod check {
    use super::*;

    #[test]
    fn a_clean_policy_ends_with_0() {
        let here = folder(&[("site.warp", GOOD)]);
        let ran = warp(here.path(), &["check", "site.warp"]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", "0 errors, 0 warnings in 1 file\n"));
    }

    #[test]
    fn a_policy_is_checked_with_its_sites_and_each_mistake_told_once() {
        let root = format!("{GOOD}site \"a.test\" from \"sites/a.warp\";\nsite \"b.test\" from \"sites/b.warp\";\n");
        let here = folder(&[("root.warp", &root), ("sites/a.warp", GOOD), ("sites/b.warp", BAD)]);
        for arguments in [&["check", "root.warp", "--format", "concise"][..], &["check", "--format", "concise"]] {
            let ran = warp(here.path(), arguments);
            assert_eq!((ran.code, ran.stderr.as_str()), (1, "1 error, 0 warnings in 3 files\n"));
            assert!(ran.stdout.starts_with("sites/b.warp:3:20: ") && ran.stdout.lines().count() == 1, "{}", ran.stdout);
        }
        let fixed = warp(here.path(), &["check", "sites/a.warp"]);
        assert_eq!(fixed.code, 0);
    }

    #[test]
    fn what_a_site_has_is_mended_with_the_policy() {
        let root = format!("{GOOD}site \"a.test\" from \"sites/a.warp\";\n");
        let here = folder(&[("root.warp", &root), ("sites/a.warp", MENDABLE)]);
        assert_eq!(warp(here.path(), &["check", "root.warp", "--fix"]).code, 0);
        assert_eq!(read(&here, "sites/a.warp").matches("10.0.0.0").count(), 1);
    }

    #[test]
    fn every_format_shows_the_same_mistake() {
        let here = folder(&[("site.warp", BAD)]);
        for format in ["text", "concise", "json", "jsonl"] {
            let ran = warp(here.path(), &["check", "site.warp", "--format", format]);
            snapshot(&format!("check_{format}"), &ran.shown());
        }
    }

    #[test]
    fn json_is_one_list_over_all_policies() {
        let here = folder(&[("a.warp", BAD), ("b.warp", GOOD), ("c.warp", BAD)]);
        let ran = warp(here.path(), &["check", "--format", "json"]);
        let findings: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let files: Vec<&str> = findings.as_array().unwrap().iter().map(|it| it["file"].as_str().unwrap()).collect();
        assert_eq!(files, ["a.warp", "c.warp"]);

        let clean = warp(here.path(), &["check", "b.warp", "--format", "json"]);
        assert_eq!(clean.stdout, "[]\n");
    }

    #[test]
    fn findings_of_different_policies_stand_apart() {
        let here = folder(&[("a.warp", BAD), ("b.warp", GOOD), ("c.warp", BAD)]);
        let ran = warp(here.path(), &["check"]);
        assert_eq!(ran.stdout.matches("?\n\nE0207").count(), 1, "{}", ran.stdout);
        assert!(ran.stdout.ends_with("?\n"), "{}", ran.stdout);
    }

    #[test]
    fn stdin_is_a_file() {
        let here = folder(&[("part.warp", "acl office { \"10.0.0.0\"/8; }\n")]);
        let ran = warp_with_stdin(here.path(), &["check", "--format", "concise", "-"], BAD);
        assert_eq!(ran.code, 1);
        assert!(ran.stdout.starts_with("<stdin>:3:20: error[E0207]"), "{}", ran.stdout);

        let including =
            format!("{GOOD}include \"part.warp\";\nsub recv {{ if (client.ip ~ office) {{ return (pass); }} }}\n");
        let ran = warp_with_stdin(here.path(), &["check", "-"], &including);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, "0 errors, 0 warnings in 2 files\n"));
    }

    #[test]
    fn a_folder_is_checked_through_its_policies() {
        let part = "sub broken { return (pasz); }\n";
        let including = format!("{GOOD}include \"parts/*.warp\";\nsub recv {{ call broken; }}\n");
        let here = folder(&[
            ("one.warp", &including),
            ("two.warp", &including),
            ("deep/er/three.warp", BAD),
            ("parts/part.warp", part),
            ("lonely.warp", "# no first line\nacl a { }\n"),
            (".hidden/four.warp", BAD),
            ("notes.txt", "warp 1; not a policy"),
        ]);
        let ran = warp(here.path(), &["check", "--format", "concise"]);
        snapshot("check_folder", &ran.shown());
    }

    #[test]
    fn a_named_fragment_is_checked_alone_only_if_nothing_includes_it() {
        let part = "acl office { \"10.0.0.0\"/8; }\n";
        let including =
            format!("{GOOD}include \"part.warp\";\nsub recv {{ if (client.ip ~ office) {{ return (pass); }} }}\n");
        let here = folder(&[("site.warp", &including), ("part.warp", part)]);
        assert_eq!(warp(here.path(), &["check", "part.warp", "site.warp"]).code, 0);

        let alone = warp(here.path(), &["check", "part.warp", "--format", "concise"]);
        assert_eq!(alone.code, 1);
        assert!(alone.stdout.starts_with("part.warp:1:1: error["), "{}", alone.stdout);
    }

    #[test]
    fn what_cannot_be_read_ends_with_2() {
        let here = folder(&[]);
        let ran = warp(here.path(), &["check", "nowhere.warp"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("cannot read nowhere.warp"), "{}", ran.stderr);
    }

    #[test]
    fn a_folder_without_a_policy_ends_with_2() {
        let here = folder(&[("site.warp", GOOD), ("empty/README.md", ""), ("parts/part.warp", "acl a { }\n")]);
        for (paths, says) in [
            (&["empty"][..], "there is no policy in empty"),
            (&["site.warp", "empty"], "there is no policy in empty"),
            (&["parts"], "there is no policy to check: parts/part.warp has no `warp 1;`"),
        ] {
            let ran = warp(here.path(), &[&["check"], paths].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{paths:?}");
            assert!(ran.stderr.contains(says), "{}", ran.stderr);
        }
        assert_eq!(warp(here.path(), &["check", "site.warp", "parts"]).code, 0);
        assert_eq!(warp(&here.path().join("empty"), &["check"]).code, 2);
    }

    /// Opening a pipe waits for somebody to write to it, and a device may have no end.
    #[cfg(target_os = "linux")]
    #[test]
    fn pipes_and_devices_are_told_and_neither_read_nor_written() {
        let here = folder(&[("site.warp", GOOD), ("deep/good.warp", GOOD)]);
        let pipe = here.path().join("deep/pipe.warp");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for arguments in [
            ["check", "deep/pipe.warp"],
            ["check", "deep"],
            ["check", "/dev/zero"],
            ["graph", "deep/pipe.warp"],
            ["prove", "/dev/zero"],
        ] {
            let ran = warp(here.path(), &arguments);
            assert!(ran.code != 0, "{arguments:?}");
            let told = ran.stdout + &ran.stderr;
            assert!(told.contains("it is a pipe or a device, not a file"), "{arguments:?}: {told}");
        }
        assert_eq!(warp(here.path(), &["check", "deep", "--fix", "--unsafe-fixes"]).code, 1);
        assert!(std::os::unix::fs::FileTypeExt::is_fifo(&pipe.metadata().unwrap().file_type()));
    }

    #[test]
    fn a_fix_keeps_each_comment_that_is_about_what_stays() {
        let mended = |policy: &str| {
            let policy = format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; }}\n{policy}");
            let here = folder(&[("site.warp", &policy)]);
            let _ = warp(here.path(), &["check", "--fix", "--unsafe-fixes"]);
            read(&here, "site.warp").split_once("}\n").unwrap().1.to_owned()
        };
        let commented = "sub recv { if (req.url ~ /* all of it */ \"^/api/\") { return (pass); } }\n";
        assert_eq!(mended(commented), commented);
        let plain = "sub recv { if (req.path under \"/api/\") { return (pass); } } # why\n";
        assert_eq!(mended("sub recv { if (req.url ~ \"^/api/\") { return (pass); } } # why\n"), plain);
        // A comment behind what is removed is about that, and so is one within it.
        for unused in
            ["acl old { \"10.0.0.0\"/8; } # the office", "sub old {\n    # nobody knows\n    return (pass);\n} // once"]
        {
            assert_eq!(
                mended(&format!("# above\n{unused}\n# below\n")).replace('\n', ""),
                "# above# below",
                "{unused}"
            );
        }
        let same = "sub recv { let a = 1; } # of recv\n";
        assert!(mended(same).ends_with("} # of recv\n"), "{}", mended(same));
        let listed = "sub recv { if (req.path under [\"/a\", # the shop\n \"/a/b\"]) { return (pass); } }\n";
        assert!(mended(listed).contains("# the shop"), "{}", mended(listed));
    }

    #[test]
    fn stdin_is_read_up_to_the_limit_of_a_file() {
        let here = folder(&[]);
        let mut child = command(here.path(), &["check", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Writes until nobody reads any more.
        while stdin.write_all(b"# and on and on, without an end\n").is_ok() {}
        let ran = ended(child);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stdout.contains("larger than 16 MiB"), "{}", ran.stdout);
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_its_number() {
        let here = folder(&[("\u{1b}[2J.warp", "acl a { }\n"), ("link", "")]);
        std::os::unix::fs::symlink("nowhere", here.path().join("\u{1b}[3J.warp")).unwrap();
        for arguments in [&["check"][..], &["check", "\u{1b}[2J"], &["rule", "\u{1b}[2J"]] {
            let ran = warp(here.path(), arguments);
            assert!(ran.stderr.contains("\\u{1b}[") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_no_text_is_told_as_such() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let folder = folder(&[]);
        let name = OsStr::from_bytes(b"\xff.warp");
        std::fs::write(folder.path().join(name), "warp 1;\n").unwrap();
        for arguments in [vec![OsStr::new("check"), name], vec![OsStr::new("check")], vec![OsStr::new("graph"), name]] {
            let ran = ended(command(folder.path(), &[]).args(arguments).spawn().unwrap());
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
            assert!(ran.stderr.contains("its name is not UTF-8"), "{}", ran.stderr);
        }
    }

    #[test]
    fn any_bytes_are_told_about_and_nothing_breaks() {
        let here = folder(&[("empty.warp", "")]);
        std::fs::write(here.path().join("bytes.warp"), [b'w', b'a', b'r', b'p', 0xff, 0xfe, 0]).unwrap();
        for file in ["empty.warp", "bytes.warp"] {
            let ran = warp(here.path(), &["check", file, "--format", "concise"]);
            assert_eq!(ran.code, 1, "{file}: {}", ran.stderr);
            assert!(ran.stdout.starts_with(&format!("{file}:1:")), "{}", ran.stdout);
        }
    }

    #[test]
    fn warnings_fail_only_when_denied() {
        let here = folder(&[("site.warp", MENDABLE)]);
        let cases: [(&[&str], i32, &str); 5] = [
            (&[], 0, "0 errors, 1 warning in 1 file\n"),
            (&["--deny", "warnings"], 1, "0 errors, 1 warning (denied) in 1 file\n"),
            (&["--deny", "w0610"], 1, "0 errors, 1 warning (denied) in 1 file\n"),
            (&["--allow", "W0610"], 0, "0 errors, 0 warnings in 1 file\n"),
            (&["--deny", "warnings", "--allow", "duplicate-acl-entry"], 0, "0 errors, 0 warnings in 1 file\n"),
        ];
        for (flags, code, summary) in cases {
            let ran = warp(here.path(), &[&["check", "site.warp"], flags].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (code, summary), "{flags:?}");
        }
        for wrong in [["--deny=W0610", "--allow=W0610"], ["--fix", "--allow=E0101"]] {
            assert_eq!(warp(here.path(), &[&["check"], wrong.as_slice()].concat()).code, 2, "{wrong:?}");
        }
    }

    #[test]
    fn colours_are_for_terminals() {
        let here = folder(&[("site.warp", BAD)]);
        assert!(!warp(here.path(), &["check"]).stdout.contains('\u{1b}'));
    }
}

mod fix {
    use super::*;

    #[test]
    fn mends_the_file_and_checks_again() {
        let here = folder(&[("site.warp", MENDABLE)]);
        let ran = warp(here.path(), &["check", "--fix"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, "mended 1; 0 errors, 0 warnings in 1 file\n"));
        assert_eq!(read(&here, "site.warp").matches("10.0.0.0").count(), 1);

        let again = warp(here.path(), &["check", "--fix", "--deny", "warnings"]);
        assert_eq!((again.code, again.stderr.as_str()), (0, "mended 0; 0 errors, 0 warnings in 1 file\n"));
    }

    #[test]
    fn mends_included_files_once_through_links_and_keeps_their_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let part = "acl office { \"10.0.0.0\"/8; \"10.0.0.0\"/8; }\n";
        let main =
            format!("{GOOD}include \"link.warp\";\nsub recv {{ if (client.ip ~ office) {{ return (pass); }} }}\n");
        let here = folder(&[("a.warp", &main), ("b.warp", &main), ("real/part", part)]);
        let real = here.path().join("real/part");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real/part", here.path().join("link.warp")).unwrap();

        assert_eq!(warp(here.path(), &["check", "a.warp", "b.warp", "--fix"]).code, 0);
        assert_eq!(read(&here, "real/part").matches("10.0.0.0").count(), 1);
        assert!(here.path().join("link.warp").is_symlink());
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(here.path().join("real")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_goes_by_two_names_is_mended_once() {
        let part =
            "acl office { \"10.0.0.0\"/8; \"10.0.0.0\"/8; }\nsub recv { if (client.ip ~ office) { return (pass) } }\n";
        let of = |name: &str| format!("{GOOD}include \"{name}\";\n");
        let here = folder(&[("a.warp", &of("part")), ("b.warp", &of("link")), ("part", part)]);
        std::os::unix::fs::symlink("part", here.path().join("link")).unwrap();
        let shown = warp(here.path(), &["check", "--fix", "--diff"]).stdout;
        assert_eq!(shown.matches("--- a/part\n").count(), 1, "{shown}");
        let ran = warp(here.path(), &["check", "--fix"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, "mended 2; 0 errors, 0 warnings in 3 files\n"));
    }

    #[test]
    fn lines_that_are_put_in_end_as_the_others_do() {
        let here = folder(&[("site.warp", &GOOD.replace("warp 1;\n", "# A site.\n").replace('\n', "\r\n"))]);
        assert_eq!(warp(here.path(), &["check", "site.warp", "--fix"]).code, 0);
        let mended = read(&here, "site.warp");
        assert!(mended.contains("warp 1;\r\n") && !mended.replace("\r\n", "").contains('\n'), "{mended:?}");
    }

    #[test]
    fn what_lies_beside_a_file_stays_as_it_is() {
        let here = folder(&[("site.warp", MENDABLE), ("other", "mine")]);
        // The names that a file beside it could have had, as links to somewhere else.
        for name in [".site.warp.mended", ".site.warp.tmp"] {
            std::os::unix::fs::symlink("other", here.path().join(name)).unwrap();
        }
        assert_eq!(warp(here.path(), &["check", "--fix"]).code, 0);
        assert_eq!(read(&here, "other"), "mine");
        assert!(!here.path().join("site.warp").is_symlink());
    }

    /// Root may write to all files, so another user has to try.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_may_not_be_written_is_told_and_left() {
        use std::os::unix::fs::PermissionsExt as _;
        let here = folder(&[("site.warp", MENDABLE)]);
        let site = here.path().join("site.warp");
        std::fs::set_permissions(&site, std::fs::Permissions::from_mode(0o444)).unwrap();
        let mut command = command(here.path(), &["check", "--fix"]);
        if is_root() {
            std::fs::set_permissions(here.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
            std::os::unix::process::CommandExt::uid(&mut command, 65534);
        }
        // Where the binary lies in a folder of root alone, nobody else can try.
        let Ok(child) = command.spawn() else { return };
        let ran = ended(child);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot write") && ran.stderr.contains("site.warp"), "{}", ran.stderr);
        assert_eq!(read(&here, "site.warp"), MENDABLE);
        assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    /// Root alone can give a file to somebody else.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_owner_of_a_file_is_kept() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let here = folder(&[("site.warp", MENDABLE)]);
        let site = here.path().join("site.warp");
        if chown(&site, Some(65534), Some(65533)).is_ok() {
            assert_eq!(warp(here.path(), &["check", "--fix"]).code, 0);
            let metadata = site.metadata().unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (65534, 65533));
        }
    }

    #[cfg(target_os = "linux")]
    fn is_root() -> bool {
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
    }

    #[test]
    fn diff_shows_and_writes_nothing() {
        let here = folder(&[("site.warp", MENDABLE)]);
        let ran = warp(here.path(), &["check", "--diff"]);
        snapshot("check_diff", &ran.shown());
        assert_eq!(read(&here, "site.warp"), MENDABLE);

        let clean = folder(&[("site.warp", GOOD)]);
        let ran = warp(clean.path(), &["check", "--diff"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    }

    #[test]
    fn of_stdin_goes_to_stdout() {
        let ran = warp_with_stdin(folder(&[]).path(), &["check", "--fix", "-"], MENDABLE);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stdout.matches("10.0.0.0").count(), 1);

        let broken = warp_with_stdin(folder(&[]).path(), &["check", "--fix", "-"], BAD);
        assert_eq!((broken.code, broken.stdout.as_str()), (1, BAD));
        assert!(broken.stderr.contains("E0207"));
    }
}

mod graph {
    use super::*;

    const RULES: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
rules request first {
    when path under \"/api/\" -> pass;
    when path == \"/old\" -> redirect 301 \"/new\";
}
";

    #[test]
    fn prints_every_format() {
        let here = folder(&[("site.warp", RULES)]);
        for (format, first) in [("dot", "digraph"), ("mermaid", "flowchart"), ("json", "{")] {
            let ran = warp(here.path(), &["graph", "site.warp", "--format", format]);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{format}");
            assert!(ran.stdout.trim_start().starts_with(first), "{format}: {}", ran.stdout);
        }
    }

    #[test]
    fn one_step_is_that_step_alone() {
        let here = folder(&[("site.warp", RULES)]);
        let steps = |arguments: &[&str]| -> Vec<String> {
            let ran = warp(here.path(), &[&["graph", "site.warp", "--format", "json"], arguments].concat());
            let graph: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            graph["steps"].as_array().unwrap().iter().map(|it| it["step"].as_str().unwrap().to_owned()).collect()
        };
        assert!(steps(&[]).len() > 5);
        assert_eq!(steps(&["--step", "recv"]), ["recv"]);
    }

    #[test]
    fn a_policy_does_not_drive_the_terminal_that_shows_it() {
        let policy = "warp 1;\nbackend default none;\n\
            sub recv { if (req.url == \"/\u{1b}[2J\") { set req.http.X = \"\u{9b}\u{202e}\"; } return (synth(200)); }\n";
        let here = folder(&[("site.warp", policy)]);
        for format in ["dot", "mermaid", "json"] {
            let ran = warp(here.path(), &["graph", "site.warp", "--format", format]);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            let is_plain = |letter: char| letter == '\n' || !(letter.is_control() || letter == '\u{202e}');
            assert!(ran.stdout.chars().all(is_plain), "{}", ran.stdout.escape_debug());
            assert!(ran.stdout.contains("u{1b}[2J"), "{}", ran.stdout);
        }
    }

    #[test]
    fn of_a_broken_policy_is_its_mistakes() {
        let here = folder(&[("site.warp", BAD)]);
        let ran = warp(here.path(), &["graph", "site.warp"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.contains("site.warp:3:20"), "{}", ran.stderr);
        assert_eq!(warp(here.path(), &["graph", "nowhere.warp"]).code, 2);
    }
}

mod rule {
    use super::*;

    #[test]
    fn prints_the_page_by_code_and_by_name() {
        let here = folder(&[]);
        let page = warp(here.path(), &["rule", "e0101"]);
        assert_eq!(page.code, 0);
        assert!(page.stdout.starts_with("# E0101"), "{}", page.stdout);
        assert_eq!(warp(here.path(), &["rule", "unexpected-text"]).stdout, page.stdout);
    }

    #[test]
    fn without_a_code_lists_them_all() {
        let ran = warp(folder(&[]).path(), &["rule"]);
        assert_eq!(ran.code, 0);
        assert_eq!(ran.stdout.lines().count(), warp_edge::lang::diagnostic::Code::ALL.len());
    }

    #[test]
    fn of_an_unknown_code_says_which_may_be_meant() {
        let ran = warp(folder(&[]).path(), &["rule", "unexpected-tekst"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("did you mean `unexpected-text`?"), "{}", ran.stderr);
    }

    #[test]
    fn a_reader_that_leaves_early_is_no_failure() {
        let mut child = command(folder(&[]).path(), &["rule"]).spawn().unwrap();
        drop(child.stdout.take());
        let ran = ended(child);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
}
