//! Files: what is read, in which order, and what keeps a file from being read.

use std::path::Path;

use warp_edge::files::{DiskFiles, MemoryFiles};
use warp_edge::lang::check::{Checked, FILE_LIMIT_BYTES, FILES_LIMIT, Files as _, check};

use super::codes;

const HEAD: &str = "warp 1;\nbackend default { .host = \"127.0.0.1\"; }\n";

fn entry(text: &str) -> MemoryFiles {
    MemoryFiles::new("main.warp", format!("{HEAD}{text}"))
}

/// The headers that `recv` sets, in order.
fn set_in_recv(checked: &Checked) -> Vec<String> {
    let recv = checked.hir.as_ref().unwrap().step(warp_edge::lang::schema::Step::Recv).unwrap();
    let spans = recv.body.statements.iter().map(|statement| checked.sources.text(statement.span));
    spans.filter_map(|text| Some(text.strip_prefix("set req.http.")?.split(' ').next()?.to_owned())).collect()
}

fn sub_that_sets(header: &str) -> String {
    format!("sub recv {{ set req.http.{header} = \"1\"; }}\n")
}

#[test]
fn an_included_file_stands_in_the_place_of_its_include() {
    let text = format!("{}include \"part.warp\";\n{}", sub_that_sets("A"), sub_that_sets("C"));
    let checked = check("main.warp", &entry(&text).with("part.warp", sub_that_sets("B")));
    assert_eq!(codes(&checked), [""; 0]);
    assert_eq!(set_in_recv(&checked), ["A", "B", "C"]);
}

#[test]
fn a_file_that_is_included_twice_counts_once() {
    let text = "include \"part.warp\";\ninclude \"*.warp\";\n";
    let part = format!("warp 1;\n{}", sub_that_sets("B"));
    let checked = check("main.warp", &entry(text).with("part.warp", part).with("z.warp", ""));
    assert_eq!(codes(&checked), [""; 0]);
    assert_eq!(set_in_recv(&checked), ["B"]);
}

#[test]
fn mistakes_of_all_files_are_found_at_once() {
    let text = "sub recv { call nothing; }\ninclude \"part.warp\";\n";
    let checked = check("main.warp", &entry(text).with("part.warp", "sub deliver { call nowhere; }\n"));
    let places: Vec<String> =
        checked.diagnostics.iter().map(|finding| checked.sources.describe(finding.primary.span)).collect();
    assert_eq!(places, ["main.warp:3:17", "part.warp:1:20"]);
}

#[test]
fn a_fragment_is_no_entry() {
    let checked = check("main.warp", &MemoryFiles::new("main.warp", sub_that_sets("A")));
    assert!(codes(&checked).contains(&"E0106"), "{:?}", codes(&checked));
    assert!(checked.hir.is_none());
}

#[test]
fn an_empty_file_says_so() {
    let checked = check("main.warp", &MemoryFiles::new("main.warp", ""));
    assert!(codes(&checked).contains(&"E0110"), "{:?}", codes(&checked));
}

#[test]
fn bytes_that_are_no_text_are_shown_with_their_line() {
    let mut bytes = format!("{HEAD}# caf").into_bytes();
    bytes.extend(b"\xe9 is Latin-1\n");
    let checked = check("main.warp", &MemoryFiles::new("main.warp", bytes));
    let finding = checked.diagnostics.first().unwrap();
    assert_eq!(finding.code.id(), "E0109");
    assert_eq!(finding.message, "this is not UTF-8 text: the byte 0xE9 cannot stand here");
    assert_eq!(checked.sources.describe(finding.primary.span), "main.warp:3:6");
}

#[test]
fn files_that_are_too_large_are_not_parsed() {
    let large = vec![b'#'; FILE_LIMIT_BYTES + 1];
    let checked = check("main.warp", &entry("include \"large.warp\";\n").with("large.warp", large));
    assert_eq!(codes(&checked), ["E0120"]);
    assert_eq!(checked.diagnostics[0].message, "`large.warp` is larger than 16 MiB");
}

/// A pattern that finds too much stops there, and is told of once.
#[test]
fn what_a_policy_includes_is_bounded_in_all() {
    let half = vec![b'#'; FILE_LIMIT_BYTES];
    let files = entry("include \"*.part\";\n");
    let files = ["a.part", "b.part", "c.part"].into_iter().fold(files, |files, name| files.with(name, half.clone()));
    let checked = check("main.warp", &files);
    assert_eq!(codes(&checked), ["E0120"]);
    let message = "with `b.part`, what the policy includes is larger than 32 MiB";
    assert_eq!(checked.diagnostics[0].message, message);

    let files = (0..=FILES_LIMIT)
        .fold(entry("include \"*.part\";\n"), |files, number| files.with(format!("{number}.part"), ""));
    let checked = check("main.warp", &files);
    assert_eq!(codes(&checked), ["E0120"]);
    assert_eq!(checked.diagnostics[0].message, "a policy has 4096 files at most, and this is one more");
}

