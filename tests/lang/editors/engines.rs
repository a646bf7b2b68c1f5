//! Vim and VS Code's engine as functions from files to colours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::root;

/// A file with, for each byte of each line, what an engine says about it: a Vim group, or the
/// scopes of `TextMate` from the innermost to the outermost.
pub struct Coloured {
    pub name: String,
    text: String,
    colours: Vec<Vec<String>>,
}

impl Coloured {
    /// The colour of the part between « and » of `snippet`, at the first place where it occurs.
    pub fn of(&self, snippet: &str) -> &str {
        let (before, rest) = snippet.split_once('«').unwrap();
        let (token, after) = rest.split_once('»').unwrap();
        let plain = [before, token, after].concat();
        let found = self.text.lines().enumerate().find_map(|(at, line)| Some((at, line.find(&plain)?)));
        let (line, column) = found.unwrap_or_else(|| panic!("{} does not hold `{plain}`", self.name));
        &self.colours[line][column + before.len()]
    }

    /// The first text, with its line number from 1, that has no colour of its own.
    pub fn plain_text(&self, is_plain: impl Fn(&str) -> bool) -> Option<(usize, String)> {
        self.text.lines().zip(&self.colours).enumerate().find_map(|(at, (line, colours))| {
            let column = line.bytes().zip(colours).position(|(byte, colour)| byte != b' ' && is_plain(colour))?;
            Some((at + 1, line[column..].to_owned()))
        })
    }
}

/// First column, column after the last, scopes from the outermost to the innermost.
type Token = (usize, usize, Vec<String>);

/// What VS Code's engine makes of the files.
pub fn textmate(files: &[PathBuf]) -> Vec<Coloured> {
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("editors");
    assert!(
        modules.join("node_modules/vscode-textmate").is_dir(),
        "the engine of VS Code is not installed: `./x test` installs it (it is named in tests/lang/editors/package.json)"
    );
    let mut node = Command::new("node");
    node.arg(root().join("tests/lang/editors/colours.cjs")).arg(modules);
    node.arg(root().join("editor-support/textmate/warp.tmLanguage.json")).args(files);
    let output = run(&mut node, "nodejs");
    let answer: Vec<Vec<Vec<Token>>> = serde_json::from_slice(&output.stdout).unwrap();
    files.iter().zip(answer).map(|(file, lines)| coloured(file, lines.into_iter().map(spread).collect())).collect()
}

/// From stretches to columns. The policies are ASCII, so that columns are bytes.
fn spread(tokens: Vec<Token>) -> Vec<String> {
    let mut line = Vec::new();
    for (start, end, scopes) in tokens {
        let scopes: Vec<&str> = scopes.iter().rev().map(String::as_str).collect();
        line.extend(std::iter::repeat_n(scopes.join(" "), end - start));
    }
    line
}

/// What Vim makes of the files.
pub fn vim(files: &[PathBuf]) -> Vec<Coloured> {
    // Tests run side by side.
    let folder = tempfile::tempdir().unwrap();
    let answer = folder.path().join("answer.json");
    let support = root().join("editor-support/vim");
    let mut vim = Command::new("vim");
    vim.args(["-es", "-u", "NONE", "-i", "NONE", "-n", "--cmd"]);
    vim.arg(format!("let g:support='{}' | let g:answer='{}'", support.display(), answer.display()));
    vim.arg("-S").arg(root().join("tests/lang/editors/colours.vim")).args(files);
    run(&mut vim, "vim");
    let text = fs::read(&answer).expect("vim writes its answer; a vim built without +eval cannot");
    let answer: Vec<Value> = serde_json::from_slice(&text).unwrap();
    files.iter().zip(answer).map(|(file, found)| from_vim(file, found)).collect()
}

fn from_vim(file: &Path, mut found: Value) -> Coloured {
    assert_eq!(found["type"], "warp", "{} is not known as a .warp file", file.display());
    assert_eq!(found["comment"], "# %s");
    coloured(file, serde_json::from_value(found["lines"].take()).unwrap())
}

fn coloured(file: &Path, colours: Vec<Vec<String>>) -> Coloured {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.is_ascii(), "{} is not ASCII: columns are counted in bytes here", file.display());
    Coloured { name: file.file_name().unwrap().to_string_lossy().into_owned(), text, colours }
}

fn run(command: &mut Command, package: &str) -> Output {
    let output = command.output();
    let output =
        output.unwrap_or_else(|error| panic!("{package} is needed for this test: {error}; `./x test` installs it"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}
