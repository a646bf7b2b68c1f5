//! From the directors of a policy to those that run.

use std::sync::Arc;

use crate::lang::hir::{self, BackendId, Choice, Hir, ShardHealth};
use crate::origin::{Backend, Director, DirectorDefinition, Registry, Shard, Target, Way, full_name};

/// The running directors of a site or of the root, in the order of the declared ones, with `backends` as their members.
pub(super) fn resolve(
    site: Option<&str>,
    hir: &Hir,
    backends: &[Arc<Backend>],
    registry: &Registry,
) -> Vec<Arc<Director>> {
    let made = vec![None; hir.directors.len()];
    let mut resolving = Resolving { site, hir, backends, registry, made };
    (0..hir.directors.len()).filter_map(|at| resolving.director(at)).collect()
}

struct Resolving<'a> {
    site: Option<&'a str>,
    hir: &'a Hir,
    backends: &'a [Arc<Backend>],
    registry: &'a Registry,
    made: Vec<Option<Arc<Director>>>,
}

impl Resolving<'_> {
    /// The director of that number. Recurses as deep as directors nest, which the checker bounds.
    fn director(&mut self, at: usize) -> Option<Arc<Director>> {
        if let Some(made) = self.made.get(at).cloned().flatten() {
            return Some(made);
        }
        let declared = self.hir.directors.get(at)?;
        let members = declared.members.iter().filter_map(|member| self.target(member.backend)).collect();
        let number = u32::try_from(at).ok()?;
        let made = Arc::new(self.registry.director(number, definition(self.site, self.hir, declared), members));
        *self.made.get_mut(at)? = Some(made.clone());
        Some(made)
    }

    fn target(&mut self, id: BackendId) -> Option<Target> {
        if let Some(backend) = self.backends.get(id.0 as usize) {
            return Some(Target::Backend(id.0, backend.clone()));
        }
        self.director((id.0 as usize).checked_sub(self.backends.len())?).map(Target::Director)
    }
}

fn definition(site: Option<&str>, hir: &Hir, declared: &hir::Director) -> DirectorDefinition {
    let name = |id| full_name(site, hir.backend_name(id).unwrap_or_default());
    DirectorDefinition {
        name: full_name(site, &declared.name),
        way: way(&declared.choice),
        members: declared.members.iter().map(|member| (name(member.backend), member.weight)).collect(),
    }
}

fn way(choice: &Choice) -> Way {
    match choice {
        Choice::RoundRobin => Way::RoundRobin,
        Choice::Fallback { sticky } => Way::Fallback { sticky: *sticky },
        Choice::Random => Way::Random,
        Choice::Hash(_) => Way::Hash,
        Choice::Shard(shard) => Way::Shard(Shard {
            replicas: shard.replicas,
            warmup: shard.warmup,
            rampup: shard.rampup,
            looks_at_chosen: shard.health != ShardHealth::Ignore,
            looks_at_skipped: shard.health == ShardHealth::All,
        }),
        Choice::LeastConn => Way::LeastConn,
        Choice::P2c => Way::P2c,
    }
}
