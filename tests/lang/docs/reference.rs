//! The reference of the language, written from the schema.

use std::fmt::Write;

use warp_edge::lang::diagnostic::Code;
use warp_edge::lang::schema::function::{Class, Constant, Parameter, Row, Takes};
use warp_edge::lang::schema::{
    Action, ActionArguments, Attribute, BACKEND_ATTRIBUTES, BYTE_UNITS, DURATION_UNITS, Directive, DirectorKind,
    Function, MEMBER_ATTRIBUTES, Message, PROBE_ATTRIBUTES, RuleAction, RuleTable, SHORT_NAMES, Step, StepSet, Type,
    Unit, Variable,
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

const SIDES: &str = "The client's side are the steps `recv`, `hash`, `hit`, `miss`, `pass`, `pipe`, `purge`, `deliver` and `synth`; \
the backend's side are `backend_fetch`, `backend_refresh`, `backend_response` and `backend_error`.";

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
        &["variable", "type", "read in", "set in", "unset in", "what it is"],
        Variable::ALL.iter().map(|variable| {
            let access = variable.access();
            let read = match (variable.is_in_bans(), access.read.is_empty()) {
                (true, true) => code("ban"),
                (true, false) => format!("{}, `ban`", places(access.read)),
                (false, _) => places(access.read),
            };
            vec![
                code(variable.name()),
                variable.ty().name().to_owned(),
                read,
                places(access.set),
                places(access.unset),
                variable.doc().to_owned(),
            ]
        }),
    );
    directives(&mut text);
    headers(&mut text);
    text
}

fn directives(text: &mut String) {
    text.push_str(
        "\n## Cache-Control\n\n`MESSAGE.cache_control.NAME` is what the `Cache-Control` of a message says by now: each is true or \
false, or a DURATION that may not be there, so that `??` says what stands for it: `beresp.cache_control.max_age ?? 0s`. Of a \
directive that stands there twice the first counts (RFC 9111 section 4.2.1). They cannot be set; the field can.\n",
    );
    let messages =
        |is_request: bool| Message::ALL.iter().copied().filter(move |message| message.is_request() == is_request);
    for is_request in [false, true] {
        let readable = messages(is_request)
            .map(|message| format!("`{}` ({})", message.name(), places(message.access().read)))
            .collect::<Vec<_>>();
        writeln!(text, "\nOf {}:", readable.join(", ")).unwrap();
        let known = Directive::ALL.iter().filter_map(|directive| {
            let doc = directive.doc(messages(is_request).next()?)?;
            Some(vec![code(directive.name()), directive.ty().name().to_owned(), doc.to_owned()])
        });
        table(text, &["directive", "type", "what it says"], known);
    }
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
    let opening = format!(
        "`NAME: TYPE = VALUE` is a parameter that may be left out. Arguments stand in the order of the parameters, or are \
named, in any order, behind those that are not: `std.integer(req.http.X-Count, fallback: 3)`; as in VCL, a `=` may stand for the `:`. A STRING takes a value of any \
type as text, a REGEX and a LIST are written in place, a HEADER is named as in `req.http.Accept`, a FILE is the path of one, known when the policy is checked, and of words with `|` between them one is written, without quotation \
marks.\n\n{SIDES}"
    );
    let mut text = page("Functions", &opening);
    for (title, functions) in Function::families() {
        writeln!(text, "\n## {title}").unwrap();
        for function in functions {
            one_function(&mut text, function);
        }
    }
    text
}

fn one_function(text: &mut String, function: Function) {
    let row = function.row();
    let parameters: Vec<String> = row.parameters.iter().map(parameter).collect();
    let result = match (row.result, row.may_be_unset) {
        (Type::Void, _) => String::new(),
        (ty, false) => format!(" -> {}", ty.name()),
        (ty, true) => format!(" -> {} or unset", ty.name()),
    };
    writeln!(text, "\n### {}\n\n`{}({}){result}`", row.name, row.name, parameters.join(", ")).unwrap();
    writeln!(text, "\n{}{}", row.doc, conditions(row)).unwrap();
    text.push('\n');
    for example in row.examples {
        let yields = example.yields.map_or(String::new(), |yields| format!(" is `{yields}`"));
        writeln!(text, "- `{}`{yields}", example.code).unwrap();
    }
    for mistake in row.mistakes {
        let known = Code::find(mistake.draws).unwrap();
        let link = format!("diagnostics.md#{}-{}", known.id().to_lowercase(), known.name());
        writeln!(text, "- `{}` is a mistake: [{}]({link})", mistake.code, known.id()).unwrap();
    }
}

fn parameter(parameter: &Parameter) -> String {
    let is_word = matches!(parameter.takes, Takes::Words(_));
    let takes = parameter.takes.names().join(if is_word { "|" } else { " or " });
    let default = parameter.default.map_or(String::new(), |default| format!(" = {}", constant(default, parameter)));
    format!("{}: {takes}{default}", parameter.name)
}

