//! What changes from one policy to another: which requests are said to be treated otherwise, and that it is true.

mod declared;
mod hidden;
mod journeys;
mod policies;
mod random;
mod replayed;
mod rewritten;
mod sites;
mod worlds;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::hir::Hir;

const BACKENDS: &str = "warp 1;\nbackend a { .host = \"127.0.0.1\"; }\nbackend b { .host = \"127.0.0.2\"; }\n";

fn typed(declarations: &str) -> Hir {
    let text = format!("{BACKENDS}{declarations}");
    let checked = check("site.warp", &MemoryFiles::new("site.warp", text.as_str()));
    checked.hir.unwrap_or_else(|| panic!("{text}\n{:#?}", checked.diagnostics))
}
