//! What is found, as people see it, and the pages about it.

use std::collections::BTreeSet;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::diagnostic::{Code, Level, render};
use warp_edge::lint;

/// Codes whose mistake cannot stand in a page: it is about bytes that are no text, or about a file
/// that is too large or not there.
const WITHOUT_BAD_EXAMPLE: &[Code] = &[Code::E0109, Code::E0120, Code::E0222, Code::E0347];

#[test]
fn mistakes_are_shown_with_their_places() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots/check");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../../corpus", "invalid/check/*.warp", |path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let files = beside(MemoryFiles::new(name, std::fs::read(path).unwrap()));
            let checked = lint::check(name, &files);
            assert!(!checked.diagnostics.is_empty());
            insta::assert_snapshot!(render::graphical(&checked.diagnostics, &checked.sources, false));
        });
    });
}

#[test]
fn a_mistake_in_a_pattern_is_shown_in_it_whatever_stands_around() {
    for (pattern, place) in [
        (r#""a(b""#, "(b\""),
        (r#"("a(b")"#, "(b\")"),
        (r#"( /* "a(b" */ "a(b" )"#, "(b\" )"),
        (r#"(("""a(b"""))"#, "(b\"\"\"))"),
    ] {
        let text =
            format!("warp 1;\nbackend default none;\nsub recv {{ if (req.url ~ {pattern}) {{ return (pass); }} }}\n");
        let checked = lint::check("p.warp", &MemoryFiles::new("p.warp", text.clone()));
        let finding = checked.diagnostics.iter().find(|finding| finding.code == Code::E0308).unwrap();
        assert_eq!(finding.primary.span.range().start, text.rfind(place).unwrap(), "{pattern}");
    }
}

/// With the files of data and of sites that the policies of the corpus name.
fn beside(files: MemoryFiles) -> MemoryFiles {
    let folders = ["data", "sites"];
    let found = folders.iter().flat_map(|folder| {
        let pattern = format!("{}/tests/corpus/invalid/check/{folder}/*", env!("CARGO_MANIFEST_DIR"));
        glob::glob(&pattern).unwrap().flatten().map(move |path| (folder, path))
    });
    found.fold(files, |files, (folder, path)| {
        let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
        files.with(name, std::fs::read(path).unwrap())
    })
}

/// Codes that no file of the corpus can show: it is about bytes that are no text, or about a file that is too long.
const SHOWN_ELSEWHERE: &[Code] = &[Code::E0109, Code::E0119, Code::E0120];

#[test]
fn the_corpus_shows_every_code_and_many_mistakes() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/invalid/*/*.warp");
    let of_each_file = glob::glob(corpus).unwrap().flatten().map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let checked = lint::check(name, &beside(MemoryFiles::new(name, std::fs::read(&path).unwrap())));
        checked.diagnostics.iter().map(|finding| finding.code).collect::<BTreeSet<Code>>()
    });
    let of_each_file: Vec<BTreeSet<Code>> = of_each_file.collect();
    let mistakes: usize = of_each_file.iter().map(BTreeSet::len).sum();
    assert!(mistakes >= 150, "{mistakes} kinds of mistakes in {} files", of_each_file.len());
    let shown: BTreeSet<Code> = of_each_file.into_iter().flatten().collect();
    let missing: Vec<Code> = Code::ALL.iter().copied().filter(|code| !shown.contains(code)).collect();
    assert_eq!(missing, SHOWN_ELSEWHERE);
}

#[test]
fn each_page_shows_its_mistake_and_how_it_is_mended() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let (id, page) = (code.id(), code.page());
        if !page.starts_with(&format!("# {id} {}\n", code.name())) {
            wrong.push(format!("the page of {id} has another title"));
        }
        if !WITHOUT_BAD_EXAMPLE.contains(code) {
            let found = codes_of(example(*code, "## Bad"));
            if !found.contains(code) {
                wrong.push(format!("the bad example of {id} yields {found:?}"));
            }
        }
        let found = codes_of(example(*code, "## Good"));
        if !found.is_empty() {
            wrong.push(format!("the good example of {id} yields {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// Whoever checks a policy has the file of the table, too; whoever reads the log of a proxy need not.
#[test]
fn lines_of_data_are_shown_to_their_author_and_not_to_the_log() {
    let policy = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\ntable t: STRING -> INT from \"t.json\";\nsub recv { if (t has \"a\") { return (pass); } }\n";
    let files = MemoryFiles::new("policy.warp", policy).with("t.json", "{\n\"token\": \"s3cret\"\n}\n");
    let checked = lint::check("policy.warp", &files);
    let author = render::graphical(&checked.diagnostics, &checked.sources, false);
    assert!(author.contains("2 │ \"token\": \"s3cret\""), "{author}");
    let log = render::logged(&checked.diagnostics, &checked.sources, false);
    assert!(log.contains("[t.json:2:10]") && !log.contains("s3cret"), "{log}");
}

/// The policy below a heading of a page.
fn example(code: Code, heading: &str) -> &'static str {
    let section = code.page().split_once(heading).map(|(_, section)| section);
    let fenced =
        section.and_then(|section| section.split_once("```warp\n")).and_then(|(_, text)| text.split_once("```"));
    fenced.map_or_else(|| panic!("the page of {} has no policy below `{heading}`", code.id()), |(text, _)| text)
}

fn codes_of(text: &str) -> Vec<Code> {
    let site = "warp 1;\nbackend origin { .host = \"127.0.0.1\"; }\n";
    let files = MemoryFiles::new("policy.warp", text).with("sites/example.warp", site).with("sites/shop.warp", site);
    let checked = lint::check("policy.warp", &files);
    checked.diagnostics.iter().map(|finding| finding.code).collect()
}

#[test]
fn codes_have_names_of_their_own() {
    for (at, code) in Code::ALL.iter().enumerate() {
        assert!(Code::ALL.iter().skip(at + 1).all(|other| other.name() != code.name()), "{}", code.name());
        assert_eq!(Code::find(code.name()), Some(*code));
    }
}

/// A fix is worth its name when the finding is gone once it is applied.
#[test]
fn fixes_mend_what_they_are_offered_for() {
    for code in Code::ALL.iter().filter(|code| !WITHOUT_BAD_EXAMPLE.contains(code)) {
        let mut text = example(*code, "## Bad").to_owned();
        let checked = lint::check("policy.warp", &MemoryFiles::new("policy.warp", text.as_str()));
        let finding = checked.diagnostics.iter().find(|finding| finding.code == *code);
        let Some(fix) = finding.and_then(|finding| finding.fix.as_ref()) else { continue };
        for edit in fix.edits.iter().rev() {
            text.replace_range(edit.span.range(), &edit.text);
        }
        let left = codes_of(&text);
        assert!(!left.contains(code), "the fix of {} leaves it: {text}", code.id());
        assert!(left.iter().all(|code| code.level() == Level::Warning), "the fix of {} breaks: {left:?}", code.id());
    }
}
