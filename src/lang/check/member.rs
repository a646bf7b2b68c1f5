//! Members of backends, which other languages have, and what to write instead.

use super::scope::Scope;
use super::words::suggestion;
use crate::lang::diagnostic::suggest::closest;
use crate::lang::schema::{BACKEND_ATTRIBUTES, Type, Variable};

impl Scope<'_, '_> {
    /// What to write in place of `text`, in a sentence for a help line, if that names something of a backend:
    /// `backend.web.healthy`, `web.healthy`, `req.backend_hint.name`, `backend.web`.
    pub(super) fn instead_of_member(&self, text: &str) -> Option<String> {
        let (owner, member) = text.rsplit_once('.')?;
        if matches!(owner, "backend" | "director") && self.is_backend(member) {
            return Some(format!("write its name alone: `{member}`"));
        }
        let owner = self.owner(owner)?;
        if !owner.contains('.') && !self.is_backend(owner) {
            let names: Vec<&str> = self.cx.names.backend_names().collect();
            let known = suggestion(closest(owner, names.iter().copied()), "there are", names);
            let known = known.map_or_else(String::new, |known| format!(": {known}"));
            return Some(format!("no backend or director is called `{owner}`{known}"));
        }
        Some(match member {
            "healthy" | "is_healthy" | "health" => format!("write `std.healthy({owner})`"),
            "name" => format!("write `{owner}`: where a text is wanted, it is its name"),
            _ if BACKEND_ATTRIBUTES.iter().any(|attribute| attribute.name == member) => {
                "what a backend is declared with cannot be read: keep it in a `const`, and name that in both places"
                    .to_owned()
            }
            _ => format!(
                "of a backend a policy knows whether it is healthy, `std.healthy({owner})`, and its name, `{owner}`"
            ),
        })
    }

    /// The backend or director that is meant by what stands before the last dot.
    fn owner<'t>(&self, text: &'t str) -> Option<&'t str> {
        if text == "req.backend" {
            return Some(Variable::ReqBackendHint.name());
        }
        if Variable::find(text).is_some_and(|variable| variable.ty() == Type::Backend) {
            return Some(text);
        }
        let name = text.strip_prefix("backend.").or_else(|| text.strip_prefix("director."));
        name.or_else(|| self.is_backend(text).then_some(text))
    }

    fn is_backend(&self, name: &str) -> bool {
        self.cx.names.backend_names().any(|known| known == name)
    }
}
