//! The tags of a response that is to be stored.

use super::site::group_of_tag;
use crate::cache::tag::{MOST_TAG_BYTES, MOST_TAGS, tags};

/// Tags as they were given, each once.
#[derive(Clone, Debug, Default)]
pub struct Tags(Vec<u64>);

/// There are more tags than a response may have, or one is too long.
pub struct TooMany;

impl Tags {
    /// Those that a stored response has already.
    pub fn of_stored(groups: Vec<u64>) -> Self {
        Self(groups)
    }

    /// Adds those that a text lists, as the site's own.
    pub fn add(&mut self, site: Option<&str>, text: &[u8]) -> Result<(), TooMany> {
        for tag in tags(text) {
            let group = group_of_tag(site, tag);
            if tag.len() > MOST_TAG_BYTES {
                return Err(TooMany);
            }
            if !self.0.contains(&group) {
                if self.0.len() >= MOST_TAGS {
                    return Err(TooMany);
                }
                self.0.push(group);
            }
        }
        Ok(())
    }

    /// What they are in the store.
    pub fn groups(&self) -> &[u64] {
        &self.0
    }
}
