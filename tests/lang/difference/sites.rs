//! Sites that come and go, whose hosts change, and whose policies do.

use warp_edge::difference::{Difference, Policy, difference};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;

use super::BACKENDS;

/// Compares two policies that say of sites what is given; `pass.warp`, `same.warp` and `moved.warp` are there.
fn compared(old: &str, new: &str) -> Difference {
    let [old, new] = [old, new].map(|sites| {
        let files = MemoryFiles::new("root.warp", format!("{BACKENDS}{sites}"))
            .with("pass.warp", format!("{BACKENDS}sub recv {{ return (pass); }}"))
            .with("same.warp", BACKENDS)
            .with("moved.warp", BACKENDS.replace("127.0.0.1", "127.0.0.9"));
        check("root.warp", &files)
    });
    let [before, after] = [&old, &new].map(|it| it.hir.as_ref().unwrap_or_else(|| panic!("{:#?}", it.diagnostics)));
    difference(Policy { hir: before, sources: &old.sources }, Policy { hir: after, sources: &new.sources })
}

/// The hosts of plain requests, each with what changes.
fn said(old: &str, new: &str) -> Vec<String> {
    let found = compared(old, new);
    let is_plain = |headers: &http::HeaderMap| headers.is_empty();
    let plain = found.classes.iter().filter(|class| is_plain(&class.case.request.headers));
    let plain = plain.filter(|class| class.case.request.method == "GET");
    let classes = plain.map(|class| format!("{}: {}", class.case.request.host, class.change));
    let declared = found.declarations.iter().map(|it| format!("{:?} {}: {:?}", it.site, it.name, it.what));
    let open = found.gave_up.iter().map(|open| format!("open: {open}"));
    classes.chain(declared).chain(open).collect()
}

#[test]
fn a_site_comes_or_goes() {
    let site = |hosts: &str, file: &str| format!("site {hosts} from \"{file}\";");
    assert_eq!(said("", &site("\"a.test\"", "same.warp")), ["a.test: site the root → a.test"]);
    assert_eq!(said(&site("\"a.test\"", "pass.warp"), ""), ["a.test: pass → stored 60s, site a.test → the root"]);
    assert_eq!(said(&site("\"*.a.test\"", "pass.warp"), ""), ["x.a.test: pass → stored 60s, site *.a.test → the root"]);
    assert_eq!(said("", &site("\"*.a.test\"", "same.warp")), ["x.a.test: site the root → *.a.test"]);
}

#[test]
fn hosts_of_a_site_change() {
    let site = |hosts: &str| format!("site {hosts} from \"pass.warp\";");
    assert_eq!(
        said(&site("\"a.test\", \"b.test\""), &site("\"a.test\"")),
        ["b.test: pass → stored 60s, site a.test → the root"]
    );
    assert_eq!(
        said(&site("\"*.test\""), &(site("\"*.test\"") + "site \"*.b.test\" from \"same.warp\";")),
        ["x.b.test: pass → stored 60s, site *.test → *.b.test"]
    );
    assert_eq!(
        said(&site("\"*.test\""), &(site("\"*.test\"") + "site \"b.test\" from \"pass.warp\";")),
        ["b.test: site *.test → b.test"]
    );
    assert_eq!(said(&site("\"a.test\", \"b.test\""), &site("\"a.test\", \"b.test\"")), [""; 0]);
}

#[test]
fn the_policy_of_a_site_changes_for_its_hosts_alone() {
    let site = |file: &str| format!("site \"a.test\", \"*.a.test\" from \"{file}\";");
    assert_eq!(said(&site("pass.warp"), &site("same.warp")), ["a.test: pass → stored 60s"]);
    assert_eq!(said(&site("same.warp"), &site("moved.warp")), ["Some(\"a.test\") a: [\"address\"]"]);
    let root = "sub recv { if (req.path == \"/x\") { return (pass); } }";
    let whole = said(&site("same.warp"), &(site("same.warp") + root));
    assert_eq!(whole, ["www.example.com: stored 60s → pass"]);
}
