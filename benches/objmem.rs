//! What a stored page of 1 KiB takes in memory, and what the store accounts for it: `cargo bench --bench objmem`, with
//! the number of pages after `--` (a million if there is none).

#![allow(clippy::unwrap_used, reason = "what cannot be measured ends the benchmark")]

#[path = "support/page.rs"]
mod page;
#[path = "support/process.rs"]
mod process;

use bytes::Bytes;
use process::resident_bytes;
use tokio::runtime::Builder;
use warp_edge::store::pingora::PingoraStorage;

/// As in `warp` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAGES: u64 = 1_000_000;
const BODY_BYTES: u64 = 1024;
/// Room for all of them.
const LIMIT_BYTES: u64 = 1 << 40;

fn main() {
    let pages = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(PAGES);
    let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(LIMIT_BYTES)));
    let runtime = Builder::new_current_thread().build().unwrap();
    // What is made once, whatever is stored, is not counted.
    runtime.block_on(fill(storage, pages..pages + 1));
    let (resident, accounted) = (resident_bytes(), storage.store().stats().bytes);
    runtime.block_on(fill(storage, 0..pages));
    let grown = resident_bytes() - resident;
    let accounted = storage.store().stats().bytes - accounted;
    assert_eq!(runtime.block_on(found(storage, pages)), pages, "not all are found again");
    print(pages, grown, accounted);
}

async fn fill(storage: &'static PingoraStorage, pages: std::ops::Range<u64>) {
    let body = Bytes::from(vec![b'x'; usize::try_from(BODY_BYTES).unwrap()]);
    for number in pages {
        page::store(storage, number, &body).await;
    }
}

async fn found(storage: &'static PingoraStorage, pages: u64) -> u64 {
    let mut found = 0;
    for number in 0..pages {
        found += u64::from(page::read(storage, &page::key(number)).await == usize::try_from(BODY_BYTES).ok());
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "printed with one digit")]
fn print(pages: u64, grown: u64, accounted: u64) {
    let each = |bytes: u64| bytes as f64 / pages as f64;
    let body = BODY_BYTES as f64;
    println!("{pages} pages of {BODY_BYTES} B, all found again\n");
    println!("| bytes for each page | all | beside the body |\n|---|---:|---:|");
    println!("| growth of the process | {:.0} | {:.0} |", each(grown), each(grown) - body);
    println!("| accounted by the store | {:.0} | {:.0} |", each(accounted), each(accounted) - body);
    println!("\naccounted / grown: {:.3}", accounted as f64 / grown as f64);
}
