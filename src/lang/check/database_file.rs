//! Databases of networks.

use super::amount::Kind;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Database, ExpressionKind};
use crate::lang::syntax::ast;

impl Scope<'_, '_> {
    /// The database in the file whose path is written. One that stands in several calls is kept once.
    pub(super) fn database_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let path = self.path_argument(argument, what)?;
        let name = (self.file_of(argument.span).to_owned(), path);
        let known = self.cx.databases.borrow().get(&name).cloned();
        if let Some(database) = known {
            return Some(ExpressionKind::Database(database));
        }
        match Database::new(self.cx.read(&name.1, argument.span, Kind::Database)?.bytes) {
            Ok(database) => {
                self.cx.databases.borrow_mut().insert(name, database.clone());
                Some(ExpressionKind::Database(database))
            }
            Err(why) => {
                let message = format!("`{}` is no database of networks: {why}", name.1);
                let finding = Diagnostic::new(Code::E0388, argument.span, message);
                self.report(
                    finding
                        .help("name a file in MaxMind's format, `GeoLite2-Country.mmdb`; if it is one, fetch it anew"),
                );
                None
            }
        }
    }
}
