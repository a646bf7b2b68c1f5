//! What a request wants of the lookup: what the policy answers with yes or no.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    /// `req.hash_always_miss`
    AlwaysMiss = 1,
    /// `req.hash_ignore_busy`
    IgnoreBusy = 2,
    /// `req.hash_ignore_vary`
    IgnoreVary = 4,
    /// `req.select_language`
    SelectLanguage = 8,
}

/// Those that the policy said yes to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes(u8);

impl Wishes {
    /// Whether it said yes to this one.
    pub fn has(self, wish: Wish) -> bool {
        self.0 & wish as u8 != 0
    }

    /// The same but for this one.
    pub fn with(self, wish: Wish, is_wanted: bool) -> Self {
        let others = self.0 & !(wish as u8);
        Self(if is_wanted { others | wish as u8 } else { others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wish_is_its_own() {
        let all = [Wish::AlwaysMiss, Wish::IgnoreBusy, Wish::IgnoreVary, Wish::SelectLanguage];
        for (at, wish) in all.into_iter().enumerate() {
            let one = Wishes::default().with(wish, true);
            assert_eq!(all.map(|wish| one.has(wish)), std::array::from_fn(|other| other == at));
            assert!(!one.with(wish, false).has(wish));
        }
    }
}
