//! How many instructions a lookup takes with its body read, counted by valgrind: the same program again, with some hits
//! and with twice as many.

use std::process::Command;

use bytes::Bytes;
use tokio::runtime::Builder;

use super::load::BODY_BYTES;
use super::{NAMES, page, storage};

/// The word by which the program is asked for hits alone, followed by a storage and a number.
const HITS: &str = "--hits";
const FEW: u64 = 5_000;

/// Makes hits and nothing else, if that is what the program was started for.
pub fn count_if_asked() -> bool {
    let words: Vec<String> = std::env::args().collect();
    let Some(at) = words.iter().position(|word| word == HITS) else { return false };
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or_default();
    make_hits(number(at + 1), number(at + 2) as u64);
    true
}

fn make_hits(which: usize, hits: u64) {
    let key = page::key(1);
    Builder::new_current_thread().build().unwrap().block_on(async {
        let storage = storage(which).await;
        page::store(storage, 1, &Bytes::from_static(&[b'x'; BODY_BYTES])).await;
        for _ in 0..hits {
            assert_eq!(page::read(storage, &key).await, Some(BODY_BYTES));
        }
    });
}

/// Prints the instructions of a hit with each storage; says so when valgrind is not there.
pub fn print() {
    println!("\n| storage | instructions of a lookup |\n|---|---:|");
    for (which, name) in NAMES.iter().enumerate() {
        let (Some(few), Some(many)) = (instructions(which, FEW), instructions(which, 2 * FEW)) else {
            return println!("valgrind is not installed");
        };
        println!("| {name} | {} |", (many - few) / FEW);
    }
}

/// The instructions of the whole program with so many hits.
fn instructions(which: usize, hits: u64) -> Option<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe().ok()?).args([HITS, &which.to_string(), &hits.to_string()]);
    let said = String::from_utf8(command.output().ok()?.stderr).ok()?;
    let count = said.lines().find_map(|line| line.split_once("refs:"))?.1;
    count.trim().replace(',', "").parse().ok()
}
