//! Functions, by families: one file here says what there is, one of the same name in
//! `decision/eval/functions` says what it does.
//!
//! To add a function, add a row to the file of its family and an arm to its evaluation. The row's
//! examples and mistakes are shown in the reference and run by the tests. To add a family, add both
//! files and name them where the families are listed.

mod row;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use row::{ACTING, Class, Constant, Example, Mistake, Parameter, Row, Takes};

use super::{StepSet, Type};

macro_rules! families {
    ($($(#[$doc:meta])* $module:ident $family:ident $title:literal;)*) => {
        $(mod $module; pub use $module::$family;)*

        /// A built-in function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Function { $($(#[$doc])* $family($family),)* }

        impl Function {
            /// The families: their titles in the reference, and their functions.
            #[must_use]
            pub fn families() -> Vec<(&'static str, Vec<Self>)> {
                vec![$(($title, $family::ALL.iter().copied().map(Self::$family).collect()),)*]
            }

            /// All that is known of it.
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self { $(Self::$family(function) => function.row(),)* }
            }
        }

        $(impl From<$family> for Function {
            fn from(function: $family) -> Self {
                Self::$family(function)
            }
        })*
    };
}

families! {
    /// What belongs to the steps themselves.
    core Core "Core";
    /// Text: parts of it, its case, what it holds.
    text Text "Text";
    /// From one type to another.
    convert Convert "Conversions";
    /// Numbers.
    math Math "Numbers";
    /// Moments.
    time Time "Moments";
    /// Digests, message authentication, and text that carries bytes.
    digest Digest "Digests and encodings";
    /// Header fields with all of their lines.
    header Header "Header fields";
    /// What proves that somebody may come in.
    access Access "Access";
    /// What a client likes best.
    accept Accept "What a client likes";
    /// Signed tokens.
    jwt Jwt "Tokens";
    /// What a database knows of addresses.
    geo Geo "Places";
    /// The cookies of the request.
    cookie Cookie "Cookies";
    /// How often something comes.
    limit Limit "Rate limits";
    /// What is not in the request: chance, health, files, the clock.
    world World "The world";
}

impl Function {
    /// All of them, family by family.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::families().into_iter().flat_map(|(_, functions)| functions)
    }

    /// The function of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        static BY_NAME: LazyLock<HashMap<&str, Function>> =
            LazyLock::new(|| Function::all().map(|function| (function.name(), function)).collect());
        BY_NAME.get(name).copied()
    }

    /// The name as written: `std.tolower`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Its parameters in order.
    #[must_use]
    pub const fn parameters(self) -> &'static [Parameter] {
        self.row().parameters
    }

    /// What it yields; [`Type::Void`] for a function that stands as a statement.
    #[must_use]
    pub const fn result(self) -> Type {
        self.row().result
    }

    /// The steps in which it may be called.
    #[must_use]
    pub const fn steps(self) -> StepSet {
        self.row().steps
    }

    /// What its result depends on.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }
}
