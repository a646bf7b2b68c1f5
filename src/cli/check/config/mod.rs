//! `warp.toml`: which level a warning has, by code and by path. The nearest one above a policy counts.

mod mistake;
mod parse;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glob::{MatchOptions, Pattern};

use crate::cli::Failure;
use crate::files::tidy;
use crate::lang::diagnostic::Code;

const NAME: &str = "warp.toml";

/// What a file says of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// It is left out.
    Allow,
    /// It is shown.
    Warn,
    /// It is shown, and fails the check.
    Deny,
}

/// One `warp.toml`.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// Where it stands: what its globs count from.
    folder: PathBuf,
    general: Layer,
    paths: Vec<(Pattern, Layer)>,
}

/// Levels that stand together.
#[derive(Debug, Default)]
struct Layer {
    codes: BTreeMap<Code, Setting>,
    /// What holds for the other warnings.
    warnings: Option<Setting>,
}

impl Layer {
    fn of(&self, code: Code) -> Option<Setting> {
        self.codes.get(&code).copied().or(self.warnings)
    }
}

impl Config {
    /// What is said of that code in the file of that name: by the last glob that is like it, else by what holds for all.
    pub(super) fn of(&self, code: Code, file: &str) -> Option<Setting> {
        let path = absolute(Path::new(file));
        let path = path.strip_prefix(&self.folder).ok();
        let is_like = |glob: &Pattern| path.is_some_and(|path| glob.matches_path_with(path, OPTIONS));
        let layers = self.paths.iter().rev().filter(|(glob, _)| is_like(glob)).map(|(_, layer)| layer);
        layers.chain([&self.general]).find_map(|layer| layer.of(code))
    }
}

/// `*` stops at a `/`, as people expect of a path.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// What holds for each of the policies; `given` holds for all.
///
/// # Errors
/// When a file cannot be read, or is not understood.
pub(super) fn of_policies<'a>(
    names: impl Iterator<Item = &'a str>,
    given: Option<&Path>,
) -> Result<BTreeMap<String, Rc<Config>>, Failure> {
    let given = given.map(read).transpose()?;
    let mut known = BTreeMap::new();
    let mut found = BTreeMap::new();
    for name in names {
        let config = match &given {
            Some(config) => Some(Rc::clone(config)),
            None => above(Path::new(name), &mut known)?,
        };
        found.extend(config.map(|config| (name.to_owned(), config)));
    }
    Ok(found)
}

type Known = BTreeMap<PathBuf, Rc<Config>>;

/// The nearest one in the folders above a policy. A folder of that name is a mistake, which reading it tells.
fn above(policy: &Path, known: &mut Known) -> Result<Option<Rc<Config>>, Failure> {
    let policy = absolute(policy);
    let Some(path) = policy.ancestors().skip(1).map(|folder| folder.join(NAME)).find(|path| path.exists()) else {
        return Ok(None);
    };
    if let Some(config) = known.get(&path) {
        return Ok(Some(Rc::clone(config)));
    }
    let config = read(&path)?;
    known.insert(path, Rc::clone(&config));
    Ok(Some(config))
}

/// From the root, without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

fn read(path: &Path) -> Result<Rc<Config>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    let folder = absolute(path).parent().unwrap_or(Path::new("")).to_owned();
    let (config, mistakes) = parse::parse(&text);
    if mistakes.is_empty() {
        return Ok(Rc::new(Config { folder, ..config }));
    }
    let here = std::env::current_dir().unwrap_or_default();
    let name = path.strip_prefix(here).unwrap_or(path).display().to_string();
    Err(Failure::Config(mistake::draw(&mistakes, &name, &text)))
}
