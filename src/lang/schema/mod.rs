//! The vocabulary as data: the only list of steps, actions, variables, functions, attributes and
//! units. The checker, the editors' files and the reference in `docs/` all read it.

mod action;
mod attribute;
mod directive;
mod director;
pub mod function;
mod keyword;
mod rule_action;
mod status;
mod step;
mod target;
mod types;
mod unit;
mod variable;

pub use action::{Action, ActionArguments};
pub use attribute::{Attribute, BACKEND_ATTRIBUTES, MEMBER_ATTRIBUTES, PROBE_ATTRIBUTES};
pub use directive::{Directive, DirectiveView};
pub use director::DirectorKind;
pub use function::Function;
pub use keyword::{
    CONTEXTUAL_STATEMENTS, CONTEXTUAL_WORDS, DECLARATIONS, ELSE_IF_WORDS, KEY_PIECE, NORMALIZE_CLAUSES,
    NORMALIZE_OPERATIONS, RULE_MODES, SOFT, STATEMENTS, TEST_PARTS, VALUES, WORD_OPERATORS,
};
pub use rule_action::{RuleAction, RuleTable};
pub use status::{STATUS_WORDS, join_status, split_status, status};
pub use step::{Step, StepSet};
pub use target::{is_host, is_target};
pub use types::Type;
pub use unit::{BYTE_UNITS, DURATION_UNITS, Unit, written_duration};
pub use variable::{Access, Message, SHORT_NAMES, ShortName, Variable};
