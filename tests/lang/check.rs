//! Checking: from the text of a policy to its findings and its typed form.

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options, check_with};

fn check(text: &str) -> Checked {
    let options = Options { require_backend: false, ..Options::default() };
    check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options)
}

#[test]
fn the_builtin_policy_is_clean() {
    let checked = check("warp 1;\n");
    assert!(checked.diagnostics.is_empty(), "{:#?}", checked.diagnostics);
    assert!(checked.hir.is_some());
}

#[test]
fn tmp_corpus() {
    let mut paths: Vec<_> = std::fs::read_dir("tests/corpus/invalid/check").unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read(&path).unwrap();
        let checked = warp_edge::lang::check::check(&name, &MemoryFiles::new(name.clone(), text));
        println!("\n######## {name} {}", checked.hir.is_some());
        for d in &checked.diagnostics {
            println!("{} {} {}\n    `{}` {}", d.code.id(), checked.sources.describe(d.primary.span), d.message, checked.sources.text(d.primary.span).replace('\n', "\\n"), d.primary.text);
            for c in &d.context { println!("    ctx {} `{}` {}", checked.sources.describe(c.span), checked.sources.text(c.span).replace('\n', "\\n"), c.text); }
            if let Some(h) = &d.help { println!("    help {h}"); }
            if let Some(f) = &d.fix { println!("    fix {} {:?} {:?}", f.title, f.safety, f.edits.iter().map(|e| &e.text).collect::<Vec<_>>()); }
        }
    }
}

#[test]
fn tmp_pages() {
    for code in warp_edge::lang::diagnostic::Code::ALL {
        let page = code.page();
        let section = |h: &str| page.split(h).nth(1).and_then(|s| s.split("```warp\n").nth(1)).and_then(|s| s.split("```").next()).map(str::to_owned);
        for (h, bad) in [("## Bad", true), ("## Good", false)] {
            let Some(text) = section(h) else { println!("no {h} in {}", code.id()); continue };
            let checked = warp_edge::lang::check::check("policy.warp", &MemoryFiles::new("policy.warp", text));
            let found: Vec<_> = checked.diagnostics.iter().map(|d| d.code.id()).collect();
            if bad != found.contains(&code.id()) || (!bad && !found.is_empty()) { println!("{} {h}: {found:?} {:?}", code.id(), checked.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>()); }
            else if bad && found.len() > 1 { println!("note {} {h}: {found:?}", code.id()); }
        }
    }
}
