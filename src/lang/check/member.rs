//! Members of backends, which other languages have, and what to write instead.

use super::scope::Scope;
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
        Some(match member {
            "healthy" | "is_healthy" | "health" => format!("write `std.healthy({owner})`"),
            "name" => format!("write `{owner}`: where a text is wanted, it is its name"),
            _ if BACKEND_ATTRIBUTES.iter().any(|attribute| attribute.name == member) => {
                "what a backend is declared with cannot be read: keep it in a `const`, and name that in both places"
                    .to_owned()
            }
            _ => return None,
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
