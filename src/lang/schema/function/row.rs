//! What is known of a function.

use crate::lang::schema::{Step, StepSet, Type};

/// What the result of a function depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// On its arguments alone: it may be called early, once for many or not at all.
    Pure,
    /// On the world too (chance, the health of a backend, how often something was asked): it is called
    /// exactly where and when it is written.
    Reads,
    /// It does something; it is called exactly where and when it is written.
    Effect,
}

/// A value that stands in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// Nothing: unset.
    Unset,
    /// STRING, or the word of an enumeration.
    Text(&'static str),
    /// INT.
    Int(i64),
    /// REAL.
    Real(f64),
    /// BOOL.
    Bool(bool),
    /// DURATION in milliseconds.
    Duration(i64),
    /// BYTES.
    Bytes(i64),
    /// LIST.
    List(&'static [&'static str]),
    /// TIME: `now`.
    Now,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// A value of that type. For STRING anything is taken and turned into text. REGEX, ACL and LIST are
    /// known when the policy is checked.
    Value(Type),
    /// One of these words, without quotation marks.
    Words(&'static [&'static str]),
    /// A STRING that is not shown to people: the key of a signature.
    Secret,
    /// A header field. An effect changes it.
    Header,
    /// The path of a file, known when the policy is checked; what is taken is what it holds.
    File,
    /// The path of a file, known when the policy is checked; what is taken is whether it is there.
    Presence,
    /// Users: the path of a file, or a list of its lines.
    Users,
    /// Keys of tokens: the path of a file, or what it would hold.
    Keys,
    /// The path of a database of networks.
    Database,
}

impl Takes {
    /// What stands in the place of a value and is no value: its name in the reference, and what is written.
    pub const PLACES: &[(&'static str, &'static str)] = &[
        ("HEADER", "a header field by its name, such as req.http.Accept; the function looks at all of its lines"),
        (
            "FILE",
            "the path of a file in quotes, known when the policy is checked; it counts from the folder of the file it stands in",
        ),
    ];

    /// What may stand there, by the names of the reference: types, those of [`Self::PLACES`], or the words.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        match self {
            Self::Value(ty) => vec![ty.name()],
            Self::Words(words) => words.to_vec(),
            Self::Secret => vec![Type::String.name()],
            Self::Header => vec!["HEADER"],
            Self::File | Self::Presence | Self::Database => vec!["FILE"],
            Self::Users => vec!["FILE", Type::List.name()],
            Self::Keys => vec!["FILE", Type::String.name()],
        }
    }
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the reference and in `name: value`.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it is if it is left out; `None` if it may not be.
    pub default: Option<Constant>,
}

/// An example: what is written, and what it is the same as; nothing for an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// A call.
    pub code: &'static str,
    /// An expression of the same value, or `unset`.
    pub yields: Option<&'static str>,
}

/// A mistake: what is written, and the code of the diagnostic that it draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// A call.
    pub code: &'static str,
    /// `E0305`
    pub draws: &'static str,
}

/// All that is known of a function.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name as written: `std.tolower`.
    pub name: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [Parameter],
    /// What it yields; [`Type::Void`] for a function that stands as a statement.
    pub result: Type,
    /// Whether the result may be unset.
    pub may_be_unset: bool,
    /// What the result depends on.
    pub class: Class,
    /// The steps in which it may be called.
    pub steps: StepSet,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Examples; run by the tests.
    pub examples: &'static [Example],
    /// Mistakes that are easily made; run by the tests.
    pub mistakes: &'static [Mistake],
}

/// In every step.
pub(super) const ANYWHERE: StepSet = StepSet::ALL;
/// Where a request comes in.
pub(super) const RECV: StepSet = StepSet::of(&[Step::Recv]);
/// On the client's side.
pub(super) const CLIENTS: StepSet = StepSet::CLIENT;
/// Where the cache key is made.
pub(super) const HASH: StepSet = StepSet::of(&[Step::Hash]);
/// Where a response is made up.
pub(super) const MADE_UP: StepSet = StepSet::of(&[Step::Synth, Step::BackendError]);

/// Where something is done beside the request: everywhere but where its key is made, which is also asked for other
/// requests.
pub const ACTING: StepSet = StepSet::of(&[
    Step::Recv,
    Step::Hit,
    Step::Miss,
    Step::Pass,
    Step::Purge,
    Step::Deliver,
    Step::Synth,
    Step::BackendFetch,
    Step::BackendResponse,
    Step::BackendError,
]);

/// The functions of a family. A row is
///
/// ```text
/// Variant "name" (parameter: Type, word: Words("a", "b") = Text("a")) -> Type or Unset, Class in STEPS,
///     "What it does."
///     examples ["name(x)" => "y"]
///     mistakes ["name()" => "E0305"];
/// ```
///
/// where `= …` is the default of a parameter, a [`Constant`], and `or Unset` stands only where the result
/// may be unset. The examples of effects have no `=> …`.
macro_rules! functions {
    (
        $(#[$about:meta])* $family:ident:
        $($variant:ident $name:literal
            ($($parameter:ident : $takes:ident $(($($word:literal),+))? $(= $default:ident $(($value:expr))?)?),*)
            -> $result:ident $(or $unset:ident)?, $class:ident in $steps:ident,
            $doc:literal
            examples [$($example:literal $(=> $yields:literal)?),*]
            mistakes [$($mistake:literal => $code:literal),*];)*
    ) => {
        use $crate::lang::schema::Type;
        use $crate::lang::schema::function::row;

        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $family { $(#[doc = $doc] $variant,)* }

        impl $family {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// All that is known of it.
            #[must_use]
            pub const fn row(self) -> &'static row::Row {
                match self {
                    $(Self::$variant => const { &row::Row {
                        name: $name,
                        parameters: &[$(row::Parameter {
                            name: stringify!($parameter),
                            takes: $crate::lang::schema::function::row::takes!($takes $($($word)+)?),
                            default: row::given!($($default $(($value))?)?),
                        },)*],
                        result: Type::$result,
                        may_be_unset: matches!(row::given!($($unset)?), Some(row::Constant::Unset)),
                        class: row::Class::$class,
                        steps: row::$steps,
                        doc: $doc,
                        examples: &[$(row::Example { code: $example, yields: row::written!($($yields)?) },)*],
                        mistakes: &[$(row::Mistake { code: $mistake, draws: $code },)*],
                    } },)*
                }
            }
        }
    };
}

/// What a parameter takes: `Words "a" "b"`, one of the other kinds, or a type.
macro_rules! takes {
    (Words $($word:literal)+) => { $crate::lang::schema::function::row::Takes::Words(&[$($word),+]) };
    (Secret) => { $crate::lang::schema::function::row::Takes::Secret };
    (Header) => { $crate::lang::schema::function::row::Takes::Header };
    (File) => { $crate::lang::schema::function::row::Takes::File };
    (Database) => { $crate::lang::schema::function::row::Takes::Database };
    (Keys) => { $crate::lang::schema::function::row::Takes::Keys };
    (Users) => { $crate::lang::schema::function::row::Takes::Users };
    (Presence) => { $crate::lang::schema::function::row::Takes::Presence };
    ($ty:ident) => { $crate::lang::schema::function::row::Takes::Value($crate::lang::schema::Type::$ty) };
}

/// A constant that may be left out.
macro_rules! given {
    () => { None };
    ($constant:ident $(($value:expr))?) => {
        Some($crate::lang::schema::function::row::Constant::$constant $(($value))?)
    };
}

/// A text that may be left out.
macro_rules! written {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

pub(super) use {functions, given, takes, written};
