//! What an input may cost. Work is counted, not timed, so that a loaded machine changes nothing: memory and
//! allocations by the allocator; the time of the processor, not of the clock, catches what loops without either.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use allocation_counter::measure;

/// The most memory that is in use at once: some for anything, and so much for each byte.
const MEMORY_BYTES: u64 = 128 << 20;
const MEMORY_BYTES_FOR_EACH_BYTE: u64 = 1_000;

/// How many allocations there are at most.
const ALLOCATIONS: u64 = 10_000_000;
const ALLOCATIONS_FOR_EACH_BYTE: u64 = 100;

/// The most time of the processor for one stage.
const PROCESSOR_SECONDS: u64 = 60;

/// The most that one input took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Most {
    pub memory_bytes: u64,
    pub allocations: u64,
    pub processor_ns: u64,
}

impl Most {
    /// The greater of each.
    pub fn or(self, other: Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            allocations: self.allocations.max(other.allocations),
            processor_ns: self.processor_ns.max(other.processor_ns),
        }
    }
}

thread_local! {
    static MOST: RefCell<BTreeMap<&'static str, Most>> = const { RefCell::new(BTreeMap::new()) };
    static LONGEST_NS: Cell<u64> = const { Cell::new(0) };
}

/// The most that each stage took on this thread.
pub fn most() -> BTreeMap<&'static str, Most> {
    MOST.with_borrow(Clone::clone)
}

/// The longest time of the processor that one input took on this thread, all stages together.
pub fn longest_ns() -> u64 {
    LONGEST_NS.get()
}

/// Does all stages for an input, and notes how long they take; whether no input before took as long.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, bool) {
    let began = processor_ns();
    let result = work();
    let took = processor_ns().saturating_sub(began);
    (result, took > LONGEST_NS.replace(LONGEST_NS.get().max(took)))
}

/// The most memory that this process had in use, in bytes; 0 where the system does not say.
pub fn most_resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().map_or(0, |kib: u64| kib * 1024)
}

/// Does a stage for an input of that length; panics if it takes more than it may.
pub fn bounded<T>(stage: &'static str, input_bytes: usize, work: impl FnOnce() -> T) -> T {
    let (mut result, began) = (None, processor_ns());
    let counted = measure(|| result = Some(work()));
    let took = Most {
        memory_bytes: counted.bytes_max,
        allocations: counted.count_total,
        processor_ns: processor_ns().saturating_sub(began),
    };
    MOST.with_borrow_mut(|most| {
        let most = most.entry(stage).or_default();
        *most = most.or(took);
    });
    let bytes = input_bytes as u64;
    assert!(took.memory_bytes <= MEMORY_BYTES + MEMORY_BYTES_FOR_EACH_BYTE * bytes, "{stage}: {took:?} for {bytes}");
    assert!(took.allocations <= ALLOCATIONS + ALLOCATIONS_FOR_EACH_BYTE * bytes, "{stage}: {took:?} for {bytes}");
    assert!(took.processor_ns <= PROCESSOR_SECONDS * 1_000_000_000, "{stage}: {took:?} for {bytes}");
    result.unwrap()
}

/// How long this thread has had a processor; nothing where the system does not say.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}
