//! What pest expected, in the user's words.

use super::grammar::Rule;

/// What is expected where nothing but a text in quotes can stand.
pub(super) const A_TEXT: &str = "a text in quotes";

/// What would have been right at the place of an error.
#[derive(Debug, Default)]
pub(super) struct Expected {
    rules: Vec<Rule>,
}

impl Expected {
    /// Takes what pest lists as "positives".
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Whether `rule` is among them.
    pub(super) fn has(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    /// Whether a value is complete and could go on with an operator.
    pub(super) fn operator(&self) -> bool {
        self.rules.iter().any(|rule| is_operator(*rule))
    }

    /// Whether a value could stand there.
    pub(super) fn value(&self) -> bool {
        self.rules.iter().any(|rule| in_words(*rule) == "a value")
    }

    /// Whether nothing but these are expected.
    pub(super) fn only(&self, allowed: &[Rule]) -> bool {
        self.rules.iter().all(|rule| allowed.contains(rule))
    }

    /// `` `;` or an operator``
    pub(super) fn in_words(&self) -> String {
        let mut words: Vec<&'static str> = Vec::new();
        // In an acl the slash is the only "operator".
        let slash_alone = self.has(Rule::divide) && !self.has(Rule::multiply);
        for rule in &self.rules {
            let word = if slash_alone && *rule == Rule::divide { "`/`" } else { in_words(*rule) };
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() && self.has(Rule::dot) {
            words.push("`.`");
        }
        words.sort_by_key(|word| !word.starts_with('`'));
        join(&words)
    }
}

/// `a, b or c`
fn join(words: &[&str]) -> String {
    match words.split_last() {
        None => "nothing more".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

fn is_operator(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::or_mark
            | Rule::otherwise_mark
            | Rule::and_mark
            | Rule::kw_or
            | Rule::kw_and
            | Rule::equal
            | Rule::not_equal
            | Rule::less
            | Rule::less_or_equal
            | Rule::greater
            | Rule::greater_or_equal
            | Rule::match_mark
            | Rule::not_match
            | Rule::kw_in
            | Rule::kw_under
            | Rule::kw_ext
            | Rule::kw_has
            | Rule::kw_any
            | Rule::plus
            | Rule::minus
            | Rule::multiply
            | Rule::divide
            | Rule::remainder
            | Rule::dots
    )
}

/// One expectation in words; empty if it goes without saying beside the others.
fn in_words(rule: Rule) -> &'static str {
    if is_operator(rule) {
        return "an operator";
    }
    mark(rule).or_else(|| keyword(rule)).unwrap_or(match rule {
        Rule::expression
        | Rule::conjunction
        | Rule::negation
        | Rule::comparison
        | Rule::sum
        | Rule::fallback
        | Rule::match_value
        | Rule::tests
        | Rule::test
        | Rule::product
        | Rule::unary
        | Rule::key_part
        | Rule::reference
        | Rule::group
        | Rule::header
        | Rule::key_claim
        | Rule::kw_true
        | Rule::kw_false
        | Rule::kw_match
        | Rule::argument
        | Rule::label
        | Rule::not_mark
        | Rule::kw_not
        | Rule::item
        | Rule::list => "a value",
        Rule::string | Rule::acl_entry | Rule::table_entry | Rule::entries => A_TEXT,
        Rule::texts => "a list of texts",
        Rule::method => "a method such as `GET`",
        Rule::field_line | Rule::field_name => "a field such as `Cookie`",
        Rule::address => "an address such as `10.0.0.1`",
        Rule::number => "a number",
        Rule::name | Rule::dotted_name | Rule::path | Rule::word | Rule::clause | Rule::operation => "a name",
        Rule::type_name => "a type",
        Rule::parameter => "a parameter such as `path: STRING`",
        Rule::action => "an action such as `pass`",
        Rule::attribute | Rule::attribute_name | Rule::attributes => "an attribute such as `.host`",
        Rule::member => "a backend",
        Rule::let_statement
        | Rule::set_statement
        | Rule::unset_statement
        | Rule::call_statement
        | Rule::return_statement
        | Rule::if_statement
        | Rule::match_statement
        | Rule::tag_statement
        | Rule::ban_statement
        | Rule::effect
        | Rule::fn_if
        | Rule::fn_match
        | Rule::value_return => "a statement",
        Rule::set | Rule::unset | Rule::call | Rule::rule_action | Rule::step => "an action",
        Rule::row => "`when`",
        Rule::arm | Rule::fn_arm | Rule::choice => "a test",
        Rule::else_row
        | Rule::else_if
        | Rule::fn_else_if
        | Rule::fn_otherwise
        | Rule::otherwise
        | Rule::otherwise_arm
        | Rule::fn_else_arm
        | Rule::otherwise_choice => "`else`",
        Rule::block | Rule::fn_block => "`{`",
        Rule::condition => "`(`",
        _ => "",
    })
}

fn mark(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::brace_open => "`{`",
        Rule::brace_close => "`}`",
        Rule::paren_open | Rule::arguments | Rule::operands | Rule::parameters => "`(`",
        Rule::paren_close => "`)`",
        Rule::bracket_open | Rule::index => "`[`",
        Rule::bracket_close => "`]`",
        Rule::semicolon => "`;`",
        Rule::comma => "`,`",
        Rule::colon | Rule::table_types => "`:`",
        Rule::arrow => "`->`",
        Rule::assign => "`=`",
        Rule::implies => "`=>`",
        _ => return None,
    })
}

fn keyword(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::kw_if => "`if`",
        Rule::kw_else => "`else`",
        Rule::kw_when => "`when`",
        Rule::kw_none => "`none`",
        Rule::kw_response => "`response`",
        Rule::kw_first => "`first`",
        Rule::kw_unique => "`unique`",
        Rule::kw_from => "`from`",
        Rule::kw_req => "`req`",
        Rule::kw_sorted => "`sorted`",
        Rule::kw_contains => "`contains`",
        Rule::kw_excludes => "`excludes`",
        Rule::kw_where => "`where`",
        Rule::sent => "`request`, `before`",
        Rule::kw_request => "`request`",
        Rule::kw_before => "`before`",
        Rule::kw_origin => "`origin`",
        Rule::kw_expect => "`expect`",
        _ => return None,
    })
}
