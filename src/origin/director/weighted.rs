//! By weight: `random` and `hash`.

use super::Director;
use super::chance::scale;

impl Director {
    /// The one of `able` on whose part of the whole weight the bits fall.
    pub(super) fn by_weight(&self, able: &[usize], bits: u64) -> Option<usize> {
        let whole = able.iter().map(|at| self.weight(*at)).sum();
        let mut left = scale(bits, whole);
        for at in able {
            match left.checked_sub(self.weight(*at)) {
                Some(rest) => left = rest,
                None => return Some(*at),
            }
        }
        None
    }
}
