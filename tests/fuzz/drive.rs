//! The loop: makes inputs, tries them, and keeps those that are like none before.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::dice::Dice;
use super::mutate::{Mutator, grow};
use super::policy::policy;
use super::seeds::seeds;
use super::targets::{Outcome, Targets};
use super::words::dictionary;
use super::work::{self, Most};

/// Threads of the server have a stack of this size.
const STACK_BYTES: usize = 2 << 20;

/// For an input that hangs: far more than any takes on any machine.
const PATIENCE: Duration = Duration::from_mins(20);

/// How many inputs are kept at most, and how long each is.
const MOST_KEPT: usize = 4_000;
const MOST_KEPT_BYTES: usize = 8_000;

/// One input in so many is as long as may be.
const LARGE_IN: usize = 400;

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    pub inputs: usize,
    /// How many were policies without mistakes.
    pub policies: usize,
    /// How often tree and oracle were compared.
    pub compared: usize,
    /// How many features were seen.
    pub features: usize,
    /// How many inputs were kept to be changed further, those of the corpus among them.
    pub kept: usize,
    /// The longest time of the processor for one input, in nanoseconds.
    pub longest_ns: u64,
    /// The most that an input took, for each stage.
    pub most: std::collections::BTreeMap<&'static str, Most>,
}

/// Tries inputs as long as `more` says so. Panics with the name of the file that holds the input that failed.
pub fn drive(seed: u64, more: impl Fn(&Report) -> bool + Send + 'static) -> Report {
    supervised(seed, move |fuzzer| {
        while more(&fuzzer.report) {
            fuzzer.one();
        }
    })
}

/// Tries so many inputs as long as inputs may be.
pub fn drive_large(seed: u64, inputs: usize) -> Report {
    supervised(seed, move |fuzzer| (0..inputs).for_each(|_| fuzzer.large()))
}

/// Tries one text.
pub fn drive_text(name: &str, text: String) -> Report {
    let seed = name.bytes().fold(1, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte));
    supervised(seed, move |fuzzer| drop(fuzzer.tried(&text)))
}

fn supervised(seed: u64, work: impl FnOnce(&mut Fuzzer) + Send + 'static) -> Report {
    let current = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{seed}.warp"));
    let place = current.clone();
    let (done, end) = channel();
    let (alive, beats) = (done.clone(), end);
    let thread = thread::Builder::new().name(format!("input {}", current.display())).stack_size(STACK_BYTES);
    let thread = thread.spawn(move || {
        let beat = move || alive.send(()).unwrap_or_default();
        let mut fuzzer = Fuzzer::new(seed, place, Box::new(beat));
        work(&mut fuzzer);
        Report {
            features: fuzzer.seen.len(),
            kept: fuzzer.kept.len(),
            longest_ns: work::longest_ns(),
            most: work::most(),
            ..fuzzer.report
        }
    });
    drop(done);
    loop {
        match beats.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("{} hangs", current.display()),
        }
    }
    let report =
        thread.unwrap().join().unwrap_or_else(|_| panic!("{} fails: run it by `FUZZ_FILE=…`", current.display()));
    std::fs::remove_file(current).unwrap_or_default();
    report
}

struct Fuzzer {
    dice: Dice,
    targets: Targets,
    dictionary: Vec<String>,
    kept: Vec<String>,
    seen: HashSet<u64>,
    report: Report,
    /// Where the input is while it is tried: what overflows the stack cannot say which it was.
    place: PathBuf,
    beat: Box<dyn Fn()>,
}

impl Fuzzer {
    fn new(seed: u64, place: PathBuf, beat: Box<dyn Fn()>) -> Self {
        Self {
            dice: Dice::new(seed),
            targets: Targets::new(),
            dictionary: dictionary(),
            kept: seeds(),
            seen: HashSet::new(),
            report: Report::default(),
            place,
            beat,
        }
    }

    fn one(&mut self) {
        if self.dice.one_in(LARGE_IN) {
            return self.large();
        }
        if self.dice.one_in(4) {
            return self.written();
        }
        let text = self.input();
        let outcome = self.tried(&text);
        // What is nearly a policy becomes one: only policies get as far as the evaluator.
        if !outcome.mistakes.is_empty() && self.dice.one_in(2) {
            self.mended(text, outcome);
        }
    }

    /// What is written from the schema is well-formed, whatever it means.
    fn written(&mut self) {
        let text = policy(&mut self.dice);
        let outcome = self.tried(&text);
        assert!(outcome.is_well_formed, "what was written does not parse");
        self.mended(text, outcome);
    }

    fn large(&mut self) {
        let text = self.input();
        let text = grow(&text, &mut self.dice);
        self.tried(&text);
    }

    fn input(&mut self) -> String {
        let mutator = Mutator { dictionary: &self.dictionary, others: &self.kept };
        if self.dice.below(4) == 0 {
            mutator.mutate(&policy(&mut self.dice), &mut self.dice)
        } else {
            let kept = self.dice.pick(&self.kept);
            mutator.mutate(kept, &mut self.dice)
        }
    }

    fn tried(&mut self, text: &str) -> Outcome {
        (self.beat)();
        std::fs::write(&self.place, text).unwrap();
        let (outcome, is_longest) = work::timed(|| self.targets.run(text));
        if is_longest {
            std::fs::write(self.place.with_extension("longest.warp"), text).unwrap();
        }
        self.report.inputs += 1;
        self.report.policies += usize::from(outcome.compared > 0);
        self.report.compared += outcome.compared;
        let known = self.seen.len();
        self.seen.extend(&outcome.features);
        if self.seen.len() > known && text.len() <= MOST_KEPT_BYTES && self.kept.len() < MOST_KEPT {
            self.kept.push(text.to_owned());
        }
        outcome
    }

    /// Leaves out the lines that have mistakes, some times.
    fn mended(&mut self, mut text: String, mut outcome: Outcome) {
        for _ in 0..4 {
            if outcome.mistakes.is_empty() {
                break;
            }
            text = without_lines(&text, &outcome.mistakes);
            outcome = self.tried(&text);
        }
    }
}

fn without_lines(text: &str, mistakes: &[std::ops::Range<usize>]) -> String {
    let mut at = 0;
    let kept = text.split_inclusive('\n').filter(|line| {
        let range = at..at + line.len();
        at = range.end;
        !mistakes.iter().any(|mistake| range.contains(&mistake.start))
    });
    kept.collect()
}
