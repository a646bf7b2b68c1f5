//! How many instructions an evaluation takes, counted by valgrind: the same program again, with some evaluations and with
//! none.

use std::hint::black_box;
use std::process::Command;

use warp_edge::lang::schema::Step;

use super::matrix::{Cell, SIZES, URLS};

/// The word by which the program is asked for evaluations alone, followed by a cell, a number of rules and of rounds.
const EVALUATE: &str = "--evaluate";
const ROUNDS: u64 = 4;

/// Evaluates and does nothing else, if that is what the program was started for.
pub fn evaluate_if_asked() -> bool {
    let words: Vec<String> = std::env::args().collect();
    let Some(at) = words.iter().position(|word| word == EVALUATE) else { return false };
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok()).unwrap_or_default();
    let Some(cell) = Cell::all().nth(number(at + 1)) else { return true };
    let rules = number(at + 2).max(1);
    let (program, mut requests) = (cell.program(rules), cell.requests(rules));
    // What is compiled when it is first needed is no part of an evaluation.
    for _ in 0..=number(at + 3) {
        for request in &mut requests {
            black_box(program.run(Step::Recv, request));
        }
    }
    true
}

/// Prints the instructions of an evaluation in each cell; says so when valgrind is not there.
pub fn print() {
    println!("\n| rules | 10 rules | 10,000 rules | ratio |\n|---|---:|---:|---:|");
    for (at, cell) in Cell::all().enumerate() {
        let [few, many] = SIZES.map(|rules| each(at, rules));
        let (Some(few), Some(many)) = (few, many) else { return println!("valgrind is not installed") };
        println!("| {} | {few:.0} | {many:.0} | {:.2} |", cell.name(), many / few);
    }
}

#[expect(clippy::cast_precision_loss, reason = "of a few millions")]
fn each(cell: usize, rules: usize) -> Option<f64> {
    let taken = instructions(cell, rules, ROUNDS)?.checked_sub(instructions(cell, rules, 0)?)?;
    Some(taken as f64 / (ROUNDS * URLS as u64) as f64)
}

/// The instructions of the whole program with so many rounds.
fn instructions(cell: usize, rules: usize, rounds: u64) -> Option<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe().ok()?);
    command.args([EVALUATE, &cell.to_string(), &rules.to_string(), &rounds.to_string()]);
    let said = String::from_utf8(command.output().ok()?.stderr).ok()?;
    let count = said.lines().find_map(|line| line.split_once("refs:"))?.1;
    count.trim().replace(',', "").parse().ok()
}
