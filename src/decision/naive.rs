//! The oracle: walks the typed policy as written, statement by statement.
//!
//! It shares the values of expressions with the tree and nothing else: no lowering, no index, no
//! order of tests but the written one, access lists entry by entry. Given a policy that was typed
//! [as written](crate::lang::check::Options::as_written), it shares nothing of what is put otherwise there either.

use super::eval::{Acls, Context, Scope, Tables, Work, conclude, perform};
use super::facts::{Facts, Value};
use super::program::Verdict;
use crate::lang::hir::{Body, Hir, Statement, StatementKind};
use crate::lang::schema::Step;

/// Runs a step on a request. The depth of the stack grows with that of the policy's blocks and calls.
pub fn run<F: Facts>(hir: &Hir, step: Step, facts: &mut F) -> Verdict {
    let names = hir.target_names();
    let (acls, tables) = (Acls::Declared(&hir.acls), Tables::Declared(&hir.tables));
    let work = Work::new();
    let context = Context { step, names: &names, acls, tables, work: Some(&work), counts: false };
    let decided = hir.step(step).and_then(|step| match (Walk { hir, context, facts }).body(&step.body) {
        Flow::Ended(verdict) => Some(verdict),
        Flow::On | Flow::Left => None,
    });
    decided.unwrap_or_else(|| Verdict::undecided(step))
}

/// What a statement leads to.
enum Flow {
    /// The next statement.
    On,
    /// The end of the sub.
    Left,
    /// The end of the step.
    Ended(Verdict),
}

struct Walk<'a, F> {
    hir: &'a Hir,
    context: Context<'a>,
    facts: &'a mut F,
}

impl<F: Facts> Walk<'_, F> {
    fn body(&mut self, body: &Body) -> Flow {
        self.block(&body.statements, &mut Vec::with_capacity(body.locals))
    }

    fn block(&mut self, statements: &[Statement], locals: &mut Vec<Value<'static>>) -> Flow {
        for statement in statements {
            match self.statement(statement, locals) {
                Flow::On => {}
                end => return end,
            }
        }
        Flow::On
    }

    fn statement(&mut self, statement: &Statement, locals: &mut Vec<Value<'static>>) -> Flow {
        match &statement.kind {
            StatementKind::If { arms, otherwise, .. } => {
                let scope = Scope::new(&*self.facts, locals, self.context);
                let chosen = arms.iter().find(|arm| scope.holds(&arm.condition));
                if let Err(why) = self.context.check_work() {
                    return Flow::Ended(Verdict::refused(why, None));
                }
                self.block(chosen.map_or(otherwise, |arm| &arm.body), locals)
            }
            StatementKind::Call(id) => match self.hir.subs.get(id.0 as usize).map(|sub| self.body(&sub.body)) {
                Some(Flow::Ended(verdict)) => Flow::Ended(verdict),
                Some(Flow::On | Flow::Left) | None => Flow::On,
            },
            StatementKind::Leave => Flow::Left,
            StatementKind::Return(outcome) => {
                let scope = Scope::new(&*self.facts, locals, self.context);
                Flow::Ended(conclude(outcome, statement.span, &scope))
            }
            kind => match perform(kind, self.facts, locals, 0, self.context) {
                Ok(()) => Flow::On,
                Err(why) => Flow::Ended(Verdict::refused(why, Some(statement.span))),
            },
        }
    }
}
