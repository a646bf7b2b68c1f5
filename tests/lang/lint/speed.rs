//! Ten thousand rules are linted in no time.

use std::fmt::Write as _;
use std::time::Instant;

use super::found;

/// Rows over hosts with a path each, as a platform has them.
fn rows(count: usize) -> String {
    let mut text = "rules request first {\n".to_owned();
    for at in 0..count {
        writeln!(text, "    when host == \"h{}.example.com\" and path under \"/p{}/\" -> pass;", at / 10, at).unwrap();
    }
    text.push_str("}\n");
    text
}

#[test]
fn ten_thousand_rows_are_linted_in_no_time() {
    let text = rows(10_000);
    let began = Instant::now();
    assert_eq!(found(&[("p.warp", &text)]), Vec::<String>::new());
    eprintln!("{:?}", began.elapsed());
}
