//! The files for continuous integration: they are what their tools say, and their command lines find what is wrong.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::cli::formats::complaints;
use super::cli::{BAD, GOOD, MENDABLE, folder, read};

fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a script as a runner does, in that folder, with warp on the path.
fn bash(here: &Path, script: &str, environment: &[(&str, &str)]) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_warp")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]).current_dir(here);
    bash.env("PATH", path).envs(environment.iter().copied()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn each_file_is_what_its_tool_reads() {
    for (path, schema) in [
        ("action.yml", "github-action.json"),
        (".pre-commit-hooks.yaml", "pre-commit-hooks.json"),
        ("examples/ci/github.yml", "github-workflow.json"),
        ("examples/ci/github-code-scanning.yml", "github-workflow.json"),
        ("examples/ci/github-diff.yml", "github-workflow.json"),
    ] {
        assert_eq!(complaints(schema, &yaml(path)), Vec::<String>::new(), "{path}");
    }
}

mod action {
    use super::*;

    /// The step that checks.
    fn step() -> Value {
        let steps = yaml("action.yml")["runs"]["steps"].clone();
        steps.as_array().unwrap().iter().find(|step| step["id"] == "check").unwrap().clone()
    }

    /// Runs the step with these inputs; the others are what the action says.
    fn run(here: &Path, inputs: &[(&str, &str)]) -> Output {
        let declared = yaml("action.yml")["inputs"].clone();
        let step = step();
        let value = |expression: &str| {
            let name = expression.strip_prefix("${{ inputs.").unwrap().strip_suffix(" }}").unwrap();
            let given = inputs.iter().find(|(input, _)| *input == name).map(|(_, value)| (*value).to_owned());
            given.unwrap_or_else(|| declared[name]["default"].as_str().unwrap().to_owned())
        };
        let environment = step["env"].as_object().unwrap().iter();
        let mut environment: Vec<(String, String)> =
            environment.map(|(name, expression)| (name.clone(), value(expression.as_str().unwrap()))).collect();
        environment.push(("GITHUB_OUTPUT".to_owned(), here.join("outputs").display().to_string()));
        let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (&**name, &**value)).collect();
        bash(here, step["run"].as_str().unwrap(), &environment)
    }

    #[test]
    fn finds_the_line_of_a_mistake() {
        let here = folder(&[("policies/site.warp", BAD), ("other/good.warp", GOOD)]);
        let ran = run(here.path(), &[("warp", "warp")]);
        assert_eq!(ran.status.code(), Some(1));
        let lines = stdout(&ran);
        assert!(lines.starts_with("::error file=policies/site.warp,line=3,endLine=3,col=20,"), "{lines}");
        assert_eq!(run(here.path(), &[("warp", "warp"), ("paths", "other")]).status.code(), Some(0));
    }

    #[test]
    fn writes_a_report_for_code_scanning_even_if_the_check_fails() {
        let here = folder(&[("site.warp", BAD)]);
        let ran = run(here.path(), &[("warp", "warp"), ("format", "sarif")]);
        assert_eq!((ran.status.code(), stdout(&ran).as_str()), (Some(1), ""));
        assert_eq!(read(&here, "outputs"), "report=warp.sarif\n");
        let log: Value = serde_json::from_str(&read(&here, "warp.sarif")).unwrap();
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(
            (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
            (&"site.warp".into(), &3.into())
        );
    }

    #[test]
    fn names_no_report_that_is_not_there() {
        let here = folder(&[("site.warp", BAD), ("warp.toml", "lint.W9999 = \"deny\"\n")]);
        let sarif = [("warp", "warp"), ("format", "sarif")];
        for (input, value) in
            [("deny", "W9999"), ("paths", "nowhere"), ("output", "no/such/folder/warp.sarif"), ("config", "warp.toml")]
        {
            let ran = run(here.path(), &[&sarif[..], &[(input, value)]].concat());
            assert_eq!(ran.status.code(), Some(2), "{input}");
            assert!(!here.path().join("outputs").exists() && !here.path().join("warp.sarif").exists(), "{input}");
            assert!(!ran.stderr.is_empty(), "{input}");
        }
    }

    #[test]
    fn hands_on_what_it_is_told_and_runs_none_of_it() {
        let here = folder(&[
            ("a b/site.warp", MENDABLE),
            ("$(touch x).warp", GOOD),
            ("quiet.toml", "lint.W0610 = \"allow\"\n"),
        ]);
        let both = ("paths", "a b\n\n$(touch x).warp\n");
        assert_eq!(run(here.path(), &[("warp", "warp"), both]).status.code(), Some(0));
        assert_eq!(run(here.path(), &[("warp", "warp"), both, ("deny", "W0609\nW0610")]).status.code(), Some(1));
        assert_eq!(run(here.path(), &[("warp", "warp"), both, ("deny", "warnings")]).status.code(), Some(1));
        let quiet = run(here.path(), &[("warp", "warp"), ("deny", "warnings"), ("config", "quiet.toml")]);
        assert_eq!(quiet.status.code(), Some(0));
        assert!(!here.path().join("x").exists());
        assert_eq!(run(here.path(), &[("warp", "warp"), ("deny", "W9999")]).status.code(), Some(2));
    }

    #[test]
    fn every_input_is_used_and_no_script_is_put_together_from_them() {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
        for input in yaml("action.yml")["inputs"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("${{{{ inputs.{input}")), "{input}");
        }
        for step in yaml("action.yml")["runs"]["steps"].as_array().unwrap() {
            assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
        }
    }

    #[test]
    fn the_examples_use_what_it_has() {
        let action = yaml("action.yml");
        for path in ["examples/ci/github.yml", "examples/ci/github-code-scanning.yml"] {
            let steps = yaml(path)["jobs"]["check"]["steps"].clone();
            let uses = |step: &&Value| step["uses"].as_str().unwrap().contains("/warp@");
            let step = steps.as_array().unwrap().iter().find(uses).unwrap().clone();
            let version = step["uses"].as_str().unwrap().split_once('@').unwrap().1.to_owned();
            assert_eq!(version, format!("v{}", env!("CARGO_PKG_VERSION")), "{path}");
            for input in step["with"].as_object().unwrap().keys() {
                assert!(action["inputs"][input].is_object(), "{path}: {input}");
            }
        }
    }
}

