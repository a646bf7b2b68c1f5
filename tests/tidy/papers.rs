//! What stands beside the sources: pages, commands, the lock file.

use std::fs;

use warp_edge::lang::diagnostic::Code;

use super::sources::{files, root};

fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn each_code_has_a_whole_page() {
    for code in Code::ALL {
        let page = code.page();
        let title = format!("# {} {}\n", code.id(), code.name());
        assert!(page.starts_with(&title), "docs/diagnostics/{}.md does not start with `{}`", code.id(), title.trim());
        for part in ["\n## Bad\n", "\n## Good\n"] {
            assert!(page.contains(part), "docs/diagnostics/{}.md has no `{}`", code.id(), part.trim());
        }
    }
}

#[test]
fn each_page_has_its_code() {
    for page in files("docs/diagnostics/*.md") {
        let name = page.path.trim_start_matches("docs/diagnostics/").trim_end_matches(".md");
        assert!(Code::find(name).is_some_and(|code| code.id() == name), "{} belongs to no code", page.path);
    }
}

#[test]
fn the_lock_file_holds_one_provider_of_cryptography() {
    assert!(!text_of("Cargo.lock").contains("name = \"aws-lc-"), "rustls is to be used with ring alone");
}

#[test]
fn the_commands_of_the_readme_exist() {
    let readme = text_of("README.md");
    let script = text_of("x");
    for command in ["demo", "test"] {
        assert!(readme.contains(&format!("./x {command}")), "README.md does not name ./x {command}");
        assert!(script.contains(&format!("    {command}) ")), "./x does not know {command}");
    }
}

#[cfg(unix)]
#[test]
fn the_scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;

    for script in ["x", ".ci/run"] {
        let mode = fs::metadata(root().join(script)).unwrap().permissions().mode();
        assert!(mode & 0o100 != 0, "{script} cannot be run");
    }
}

#[test]
fn each_example_is_named_in_the_readme() {
    let readme = text_of("README.md");
    for example in files("examples/*.warp") {
        assert!(readme.contains(&example.path), "README.md does not name {}", example.path);
    }
}

#[test]
fn the_changelog_knows_this_version() {
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(text_of("CHANGELOG.md").lines().any(|line| line.starts_with(&heading)), "CHANGELOG.md has no `{heading}`");
}

#[test]
fn the_extension_for_editors_has_this_version() {
    let manifest: serde_json::Value = serde_json::from_str(&text_of("editor-support/textmate/package.json")).unwrap();
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
}

/// Whole words of ours that name things which only exist on the machine of whoever wrote them.
#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let homes = ["/wo", "/ro", "/ho"].iter().zip(["rk/", "ot/", "me/"]).map(|(a, b)| [*a, b].concat());
    let homes: Vec<String> =
        homes.flat_map(|home| [format!("\"{home}"), format!(" {home}"), format!("`{home}")]).collect();
    let patterns = [
        "*.md",
        "*.toml",
        "x",
        "src/**/*.rs",
        "tests/**/*.rs",
        "docs/**/*.md",
        "examples/*.warp",
        "examples/ci/*",
        "action.yml",
        "editor-support/**/*.json",
    ];
    for file in patterns.iter().flat_map(|pattern| files(pattern)) {
        let found = file.text.lines().find(|line| homes.iter().any(|home| line.contains(home)));
        assert_eq!(found, None, "{}", file.path);
    }
}
