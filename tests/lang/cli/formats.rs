//! `warp check --format` for other tools: each format is held against its schema, or against what is said of it where there
//! is none.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{BAD, GOOD, MENDABLE, Ran, folder, snapshot, warp, warp_with_stdin};

/// A warning with a second place, and an error; letters of more than one byte stand before both.
const TWO_PLACES: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
acl office { \"10.0.0.0\"/8; /* ä𝄞 */ \"10.0.0.0\"/8; }
sub recv { if (client.ip ~ office) { /* é */ return (pass) } }
";

/// A policy whose names and texts are full of what formats give a meaning to.
const HOSTILE: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
sub recv { set req.http.A = \"<b a='1'>&amp; %0A::error::x ]]>\"; set req.htp.B = \"\u{1b}[2J\u{ffff}\"; return (nö::), }
";

fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name)
}

/// What the schema has against the value.
pub fn complaints(schema_name: &str, value: &Value) -> Vec<String> {
    let text = std::fs::read_to_string(schema(schema_name)).unwrap();
    let schema = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Asks `xmllint` whether the text is XML, and whether the schema takes it; its tree without white space in between.
fn xml(schema_name: Option<&str>, text: &str) -> String {
    let here = folder(&[("report.xml", text)]);
    let mut command = Command::new("xmllint");
    command.current_dir(here.path()).arg("--nonet").arg("--noblanks");
    if let Some(name) = schema_name {
        command.arg("--schema").arg(schema(name));
    }
    let output = command.arg("report.xml").output().expect("xmllint is not installed: `./x test` installs it");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What `xmllint` finds in the text.
fn xpath(text: &str, path: &str) -> String {
    let here = folder(&[("report.xml", text)]);
    let mut command = Command::new("xmllint");
    let output = command.current_dir(here.path()).args(["--nonet", "--xpath", path, "report.xml"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Every kind of finding that a format has to show, and none.
fn samples(format: &str) -> Vec<Ran> {
    let here = folder(&[
        ("good.warp", GOOD),
        ("sub folder/a,b:100%.warp", BAD),
        ("warned.warp", MENDABLE),
        ("two.warp", TWO_PLACES),
        ("hostile.warp", HOSTILE),
        ("crlf.warp", &BAD.replace('\n', "\r\n")),
        ("bom.warp", &format!("\u{feff}{}", BAD.replace("warp 1;", "warp 1; oops"))),
    ]);
    let check = |arguments: &[&str]| warp(here.path(), &[&["check", "--format", format], arguments].concat());
    let absolute = here.path().join("two.warp");
    let mut ran = vec![check(&["good.warp"]), check(&[]), check(&["warned.warp", "--deny", "warnings"])];
    ran.push(check(&[absolute.to_str().unwrap(), "."]));
    ran.push(warp_with_stdin(here.path(), &["check", "--format", format, "-"], BAD));
    ran
}

#[test]
fn every_format_for_tools_shows_the_same_findings() {
    let here = folder(&[("site.warp", TWO_PLACES), ("warned.warp", MENDABLE)]);
    for format in ["sarif", "github", "gitlab", "junit", "checkstyle"] {
        let ran = warp(here.path(), &["check", "--format", format]);
        let shown = ran.shown().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        // The pages of the codes have tests of their own.
        let shown: Vec<&str> = shown.lines().filter(|line| !line.contains("\\n\\n## Bad")).collect();
        snapshot(&format!("check_{format}"), &shown.join("\n"));
    }
}

mod sarif {
    use super::*;

    fn number(value: &Value) -> usize {
        usize::try_from(value.as_u64().unwrap()).unwrap()
    }

    fn log(ran: &Ran) -> Value {
        serde_json::from_str(&ran.stdout).unwrap()
    }

    #[test]
    fn is_what_the_schema_says() {
        for ran in samples("sarif") {
            assert_eq!(complaints("sarif-2.1.0.json", &log(&ran)), Vec::<String>::new(), "{}", ran.stdout);
        }
        assert!(!complaints("sarif-2.1.0.json", &serde_json::json!({ "version": "2.1.0" })).is_empty());
    }

    #[test]
    fn each_result_names_its_rule_and_each_rule_has_its_page() {
        let here = folder(&[("site.warp", TWO_PLACES), ("warned.warp", MENDABLE), ("bad.warp", BAD)]);
        let log = log(&warp(here.path(), &["check", "--format", "sarif"]));
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let rule = &run["tool"]["driver"]["rules"][number(&result["ruleIndex"])];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(
                rule["help"]["markdown"].as_str().unwrap().starts_with(&format!("# {}", rule["id"].as_str().unwrap()))
            );
        }
    }

    /// What stands at a region, lines and columns counted as SARIF counts them here.
    fn text_at(text: &str, region: &Value) -> String {
        let number = |name: &str| number(&region[name]);
        let (first, last) = (number("startLine"), number("endLine"));
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines: Vec<Vec<char>> = text.split('\n').map(|line| line.chars().collect()).collect();
        let part = |line: usize| {
            let from = if line == first { number("startColumn") - 1 } else { 0 };
            let to = if line == last { number("endColumn") - 1 } else { lines[line - 1].len() };
            lines[line - 1][from..to].iter().collect::<String>()
        };
        (first..=last).map(part).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn regions_count_characters_from_one_and_know_no_byte_order_mark() {
        let marked = "\u{feff}warp 1; /* ö𝄞 */ backend b { .host = \"127.0.0.1\"; .prot = 1; }\n";
        for text in [marked.to_owned(), marked.replace("; ", ";\r\n")] {
            let here = folder(&[("site.warp", &text)]);
            let log = log(&warp(here.path(), &["check", "--format", "sarif"]));
            let results = log["runs"][0]["results"].as_array().unwrap();
            let regions = results.iter().map(|it| &it["locations"][0]["physicalLocation"]["region"]);
            let texts: Vec<String> = regions.map(|region| text_at(&text, region)).collect();
            assert!(texts == [".prot"] || texts == ["prot"], "{texts:?}");
        }
    }

    #[test]
    fn second_places_are_related_locations_and_fixes_say_what_to_replace() {
        let here = folder(&[("site.warp", MENDABLE)]);
        let log = log(&warp(here.path(), &["check", "--format", "sarif"]));
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 4);
        let change = &result["fixes"][0]["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"], "site.warp");
        let deleted = text_at(MENDABLE, &change["replacements"][0]["deletedRegion"]);
        assert_eq!(
            (deleted.trim(), &change["replacements"][0]["insertedContent"]["text"]),
            ("\"10.0.0.0\"/8;", &"".into())
        );
    }

    #[test]
    fn names_of_files_are_references_of_a_uri() {
        let here = folder(&[("sub folder/a,b:100%.warp", BAD)]);
        let log = log(&warp(here.path(), &["check", "--format", "sarif"]));
        let artifact = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(artifact["uri"], "sub%20folder/a%2Cb%3A100%25.warp");
        assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
    }

    #[test]
    fn a_denied_warning_is_an_error() {
        let here = folder(&[("site.warp", MENDABLE)]);
        for (deny, level) in [(&[][..], "warning"), (&["--deny", "W0610"], "error")] {
            let log = log(&warp(here.path(), &[&["check", "--format", "sarif"], deny].concat()));
            assert_eq!(log["runs"][0]["results"][0]["level"], level);
        }
    }
}

mod github {
    use super::*;

    /// The command with its properties, escapes undone as a runner undoes them.
    fn command(line: &str) -> (String, Vec<(String, String)>, String) {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        let plain = |text: &str| {
            let text = text.replace("%3A", ":").replace("%2C", ",");
            text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        };
        let properties = properties.split(',').map(|property| property.split_once('=').unwrap());
        let properties = properties.map(|(name, value)| (name.to_owned(), plain(value))).collect();
        (name.to_owned(), properties, plain(message))
    }

    #[test]
    fn each_line_is_one_command_with_known_properties() {
        for ran in samples("github") {
            for line in ran.stdout.lines() {
                let (name, properties, message) = command(line);
                assert!(["error", "warning"].contains(&name.as_str()), "{line}");
                for (name, _) in &properties {
                    assert!(
                        ["file", "line", "endLine", "col", "endColumn", "title"].contains(&name.as_str()),
                        "{line}"
                    );
                }
                assert!(!message.is_empty() && !message.contains('\u{1b}'), "{line}");
            }
        }
    }

    #[test]
    fn what_a_policy_says_is_no_command() {
        let here = folder(&[("a,b:100%.warp", BAD)]);
        let ran = warp(here.path(), &["check", "--format", "github"]);
        let (_, properties, _) = command(ran.stdout.trim_end());
        assert_eq!(properties[0], ("file".to_owned(), "a,b:100%.warp".to_owned()));
        assert_eq!(properties[1], ("line".to_owned(), "3".to_owned()));
    }
}

mod gitlab {
    use super::*;

    fn issues(ran: &Ran) -> Vec<Value> {
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// GitLab's documentation, *Code Quality report format*: a list of objects with these members; the path is relative and
    /// does not begin with `./`.
    #[test]
    fn is_what_is_said_of_it() {
        for ran in samples("gitlab") {
            for issue in issues(&ran) {
                let text = |name: &str| issue[name].as_str().unwrap_or_default();
                assert!(!text("description").is_empty() && text("check_name").len() == 5, "{issue}");
                assert!(["info", "minor", "major", "critical", "blocker"].contains(&text("severity")), "{issue}");
                assert_eq!(text("fingerprint").len(), 64, "{issue}");
                let path = issue["location"]["path"].as_str().unwrap();
                assert!(!path.starts_with('/') && !path.starts_with("./"), "{path}");
                let lines = &issue["location"]["lines"];
                assert!(lines["begin"].as_u64().unwrap() >= 1 && lines["end"].as_u64() >= lines["begin"].as_u64());
            }
        }
    }

    #[test]
    fn fingerprints_are_unique_and_stay_when_lines_move() {
        let twice = BAD.replace("sub recv { return (pasz); }\n", "sub recv { return (pasz); return (pasz); }\n");
        let of = |text: &str| -> Vec<String> {
            let here = folder(&[("site.warp", text)]);
            let issues = issues(&warp(here.path(), &["check", "--format", "gitlab"]));
            issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
        };
        let prints = of(&twice);
        assert_eq!(prints.len(), 2);
        assert_ne!(prints[0], prints[1]);
        assert_eq!(of(&twice.replace("sub recv", "\n# moved\n\n    sub recv")), prints);
        assert_ne!(of(&twice.replace("pasz", "pass_")), prints);
    }

    #[test]
    fn without_findings_is_an_empty_list() {
        let here = folder(&[("site.warp", GOOD)]);
        assert_eq!(warp(here.path(), &["check", "--format", "gitlab"]).stdout, "[]\n");
    }
}

mod junit {
    use super::*;

    #[test]
    fn is_what_the_schema_says() {
        for ran in samples("junit") {
            xml(Some("junit-10.xsd"), &ran.stdout);
        }
    }

    #[test]
    fn what_fails_the_check_fails_and_the_rest_passes() {
        let here = folder(&[("good.warp", GOOD), ("bad.warp", BAD), ("warned.warp", MENDABLE)]);
        let ran = warp(here.path(), &["check", "--format", "junit"]);
        let count = |path: &str| xpath(&ran.stdout, &format!("count({path})"));
        assert_eq!(count("//testsuite"), "3");
        assert_eq!((count("//testcase"), count("//failure")), ("3".to_owned(), "1".to_owned()));
        assert_eq!(xpath(&ran.stdout, "string(//failure/../@classname)"), "bad.warp");
        assert_eq!(xpath(&ran.stdout, "string(/testsuites/@failures)"), "1");
        let denied = warp(here.path(), &["check", "--format", "junit", "--deny", "warnings"]);
        assert_eq!(xpath(&denied.stdout, "count(//failure)"), "2");
    }
}

mod checkstyle {
    use super::*;

    /// Checkstyle's `XMLLogger`: `checkstyle` with a version holds `file`s with a name, which hold `error`s with a line, a
    /// column, a severity, a message and a source.
    #[test]
    fn is_what_is_said_of_it() {
        for ran in samples("checkstyle") {
            xml(None, &ran.stdout);
            let count = |path: &str| xpath(&ran.stdout, &format!("count({path})"));
            assert_eq!(count("/checkstyle[@version]"), "1");
            assert_eq!(count("//*"), count("/checkstyle | /checkstyle/file[@name] | /checkstyle/file/error"));
            let whole =
                "error[@line > 0][@column > 0][@severity='error' or @severity='warning'][@message!=''][@source]";
            assert_eq!(count("//error"), count(&format!("//{whole}")));
            assert_eq!(
                count("//error/@*"),
                count("//error/@line | //error/@column | //error/@severity | //error/@message | //error/@source")
            );
        }
    }

    #[test]
    fn names_the_line_and_the_code() {
        let here = folder(&[("bad.warp", BAD)]);
        let ran = warp(here.path(), &["check", "--format", "checkstyle"]);
        let found =
            xpath(&ran.stdout, "concat(//file/@name, ' ', //error/@line, ' ', //error/@column, ' ', //error/@source)");
        assert_eq!(found, "bad.warp 3 20 warp.E0207");
    }
}
