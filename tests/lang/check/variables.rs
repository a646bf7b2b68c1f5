//! Which step may read, set and unset which variable. Each is tried, and the answers are held against the schema and
//! against VCL.

use std::fs;
use std::path::Path;

use warp_edge::lang::schema::{Access, DirectiveView, Message, Step, StepSet, Type, Variable};

use super::check;

/// VCL's table of variables with the steps that may read, set and unset each: the manual "vcl-var" of Varnish's trunk,
/// where `fetched` stands for the steps that see `beresp`. `varnishd -C` of 7.1.1 was given each of these statements
/// in each sub: it agrees but for what is newer, which are `unset` of anything but a field, `req.hash` in `pipe` and `synth`,
/// the limits of `req.is_hitmiss` and `req.is_hitpass`, and what it does not know.
const VCL: &[(&str, &str, &str, &str)] = &[
    ("client.identity", "client backend", "client", ""),
    ("client.ip", "client backend", "", ""),
    ("server.hostname", "client backend", "", ""),
    ("server.identity", "client backend", "", ""),
    ("server.ip", "client backend", "", ""),
    ("remote.ip", "client backend", "", ""),
    ("local.endpoint", "client backend", "", ""),
    ("local.ip", "client backend", "", ""),
    ("local.socket", "client backend", "", ""),
    ("req.backend_hint", "client", "client", ""),
    ("req.can_gzip", "client", "", ""),
    ("req.esi_level", "client", "", ""),
    ("req.filters", "recv", "recv", ""),
    ("req.grace", "client", "client", "client"),
    ("req.hash", "hit miss pass pipe purge deliver synth", "", ""),
    ("req.hash_always_miss", "client", "client", ""),
    ("req.hash_ignore_busy", "client", "client", ""),
    ("req.hash_ignore_vary", "client", "client", ""),
    ("req.http", "client", "client", "client"),
    ("req.is_hitmiss", "miss pass deliver synth", "", ""),
    ("req.is_hitpass", "pass deliver synth", "", ""),
    ("req.method", "client", "client", ""),
    ("req.proto", "client", "", ""),
    ("req.restarts", "client", "", ""),
    ("req.storage", "client", "client", ""),
    ("req.time", "client", "", ""),
    ("req.trace", "client", "client", ""),
    ("req.transport", "client", "", ""),
    ("req.max_age", "client", "client", "client"),
    ("req.ttl", "client", "client", "client"),
    ("req.url", "client", "client", ""),
    ("req.xid", "client", "", ""),
    ("req_top.http", "client", "", ""),
    ("req_top.method", "client", "", ""),
    ("req_top.proto", "client", "", ""),
    ("req_top.time", "client", "", ""),
    ("req_top.url", "client", "", ""),
    ("bereq.backend", "backend pipe", "backend pipe", ""),
    ("bereq.between_bytes_timeout", "backend", "backend", "backend pipe"),
    ("bereq.body", "", "", "backend_fetch"),
    ("bereq.connect_timeout", "backend pipe", "backend pipe", "backend pipe"),
    ("bereq.filters", "backend_fetch", "backend_fetch", ""),
    ("bereq.first_byte_timeout", "backend", "backend", "backend pipe"),
    ("bereq.hash", "backend pipe", "", ""),
    ("bereq.http", "backend pipe", "backend pipe", "backend pipe"),
    ("bereq.is_bgfetch", "backend", "", ""),
    ("bereq.is_hitmiss", "backend", "", ""),
    ("bereq.is_hitpass", "backend", "", ""),
    ("bereq.method", "backend pipe", "backend pipe", ""),
    ("bereq.proto", "backend pipe", "", ""),
    ("bereq.retries", "backend", "", ""),
    ("bereq.retry_connect", "backend", "backend", ""),
    ("bereq.task_deadline", "pipe", "pipe", "pipe"),
    ("bereq.time", "backend pipe", "", ""),
    ("bereq.trace", "backend", "backend", ""),
    ("bereq.uncacheable", "backend", "", ""),
    ("bereq.url", "backend pipe", "backend pipe", ""),
    ("bereq.xid", "backend pipe", "", ""),
    ("beresp.age", "fetched", "", ""),
    ("beresp.backend", "fetched", "", ""),
    ("beresp.backend.name", "fetched", "", ""),
    ("beresp.body", "", "backend_error", ""),
    ("beresp.do_esi", "fetched", "fetched", ""),
    ("beresp.do_gunzip", "fetched", "fetched", ""),
    ("beresp.do_gzip", "fetched", "fetched", ""),
    ("beresp.do_stream", "fetched", "fetched", ""),
    ("beresp.filters", "backend_response", "backend_response", ""),
    ("beresp.grace", "fetched", "fetched", ""),
    ("beresp.http", "fetched", "fetched", "fetched"),
    ("beresp.keep", "fetched", "fetched", ""),
    ("beresp.proto", "fetched", "", ""),
    ("beresp.reason", "fetched", "fetched", ""),
    ("beresp.status", "fetched", "fetched", ""),
    ("beresp.storage", "fetched", "fetched", ""),
    ("beresp.time", "fetched", "", ""),
    ("beresp.transit_buffer", "backend_response", "backend_response", ""),
    ("beresp.ttl", "fetched", "fetched", ""),
    ("beresp.uncacheable", "fetched", "fetched", ""),
    ("beresp.was_304", "fetched", "", ""),
    ("obj_stale.age", "backend_refresh", "", ""),
    ("obj_stale.can_esi", "backend_refresh", "", ""),
    ("obj_stale.grace", "backend_refresh", "", ""),
    ("obj_stale.hits", "backend_refresh", "", ""),
    ("obj_stale.http", "backend_refresh", "", ""),
    ("obj_stale.keep", "backend_refresh", "", ""),
    ("obj_stale.proto", "backend_refresh", "", ""),
    ("obj_stale.reason", "backend_refresh", "", ""),
    ("obj_stale.status", "backend_refresh", "", ""),
    ("obj_stale.storage", "backend_refresh", "", ""),
    ("obj_stale.time", "backend_refresh", "", ""),
    ("obj_stale.ttl", "backend_refresh", "", ""),
    ("obj_stale.uncacheable", "backend_refresh", "", ""),
    ("obj_stale.is_valid", "backend_refresh", "", ""),
    ("obj.age", "hit deliver", "", ""),
    ("obj.can_esi", "hit deliver", "", ""),
    ("obj.grace", "hit deliver", "", ""),
    ("obj.hits", "hit deliver", "", ""),
    ("obj.http", "hit", "", ""),
    ("obj.keep", "hit deliver", "", ""),
    ("obj.proto", "hit", "", ""),
    ("obj.reason", "hit", "", ""),
    ("obj.status", "hit", "", ""),
    ("obj.storage", "hit deliver", "", ""),
    ("obj.time", "hit deliver", "", ""),
    ("obj.ttl", "hit deliver", "", ""),
    ("obj.uncacheable", "deliver", "", ""),
    ("resp.body", "", "synth", ""),
    ("resp.do_esi", "deliver synth", "deliver synth", ""),
    ("resp.filters", "deliver synth", "deliver synth", ""),
    ("resp.http", "deliver synth", "deliver synth", "deliver synth"),
    ("resp.is_streaming", "deliver synth", "", ""),
    ("resp.proto", "deliver synth", "", ""),
    ("resp.reason", "deliver synth", "deliver synth", ""),
    ("resp.status", "deliver synth", "deliver synth", ""),
    ("resp.time", "deliver synth", "", ""),
    ("now", "client backend", "", ""),
    ("sess.idle_send_timeout", "client", "client", "client"),
    ("sess.send_timeout", "client", "client", "client"),
    ("sess.timeout_idle", "client", "client", "client"),
    ("sess.timeout_linger", "client", "client", "client"),
    ("sess.xid", "client backend", "", ""),
];

