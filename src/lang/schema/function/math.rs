//! Numbers.

use super::row::functions;

functions! {
    /// Numbers.
    Math:

    Round "std.round" (number: Real) -> Real, Pure in ANYWHERE,
        "The nearest whole number; halves go away from zero."
        examples ["std.round(2.5)" => "3.0", "std.round(-2.4)" => "-2.0"]
        mistakes [r#"std.round("2.5")"# => "E0301"];

    Floor "math.floor" (number: Real) -> Real, Pure in ANYWHERE,
        "The greatest whole number that is not above it."
        examples ["math.floor(2.7)" => "2.0", "math.floor(-2.1)" => "-3.0"]
        mistakes [r#"math.floor("2.7")"# => "E0301"];

    Ceil "math.ceil" (number: Real) -> Real, Pure in ANYWHERE,
        "The least whole number that is not below it."
        examples ["math.ceil(2.1)" => "3.0", "math.ceil(-2.7)" => "-2.0"]
        mistakes [r#"math.ceil("2.1")"# => "E0301"];

    Trunc "math.trunc" (number: Real) -> Real, Pure in ANYWHERE,
        "The whole number towards zero."
        examples ["math.trunc(-2.7)" => "-2.0"]
        mistakes [r#"math.trunc("2.1")"# => "E0301"];

    Abs "math.abs" (number: Int) -> Int, Pure in ANYWHERE,
        "The number without its sign."
        examples ["math.abs(-7)" => "7"]
        mistakes ["math.abs(-7s)" => "E0301"];

    Min "math.min" (first: Int, second: Int) -> Int, Pure in ANYWHERE,
        "The smaller number."
        examples ["math.min(3, 5)" => "3"]
        mistakes ["math.min(3)" => "E0305"];

    Max "math.max" (first: Int, second: Int) -> Int, Pure in ANYWHERE,
        "The greater number."
        examples ["math.max(3, 5)" => "5"]
        mistakes ["math.max(3)" => "E0305"];

    ToInteger "std.real2integer" (number: Real, fallback: Int) -> Int, Pure in ANYWHERE,
        "The number rounded to a whole one, or the fallback if there is none so large."
        examples ["std.real2integer(2.5, 0)" => "3", "std.real2integer(1000000000000000000000.0, 7)" => "7"]
        mistakes ["std.real2integer(2.5)" => "E0305"];
}