#[test]
fn each_kind_of_data_has_a_limit() {
    let of = |text: &str| {
        let files = entry(&format!("{text}\nsub recv {{ return (synth(200)); }}\n"));
        let checked = check("main.warp", &files.with("large", vec![b' '; (64 << 20) + 1]));
        checked
            .diagnostics
            .iter()
            .filter(|found| found.is_error())
            .map(|found| found.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("table t from \"large\";"), ["`large` is larger than 64 MiB"]);
    let text = "sub deliver { set resp.http.X = std.fileread(\"large\"); }";
    assert_eq!(of(text), ["`large` is larger than 4 MiB"]);
}

#[test]
fn an_entry_that_is_not_there_is_a_finding() {
    let checked = check("missing.warp", &DiskFiles);
    let finding = checked.diagnostics.first().unwrap();
    assert_eq!(finding.code.id(), "E0222");
    assert_eq!(finding.message, "cannot read `missing.warp`: there is no such file");
    assert_eq!(checked.sources.describe(finding.primary.span), "missing.warp:1:1");
}

/// The hosts of each site, with its file and the names of its backends.
fn sites(checked: &Checked) -> Vec<String> {
    let sites = checked.hir.iter().flat_map(|hir| &hir.sites);
    let shown = sites.map(|site| {
        let hosts: Vec<String> = site.hosts.iter().map(ToString::to_string).collect();
        let backends: Vec<&str> = site.policy.backends.iter().map(|backend| backend.name.as_str()).collect();
        format!("{} {} {}", hosts.join(","), site.file, backends.join(","))
    });
    shown.collect()
}

const SITE: &str = "warp 1;\nbackend origin { .host = \"127.0.0.1\"; }\n";

#[test]
fn a_site_has_a_policy_of_its_own() {
    let text = "site \"A.example\", \"*.a.example\" from \"a\";\nsite \"b.example\" from \"b\";\n";
    let files = entry(&format!("{text}sub recv {{ call own; }}\nsub own {{ }}\n"));
    let own = format!("{SITE}sub recv {{ call own; }}\nsub own {{ return (pass); }}\n");
    let checked = check("main.warp", &files.with("a", SITE).with("b", own));
    assert_eq!(codes(&checked), [""; 0]);
    assert_eq!(sites(&checked), ["a.example,*.a.example a origin", "b.example b origin"]);
    let root = checked.hir.unwrap();
    assert_eq!(root.backends.len(), 1);
    assert!(root.sites.iter().all(|site| site.policy.sites.is_empty()));
}

#[test]
fn the_file_of_several_sites_is_checked_once() {
    let files = entry("site \"a.example\" from \"s\";\nsite \"b.example\" from \"s\";\n");
    let broken = check("main.warp", &files.clone().with("s", format!("{SITE}sub recv {{ call nothing; }}\n")));
    assert_eq!(codes(&broken), ["E0205"]);
    let part = |name: &str| format!("{SITE}include \"part\";\n# {name}\n");
    let files = files.with("t", part("t")).with("part", "sub recv { call nothing; }\n");
    let of_two = entry("site \"a.example\" from \"s\";\nsite \"b.example\" from \"t\";\n");
    let both = files.clone().with("main.warp", of_two.read("main.warp", 1_000).unwrap()).with("s", part("s"));
    assert_eq!(codes(&check("main.warp", &both)), ["E0205"], "what both include is told once");
    let checked = check("main.warp", &files.with("s", SITE));
    let [one, other] = checked.hir.as_ref().unwrap().sites.as_slice() else { panic!("{:?}", sites(&checked)) };
    assert!(std::sync::Arc::ptr_eq(&one.policy, &other.policy));
}

#[test]
fn a_site_may_be_declared_in_an_included_file_and_include_others() {
    let folder = tempfile::tempdir().unwrap();
    let main = write(folder.path(), "main.warp", &format!("{HEAD}include \"sites/*.part\";\n"));
    write(folder.path(), "sites/all.part", "site \"a.example\" from \"a/main.warp\";\n");
    write(folder.path(), "sites/a/main.warp", "warp 1;\ninclude \"backends.part\";\n");
    write(folder.path(), "sites/a/backends.part", "backend app { .host = \"127.0.0.1\"; }\n");
    let checked = check(&main, &DiskFiles);
    assert_eq!(codes(&checked), [""; 0]);
    let shown = sites(&checked).join("").replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(shown, "a.example sites/a/main.warp app");
}

#[test]
fn a_site_that_is_not_understood_keeps_the_whole_policy_from_running() {
    let files = entry("site \"a.example\" from \"s\";\n").with("s", "warp 1;\nbackend origin {");
    let checked = check("main.warp", &files);
    assert!(checked.hir.is_none());
    let places = checked.diagnostics.iter().map(|finding| checked.sources.describe(finding.primary.span));
    assert!(places.clone().all(|place| place.starts_with("s:2:")), "{:?}", places.collect::<Vec<_>>());
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_circle_of_files_on_disk_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let main = write(folder.path(), "main.warp", &format!("{HEAD}include \"parts/a.warp\";\n"));
    write(folder.path(), "parts/a.warp", "include \"b.warp\";\n");
    write(folder.path(), "parts/b.warp", "include \"../parts/./a.warp\";\n");
    let checked = check(&main, &DiskFiles);
    assert_eq!(codes(&checked), ["E0221"]);
    let message = checked.diagnostics[0].message.replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(message, "`parts/a.warp` includes itself: parts/a.warp -> parts/b.warp -> parts/a.warp");
}

#[test]
fn a_folder_full_of_parts_is_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let main = write(folder.path(), "main.warp", &format!("{HEAD}include \"parts/*.warp\";\n"));
    for name in ["B", "A", "C"] {
        write(folder.path(), &format!("parts/{name}.warp"), &sub_that_sets(name));
    }
    let checked = check(&main, &DiskFiles);
    assert_eq!(codes(&checked), [""; 0]);
    assert_eq!(set_in_recv(&checked), ["A", "B", "C"]);
}

#[test]
fn a_long_row_of_includes_ends() {
    let mut files = entry("include \"0\";\n");
    for at in 0..100 {
        files = files.with(at.to_string(), format!("include \"{}\";\n", at + 1));
    }
    assert_eq!(codes(&check("main.warp", &files)), ["E0221"]);
}
