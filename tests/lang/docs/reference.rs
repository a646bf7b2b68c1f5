//! The reference of the language, written from the schema.

use std::fmt::Write;

use warp_edge::lang::diagnostic::Code;
use warp_edge::lang::schema::{
    Action, ActionArguments, Attribute, BACKEND_ATTRIBUTES, BYTE_UNITS, DURATION_UNITS, Function, Message,
    PROBE_ATTRIBUTES, RuleAction, RuleTable, SHORT_NAMES, Step, StepSet, Type, Unit, Variable,
};

const NOTE: &str = "<!-- Written from src/lang/schema by tests/lang/docs: change the schema and run the tests with UPDATE_DOCS=1. -->\n";

/// Every page: its file name and its text.
pub fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("steps.md", steps()),
        ("variables.md", variables()),
        ("functions.md", functions()),
        ("rules.md", rules()),
        ("declarations.md", declarations()),
        ("types.md", types()),
        ("diagnostics.md", diagnostics()),
    ]
}

fn page(title: &str, opening: &str) -> String {
    format!("{NOTE}# {title}\n\n{opening}\n")
}

fn table(page: &mut String, heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    writeln!(page, "\n| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len())).unwrap();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(page, "| {} |", cells.join(" | ")).unwrap();
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn codes<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(code).collect::<Vec<_>>().join(", ")
}

/// The steps of a set that this version runs, in words.
fn places(steps: StepSet) -> String {
    let running = |set: StepSet| set.iter().filter(|step| step.runs()).collect::<Vec<Step>>();
    let steps = running(steps);
    if steps.is_empty() {
        "–".to_owned()
    } else if steps == running(StepSet::CLIENT.and(StepSet::BACKEND)) {
        "all".to_owned()
    } else if steps == running(StepSet::CLIENT) {
        "client's side".to_owned()
    } else if steps == running(StepSet::BACKEND) {
        "backend's side".to_owned()
    } else {
        codes(steps.iter().map(|step| step.name()))
    }
}

const SIDES: &str = "The client's side are the steps `recv`, `hash`, `hit`, `miss`, `pass`, `purge`, `deliver` and `synth`; \
the backend's side are `backend_fetch`, `backend_response` and `backend_error`.";

fn steps() -> String {
    let opening = "A request walks through steps; a `sub` of that name says what happens there. What it does not \
decide, the sub of the same name in the built-in policy decides.";
    let mut text = page("Steps and actions", opening);
    table(
        &mut text,
        &["step", "what has happened"],
        Step::ALL.iter().filter(|step| step.runs()).map(|step| vec![code(step.name()), step.doc().to_owned()]),
    );
    text.push_str("\nA step ends with `return (ACTION);`:\n");
    let actions = Action::ALL.iter().filter(|action| !action.runs().is_empty());
    table(
        &mut text,
        &["action", "what it does", "in"],
        actions.map(|action| {
            let arguments = match action.arguments() {
                ActionArguments::None => "",
                ActionArguments::StatusAndReason | ActionArguments::OptionalStatusAndReason => "(STATUS, REASON)",
                ActionArguments::OptionalReason => "(REASON)",
                ActionArguments::OptionalTime => "(TIME)",
                ActionArguments::OptionalSoft => "(soft)",
            };
            vec![code(&format!("{}{arguments}", action.name())), action.doc().to_owned(), places(action.runs())]
        }),
    );
    text
}

fn variables() -> String {
    let opening = format!(
        "Where a variable may be read, set and unset depends on the step; `warp check` says so before a request \
meets it. {SIDES}"
    );
    let mut text = page("Variables", &opening);
    table(
        &mut text,
        &["variable", "type", "read in", "set in", "what it is"],
        Variable::ALL.iter().map(|variable| {
            let access = variable.access();
            vec![
                code(variable.name()),
                variable.ty().name().to_owned(),
                places(access.read),
                places(access.set),
                variable.doc().to_owned(),
            ]
        }),
    );
    headers(&mut text);
    text
}

fn headers(text: &mut String) {
    text.push_str(
        "\n## Header fields\n\n`MESSAGE.http.NAME` is a header field of a message, a STRING. It is unset when the message does \
not have it, which is not the same as empty. A name that is no plain word is quoted: `req.http.\"7-bit\"`.\n",
    );
    table(
        text,
        &["fields", "read in", "set in", "unset in"],
        Message::ALL.iter().map(|message| {
            let access = message.access();
            let name = format!("{}.http.NAME", message.name());
            vec![code(&name), places(access.read), places(access.set), places(access.unset)]
        }),
    );
    let requests = codes(Message::ALL.iter().filter(|message| message.is_request()).map(|message| message.name()));
    writeln!(
        text,
        "\n## Query and cookies\n\nThe requests {requests} have their parameters and cookies as collections: `req.query[\"page\"]` and \
`req.cookies[\"session\"]` are a STRING each, unset if not there; `req.query has \"page\"` asks whether one is there, \
`req.cookies any \"wordpress_*\"` whether one like the pattern is."
    )
    .unwrap();
}

fn functions() -> String {
    let opening =
        format!("In brackets what may be left out. A STRING parameter takes a value of any type as text. {SIDES}");
    let mut text = page("Functions", &opening);
    table(
        &mut text,
        &["function", "yields", "in", "what it does"],
        Function::ALL.iter().map(|function| {
            let parameters: Vec<String> = function
                .parameters()
                .iter()
                .map(|parameter| {
                    let name = format!("{}: {}", parameter.name, parameter.ty.name());
                    if parameter.optional { format!("[{name}]") } else { name }
                })
                .collect();
            vec![
                code(&format!("{}({})", function.name(), parameters.join(", "))),
                function.result().name().to_owned(),
                places(function.steps()),
                function.doc().to_owned(),
            ]
        }),
    );
    text
}

fn rules() -> String {
    let opening = "`rules request first { … }` stands for statements in `recv`, `rules response first { … }` for statements \
in `backend_response`. Rows are tried from top to bottom; the first one that holds is carried out and ends the table:\n\n\
```warp\nrules request first {\n    when path under \"/api/\" -> pass;\n    when path ext [\"css\", \"js\"] -> strip cookie, cache;\n}\n```\n\n\
## Actions of a row\n\nBeside these, a row may `set`, `unset` and `call`.";
    let mut text = page("Rule tables", opening);
    table(
        &mut text,
        &["action", "in", "what it does"],
        RuleAction::ALL.iter().map(|action| {
            let form = [action.name(), action.operand()].join(" ");
            let tables = action.tables().iter().map(|table| table.name());
            vec![code(form.trim_end()), codes(tables), action.doc().to_owned()]
        }),
    );
    text.push_str("\n## Short names\n\nWithin a table these stand for the request or the response at hand.\n");
    let meaning = |full: Option<&str>| full.map_or_else(|| "–".to_owned(), code);
    let heads = ["name", RuleTable::Request.name(), RuleTable::Response.name()];
    table(
        &mut text,
        &heads,
        SHORT_NAMES.iter().map(|short| vec![code(short.name), meaning(short.request), meaning(short.response)]),
    );
    text.push_str(
        "\n`header \"X-Name\"` is the header field of that name of the request, or of the backend's response.\n",
    );
    text
}

fn declarations() -> String {
    let mut text =
        page("Backends and probes", "Attributes are written `.name = value;` between the braces of a declaration.");
    text.push_str("\n## backend\n\nThe backend named `default`, or else the first one, is asked unless the policy names another.\n");
    attributes(&mut text, BACKEND_ATTRIBUTES);
    text.push_str("\n## probe\n\nA probe asks a backend now and then whether it is well. It is written in the backend, or by itself and named there.\n");
    attributes(&mut text, PROBE_ATTRIBUTES);
    text
}

fn attributes(text: &mut String, attributes: &[Attribute]) {
    table(
        text,
        &["attribute", "type", "if left out", "what it is"],
        attributes.iter().map(|attribute| {
            let default = attribute.default.map_or_else(|| "–".to_owned(), code);
            vec![
                code(&format!(".{}", attribute.name)),
                attribute.ty.name().to_owned(),
                default,
                attribute.doc.to_owned(),
            ]
        }),
    );
}

fn types() -> String {
    let mut text = page("Types and units", "Types are found out, not written; `let x: INT = …;` asks for one.");
    table(
        &mut text,
        &["type", "in words"],
        Type::ALL.iter().map(|ty| {
            let words = ty.in_words();
            vec![code(ty.name()), words.split(" (").next().unwrap_or(words).to_owned()]
        }),
    );
    text.push_str("\n## Durations\n\nA number with a unit and no space between: `10s`, `1.5h`.\n");
    units(&mut text, DURATION_UNITS);
    text.push_str("\n## Sizes\n");
    units(&mut text, BYTE_UNITS);
    text
}

fn units(text: &mut String, units: &[Unit]) {
    table(text, &["unit", "what it is"], units.iter().map(|unit| vec![code(unit.name), unit.doc.to_owned()]));
}

fn diagnostics() -> String {
    let opening = "What `warp check` may say about a policy. `warp rule CODE` prints the same page. Codes that start with `E` \
keep a policy from running; codes that start with `W` are advice.";
    let mut text = page("Diagnostics", opening);
    table(
        &mut text,
        &["code", "name", "in short", "since"],
        Code::ALL.iter().map(|code| {
            let link = format!("[{}](#{}-{})", code.id(), code.id().to_lowercase(), code.name());
            vec![link, code.name().to_owned(), code.summary().to_owned(), code.since().to_owned()]
        }),
    );
    for code in Code::ALL {
        write!(text, "\n---\n\n{{{{#include ../../diagnostics/{}.md}}}}\n", code.id()).unwrap();
    }
    text
}
