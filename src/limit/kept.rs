//! The limiters of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::limiter::Limiter;

/// The limiters of all policies that serve, by their sites and the definition of their calls.
#[derive(Debug, Default)]
pub struct Limiters {
    kept: Mutex<HashMap<(String, String, usize), Weak<Limiter>>>,
}

impl Limiters {
    /// A limiter for each of a policy's calls, in their order. A call gets the one of a policy of the same site that still
    /// runs whose call was written the same; of several that are, the first one that of the first.
    #[must_use]
    pub fn of<'d>(&self, site: &str, definitions: impl IntoIterator<Item = &'d str>) -> Vec<Arc<Limiter>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let found = definitions.into_iter().map(|definition| {
            let count = counts.entry(definition).or_default();
            let key = (site.to_owned(), definition.to_owned(), *count);
            *count += 1;
            let limiter = kept.get(&key).and_then(Weak::upgrade).unwrap_or_default();
            kept.insert(key, Arc::downgrade(&limiter));
            limiter
        });
        let found = found.collect();
        kept.retain(|_, limiter| limiter.strong_count() > 0);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &[Arc<Limiter>], other: &[Arc<Limiter>]) -> Vec<bool> {
        one.iter().zip(other).map(|(one, other)| Arc::ptr_eq(one, other)).collect()
    }

    #[test]
    fn calls_that_are_written_the_same_are_the_same_from_policy_to_policy() {
        let limiters = Limiters::default();
        let first = limiters.of("", ["a", "b", "a"]);
        assert!(!Arc::ptr_eq(&first[0], &first[2]), "two calls have two limiters");
        assert_eq!(same(&first, &limiters.of("", ["a", "c", "a"])), [true, false, true]);
        assert_eq!(same(&first, &limiters.of("", ["b", "a", "a"])), [false, false, true]);
    }

    #[test]
    fn sites_that_write_the_same_have_each_their_own() {
        let limiters = Limiters::default();
        let (root, site) = (limiters.of("", ["a"]), limiters.of("a.test", ["a"]));
        assert!(!Arc::ptr_eq(&root[0], &site[0]));
        assert_eq!(same(&site, &limiters.of("a.test", ["a"])), [true]);
    }

    #[test]
    fn what_no_policy_uses_any_more_is_gone() {
        let limiters = Limiters::default();
        drop(limiters.of("", ["a", "b"]));
        let _running = limiters.of("", ["c"]);
        assert_eq!(limiters.kept.lock().unwrap().len(), 1);
    }
}
