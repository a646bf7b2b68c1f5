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

    Sqrt "math.sqrt" (number: Real) -> Real, Pure in ANYWHERE,
        "The square root of the number; 0 if it is below zero."
        examples ["math.sqrt(6.25)" => "2.5", "math.sqrt(-1.0)" => "0.0"]
        mistakes [r#"math.sqrt("4")"# => "E0301"];

    Pow "math.pow" (base: Real, exponent: Real) -> Real, Pure in ANYWHERE,
        "The base to the power of the exponent; 0 where there is no such number."
        examples ["math.pow(2.0, 10.0)" => "1024.0", "math.pow(-8.0, 0.5)" => "0.0"]
        mistakes ["math.pow(2.0)" => "E0305"];

    Exp "math.exp" (number: Real) -> Real, Pure in ANYWHERE,
        "The number e to that power."
        examples ["math.exp(0.0)" => "1.0"]
        mistakes ["math.exp()" => "E0305"];

    Log "math.log" (number: Real) -> Real, Pure in ANYWHERE,
        "The natural logarithm of the number; 0 if it is below zero."
        examples ["math.log(math.exp(2.0))" => "2.0", "std.round(math.log(8.0) / math.log(2.0))" => "3.0"]
        mistakes [r#"math.log("8")"# => "E0301"];

    ToInteger "std.real2integer" (number: Real, fallback: Int) -> Int, Pure in ANYWHERE,
        "The number rounded to a whole one, or the fallback if there is none so large."
        examples ["std.real2integer(2.5, 0)" => "3", "std.real2integer(1000000000000000000000.0, 7)" => "7"]
        mistakes ["std.real2integer(2.5)" => "E0305"];
}
