//! Where backends are: two members of a director that are one server, and ports that are spoken to in the wrong way.

use std::collections::HashMap;

use super::example::{MOST_EXAMPLES, asking};
use super::survey::Survey;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Backend, BackendId, Director, Hir, Place};

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let hir = survey.hir;
    let ports = (0..).zip(&hir.backends).filter_map(|(at, backend)| Some((BackendId(at), port(backend)?)));
    let behind = hir.backends.len();
    let twins = (behind..)
        .zip(&hir.directors)
        .filter_map(|(at, director)| Some((BackendId(u32::try_from(at).ok()?), twins(director, hir)?)));
    let all = ports.chain(twins).enumerate();
    all.map(|(at, (id, finding))| if at < MOST_EXAMPLES { with_request(survey, id, finding) } else { finding })
        .collect()
}

fn with_request(survey: &mut Survey<'_>, id: BackendId, finding: Diagnostic) -> Diagnostic {
    let hir = survey.hir;
    let Some(witness) = asking(survey, |chosen| is_through(hir, chosen, id)) else { return finding };
    let (help, name) = (finding.help.as_deref().unwrap_or_default(), hir.backend_name(id).unwrap_or_default());
    let help = format!("{help}. `{name}` may be asked for `{}`", witness.request);
    finding.help(help)
}

/// Whether a backend or director is the one that is meant, or one of its members is.
fn is_through(hir: &Hir, chosen: BackendId, meant: BackendId) -> bool {
    let members = hir.director(chosen).map(|director| director.members.as_slice()).unwrap_or_default();
    chosen == meant || members.iter().any(|member| is_through(hir, member.backend, meant))
}

/// Two members that are down together.
fn twins(director: &Director, hir: &Hir) -> Option<Diagnostic> {
    let backends = director.members.iter().filter_map(|member| hir.backends.get(member.backend.0 as usize));
    let mut seen: HashMap<&Place, Vec<&Backend>> = HashMap::new();
    for backend in backends {
        let Some(place) = &backend.place else { continue };
        let others = seen.entry(place).or_default();
        if let Some(twin) = others.iter().find(|other| is_same(backend, other)) {
            let message = format!("`{}` and `{}` are one server: they fail together", twin.name, backend.name);
            let finding = Diagnostic::new(Code::W0624, backend.span, message).context(director.span, "the director");
            return Some(finding.help("leave one of them out, or put in the address of the other server"));
        }
        others.push(backend);
    }
    None
}

/// Whether two are asked for the same, in the same way.
fn is_same(one: &Backend, other: &Backend) -> bool {
    one.name != other.name
        && one.host_header == other.host_header
        && one.greeting == other.greeting
        && one.tls.as_ref().map(|tls| &tls.sni) == other.tls.as_ref().map(|tls| &tls.sni)
}

/// The port of HTTPS without TLS, or that of HTTP with it.
fn port(backend: &Backend) -> Option<Diagnostic> {
    let Some(Place::Network(address)) = backend.place.as_ref().filter(|_| backend.greeting.via.is_none()) else {
        return None;
    };
    let (what, help) = match (address.port, &backend.tls) {
        (443, None) => ("without TLS, and 443 is the port of HTTPS", "add `.tls = true;`"),
        (80, Some(_)) => ("by TLS, and 80 is the port of plain HTTP", "leave `.tls` out, or write `.port = \"443\";`"),
        _ => return None,
    };
    let message = format!("`{}` is spoken to {what}", backend.name);
    Some(Diagnostic::new(Code::W0625, backend.span, message).help(help))
}
