//! Policy files in memory.

use std::collections::BTreeMap;

use crate::lang::check::{Files, Unread};

/// Files in a map, named as they are included: there are no folders, and the only pattern is a
/// name with `*`.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryFiles {
    /// One file.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().with(name, bytes)
    }

    /// One more file; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.into(), bytes.into());
        self
    }
}

impl Files for MemoryFiles {
    fn expand(&self, _from: &str, pattern: &str) -> Result<Vec<String>, String> {
        let pattern = glob::Pattern::new(pattern).map_err(|error| format!("the pattern is wrong: {}", error.msg))?;
        Ok(self.files.keys().filter(|name| pattern.matches(name)).cloned().collect())
    }

    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        let bytes = self.files.get(name).ok_or_else(|| Unread::Failed("there is no such file".to_owned()))?;
        if bytes.len() > most_bytes { Err(Unread::TooLarge) } else { Ok(bytes.clone()) }
    }
}
