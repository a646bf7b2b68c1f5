//! What the origin has: resources whose size, framing and bytes follow from their number, so that whoever gets
//! one knows whether it is right.

use std::sync::LazyLock;

/// Other sizes than these there are none, in bytes.
const SMALLEST: f64 = 100.0;
const MIDDLE: f64 = 256.0 * 1024.0;
const LARGEST: f64 = 50e6;
/// So many of a thousand resources are larger than the middle size.
const LARGE_OF_1000: u64 = 20;
/// Flavours of a resource that varies on `X-Flavour`.
pub const FLAVOURS: u64 = 4;
/// How much likelier the first resource is than the `n`th: `n` to the power of this.
const ZIPF: f64 = 0.9;

/// What bodies are cut from. Its length is prime, so that a body that is shifted by anything is another.
static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut numbers = Numbers(1);
    (0..1_048_583).map(|_| numbers.next().to_le_bytes()[0]).collect()
});

/// Numbers that look random and are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / (f64::from(u32::MAX) + 1.0)
    }
}

/// A resource, or one of its flavours.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    pub number: u64,
    /// 0 where there are no flavours.
    pub flavour: u64,
    pub size: u64,
    pub is_chunked: bool,
    pub varies: bool,
    /// Whether the origin answers 304 to who has it already.
    pub has_validator: bool,
    pub max_age_sec: u64,
}

impl Resource {
    pub fn new(number: u64, flavour: u64) -> Self {
        let mut numbers = Numbers(number.wrapping_mul(7_919));
        let (from, to) = match numbers.below(1000) {
            0..LARGE_OF_1000 => (MIDDLE, LARGEST),
            _ => (SMALLEST, MIDDLE),
        };
        // Equally likely in every doubling.
        let size = from * (to / from).powf(numbers.fraction());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 100 to 50 million")]
        let size = size as u64;
        let varies = numbers.below(8) == 0;
        Self {
            number,
            flavour: if varies { flavour } else { 0 },
            size,
            is_chunked: numbers.below(3) == 0,
            varies,
            has_validator: numbers.below(2) == 0,
            max_age_sec: 2 + numbers.below(120),
        }
    }

    pub fn target(&self) -> String {
        format!("/{}", self.number)
    }

    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.number, self.flavour)
    }

    /// Bytes of the body from `position` on: some, or none behind the end.
    pub fn bytes_at(&self, position: u64) -> &'static [u8] {
        let begin = Numbers(self.number * FLAVOURS + self.flavour).next();
        let length = BLOCK.len() as u64;
        let place = usize::try_from((begin % length + position) % length).unwrap();
        let left = usize::try_from(self.size.saturating_sub(position)).unwrap();
        let rest = &BLOCK[place..];
        &rest[..rest.len().min(left)]
    }

    /// Whether `bytes` stand at `position` of the body.
    pub fn has_at(&self, mut position: u64, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let own = self.bytes_at(position);
            let count = own.len().min(bytes.len());
            if count == 0 || own[..count] != bytes[..count] {
                return false;
            }
            bytes = &bytes[count..];
            position += count as u64;
        }
        true
    }
}

/// Which resources are asked for how often.
pub struct Popularity {
    /// The part of all requests that is for this resource or one before it.
    up_to: Vec<f64>,
}

impl Popularity {
    pub fn of(resources: u64) -> Self {
        let mut sum = 0.0;
        let up_to = (1..=resources).map(|rank| {
            #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
            let weight = (rank as f64).powf(-ZIPF);
            sum += weight;
            sum
        });
        let up_to: Vec<f64> = up_to.collect();
        Self { up_to: up_to.into_iter().map(|part| part / sum).collect() }
    }

    pub fn choose(&self, numbers: &mut Numbers) -> u64 {
        let fraction = numbers.fraction();
        self.up_to.partition_point(|up_to| *up_to <= fraction).min(self.up_to.len() - 1) as u64
    }
}
