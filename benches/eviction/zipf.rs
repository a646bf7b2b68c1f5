//! Popularity: few are asked for often, most seldom.

use super::rng::Rng;

/// Ranks of which the one at `n` is drawn in proportion to `1 / n^exponent`.
pub struct Zipf {
    sums: Vec<f64>,
}

impl Zipf {
    #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^52")]
    pub fn new(exponent: f64, ranks: usize) -> Self {
        let mut sum = 0.0;
        let add = |rank: usize| {
            sum += (rank as f64).powf(-exponent);
            sum
        };
        Self { sums: (1..=ranks).map(add).collect() }
    }

    /// A rank from 0.
    pub fn draw(&self, rng: &mut Rng) -> usize {
        let at = rng.unit() * self.sums.last().unwrap();
        self.sums.partition_point(|sum| *sum <= at).min(self.sums.len() - 1)
    }
}
