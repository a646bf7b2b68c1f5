//! Vim's files: what to colour, which files are `.warp`, and how they are edited.

use super::words;
use crate::lang::schema::{
    CONTEXTUAL_STATEMENTS, NORMALIZE_CLAUSES, NORMALIZE_OPERATIONS, RULE_MODES, TEST_PARTS, VALUES, WORD_OPERATORS,
};

const NOTE: &str =
    "\" Written from src/lang/schema by src/editors; change those and run the tests with UPDATE_EDITORS=1.\n";

/// `ftdetect/warp.vim`
pub(super) fn ftdetect() -> String {
    format!("{NOTE}autocmd BufRead,BufNewFile *.warp setfiletype warp\n")
}

/// `ftplugin/warp.vim`
pub(super) fn ftplugin() -> String {
    let settings = r#"
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s
setlocal comments=:#,://,s1:/*,mb:*,ex:*/
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal smartindent
setlocal makeprg=warp\ check\ --format\ concise\ %:S
setlocal errorformat=%f:%l:%c:\ %trror%m,%f:%l:%c:\ %tarning%m
let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth< softtabstop< smartindent< makeprg< errorformat<"
"#;
    format!("{NOTE}{settings}")
}

/// `syntax/warp.vim`
pub(super) fn syntax() -> String {
    [NOTE, OPENING, &values(), &names(), &declarations(), &statements(), &tables(), LINKS].concat()
}

const OPENING: &str = r##"
if exists("b:current_syntax")
  finish
endif

syntax case match
syntax sync fromstart
syntax iskeyword @,48-57,_

" Of two patterns that fit at one place the later one wins, so the general ones come first.
syntax match warpPunctuation "[][{};,:.]"
syntax match warpOperator "&&\|||\|??\|->\|=>\|!\~\|\.\.\|[-=!<>+*/]=\|[-=<>!~+*/%]"
syntax match warpComment "#.*$" contains=@Spell
syntax match warpComment "//.*$" contains=@Spell
syntax region warpComment start="/\*" end="\*/" contains=@Spell
syntax region warpString start=+"+ end=+"\|$+ oneline
syntax region warpString start=+"""+ end=+"""\%("\)\@!+
syntax match warpMatch +!\?\~\s*\ze"\%(""\)\@!+ nextgroup=warpRegex
syntax region warpRegex start=+"+ end=+"\|$+ oneline contained
"##;

/// `syntax keyword GROUP WORD WORD …`
fn keywords(group: &str, options: &str, words: &[&str]) -> String {
    format!("syntax keyword {group} {options}{}\n", words.join(" "))
}

/// A pattern for one of these words, dots as they are, not as a part of a longer name.
fn one_of(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.replace('.', "\\.")).collect();
    format!("\\%([[:alnum:]_.-]\\)\\@1<!\\%({}\\)\\%([[:alnum:]_-]\\)\\@!", words.join("\\|"))
}

fn values() -> String {
    let units = words::units().join("\\|");
    let number = format!("syntax match warpNumber \"\\<\\d\\+\\%(\\.\\d\\+\\)\\?\\%({units}\\)\\?\\>\"\n");
    [number, keywords("warpBoolean", "", VALUES), keywords("warpType", "", &words::types())].concat()
}

fn names() -> String {
    let messages = words::messages().join("\\|");
    let header = format!(
        "syntax match warpHeader +\\%([[:alnum:]_.-]\\)\\@1<!\\%({messages}\\)\\.http\\.\\%([[:alpha:]_][[:alnum:]_-]*\\|\"[^\"]*\"\\)+\n"
    );
    let name = "syntax match warpName \"[[:alpha:]_][[:alnum:]_-]*\\%(\\.[[:alpha:]_][[:alnum:]_-]*\\)*\"\n";
    // A function may begin with one: `header.append`.
    let word = format!("syntax match warpConstant \"{}\\.\\@!\"\n", one_of(&words::place_words()));
    let variable = format!("syntax match warpVariable \"{}\"\n", one_of(&words::variables()));
    let function = format!("syntax match warpFunction \"{}\"\n", one_of(&words::functions()));
    [name, &word, &header, &variable, &function, &keywords("warpWordOperator", "", WORD_OPERATORS)].concat()
}

fn declarations() -> String {
    let attribute = format!(
        "syntax match warpAttribute \"\\%([[:alnum:]_.-]\\)\\@1<!\\.\\%({}\\)\\>\"\n",
        words::attributes().join("\\|")
    );
    let defined = "syntax match warpDefined \"[[:alpha:]_][[:alnum:]_.-]*\" contained\n";
    [
        keywords("warpInclude", "", &["warp", "include"]),
        keywords(
            "warpDeclaration",
            "nextgroup=warpDefined skipwhite ",
            &["backend", "probe", "director", "acl", "table", "const", "let", "fn", "override"],
        ),
        keywords("warpDeclaration", "nextgroup=warpStep,warpDefined skipwhite ", &["sub"]),
        defined.to_owned(),
        keywords("warpStep", "contained ", &words::steps()),
        attribute,
    ]
    .concat()
}