/// A default as it would be written.
fn constant(constant: Constant, parameter: &Parameter) -> String {
    match (constant, parameter.takes) {
        (Constant::Text(word), Takes::Words(_)) => word.to_owned(),
        (Constant::Text(text), _) => format!("\"{}\"", text.escape_debug()),
        (Constant::Unset, _) => "unset".to_owned(),
        (Constant::Int(i64::MAX), _) => "all".to_owned(),
        (Constant::Int(number), _) => number.to_string(),
        (Constant::Now, _) => "now".to_owned(),
        (Constant::Real(number), _) => format!("{number:?}"),
        (Constant::Bool(flag), _) => flag.to_string(),
        (Constant::Duration(millis), _) => format!("{}s", millis / 1_000),
        (Constant::Bytes(bytes), _) => format!("{bytes}B"),
        (Constant::List(texts), _) => format!("{texts:?}"),
    }
}

/// Where it may be called, and whether each call counts, where that is not everywhere and no matter.
fn conditions(row: &Row) -> String {
    let place = match places(row.steps).as_str() {
        "all" => String::new(),
        place => format!(" In {place}."),
    };
    let class = if row.class == Class::Reads { " Asks anew each time." } else { "" };
    format!("{place}{class}")
}

fn rules() -> String {
    let opening = "`rules request first { … }` stands for statements in `recv`, `rules response first { … }` for statements \
in `backend_response`. Rows are tried from top to bottom; the first one that holds is carried out and ends the table. With `unique` in \
the place of `first` it is an error if a request could hold for two of them:\n\n\
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
    let mut text = page(
        "Backends, probes and directors",
        "Attributes are written `.name = value;` between the braces of a declaration.",
    );
    text.push_str("\n## backend\n\nThe backend or director named `default`, or else the first backend, is asked unless the policy names another.\n");
    attributes(&mut text, BACKEND_ATTRIBUTES);
    text.push_str("\n## probe\n\nA probe asks a backend now and then whether it is well. It is written in the backend, or by itself and named there; one named `default` is that of every backend without `.probe`.\n");
    attributes(&mut text, PROBE_ATTRIBUTES);
    directors(&mut text);
    text
}

fn directors(text: &mut String) {
    text.push_str(
        "\n## director\n\nA director sends each request to one of its members: backends, or other directors. Its name stands \
wherever that of a backend may stand.\n\n```warp\ndirector pages = shard {\n    .by = URL;\n    default;\n    \
news { .weight = 2; }\n}\n```\n",
    );
    table(
        text,
        &["kind", "which member it is", "its members take"],
        DirectorKind::ALL.iter().map(|kind| {
            let taken = kind.member_attributes().iter().map(|attribute| code(&format!(".{}", attribute.name)));
            let taken = taken.collect::<Vec<_>>().join(", ");
            vec![code(kind.name()), kind.doc().to_owned(), if taken.is_empty() { "–".to_owned() } else { taken }]
        }),
    );
    for kind in DirectorKind::ALL.iter().filter(|kind| !kind.attributes().is_empty()) {
        writeln!(text, "\n### {}", kind.name()).unwrap();
        attributes(text, kind.attributes());
    }
    text.push_str("\n### members\n");
    attributes(text, MEMBER_ATTRIBUTES);
}

fn attributes(text: &mut String, attributes: &[Attribute]) {
    table(
        text,
        &["attribute", "type", "if left out", "what it is"],
        attributes.iter().map(|attribute| {
            let default = attribute.default.map_or_else(|| "–".to_owned(), code);
            vec![
                code(&format!(".{}", attribute.name)),
                if attribute.words.is_empty() {
                    attribute.ty.name().to_owned()
                } else {
                    codes(attribute.words.iter().copied())
                },
                default,
                attribute.doc.to_owned(),
            ]
        }),
    );
}

fn types() -> String {
    let mut text = page(
        "Types and units",
        "Types are found out, not written; `let x: INT = …;` asks for one. An INT has 64 bits, and a REAL is a double.",
    );
    table(
        &mut text,
        &["type", "in words"],
        Type::ALL.iter().map(|ty| {
            let words = ty.in_words();
            vec![code(ty.name()), words.split(" (").next().unwrap_or(words).to_owned()]
        }),
    );
    text.push_str(
        "\n## Places of values\n\nParameters of functions that take no value have a word for what is written there.\n",
    );
    let places = Takes::PLACES.iter().map(|(name, what)| vec![code(name), (*what).to_owned()]);
    table(&mut text, &["word", "what is written"], places);
    text.push_str("\n## Durations\n\nA number with a unit and no space between: `10s`, `1.5h`.\n");
    units(&mut text, DURATION_UNITS);
    text.push_str("\n## Sizes\n");
    units(&mut text, BYTE_UNITS);
    text
}

/// The names of types and of places of values that the pages use.
pub fn type_names() -> Vec<&'static str> {
    let attributes = [BACKEND_ATTRIBUTES, PROBE_ATTRIBUTES, MEMBER_ATTRIBUTES].concat();
    let of_kinds = DirectorKind::ALL.iter().flat_map(|kind| kind.attributes()).map(|attribute| attribute.ty);
    let types = Type::ALL.iter().copied().chain(Variable::ALL.iter().map(|variable| variable.ty()));
    let types = types.chain(attributes.iter().map(|attribute| attribute.ty)).chain(of_kinds);
    let parameters = Function::all().flat_map(Function::parameters);
    let taken = parameters.filter(|parameter| !matches!(parameter.takes, Takes::Words(_)));
    let taken = taken.flat_map(|parameter| parameter.takes.names());
    types.chain(Function::all().map(Function::result)).map(Type::name).chain(taken).collect()
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
