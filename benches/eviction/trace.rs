//! What is asked for, and in which order: made from fixed seeds, so that each run is the same.

use super::lists::Id;
use super::rng::Rng;
use super::zipf::Zipf;

/// Requests for objects, and how large these are.
pub struct Trace {
    pub name: String,
    pub requests: Vec<Id>,
    /// The bytes of each object's body.
    pub sizes: Vec<u32>,
}

/// How large objects are.
#[derive(Clone, Copy)]
pub enum Sizes {
    /// 4 KiB each.
    Equal,
    /// Log-normal around 8 KiB, from 100 B to 1 MB: as those of web sites are.
    LogNormal,
}

/// In which order objects are asked for.
#[derive(Clone, Copy)]
pub enum Order {
    /// By a Zipf distribution with this exponent.
    Zipf(f64),
    /// The same, and in every ten thousand requests two thousand for objects asked for once.
    Scans(f64),
    /// The same, and every other request for an object asked for once.
    Wonders(f64),
    /// The same, and with time each object takes another one's place.
    Drift(f64),
    /// The same, and three times all objects change places at once.
    Upheaval(f64),
    /// All in turn, again and again.
    Loop,
}

/// The requests between one exchange of two places and the next.
const DRIFT_EVERY: usize = 10;
const SCAN_EVERY: usize = 10_000;
const SCAN_LEN: usize = 2_000;
const UPHEAVALS: usize = 3;

impl Trace {
    /// Some requests for so many objects, those asked for once not counted.
    pub fn new(order: Order, objects: usize, sizes: Sizes, requests: usize) -> Self {
        let mut source = Source::new(order, objects);
        let requests: Vec<Id> = (0..requests).map(|at| source.next(at, requests)).collect();
        let sizes = sizes.of(source.next_new as usize);
        Self { name: order.name(), requests, sizes }
    }
}

impl Sizes {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "4 KiB",
            Self::LogNormal => "log-normal",
        }
    }

    fn of(self, objects: usize) -> Vec<u32> {
        let mut rng = Rng::new(2);
        (0..objects).map(|_| self.draw(&mut rng)).collect()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    fn draw(self, rng: &mut Rng) -> u32 {
        match self {
            Self::Equal => 4096,
            Self::LogNormal => (8192.0 * (1.3 * rng.normal()).exp()).clamp(100.0, 1e6) as u32,
        }
    }
}

impl Order {
    fn name(self) -> String {
        match self {
            Self::Zipf(exponent) => format!("zipf({exponent:.1})"),
            Self::Scans(exponent) => format!("zipf({exponent:.1}), scans 20 %"),
            Self::Wonders(exponent) => format!("zipf({exponent:.1}), asked for once 50 %"),
            Self::Drift(exponent) => format!("zipf({exponent:.1}), gradual change"),
            Self::Upheaval(exponent) => format!("zipf({exponent:.1}), sudden change"),
            Self::Loop => "loop".to_owned(),
        }
    }

    fn exponent(self) -> Option<f64> {
        match self {
            Self::Zipf(s) | Self::Scans(s) | Self::Wonders(s) | Self::Drift(s) | Self::Upheaval(s) => Some(s),
            Self::Loop => None,
        }
    }
}

/// What comes next.
struct Source {
    order: Order,
    rng: Rng,
    zipf: Option<Zipf>,
    /// The object that has each rank.
    ranks: Vec<Id>,
    next_new: Id,
}

impl Source {
    fn new(order: Order, objects: usize) -> Self {
        let zipf = order.exponent().map(|exponent| Zipf::new(exponent, objects));
        let next_new = Id::try_from(objects).unwrap();
        Self { order, rng: Rng::new(1), zipf, ranks: (0..next_new).collect(), next_new }
    }

    fn next(&mut self, at: usize, of: usize) -> Id {
        let is_new = match self.order {
            Order::Scans(_) => at % SCAN_EVERY >= SCAN_EVERY - SCAN_LEN,
            Order::Wonders(_) => self.rng.unit() < 0.5,
            _ => false,
        };
        if is_new {
            self.next_new += 1;
            return self.next_new - 1;
        }
        match self.order {
            Order::Drift(_) if at.is_multiple_of(DRIFT_EVERY) => self.exchange(),
            Order::Upheaval(_) if at > 0 && at.is_multiple_of(of / (UPHEAVALS + 1)) => self.shuffle(),
            _ => {}
        }
        let rank = self.zipf.as_ref().map_or(at % self.ranks.len(), |zipf| zipf.draw(&mut self.rng));
        self.ranks[rank]
    }

    /// Lets the objects of two ranks change places.
    fn exchange(&mut self) {
        let ranks = self.ranks.len();
        let (a, b) = (self.rng.below(ranks), self.rng.below(ranks));
        self.ranks.swap(a, b);
    }

    fn shuffle(&mut self) {
        for rank in (1..self.ranks.len()).rev() {
            let other = self.rng.below(rank + 1);
            self.ranks.swap(rank, other);
        }
    }
}
