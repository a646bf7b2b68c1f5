//! Applying the safe fixes of a mistake mends it.

use warp_edge::lang::diagnostic::{Diagnostic, Safety};

use super::parse;

fn apply(text: &str, diagnostics: &[Diagnostic]) -> String {
    let fixes = diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
    let mut edits: Vec<_> = fixes.filter(|fix| fix.safety == Safety::Safe).flat_map(|fix| fix.edits.iter()).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}

fn mends(before: &str, after: &str) {
    let (_, _, diagnostics) = parse("before.warp", before);
    assert!(!diagnostics.is_empty(), "{before}");
    let mended = apply(before, &diagnostics);
    assert_eq!(mended, after);
    let (_, _, diagnostics) = parse("after.warp", &mended);
    assert_eq!(diagnostics, [], "{mended}");
}

#[test]
fn semicolons_are_added() {
    mends(
        "warp 1\nsub a { call b }\nsub b { unset c\n  unset d # why\n}",
        "warp 1;\nsub a { call b; }\nsub b { unset c;\n  unset d; # why\n}",
    );
    mends(
        "warp 1;\nrules request first {\n  when a -> pass\n  else -> pass\n}",
        "warp 1;\nrules request first {\n  when a -> pass;\n  else -> pass;\n}",
    );
    mends(
        "warp 1;\nbackend a {\n .host = \"x\"\n .port = 80\n}",
        "warp 1;\nbackend a {\n .host = \"x\";\n .port = 80;\n}",
    );
    mends("warp 1;\nacl a {\n \"x\"\n ! \"y\"/8\n}", "warp 1;\nacl a {\n \"x\";\n ! \"y\"/8;\n}");
    mends(
        "warp 1;\nnormalize req {\n query sort\n host lower\n}",
        "warp 1;\nnormalize req {\n query sort;\n host lower;\n}",
    );
    mends("warp 1;\nconst a = 1\n", "warp 1;\nconst a = 1;\n");
}

#[test]
fn version_lines_are_put_right() {
    mends("# mine\nsub a { }", "# mine\nwarp 1;\n\nsub a { }");
    mends("vcl 4.1;\nsub a { }", "warp 1;\nsub a { }");
    mends("warp 2;\n", "warp 1;\n");
    mends("wrap 1;\n", "warp 1;\n");
}

#[test]
fn words_and_marks_are_put_right() {
    mends("warp 1;\nbakend a none;", "warp 1;\nbackend a none;");
    mends("warp 1;\nsub a { if (b = c) { } }", "warp 1;\nsub a { if (b == c) { } }");
    mends("warp 1;\nsub a { set b == c; }", "warp 1;\nsub a { set b = c; }");
    mends("warp 1;\nsub a { if (b & c) { } }", "warp 1;\nsub a { if (b && c) { } }");
    mends("warp 1;\nsub a { if (b | c) { } }", "warp 1;\nsub a { if (b || c) { } }");
    mends("warp 1;\nsub a { return pass; }", "warp 1;\nsub a { return (pass); }");
    mends("warp 1;\nsub a { b.c = 1; }", "warp 1;\nsub a { set b.c = 1; }");
    mends("warp 1;\nbackend a { host = \"b\"; }", "warp 1;\nbackend a { .host = \"b\"; }");
    mends("warp 1;\ndirector a random { b; }", "warp 1;\ndirector a = random { b; }");
    mends("warp 1;\n;\n", "warp 1;\n\n");
}

#[test]
fn texts_and_numbers_are_put_right() {
    mends("warp 1;\nconst a = “b”;", "warp 1;\nconst a = \"b\";");
    mends("warp 1;\nconst a = ‘b c’;", "warp 1;\nconst a = \"b c\";");
    mends(
        "warp 1;\nconst a = {\"b\"} + c + {\"d \"e\"\nf\"};",
        "warp 1;\nconst a = \"b\" + c + \"\"\"d \"e\"\nf\"\"\";",
    );
    mends(
        "warp 1;\nprobe a { .request = \"GET / HTTP/1.1\" \"Host: a\"\n\"B: c\"; }",
        "warp 1;\nprobe a { .request = [\"GET / HTTP/1.1\", \"Host: a\",\n\"B: c\"]; }",
    );
    mends("warp 1;\nconst a = \"b\" c;", "warp 1;\nconst a = \"b\" + c;");
    mends("warp 1;\nconst a = 10sec;", "warp 1;\nconst a = 10s;");
    mends("warp 1;\nconst a = 64Kb;", "warp 1;\nconst a = 64KB;");
    mends("warp 1;\nconst a\u{a0}= 1;", "warp 1;\nconst a = 1;");
}