#[test]
fn the_job_of_gitlab_finds_the_line_of_a_mistake() {
    let job = yaml("examples/ci/gitlab.yml")["policies"].clone();
    let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let here = folder(&[("site.warp", BAD)]);
    assert_eq!(bash(here.path(), &script.join("\n"), &[]).status.code(), Some(1));
    let reports = &job["artifacts"]["reports"];
    let issues: Value = serde_json::from_str(&read(&here, reports["codequality"].as_str().unwrap())).unwrap();
    assert_eq!(issues[0]["location"]["path"], "site.warp");
    assert_eq!(issues[0]["location"]["lines"]["begin"], 3);
    assert!(read(&here, reports["junit"].as_str().unwrap()).contains("E0207 unknown-action at 3:20"));
    let good = folder(&[("site.warp", GOOD)]);
    assert_eq!(bash(good.path(), &script.join("\n"), &[]).status.code(), Some(0));
}

#[test]
fn the_comment_on_a_pull_request_says_what_changes_or_why_it_cannot() {
    let steps = yaml("examples/ci/github-diff.yml")["jobs"]["diff"]["steps"].clone();
    let step = steps.as_array().unwrap().iter().find(|step| step["id"] == "diff").unwrap().clone();
    // The tree of the base lies there already.
    let script = format!("git() {{ :; }}\n{}", step["run"].as_str().unwrap());
    let passing = GOOD.replace("warp 1;", "warp 1; sub recv { return (pass); }");
    for (old, new, told) in [
        (Some(GOOD), Some(&*passing), "class of requests changes"),
        (Some(GOOD), Some(GOOD), "no change"),
        (None, Some(GOOD), "`site.warp` is new"),
        (Some(GOOD), None, "`site.warp` is removed"),
        (Some(BAD), Some(GOOD), "`site.warp` had errors before"),
        (Some(GOOD), Some(BAD), "E0207"),
    ] {
        let given =
            [("old/site.warp", old), ("new/site.warp", new), ("new/README.md", Some("")), ("old/README.md", Some(""))];
        let files: Vec<(&str, &str)> = given.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        let here = folder(&files);
        let ran = bash(&here.path().join("new"), &script, &[("POLICY", "site.warp"), ("BASE", "main")]);
        assert_eq!(ran.status.code(), Some(0), "{told}: {}", String::from_utf8_lossy(&ran.stderr));
        let comment = read(&here, "new/diff.md");
        assert!(comment.to_lowercase().contains(&told.to_lowercase()), "{told}: {comment}");
    }
}

#[test]
fn what_is_installed_is_one_version() {
    let version = format!("--tag v{}", env!("CARGO_PKG_VERSION"));
    for path in ["examples/ci/gitlab.yml", "examples/ci/github-diff.yml"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        assert!(
            text.lines().filter(|line| line.contains("cargo install")).all(|line| line.contains(&version)),
            "{path}"
        );
    }
}

#[test]
fn the_hooks_find_the_line_of_a_mistake() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    for hook in hooks.as_array().unwrap() {
        let here = folder(&[("deep/site.warp", BAD)]);
        let ran = bash(here.path(), hook["entry"].as_str().unwrap(), &[]);
        assert_eq!(ran.status.code(), Some(1));
        assert!(stdout(&ran).starts_with("deep/site.warp:3:20: error[E0207]"), "{}", stdout(&ran));
        let files = regex::Regex::new(hook["files"].as_str().unwrap()).unwrap();
        assert!(files.is_match("deep/site.warp") && files.is_match("warp.toml") && files.is_match("a/warp.toml"));
        assert!(files.is_match("tables/sites.json") && files.is_match("redirects.csv"));
        assert!(!files.is_match("site.warp.bak") && !files.is_match("not-warp.toml"));
    }
    let example = yaml("examples/ci/pre-commit-config.yaml");
    let named = &example["repos"][0]["hooks"][0]["id"];
    assert!(hooks.as_array().unwrap().iter().any(|hook| hook["id"] == *named), "{named}");
}
