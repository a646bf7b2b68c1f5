//! The names of backends and directors in the process: sites may declare the same ones.

/// The name by which one is told from those of other sites: `example.com/app`; as declared where there is no site.
#[must_use]
pub fn full_name(site: Option<&str>, declared: &str) -> String {
    site.map_or_else(|| declared.to_owned(), |site| format!("{site}/{declared}"))
}

/// The name as declared, which has no slash.
#[must_use]
pub fn declared_name(full: &str) -> &str {
    full.rsplit_once('/').map_or(full, |(_, declared)| declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_that_of_another_site_and_had_back() {
        assert_eq!(full_name(Some("*.a.test"), "app"), "*.a.test/app");
        assert_eq!(full_name(None, "app"), "app");
        for site in [None, Some("*.a.test")] {
            assert_eq!(declared_name(&full_name(site, "app")), "app");
        }
    }
}