/// What VCL's table says and warp does otherwise: the variable, what is done to it, and the steps in which warp allows
/// it beside those of VCL, or does not.
const OTHERWISE: &[(&str, Verb, &str)] = &[
    ("obj.http", Verb::Read, "deliver"),
    ("obj.proto", Verb::Read, "deliver"),
    ("obj.reason", Verb::Read, "deliver"),
    ("obj.status", Verb::Read, "deliver"),
    ("obj.uncacheable", Verb::Read, "hit"),
    // A pipe has neither of them.
    ("bereq.first_byte_timeout", Verb::Unset, "pipe"),
    ("bereq.between_bytes_timeout", Verb::Unset, "pipe"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Read,
    Set,
    Unset,
}

impl Verb {
    const ALL: [Self; 3] = [Self::Read, Self::Set, Self::Unset];

    fn of(self, access: Access) -> StepSet {
        match self {
            Self::Read => access.read,
            Self::Set => access.set,
            Self::Unset => access.unset,
        }
    }

    /// A statement that does it to what is called so and has that type.
    fn statement(self, name: &str, ty: Type) -> String {
        match self {
            Self::Read if name.contains(".cache_control.") && ty == Type::Duration => format!("let it = {name} ?? 0s;"),
            Self::Read => format!("let it = {name};"),
            Self::Set => format!("set {name} = {};", value_of(ty)),
            Self::Unset => format!("unset {name};"),
        }
    }

    /// How it is refused in this step, if it is.
    fn refusal(self, access: Access, step: Step) -> Option<&'static str> {
        let allowed = self.of(access);
        match self {
            _ if allowed.contains(step) => None,
            Self::Read => Some("E0401"),
            Self::Set | Self::Unset if allowed.is_empty() => Some("E0403"),
            Self::Set | Self::Unset => Some("E0402"),
        }
    }
}

fn value_of(ty: Type) -> &'static str {
    match ty {
        Type::String => "\"x\"",
        Type::Int => "200",
        Type::Bool => "true",
        Type::Duration => "1s",
        Type::Bytes => "64KB",
        Type::Backend => "b",
        Type::Ip => "client.ip",
        Type::Time => "now",
        other => panic!("no variable has the type {}", other.name()),
    }
}

