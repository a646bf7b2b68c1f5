//! The editors' files: current, and colouring what they should, in the real engines.

mod engines;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use warp_edge::editors;
use warp_edge::lang::schema::{DECLARATIONS, ELSE_IF_WORDS, STATEMENTS};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// With `UPDATE_EDITORS=1` the files are written; else they must be as the schema says.
#[test]
fn the_files_are_current() {
    let update = std::env::var_os("UPDATE_EDITORS").is_some();
    for file in editors::files() {
        let path = root().join("editor-support").join(file.path);
        if update {
            write(&path, &file.text);
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == file.text, "{} is out of date: run the tests with UPDATE_EDITORS=1", file.path);
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn examples() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        glob::glob(root().join("examples/*.warp").to_str().unwrap()).unwrap().flatten().collect();
    files.sort();
    assert!(files.len() >= 5, "the examples are where they were");
    files
}

/// Writes a text of every word of the schema, for the engines to colour.
fn all_words(engine: &str) -> (Vec<words::Word>, PathBuf) {
    let words = words::all();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("words-{engine}.warp"));
    fs::write(&path, words::text(&words)).unwrap();
    (words, path)
}

#[test]
fn every_keyword_is_among_the_words() {
    let words = words::all();
    for keyword in DECLARATIONS.iter().chain(STATEMENTS).chain(ELSE_IF_WORDS) {
        let marked = format!("«{keyword}»");
        assert!(words.iter().any(|word| word.snippet.contains(&marked)), "{keyword} is asked of no engine");
    }
}

#[test]
fn vim_colours_every_word_of_the_schema() {
    let (words, path) = all_words("vim");
    let text = &engines::vim(&[path])[0];
    for word in words {
        assert_eq!(text.of(&word.snippet), word.vim, "{}", word.snippet);
    }
}

#[test]
fn textmate_colours_every_word_of_the_schema() {
    let (words, path) = all_words("textmate");
    let text = &engines::textmate(&[path])[0];
    for word in words {
        assert_eq!(text.of(&word.snippet).split(' ').next(), Some(word.textmate), "{}", word.snippet);
    }
}

#[test]
fn vim_leaves_nothing_plain_in_the_examples() {
    for file in engines::vim(&examples()) {
        assert_eq!(file.plain_text(str::is_empty), None, "{}", file.name);
    }
}

#[test]
fn textmate_leaves_nothing_plain_in_the_examples() {
    for file in engines::textmate(&examples()) {
        let plain = |scopes: &str| scopes == "source.warp" || scopes.starts_with("meta.") || scopes.contains("invalid");
        assert_eq!(file.plain_text(plain), None, "{}", file.name);
    }
}

/// Places in the examples: the file, the token between « and », its Vim group, its `TextMate` scope.
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("quickstart.warp", "«#» The quickstart policy", "warpComment", "comment.line.number-sign.warp"),
    ("quickstart.warp", "«warp» 1;", "warpInclude", "keyword.control.version.warp"),
    ("quickstart.warp", "backend «default» {", "warpDefined", "entity.name.type.warp"),
    ("quickstart.warp", ".port = \"«8081»\"", "warpString", "string.quoted.double.warp"),
    ("quickstart.warp", "client.ip «!~» purgers", "warpOperator", "keyword.operator.warp"),
    ("quickstart.warp", "client.ip !~ «purgers»", "warpName", "variable.other.warp"),
    ("quickstart.warp", "purgers «->» deny", "warpArrow", "keyword.operator.arrow.warp"),
    ("quickstart.warp", "status in 500«..»599", "warpOperator", "keyword.operator.warp"),
    ("quickstart.warp", "ttl 1h, «grace» 1d", "warpRuleAction", "support.function.action.warp"),
    ("quickstart.warp", "query «drop» [", "warpOperation", "support.function.operation.warp"),
    ("wordpress.warp", "path ~ \"«^/wp-content»", "warpRegex", "string.regexp.warp"),
    ("wordpress.warp", "\"10.0.0.0\"/«8»;", "warpNumber", "constant.numeric.warp"),
    ("wordpress.warp", "query «has» \"preview\"", "warpWordOperator", "keyword.operator.word.warp"),
    ("wordpress.warp", "    «else» -> ttl", "warpTable", "keyword.control.conditional.warp"),
    ("api.warp", "const «catalogue_ttl» =", "warpDefined", "variable.other.constant.warp"),
    ("api.warp", "call «require_key»;", "warpDefined", "entity.name.function.call.warp"),
    ("api.warp", "return («synth»(401", "warpAction", "support.function.action.warp"),
    ("api.warp", "req.http.Accept ~ \"(?i)«text»/csv", "warpRegex", "string.regexp.warp"),
    ("api.warp", "\"\"\"{\"«error»", "warpString", "string.quoted.triple.warp"),
    ("api.warp", "\"\"\" + «resp.status»", "warpVariable", "variable.language.warp"),
    ("media.warp", "-> backend «live», strip", "warpName", "variable.other.warp"),
    ("media.warp", "set «beresp».http.Cache-Control =", "warpHeader", "variable.language.warp"),
    ("media.warp", "«path» ext [\"mp4\"", "warpShortName", "variable.language.short.warp"),
    ("rfc9111.warp", "override «builtin.cookie» ", "warpDefined", "entity.name.function.warp"),
];

#[test]
fn chosen_places_of_the_examples_have_their_colours() {
    let (in_vim, in_textmate) = (engines::vim(&examples()), engines::textmate(&examples()));
    for (name, place, vim, textmate) in PLACES {
        let found = |files: &[engines::Coloured]| files.iter().position(|file| file.name == *name).unwrap();
        assert_eq!(in_vim[found(&in_vim)].of(place), *vim, "{place}");
        let scopes = in_textmate[found(&in_textmate)].of(place);
        assert_eq!(scopes.split(' ').next(), Some(*textmate), "{place}");
    }
}
