//! Every word of the schema in a place where it has its meaning, with the colours that it must get.

use std::fmt::Write;

use warp_edge::lang::schema::{
    Action, BACKEND_ATTRIBUTES, BYTE_UNITS, DURATION_UNITS, DirectiveView, DirectorKind, Function, Message,
    NORMALIZE_CLAUSES, NORMALIZE_OPERATIONS, PROBE_ATTRIBUTES, RULE_MODES, RuleAction, RuleTable, SHORT_NAMES, SOFT,
    Step, Type, VALUES, Variable, WORD_OPERATORS,
};

/// A word in its place, between « and », with its Vim group and its innermost `TextMate` scope.
pub struct Word {
    pub snippet: String,
    pub vim: &'static str,
    pub textmate: &'static str,
}

/// All of them.
pub fn all() -> Vec<Word> {
    let mut words = Vec::new();
    top_level(&mut words);
    in_subs(&mut words);
    in_tables(&mut words);
    words
}

/// A text that holds all of them. It is no policy: it is only to be coloured.
pub fn text(words: &[Word]) -> String {
    let mut text = String::from("warp 1;\n");
    for word in words {
        writeln!(text, "{}", word.snippet.replace(['«', '»'], "")).unwrap();
    }
    text
}

fn add(words: &mut Vec<Word>, vim: &'static str, textmate: &'static str, snippet: String) {
    words.push(Word { snippet, vim, textmate });
}

/// The words of the grammar itself.
const KEYWORDS: &[(&str, &str, &str)] = &[
    ("warpInclude", "keyword.control.version.warp", "«warp» 2;"),
    ("warpInclude", "keyword.control.include.warp", "«include» \"x\";"),
    ("warpDeclaration", "storage.type.declaration.warp", "«site» \"a\" from \"b\";"),
    ("warpDeclaration", "storage.type.declaration.warp", "«sub» own { }"),
    ("warpDeclaration", "storage.type.declaration.warp", "«override» builtin.x { }"),
    ("warpDeclaration", "storage.type.declaration.warp", "«fn» f(a: INT) -> INT { return a; }"),
    ("warpDeclaration", "storage.modifier.binding.warp", "«const» c = 1;"),
    ("warpDeclaration", "keyword.control.rules.warp", "«rules» response first { }"),
    ("warpDeclaration", "keyword.control.normalize.warp", "«normalize» req { }"),
    ("warpDeclaration", "storage.type.declaration.warp", "«invariant» \"a\" { stored }"),
    ("warpNamed", "variable.language.short.warp", "invariant \"a\" { «stored» => path }"),
    ("warpNamed", "variable.language.short.warp", "invariant \"a\" { «key» contains a }"),
    ("warpClaim", "keyword.operator.word.warp", "invariant \"a\" { key «contains» a }"),
    ("warpClaim", "keyword.operator.word.warp", "invariant \"a\" { key «excludes» query \"b\" }"),
    ("warpDeclaration", "storage.type.declaration.warp", "«test» \"a\" { expect stored; }"),
    ("warpTestPart", "keyword.control.test.warp", "test \"a\" { «request» GET \"https://a/\"; }"),
    (
        "warpTestPart",
        "keyword.control.test.warp",
        "test \"a\" { request GET \"https://a/\" { A: \"b\" }; «expect» stored; }",
    ),
    ("warpNamed", "variable.language.short.warp", "test \"a\" { origin 200 { A: \"b\" }; expect «stored»; }"),
    ("warpOperator", "keyword.operator.warp", "invariant \"a\" { stored «=>» path }"),
    ("warpTable", "keyword.control.conditional.warp", "rules request first { «when» x -> pass; }"),
    ("warpTable", "keyword.control.conditional.warp", "rules request first { «else» -> pass; }"),
    ("warpDeclaration", "storage.modifier.binding.warp", "«let» l = 1;"),
    ("warpStatement", "keyword.control.warp", "«set» a = 1;"),
    ("warpStatement", "keyword.control.warp", "«unset» a;"),
    ("warpStatement", "keyword.control.call.warp", "«call» own;"),
    ("warpStatement", "keyword.control.warp", "«return»;"),
    ("warpStatement", "keyword.control.warp", "sub a { «tag» \"b\"; }"),
    ("warpConditional", "keyword.control.conditional.warp", "«if» (a) { }"),
    ("warpConditional", "keyword.control.conditional.warp", "«elseif» (a) { }"),
    ("warpConditional", "keyword.control.conditional.warp", "«elsif» (a) { }"),
    ("warpConditional", "keyword.control.conditional.warp", "«elif» (a) { }"),
    ("warpConditional", "keyword.control.conditional.warp", "if (a) { } «else» { }"),
    ("warpConditional", "keyword.control.conditional.warp", "«match» a { \"b\" -> { } }"),
    ("warpOperator", "keyword.operator.warp", "set x = y «??» z;"),
];

