use std::fmt::Write;

use super::super::several::made;
use super::super::{Analysis, Blind};
use crate::files::MemoryFiles;
use crate::lang::check::check;

/// Numbers that are the same each time (a linear congruential generator).
struct Dice(u64);

impl Dice {
    fn of(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.of(texts.len())]
    }

    fn condition(&mut self) -> String {
        let field = self.pick(&["A", "B", "C"]);
        match self.of(6) {
            0 => format!("req.http.{field} == \"a\""),
            1 => format!("req.http.{field} ~ \"^b\""),
            2 => format!("(req.http.{field} ?? req.http.B ?? \"c\") == \"b\""),
            3 => format!("req.path under \"/{field}/\""),
            4 => format!("t[req.http.{field}] == \"b\" or not req.http.C"),
            _ => format!("req.http.{field} == req.http.B"),
        }
    }

    /// `if`s within each other, of which some call the subs that come before.
    fn block(&mut self, depth: usize, subs: usize, text: &mut String) {
        for _ in 0..=self.of(3) {
            let field = self.pick(&["A", "B", "C"]);
            match self.of(9) {
                0 => write!(text, "set req.http.{field} = req.http.B ?? \"b\"; "),
                1 => write!(text, "set req.http.{field} = t[req.http.A] ?? req.http.{field}; "),
                2 => {
                    write!(text, "set req.http.{field} = match req.http.C {{ \"a\" -> \"b\"; else -> req.http.A; }}; ")
                }
                3 => write!(text, "set req.backend_hint = b; "),
                4 if depth == 0 => write!(text, "return (pass); "),
                4..=6 if subs > 0 => write!(text, "call s{}; ", self.of(subs)),
                _ if depth < 4 => {
                    let condition = self.condition();
                    write!(text, "if ({condition}) {{ ").unwrap();
                    self.block(depth + 1, subs, text);
                    text.push_str("} else { ");
                    self.block(depth + 1, subs, text);
                    write!(text, "}} ")
                }
                _ => write!(text, "unset req.http.{field}; "),
            }
            .unwrap();
            if text.ends_with("return (pass); ") {
                return;
            }
        }
    }

    fn policy(&mut self) -> String {
        let mut text = "warp 1; backend a { .host = \"127.0.0.1\"; } backend b { .host = \"127.0.0.2\"; }\n\
                        table t { \"a\": \"b\", \"b\": \"c\" }\n"
            .to_owned();
        for sub in 0..6 {
            write!(text, "sub s{sub} {{ ").unwrap();
            for _ in 0..3 {
                self.block(1, sub, &mut text);
            }
            text.push_str("}\n");
        }
        text.push_str("sub recv { ");
        for _ in 0..6 {
            self.block(1, 6, &mut text);
        }
        text.push_str("}\n");
        text
    }
}

/// What is made for a policy, where no more than so much is to be done, and whether it is known then what it does.
fn walked(text: &str, most: usize) -> (usize, bool) {
    let checked = check("p.warp", &MemoryFiles::new("p.warp", text));
    let hir = checked.hir.unwrap_or_else(|| panic!("{text}\n{:#?}", checked.diagnostics));
    let analysis = Analysis::new(&hir);
    analysis.cx.unknowns.effort.most.set(most);
    let before = made();
    let journeys = analysis.journeys(&mut Blind);
    assert_eq!(journeys.gave_up, analysis.gave_up());
    (made() - before, journeys.gave_up.is_none())
}

/// Nothing that is done between two looks at the budget is large.
#[test]
fn no_more_is_made_than_the_budget_allows() {
    const MOST: usize = 20_000;
    let mut over = 0;
    for seed in 0..24 {
        let text = Dice(seed).policy();
        let (made, is_known) = walked(&text, MOST);
        over += usize::from(!is_known);
        assert!(made <= MOST + MOST / 2, "seed {seed}: {made} parts for\n{text}");
    }
    assert!(over >= 12, "{over}");
}

/// Each `if` leaves what was there before in two places, which is twice as much each time if it is not known again.
#[test]
fn what_choices_have_in_common_is_asked_once() {
    let mut ifs = String::new();
    for at in 0..40 {
        writeln!(
            ifs,
            "if (req.http.A{at}) {{ if (req.http.B{at}) {{ set req.http.X = \"1\"; }} }} \
             else {{ if (req.http.C{at}) {{ set req.http.X = \"2\"; }} }}"
        )
        .unwrap();
    }
    for at in 0..40 {
        writeln!(ifs, "if (req.http.X ~ \"^{at}\") {{ return (pass); }}").unwrap();
    }
    let text = format!("warp 1; backend a {{ .host = \"127.0.0.1\"; }} sub recv {{ {ifs} }}");
    let (made, is_known) = walked(&text, super::MOST_EFFORT);
    assert!(is_known && made < 300_000, "{made}");
}

/// What one of many arms leaves otherwise is kept as that arm and the others, and not as all of these one by one.
#[test]
fn many_arms_that_begin_again_are_few_parts() {
    let arm = |at| format!("if (req.http.R{at} == \"x\") {{ set req.http.R{at} = \"y\"; return (restart); }} ");
    let arms: String = (0..3_000).map(arm).collect();
    let text =
        format!("warp 1; backend a {{ .host = \"127.0.0.1\"; }} sub recv {{ {arms} }} invariant \"i\" {{ stored }}");
    let (made, is_known) = walked(&text, super::MOST_EFFORT);
    assert!(is_known && made < 600_000, "{made}");
}