/// All that can be read, set or unset, as it is written.
fn all() -> impl Iterator<Item = (String, Type, Access)> {
    let variables = Variable::ALL.iter().map(|it| (it.name().to_owned(), it.ty(), it.access()));
    let fields = Message::ALL.iter().map(|it| (format!("{}.http.X-A", it.name()), Type::String, it.access()));
    let views = DirectiveView::all().iter().map(|it| {
        let access = Access { read: it.message.access().read, set: StepSet::NONE, unset: StepSet::NONE };
        (it.name.clone(), it.directive.ty(), access)
    });
    variables.chain(fields).chain(views)
}

fn running() -> impl Iterator<Item = Step> {
    Step::ALL.iter().copied().filter(|step| step.runs())
}

/// The errors in each of these statements, which stand in the same sub.
fn errors<const N: usize>(step: Step, statements: &[String; N]) -> [Vec<&'static str>; N] {
    let body = statements.join("\n");
    let checked = check(&format!("warp 1; backend b {{ .host = \"a.test\"; }} sub {} {{\n{body}\n}}\n", step.name()));
    let mut errors = [(); N].map(|()| Vec::new());
    for finding in checked.diagnostics.iter().filter(|finding| finding.code.id().starts_with('E')) {
        let place = checked.sources.describe(finding.primary.span);
        let line: usize = place.split(':').nth(1).unwrap().parse().unwrap();
        errors[line - 2].push(finding.code.id());
    }
    errors
}

#[test]
fn each_variable_is_possible_where_the_schema_says() {
    for (name, ty, access) in all() {
        for step in running() {
            let statements = Verb::ALL.map(|verb| verb.statement(&name, ty));
            let found = errors(step, &statements);
            let expected = Verb::ALL.map(|verb| verb.refusal(access, step).into_iter().collect::<Vec<_>>());
            assert_eq!(found, expected, "{statements:?} in {}", step.name());
        }
    }
}

#[test]
fn bans_ask_for_what_the_schema_says() {
    let stored = Variable::ALL.iter().filter(|variable| variable.name().starts_with("obj."));
    for variable in stored {
        let test = match variable.ty() {
            Type::Bool => variable.name().to_owned(),
            ty => format!("{} == {}", variable.name(), value_of(ty)),
        };
        let found = errors(Step::Recv, &[format!("ban where {test};")]);
        let expected: &[&str] = if variable.is_in_bans() { &[] } else { &["E0745"] };
        assert_eq!(found[0], expected, "{test}");
    }
}

/// The steps that a cell of the table names.
fn steps_of(cell: &str) -> Vec<Step> {
    let set = |word: &str| match word {
        "client" => StepSet::CLIENT,
        "backend" => StepSet::BACKEND,
        "fetched" => StepSet::of(&[Step::BackendRefresh, Step::BackendResponse, Step::BackendError]),
        name => StepSet::of(&[Step::find(name).unwrap()]),
    };
    let named = cell.split_whitespace().map(set).fold(StepSet::NONE, StepSet::and);
    running().filter(|step| named.contains(*step)).collect()
}

fn access_of(name: &str) -> Option<Access> {
    let field = name.strip_suffix(".http").and_then(Message::find);
    Variable::find(name).map(Variable::access).or_else(|| field.map(Message::access))
}

#[test]
fn what_vcl_has_is_possible_where_vcl_has_it() {
    for (name, read, set, unset) in VCL {
        let Some(access) = access_of(name) else { continue };
        for (verb, cell) in Verb::ALL.into_iter().zip([read, set, unset]) {
            let otherwise: Vec<Step> = OTHERWISE
                .iter()
                .filter(|(other, done, _)| other == name && *done == verb)
                .flat_map(|(_, _, cell)| steps_of(cell))
                .collect();
            let in_vcl = steps_of(cell);
            for step in running() {
                let is_possible = verb.of(access).contains(step);
                let expected = in_vcl.contains(&step) != otherwise.contains(&step);
                assert_eq!(is_possible, expected, "{verb:?} {name} in {}", step.name());
            }
        }
    }
}

/// What VCL has and warp has not, is refused with what to do instead, and stands with a reason on the page of what is left
/// out.
#[test]
fn what_is_left_out_is_told() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/left-out.md")).unwrap();
    let beside = ["param.default_ttl", "storage.s0.free_space"];
    let names = VCL.iter().map(|(name, ..)| *name).chain(beside);
    for name in names.filter(|name| access_of(name).is_none()) {
        let told = match name.split_once('.').unwrap() {
            ("param", _) => "param.*",
            ("storage", _) => "storage.*",
            ("req_top", _) => "req_top.*",
            _ => name,
        };
        assert!(page.contains(&format!("`{told}`")), "{name} is not in docs/src/left-out.md");
        let written = if told == "req_top.*" { "req_top.http.X-A".to_owned() } else { name.to_owned() };
        for statement in [format!("let it = {written};"), format!("set {written} = 1;"), format!("unset {written};")] {
            let checked = check(&format!("warp 1;\nsub recv {{ {statement} }}\n"));
            let [finding, ..] = checked.diagnostics.as_slice() else { panic!("{statement} is fine") };
            assert_eq!((finding.code.id(), finding.help.is_some()), ("E0201", true), "{statement}");
        }
    }
}
