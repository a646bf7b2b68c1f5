//! From checked policies to running ones: the root's, and those of its sites.
//!
//! What outlives a policy is kept by the name of its site as well, so that sites have nothing in common because they
//! call it the same. All that can still be found wrong is found before anything is started.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::load::Lasting;
use super::reads::Texts;
use super::{Failures, Loaded, Policy, Sites, acls, backends, directors};
use crate::decision::Program;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::{self, Hir};
use crate::lang::source::SourceMap;
use crate::origin::{BackendDefinition, Registry};

/// How long is waited for what the names of access lists stand for.
const WAIT: Duration = Duration::from_secs(5);

/// What the policies of one load have in common.
pub(super) struct Load<'a> {
    /// When it began.
    pub(super) started: Instant,
    /// Its number.
    pub(super) generation: u64,
    /// What there is of earlier ones.
    pub(super) lasting: &'a Lasting,
    /// Where it comes from.
    pub(super) loaded: Arc<Loaded>,
    /// The texts that its files had.
    pub(super) texts: Texts<'a>,
    /// The text of all files.
    pub(super) sources: Arc<SourceMap>,
}

/// The root's policy and those of its sites, for which all is at hand.
pub(super) struct Ready {
    root: Draft<acls::Resolved>,
    sites: Vec<(hir::Site, Draft<acls::Resolved>)>,
}

/// A policy with what it needs of the world: names that are being looked up, and later what they stand for.
struct Draft<Lists> {
    site: Option<Box<str>>,
    hir: Hir,
    backends: Vec<BackendDefinition>,
    lists: Lists,
}

impl Ready {
    /// Reads certificates, and looks up the names in access lists.
    ///
    /// # Errors
    /// What is wrong with them. Nothing was started then.
    pub(super) fn new(mut root: Hir, registry: &Registry) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let sites = std::mem::take(&mut root.sites);
        let root = Draft::begin(None, root, registry, &mut findings);
        let drafts: Vec<_> = sites
            .iter()
            .map(|site| Draft::begin(Some(site.name()), Hir::clone(&site.policy), registry, &mut findings))
            .collect();
        // All lookups are under way by now.
        let until = Instant::now() + WAIT;
        let root = root.complete(until, &mut findings);
        let drafts = drafts.into_iter().map(|draft| draft.complete(until, &mut findings));
        let ready = Self { root, sites: sites.into_iter().zip(drafts).collect() };
        if findings.is_empty() {
            return Ok(ready);
        }
        findings.sort_by_key(|finding| finding.primary.span);
        // Sites of the same file have the same mistakes.
        findings.dedup();
        Err(findings)
    }

    /// Lowers them and starts what they need.
    pub(super) fn run(self, load: &Load<'_>) -> Policy {
        let mut sites = Sites::default();
        for (site, draft) in self.sites {
            sites.add(Arc::new(draft.run(Sites::default(), load)), &site.hosts, site.file);
        }
        self.root.run(sites, load)
    }
}

impl Draft<acls::LookedUp> {
    fn begin(site: Option<String>, hir: Hir, registry: &Registry, findings: &mut Vec<Diagnostic>) -> Self {
        let site = site.map(String::into_boxed_str);
        let backends = backends::definitions(site.as_deref(), &hir.backends, findings);
        let lists = acls::look_up(&hir, registry);
        Self { site, hir, backends, lists }
    }

    fn complete(self, until: Instant, findings: &mut Vec<Diagnostic>) -> Draft<acls::Resolved> {
        let Self { site, hir, backends, lists } = self;
        Draft { site, hir, backends, lists: lists.wait(until, findings) }
    }
}

impl Draft<acls::Resolved> {
    fn run(self, sites: Sites, load: &Load<'_>) -> Policy {
        let Self { site, hir, backends, lists } = self;
        let Lasting { registry, limiters, counters, metrics } = load.lasting;
        let backends: Vec<_> = backends.iter().map(|definition| registry.backend(definition)).collect();
        let directors = directors::resolve(site.as_deref(), &hir, &backends, registry);
        let definitions = hir.rate_limits.iter().map(|limit| limit.definition.as_str());
        let rate_limits = limiters.of(site.as_deref().unwrap_or_default(), definitions);
        let default_backend = hir.default_backend;
        let program = Program::new(hir);
        Policy {
            generation: load.generation,
            fired: counters.of(site.as_deref().unwrap_or_default(), &program, &load.sources, &load.texts),
            site,
            sites,
            directors,
            rate_limits,
            backends,
            default_backend,
            failures: Failures::new(Arc::clone(metrics)),
            _acl_hosts: lists.keep(&program),
            program,
            sources: Arc::clone(&load.sources),
            loaded: Arc::clone(&load.loaded),
            compile_time: load.started.elapsed(),
        }
    }
}
