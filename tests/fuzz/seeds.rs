//! Where it begins: what is known to be right, what is known to be wrong, and what users are shown.

use warp_edge::lang::builtin;

const PATTERNS: &[&str] = &["tests/corpus/**/*.warp", "examples/**/*.warp", "tests/fuzz/found/*.warp"];

/// The texts, in the order of their names, so that a seed means the same everywhere.
pub fn seeds() -> Vec<String> {
    let mut texts = vec![builtin::TEXT.to_owned()];
    for pattern in PATTERNS {
        let paths = glob::glob(&format!("{}/{pattern}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        texts.extend(paths.map(|path| std::fs::read_to_string(path.unwrap()).unwrap()));
    }
    assert!(texts.len() > 50, "the corpus is not where it was");
    texts
}
