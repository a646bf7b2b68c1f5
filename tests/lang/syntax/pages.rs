//! The pages of the codes of this area: the bad example has the mistake, the good one has none.

use warp_edge::lang::diagnostic::Code;

use super::codes;

/// What stands in the first block of policy text below the heading.
fn example<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let section = page.split_once(&format!("\n## {heading}\n"))?.1;
    let section = section.split("\n## ").next()?;
    Some(section.split_once("```warp\n")?.1.split_once("```")?.0)
}

/// Found where bytes are read, before there is a text to show.
const OF_BYTES: [Code; 2] = [Code::E0109, Code::E0120];

#[test]
fn examples_of_the_pages_are_what_they_say() {
    for code in Code::ALL.iter().filter(|code| code.id().starts_with("E01")) {
        let page = code.page();
        assert!(page.starts_with(&format!("# {} {}\n", code.id(), code.name())), "{code:?}");
        assert_eq!(codes(example(page, "Good").unwrap()), [""; 0], "{code:?}");
        if !OF_BYTES.contains(code) {
            let found = codes(example(page, "Bad").unwrap());
            assert!(found.contains(&code.id()), "{code:?}: {found:?}");
        }
    }
}
