//! From TOML to levels. Nothing stops at the first mistake.

use std::ops::Range;

use glob::Pattern;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::{Config, Layer, Setting};
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Level};

const LINT: &str = "lint";
const PATH: &str = "path";
const GLOB: &str = "glob";
/// Stands for all warnings.
const WARNINGS: &str = "warnings";
const SETTINGS: [(&str, Setting); 3] = [("allow", Setting::Allow), ("warn", Setting::Warn), ("deny", Setting::Deny)];

/// What the text says, and what is wrong with it.
pub(super) fn parse(text: &str) -> (Config, Vec<Mistake>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mistakes = errors.iter().map(|error| {
        let at = error.span().unwrap_or(0..0);
        Mistake::new(at, error.message().to_owned())
            .help("the file is TOML: `[lint]`, then lines such as `W0216 = \"deny\"`")
    });
    let mut reader = Reader { mistakes: mistakes.collect() };
    // What else is said of a text that is no TOML makes no sense to anybody.
    let config = if reader.mistakes.is_empty() { reader.config(table.get_ref()) } else { Config::default() };
    reader.mistakes.sort_by_key(|mistake| mistake.at.start);
    (config, reader.mistakes)
}

struct Reader {
    mistakes: Vec<Mistake>,
}

impl Reader {
    fn config(&mut self, root: &DeTable) -> Config {
        let mut config = Config::default();
        for (key, value) in root {
            if key.get_ref() == LINT {
                self.lint(value, &mut config);
            } else {
                let mistake = Mistake::new(key.span(), format!("there is no setting `{}`", key.get_ref()));
                self.mistakes.push(mistake.help(meant(key.get_ref(), [LINT], "the file has one table, `[lint]`")));
            }
        }
        config
    }

    fn lint(&mut self, value: &Spanned<DeValue>, config: &mut Config) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong_kind(value.span(), "`lint` is a table", "write `[lint]` on a line of its own");
        };
        config.general = self.layer(table, &[PATH]);
        let Some(paths) = table.get(PATH) else { return };
        let DeValue::Array(paths) = paths.get_ref() else {
            return self.wrong_kind(paths.span(), "`path` is a list of tables", "write `[[lint.path]]`");
        };
        config.paths = paths.iter().filter_map(|path| self.path(path)).collect();
    }

    fn path(&mut self, value: &Spanned<DeValue>) -> Option<(Pattern, Layer)> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_kind(value.span(), "`path` is a list of tables", "write `[[lint.path]]`");
            return None;
        };
        let layer = self.layer(table, &[GLOB]);
        let Some(glob) = table.get(GLOB) else {
            let mistake = Mistake::new(value.span(), "`[[lint.path]]` has no `glob`");
            self.mistakes.push(mistake.help("say which files it is about: `glob = \"legacy/**\"`"));
            return None;
        };
        Some((self.glob(glob)?, layer))
    }

    fn glob(&mut self, value: &Spanned<DeValue>) -> Option<Pattern> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_kind(value.span(), "`glob` is a text", "write `glob = \"legacy/**\"`");
            return None;
        };
        if let Some(help) = misread(text) {
            self.mistakes.push(Mistake::new(value.span(), "no file is ever like this glob").help(help));
            return None;
        }
        let pattern = Pattern::new(text);
        let mistake =
            |error: &glob::PatternError| Mistake::new(value.span(), format!("the glob is wrong: {}", error.msg));
        pattern.inspect_err(|error| self.mistakes.push(mistake(error))).ok()
    }

    /// The levels of a table; `others` are keys that mean something else.
    fn layer(&mut self, table: &DeTable, others: &[&str]) -> Layer {
        let mut layer = Layer::default();
        for (key, value) in table.iter().filter(|(key, _)| !others.contains(&key.get_ref().as_ref())) {
            let setting = self.setting(value);
            if key.get_ref() == WARNINGS {
                layer.warnings = setting;
                continue;
            }
            let Some(code) = self.code(key, others) else { continue };
            let Some(setting) = setting else { continue };
            if layer.codes.insert(code, setting).is_some() {
                self.mistakes.push(Mistake::new(key.span(), format!("{} has a level already", code.id())));
            }
        }
        layer
    }

    fn code<T: AsRef<str>>(&mut self, key: &Spanned<T>, others: &[&str]) -> Option<Code> {
        let text = key.get_ref().as_ref();
        let Some(code) = Code::find(text) else {
            let known = Code::ALL.iter().filter(|code| code.level() == Level::Warning);
            let known = known.flat_map(|code| [code.id(), code.name()]).chain([WARNINGS]).chain(others.iter().copied());
            let mistake = Mistake::new(key.span(), format!("there is no warning `{text}`"));
            self.mistakes.push(mistake.help(meant(text, known, "`warp rule` lists all codes")));
            return None;
        };
        if code.level() == Level::Error {
            let mistake = Mistake::new(key.span(), format!("{} is an error; only warnings have levels", code.id()));
            self.mistakes.push(mistake);
            return None;
        }
        Some(code)
    }

    fn setting(&mut self, value: &Spanned<DeValue>) -> Option<Setting> {
        let levels = "the levels are \"allow\", \"warn\" and \"deny\"";
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_kind(value.span(), "a level is a text", levels);
            return None;
        };
        let found = SETTINGS.iter().find(|(name, _)| name == text).map(|(_, setting)| *setting);
        if found.is_none() {
            let mistake = Mistake::new(value.span(), format!("there is no level `{text}`"));
            self.mistakes.push(mistake.help(meant(text, SETTINGS.map(|(name, _)| name), levels)));
        }
        found
    }

    fn wrong_kind(&mut self, at: Range<usize>, message: &str, help: &str) {
        self.mistakes.push(Mistake::new(at, message).help(help));
    }
}

fn meant<'a>(text: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    closest(text, known).map_or_else(|| otherwise.to_owned(), |meant| format!("did you mean `{meant}`?"))
}

/// What to write in the place of a glob that no file is like.
fn misread(glob: &str) -> Option<&'static str> {
    let is_outside = |part| part == ".." || part == ".";
    match glob {
        _ if glob.is_empty() || glob.starts_with('/') || glob.split('/').any(is_outside) => {
            Some("globs are about the files below the folder of this file: `legacy/**`")
        }
        _ if glob.ends_with('/') && !glob.ends_with("**/") => {
            Some("write `**` behind the `/` for all that is in the folder")
        }
        _ if glob.contains('\\') => Some("between folders there is a `/`: `legacy/**`"),
        _ if glob.contains('{') => Some("write a `[[lint.path]]` for each of what stands in `{…}`"),
        _ => None,
    }
}