fn top_level(words: &mut Vec<Word>) {
    for word in ["backend", "probe", "director", "acl", "table"] {
        add(words, "warpDeclaration", "storage.type.declaration.warp", format!("«{word}» a {{ }}"));
    }
    for step in Step::ALL {
        add(words, "warpStep", "support.function.step.warp", format!("sub «{}» {{ }}", step.name()));
    }
    for attribute in BACKEND_ATTRIBUTES.iter().chain(PROBE_ATTRIBUTES) {
        add(
            words,
            "warpAttribute",
            "entity.other.attribute-name.warp",
            format!("backend b {{ .«{}» = x; }}", attribute.name),
        );
    }
    for kind in DirectorKind::ALL {
        for attribute in kind.attributes().iter().chain(kind.member_attributes()) {
            let snippet = format!("director d = {} {{ .«{}» = x; }}", kind.name(), attribute.name);
            add(words, "warpAttribute", "entity.other.attribute-name.warp", snippet);
        }
    }
    for (vim, textmate, snippet) in KEYWORDS {
        add(words, vim, textmate, (*snippet).to_owned());
    }
}

fn in_subs(words: &mut Vec<Word>) {
    for variable in Variable::ALL {
        add(words, "warpVariable", "variable.language.warp", format!("set x = «{}»;", variable.name()));
    }
    for view in DirectiveView::all() {
        add(words, "warpVariable", "variable.language.warp", format!("set x = «{}»;", view.name));
    }
    for message in Message::ALL {
        add(words, "warpHeader", "variable.language.warp", format!("set x = «{}».http.X-Y;", message.name()));
        add(words, "warpHeader", "variable.other.header.warp", format!("set x = {}.http.«X-Y»;", message.name()));
    }
    for function in Function::all() {
        add(words, "warpFunction", "support.function.warp", format!("set x = «{}»(y);", function.name()));
    }
    for action in Action::ALL {
        add(words, "warpAction", "support.function.action.warp", format!("return («{}»);", action.name()));
    }
    for unit in DURATION_UNITS.iter().chain(BYTE_UNITS) {
        add(words, "warpNumber", "keyword.other.unit.warp", format!("set x = 10«{}»;", unit.name));
        add(words, "warpNumber", "constant.numeric.warp", format!("set x = «1.5»{};", unit.name));
    }
    for ty in Type::ALL {
        add(words, "warpType", "storage.type.warp", format!("let x: «{}» = y;", ty.name()));
    }
    for literal in VALUES {
        add(words, "warpBoolean", "constant.language.boolean.warp", format!("set x = «{literal}»;"));
    }
    for word in ["none", "from", "header", SOFT] {
        add(words, "warpConstant", "constant.language.warp", format!("set x = «{word}»;"));
    }
    for word in WORD_OPERATORS {
        add(words, "warpWordOperator", "keyword.operator.word.warp", format!("set x = y «{word}» z;"));
    }
}

fn in_tables(words: &mut Vec<Word>) {
    for table in [RuleTable::Request, RuleTable::Response] {
        let mode = RULE_MODES[0];
        add(words, "warpTable", "keyword.control.table.warp", format!("rules «{}» {mode} {{ }}", table.name()));
    }
    for mode in RULE_MODES {
        add(words, "warpTable", "keyword.control.mode.warp", format!("rules request «{mode}» {{ }}"));
    }
    for action in RuleAction::ALL {
        let snippet = format!("rules request first {{ when x -> «{}» y; }}", action.name());
        add(words, "warpRuleAction", "support.function.action.warp", snippet);
    }
    for short in SHORT_NAMES {
        let snippet = format!("rules request first {{ when not («{}» == 1) -> pass; }}", short.name);
        add(words, "warpShortName", "variable.language.short.warp", snippet);
    }
    for clause in NORMALIZE_CLAUSES {
        add(words, "warpClause", "support.type.clause.warp", format!("normalize req {{ «{clause}» x; }}"));
    }
    for operation in NORMALIZE_OPERATIONS {
        let snippet = format!("normalize req {{ query «{operation}» [\"x\"]; }}");
        add(words, "warpOperation", "support.function.operation.warp", snippet);
    }
}
