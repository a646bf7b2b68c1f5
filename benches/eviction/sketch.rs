//! How often objects were asked for lately, roughly: a count-min sketch of 4-bit counters that are halved from time to
//! time (Einziger, Friedman and Manes, `TinyLFU`, 2017).

use super::lists::Id;
use super::rng::mix;

const ROWS: usize = 4;
/// Counters in a row for each object that the cache holds.
const WIDTH: u64 = 4;
/// Requests for each object that the cache holds, after which all counters are halved.
const SAMPLE: u64 = 10;
const MOST: u8 = 15;

pub struct Sketch {
    rows: [Vec<u8>; ROWS],
    mask: u64,
    sample: u64,
    counted: u64,
}

impl Sketch {
    pub fn new(objects: u64) -> Self {
        let width = (objects.max(16) * WIDTH).next_power_of_two();
        let row = || vec![0; usize::try_from(width).unwrap()];
        Self { rows: std::array::from_fn(|_| row()), mask: width - 1, sample: objects.max(16) * SAMPLE, counted: 0 }
    }

    /// What it takes when two counters share a byte.
    pub fn bytes(&self) -> u64 {
        (self.mask + 1) * ROWS as u64 / 2
    }

    /// Counts some uses of an object.
    pub fn add(&mut self, id: Id, uses: u8) {
        let count = self.count(id);
        let raised = (count + uses).min(MOST);
        for row in 0..ROWS {
            let at = self.at(row, id);
            let counter = &mut self.rows[row][at];
            *counter = (*counter).max(raised);
        }
        self.counted += u64::from(uses);
        if self.counted >= self.sample {
            self.counted /= 2;
            self.rows.iter_mut().flatten().for_each(|counter| *counter /= 2);
        }
    }

    /// How often it was asked for, or more.
    pub fn count(&self, id: Id) -> u8 {
        (0..ROWS).map(|row| self.rows[row][self.at(row, id)]).min().unwrap()
    }

    fn at(&self, row: usize, id: Id) -> usize {
        usize::try_from(mix((u64::from(id) << 2) | row as u64) & self.mask).unwrap()
    }
}