fn statements() -> String {
    // Elsewhere they are names.
    let words = CONTEXTUAL_STATEMENTS.join("\\|");
    let contextual = format!(
        "syntax match warpStatement \"\\%(^\\|[;{{}}]\\)\\@1<=\\s*\\zs\\%({words}\\)\\ze\\s\\+[[:alnum:]_\\\"]\"\n"
    );
    let opening = "syntax region warpReturnAction matchgroup=warpParen start=\"(\" end=\")\" contained contains=warpAction,@warpExpression\n";
    [
        &keywords("warpStatement", "", &["set", "unset"]),
        &keywords("warpStatement", "nextgroup=warpDefined skipwhite ", &["call"]),
        &keywords("warpStatement", "nextgroup=warpReturnAction skipwhite ", &["return"]),
        &contextual,
        &keywords("warpConditional", "", &words::conditionals()),
        opening,
        &keywords("warpAction", "contained ", &words::actions()),
        EXPRESSION,
    ]
    .concat()
}

const EXPRESSION: &str = "syntax cluster warpExpression contains=warpComment,warpString,warpMatch,warpNumber,warpBoolean,\
warpConstant,warpType,warpName,warpHeader,warpVariable,warpFunction,warpWordOperator,warpOperator,warpPunctuation,warpParens\n\
syntax region warpParens matchgroup=warpParen start=\"(\" end=\")\" contains=@warpExpression\n";

/// Rule tables and `normalize`: places with words of their own.
fn tables() -> String {
    let rules = "syntax region warpRules matchgroup=warpDeclaration start=\"\\%([[:alnum:]_.-]\\)\\@1<!rules\\>\" matchgroup=warpPunctuation end=\"}\" \
contains=@warpExpression,warpTable,warpShortName,warpRow,warpRuleParens\n\
syntax region warpRuleParens matchgroup=warpParen start=\"(\" end=\")\" contained \
contains=@warpExpression,warpShortName,warpRuleParens\n";
    let row = "syntax region warpRow matchgroup=warpArrow start=\"->\" matchgroup=warpPunctuation end=\";\" contained \
contains=@warpExpression,warpRuleAction,warpStatement\n";
    let normalize = "syntax region warpNormalize matchgroup=warpDeclaration start=\"\\%([[:alnum:]_.-]\\)\\@1<!normalize\\>\" \
matchgroup=warpPunctuation end=\"}\" contains=@warpExpression,warpClause,warpOperation,warpMessage\n";
    let key = "syntax match warpDeclaration \"\\%([[:alnum:]_.-]\\)\\@1<!key\\ze\\s*{\"\n\
syntax match warpDeclaration \"\\%([[:alnum:]_.-]\\)\\@1<!site\\ze\\s*\\\"\"\n";
    let invariant = "syntax region warpInvariant matchgroup=warpDeclaration start=\"\\%([[:alnum:]_.-]\\)\\@1<!invariant\\ze\\s*\\\"\" \
matchgroup=warpPunctuation end=\"}\" contains=@warpExpression,warpNamed,warpClaim\n";
    let test = "syntax match warpDeclaration \"\\%([[:alnum:]_.-]\\)\\@1<!test\\ze\\s*\\\"\" nextgroup=warpTestName skipwhite\n\
syntax region warpTestName start=+\"+ end=+\"\\|$+ oneline contained nextgroup=warpTest skipwhite skipempty\n\
syntax region warpTest matchgroup=warpPunctuation start=\"{\" end=\"}\" contained \
contains=@warpExpression,warpNamed,warpClaim,warpTestPart,warpFields\n\
syntax region warpFields matchgroup=warpPunctuation start=\"{\" end=\"}\" contained contains=@warpExpression\n";
    let table: Vec<&str> = [words::rule_tables(), RULE_MODES.to_vec(), vec!["when", "else"]].concat();
    [
        rules,
        row,
        normalize,
        key,
        invariant,
        test,
        &keywords("warpTestPart", "contained ", TEST_PARTS),
        &keywords("warpNamed", "contained ", &words::names_in_invariants()),
        "syntax match warpClaim \"\\<\\%(contains\\|excludes\\)\\>\" contained\n",
        &keywords("warpTable", "contained ", &table),
        &keywords("warpShortName", "contained ", &words::short_names()),
        &keywords("warpRuleAction", "contained ", &words::rule_actions()),
        &keywords("warpClause", "contained ", NORMALIZE_CLAUSES),
        &keywords("warpOperation", "contained ", NORMALIZE_OPERATIONS),
        &keywords("warpMessage", "contained ", &words::messages()),
    ]
    .concat()
}

const LINKS: &str = r#"
highlight default link warpAction Function
highlight default link warpArrow Operator
highlight default link warpAttribute Identifier
highlight default link warpBoolean Boolean
highlight default link warpClaim Operator
highlight default link warpClause Type
highlight default link warpComment Comment
highlight default link warpConditional Conditional
highlight default link warpConstant Constant
highlight default link warpDeclaration Structure
highlight default link warpDefined Function
highlight default link warpFunction Function
highlight default link warpHeader Special
highlight default link warpInclude Include
highlight default link warpMatch Operator
highlight default link warpMessage Special
highlight default link warpNamed Special
highlight default link warpNumber Number
highlight default link warpOperation Function
highlight default link warpOperator Operator
highlight default link warpParen Delimiter
highlight default link warpPunctuation Delimiter
highlight default link warpRegex SpecialChar
highlight default link warpRuleAction Function
highlight default link warpShortName Special
highlight default link warpStatement Statement
highlight default link warpStep Keyword
highlight default link warpString String
highlight default link warpTable Conditional
highlight default link warpTestName String
highlight default link warpTestPart Statement
highlight default link warpType Type
highlight default link warpVariable Special
highlight default link warpWordOperator Operator

let b:current_syntax = "warp"
"#;
