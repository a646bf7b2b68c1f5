//! How findings look: several files, long lines, characters that a terminal would obey, JSON.

use warp_edge::lang::diagnostic::{Code, Diagnostic, Fix, render};
use warp_edge::lang::source::{FileId, SourceFile, SourceMap, Span};

fn sources(files: &[(&str, &str)]) -> SourceMap {
    let mut sources = SourceMap::default();
    for (name, text) in files {
        sources.add(SourceFile::new(*name, *text));
    }
    sources
}

fn span(file: u32, range: std::ops::Range<usize>) -> Span {
    Span::new(FileId(file), range)
}

#[test]
fn labels_in_other_files_and_far_away_are_notes() {
    let far = format!("backend web none;\n{}backend web none;\n", "#\n".repeat(20));
    let sources = sources(&[("main.warp", &far), ("parts/b.warp", "warp 1;\nbackend web none;\n")]);
    let diagnostic = Diagnostic::new(Code::E0101, span(0, 66..69), "`web` is declared three times")
        .label("the third time")
        .context(span(0, 8..11), "first here")
        .context(span(1, 16..19), "then here")
        .help("give each a name of its own");
    insta::assert_snapshot!(render::graphical(&[diagnostic], &sources, false), @r"
    E0101 unexpected-text

      × `web` is declared three times
        ╭─[main.warp:22:9]
     21 │ #
     22 │ backend web none;
        ·         ─┬─
        ·          ╰── the third time
     23 │
        ╰────
      help: give each a name of its own

      ☞ first here
       ╭─[main.warp:1:9]
     1 │ backend web none;
       ·         ───
     2 │ #
       ╰────

      ☞ then here
       ╭─[parts/b.warp:2:9]
     1 │ warp 1;
     2 │ backend web none;
       ·         ───
     3 │
       ╰────
    ");
}

#[test]
fn of_a_long_line_what_is_around_the_place_is_shown() {
    let text = format!("warp 1;\n# {} é here {}\n", "a".repeat(5_000), "b".repeat(5_000));
    let at = text.find("here").unwrap();
    let sources = sources(&[("long.warp", &text)]);
    let drawn = render::graphical(&[Diagnostic::new(Code::E0101, span(0, at..at + 4), "no")], &sources, false);
    assert!(drawn.lines().all(|line| line.chars().count() < 200), "{drawn}");
    assert!(drawn.contains("[long.warp:2:5006]"), "{drawn}");
    assert!(drawn.contains("é here bbb"), "{drawn}");
}

#[test]
fn what_a_terminal_obeys_is_not_sent_to_it() {
    let text = "a \u{1b}[31m \u{202e} \r\u{7} b\r\nc";
    let sources = sources(&[("x\u{1b}[2J.warp", text)]);
    let diagnostic = Diagnostic::new(Code::E0101, span(0, 0..1), "found `\u{1b}]0;`").label("\u{9b}1m").help("\u{7}");
    let obeyed =
        |drawn: &str| drawn.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{202e}');
    let found = [diagnostic];
    assert!(!obeyed(&render::graphical(&found, &sources, false)));
    assert!(!obeyed(&render::concise(&found, &sources)));
}

#[test]
fn places_at_the_end_and_over_lines_are_shown() {
    let sources = sources(&[("a.warp", "one\ntwo\n"), ("empty.warp", "")]);
    for span in [span(0, 8..8), span(0, 7..8), span(0, 0..8), span(0, 100..200), span(1, 0..0), span(7, 0..0)] {
        let drawn = render::graphical(&[Diagnostic::new(Code::E0101, span, "here")], &sources, false);
        assert!(drawn.contains("× here") && !drawn.contains("Failed"), "{span:?} {drawn}");
    }
}

#[test]
fn color_is_sent_only_when_wanted() {
    let sources = sources(&[("a.warp", "one")]);
    let found = [Diagnostic::new(Code::E0101, span(0, 0..3), "here")];
    assert!(render::graphical(&found, &sources, true).contains('\u{1b}'));
    assert!(!render::graphical(&found, &sources, false).contains('\u{1b}'));
}

#[test]
fn one_line_each() {
    let sources = sources(&[("a.warp", "é x")]);
    let found = [Diagnostic::new(Code::E0102, span(0, 3..4), "a `;` is missing")];
    assert_eq!(render::concise(&found, &sources), "a.warp:1:3: error[E0102] a `;` is missing\n");
}

#[test]
fn the_schema_of_json() {
    let sources = sources(&[("a.warp", "é x")]);
    let found = [Diagnostic::new(Code::E0102, span(0, 3..4), "a `;` is missing")
        .label("here")
        .context(span(0, 0..2), "there")
        .help("write it")
        .fix(Fix::replace("add it", span(0, 4..4), ";"))];
    insta::assert_snapshot!(render::json(&found, &sources), @r#"
    [
      {
        "code": "E0102",
        "name": "missing-semicolon",
        "level": "error",
        "message": "a `;` is missing",
        "file": "a.warp",
        "start": 3,
        "end": 4,
        "line": 1,
        "column": 3,
        "label": "here",
        "labels": [
          {
            "file": "a.warp",
            "start": 0,
            "end": 2,
            "line": 1,
            "column": 1,
            "text": "there"
          }
        ],
        "help": "write it",
        "fix": {
          "title": "add it",
          "safety": "safe",
          "edits": [
            {
              "file": "a.warp",
              "start": 4,
              "end": 4,
              "line": 1,
              "column": 4,
              "text": ";"
            }
          ]
        }
      }
    ]
    "#);
    assert_eq!(render::json_lines(&found, &sources).lines().count(), 1);
}
