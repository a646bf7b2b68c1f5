//! The swap, on real files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::watch::Timing;
use super::{PolicyHandle, PolicySource, ReloadReport, Watcher, Workers};
use crate::decision::Value;
use crate::lang::hir::{BackendAddress, TableId};
use crate::origin::{Place, Registry};
use crate::telemetry::{Metrics, ReloadResult};

/// Longer than any of this takes on a busy machine; reached only by a test that fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// Events only: what is not seen by them is not seen at all.
const EVENTS: Timing = Timing { gather: Duration::from_millis(10), poll: Duration::from_hours(1), events: true };

/// No events: only looking.
const POLLING: Timing = Timing { gather: Duration::from_millis(10), poll: Duration::from_millis(20), events: false };

const BROKEN: &str = "warp 1;\nbackend default { .host = ; }\n";

fn policy(port: u16) -> String {
    format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}\n")
}

/// A folder with a policy file in it, loaded.
struct Site {
    folder: TempDir,
    path: PathBuf,
    handle: Arc<PolicyHandle>,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    /// `files` by relative path; the policy is `site.warp`.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self::open(folder, "site.warp", None)
    }

    fn open(folder: TempDir, policy: &str, origin: Option<BackendAddress>) -> Self {
        let path = folder.path().join(policy);
        let source = PolicySource { path: Some(path.clone()), origin };
        let (handle, runtime) = load(source);
        Self { folder, path, handle, _runtime: runtime }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, text: &str) {
        fs::write(&self.path, text).unwrap();
    }

    fn port(&self) -> u16 {
        port(&self.handle)
    }

    fn watch(&self, timing: Timing) -> Watched {
        let (sender, reports) = channel();
        let after = move |report: &ReloadReport| drop(sender.send(report.clone()));
        let workers = Arc::new(Workers::new(0));
        Watched { reports, watcher: Watcher::with_timing(self.handle.clone(), workers, timing, after).unwrap() }
    }
}

fn load(source: PolicySource) -> (Arc<PolicyHandle>, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let metrics = Arc::new(Metrics::new());
    let registry = Arc::new(Registry::new(runtime.handle().clone(), metrics.clone()));
    let handle = PolicyHandle::load(source, registry, metrics).unwrap_or_else(|error| panic!("{}", error.render()));
    (Arc::new(handle), runtime)
}

fn port(handle: &PolicyHandle) -> u16 {
    let policy = handle.current();
    let id = policy.default_backend.unwrap();
    match policy.backends[id.0 as usize].definition().place.as_ref().unwrap() {
        Place::Network(address) => address.port,
        other => panic!("{other} has no port"),
    }
}

struct Watched {
    reports: Receiver<ReloadReport>,
    watcher: Watcher,
}

impl Watched {
    /// Waits for the next reload.
    fn next(&self) -> ReloadReport {
        self.reports.recv_timeout(DEADLINE).expect("no reload was seen")
    }

    /// Waits until a policy is published; refused ones on the way are half-written files.
    fn published(&self) -> ReloadReport {
        loop {
            let report = self.next();
            if report.outcome == ReloadResult::Ok {
                return report;
            }
        }
    }

    fn rejected(&self) -> ReloadReport {
        loop {
            let report = self.next();
            if report.outcome == ReloadResult::Rejected {
                return report;
            }
        }
    }
}

mod reload {
    use super::*;

    #[test]
    fn publishes_a_changed_text_as_the_next_generation() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let before = site.handle.current();
        assert_eq!((before.generation, site.port()), (1, 1));

        site.write(&policy(2));
        let report = site.handle.reload();

        assert_eq!((report.outcome, report.generation, site.port()), (ReloadResult::Ok, 2, 2));
        assert_ne!(site.handle.current().loaded.fingerprint, before.loaded.fingerprint);
        assert_eq!(before.generation, 1, "who holds the old policy keeps it");
    }

    #[test]
    fn of_the_same_text_keeps_the_policy() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let before = site.handle.current();
        site.write(&policy(1));

        assert_eq!(site.handle.reload().outcome, ReloadResult::Unchanged);
        assert!(Arc::ptr_eq(&before, &site.handle.current()));
    }

    #[test]
    fn of_a_broken_text_keeps_the_policy_and_tells_why() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        site.write(BROKEN);

        let report = site.handle.reload();
        assert_eq!((report.outcome, report.generation, site.port()), (ReloadResult::Rejected, 1, 1));

        let status = serde_json::to_value(site.handle.status()).unwrap();
        assert_eq!(status["generation"], 1);
        assert_eq!(status["reloads_rejected"], 1);
        assert_eq!(status["last_reload"]["outcome"], "rejected");
        assert!(status["last_reload"]["errors"].as_u64().unwrap() > 0);
        assert!(status["last_reload"]["diagnostics"].as_str().unwrap().contains("site.warp"));
    }

    #[test]
    fn of_a_mended_text_publishes_again() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        site.write(BROKEN);
        site.handle.reload();
        site.write(&policy(3));

        assert_eq!(site.handle.reload().outcome, ReloadResult::Ok);
        assert_eq!((site.handle.current().generation, site.port()), (2, 3));
        assert_eq!(site.handle.status().last_reload.unwrap().errors, 0);
    }

    #[test]
    fn of_a_broken_text_taken_back_changes_nothing() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        site.write(BROKEN);
        site.handle.reload();
        site.write(&policy(1));

        let report = site.handle.reload();
        assert_eq!((report.outcome, report.generation, report.errors), (ReloadResult::Unchanged, 1, 0));
    }

    #[test]
    fn of_a_file_that_is_gone_keeps_the_policy() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        fs::remove_file(&site.path).unwrap();

        assert_eq!(site.handle.reload().outcome, ReloadResult::Rejected);
        assert_eq!(site.port(), 1);
    }

    #[test]
    fn keeps_the_backends_whose_definition_did_not_change() {
        let other = "backend api { .host = \"127.0.0.1\"; .port = \"9\"; }\nsub recv { set req.backend_hint = api; }\n";
        let site = Site::new(&[("site.warp", &(policy(1) + other))]);
        let before = site.handle.current();
        site.write(&(policy(2) + other));
        site.handle.reload();

        let after = site.handle.current();
        let of = |policy: &super::super::Policy, name: &str| {
            policy.backends.iter().find(|backend| backend.name() == name).unwrap().clone()
        };
        assert!(Arc::ptr_eq(&of(&before, "api"), &of(&after, "api")));
        assert!(!Arc::ptr_eq(&of(&before, "default"), &of(&after, "default")));
    }
}

mod origin {
    use super::*;

    fn at(port: u16) -> BackendAddress {
        BackendAddress { host: "127.0.0.1".to_owned(), port }
    }

    fn site(policy: &str, port: u16) -> Site {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("site.warp"), policy).unwrap();
        Site::open(folder, "site.warp", Some(at(port)))
    }

    #[test]
    fn alone_stands_behind_the_built_in_policy() {
        let (handle, _runtime) = load(PolicySource { path: None, origin: Some(at(7)) });
        assert_eq!(port(&handle), 7);
        assert_eq!(handle.status().path, None);
        assert_eq!(handle.reload().outcome, ReloadResult::Unchanged);
    }

    #[test]
    fn moves_the_default_backend_of_a_policy() {
        assert_eq!(site(&policy(1), 7).port(), 7);
    }

    #[test]
    fn is_the_default_backend_of_a_policy_that_has_none() {
        assert_eq!(site("warp 1;\n", 7).port(), 7);
        let site = site("warp 1;\nbackend api { .host = \"127.0.0.1\"; }\nsub recv { set req.backend_hint = api; }", 7);
        assert_eq!((site.port(), site.handle.current().backends.len()), (7, 2));
        assert_eq!(site.handle.reload().outcome, ReloadResult::Unchanged);
    }
}

mod watcher {
    use super::*;

    #[test]
    fn sees_a_plain_write() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(EVENTS);
        site.write(&policy(2));
        assert_eq!(watched.published().generation, 2);
        assert_eq!(site.port(), 2);
    }

    #[test]
    fn sees_a_file_renamed_over_the_old_one() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(EVENTS);
        for port in 2..5 {
            fs::write(site.at(".site.warp.swp"), policy(port)).unwrap();
            fs::rename(site.at(".site.warp.swp"), &site.path).unwrap();
            watched.published();
            assert_eq!(site.port(), port);
        }
    }

    /// As the kubelet does it: `site.warp -> ..data/site.warp`, `..data -> ..1`, and a rename over `..data`.
    #[test]
    fn sees_the_flip_of_a_config_map() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let volume = |version: &str, port| {
            fs::create_dir(root.join(version)).unwrap();
            fs::write(root.join(version).join("site.warp"), policy(port)).unwrap();
        };
        volume("..1", 1);
        symlink("..1", root.join("..data")).unwrap();
        symlink("..data/site.warp", root.join("site.warp")).unwrap();
        let site = Site::open(folder, "site.warp", None);
        let watched = site.watch(EVENTS);

        for (version, port) in [("..2", 2), ("..3", 3)] {
            volume(version, port);
            symlink(version, root.join("..data_tmp")).unwrap();
            fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
            watched.published();
            assert_eq!(site.port(), port);
        }
    }

    #[test]
    fn sees_a_change_behind_a_link_to_another_folder() {
        let elsewhere = tempfile::tempdir().unwrap();
        let real = elsewhere.path().join("real.warp");
        fs::write(&real, policy(1)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        symlink(&real, folder.path().join("site.warp")).unwrap();
        let site = Site::open(folder, "site.warp", None);
        let watched = site.watch(EVENTS);

        fs::write(&real, policy(2)).unwrap();
        watched.published();
        assert_eq!(site.port(), 2);
    }

    #[test]
    fn sees_included_files_change_appear_and_vanish() {
        let main = "warp 1;\ninclude \"parts/*.warp\";\n";
        let site = Site::new(&[("site.warp", main), ("parts/a.warp", policy_part(1).as_str())]);
        let watched = site.watch(EVENTS);

        fs::write(site.at("parts/a.warp"), policy_part(2)).unwrap();
        watched.published();
        assert_eq!(site.port(), 2);

        fs::write(site.at("parts/b.warp"), "acl office { \"10.0.0.0\"/8; }\n").unwrap();
        watched.published();
        assert_eq!(site.handle.current().loaded.files.iter().filter(|path| path.ends_with("parts/b.warp")).count(), 1);

        fs::remove_file(site.at("parts/b.warp")).unwrap();
        watched.published();
        assert!(!site.handle.current().loaded.files.iter().any(|path| path.ends_with("parts/b.warp")));
    }

    #[test]
    fn sees_the_file_of_a_table_change_break_and_mend() {
        let main = format!("{}table t: STRING -> INT from \"data/t.json\";\n", policy(1));
        let site = Site::new(&[("site.warp", &main), ("data/t.json", "{ \"a\": 1 }")]);
        let watched = site.watch(EVENTS);
        let holds = |number| {
            let policy = site.handle.current();
            policy.program.lookup(TableId(0), b"a") == Some(Value::Int(number))
        };

        fs::write(site.at("data/t.json"), "{ \"a\": 2 }").unwrap();
        watched.published();
        assert!(holds(2));

        fs::write(site.at("data/t.json"), "{\n  \"a\": x\n}").unwrap();
        watched.rejected();
        assert!(holds(2));

        fs::write(site.at("data/t.json"), "{ \"a\": 3 }").unwrap();
        watched.published();
        assert!(holds(3));
    }

    #[test]
    fn sees_that_a_broken_text_is_mended() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(EVENTS);
        site.write(BROKEN);
        watched.rejected();
        assert_eq!(site.port(), 1);

        site.write(&policy(2));
        watched.published();
        assert_eq!(site.port(), 2);
    }

    /// The refused text includes a file in a folder that the running text does not know.
    #[test]
    fn sees_the_mending_of_a_file_that_only_the_broken_text_includes() {
        let part = "new/part.warp";
        let site = Site::new(&[("site.warp", &policy(1)), (part, "acl office { nonsense }\n")]);
        let watched = site.watch(EVENTS);
        site.write(&format!("{}include \"{part}\";\n", policy(2)));
        watched.rejected();

        fs::write(site.at(part), "acl office { \"10.0.0.0\"/8; }\n").unwrap();
        watched.published();
        assert_eq!(site.port(), 2);
    }

    #[test]
    fn sees_a_folder_that_was_deleted_and_made_again() {
        let site = Site::new(&[("conf/live/site.warp", &policy(1)), ("site.warp", &policy(9))]);
        let site = Site::open(site.folder, "conf/live/site.warp", None);
        let watched = site.watch(EVENTS);
        for port in 2..4 {
            fs::remove_dir_all(site.at("conf")).unwrap();
            watched.rejected();
            fs::create_dir_all(site.at("conf/live")).unwrap();
            site.write(&policy(port));
            watched.published();
            assert_eq!(site.port(), port);
        }
    }

    #[test]
    fn leaves_the_same_text_and_other_files_alone() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let before = site.handle.current();
        let watched = site.watch(EVENTS);
        fs::write(site.at("notes.txt"), "x").unwrap();
        fs::write(site.at("copy"), policy(1)).unwrap();
        fs::rename(site.at("copy"), &site.path).unwrap();
        // What comes behind them is the first that is told.
        fs::write(site.at("copy"), policy(2)).unwrap();
        fs::rename(site.at("copy"), &site.path).unwrap();

        assert_eq!(watched.next().generation, before.generation + 1);
        assert_eq!(site.port(), 2);
    }

    #[test]
    fn sees_changes_without_events_by_looking() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(POLLING);
        for port in 2..4 {
            fs::write(site.at("fresh"), policy(port)).unwrap();
            fs::rename(site.at("fresh"), &site.path).unwrap();
            watched.published();
            assert_eq!(site.port(), port);
        }
    }

    #[test]
    fn reads_the_files_when_it_is_asked() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(Timing { poll: 10 * DEADLINE, ..POLLING });
        watched.watcher.reload();
        assert_eq!(watched.next().outcome, ReloadResult::Unchanged);
        site.write(&policy(2));
        watched.watcher.reload();
        assert_eq!(watched.next().outcome, ReloadResult::Ok);
        assert_eq!(site.port(), 2);
    }

    #[test]
    fn stops_when_dropped() {
        let site = Site::new(&[("site.warp", &policy(1))]);
        let watched = site.watch(EVENTS);
        let Watched { reports, watcher } = watched;
        drop(watcher);
        assert!(reports.recv_timeout(DEADLINE).is_err(), "the thread is gone, and its sender with it");
        assert_eq!(Arc::strong_count(&site.handle), 1);
    }

    fn policy_part(port: u16) -> String {
        format!("backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}\n")
    }
}

mod targets {
    use super::super::watch::Targets;
    use super::*;

    fn targets(handle: &PolicyHandle) -> Targets {
        handle.targets()
    }

    #[test]
    fn are_a_handful_of_directories() {
        let site =
            Site::new(&[("site.warp", "warp 1;\ninclude \"parts/*.warp\";\n"), ("parts/a.warp", &policy(1)[8..])]);
        let root = site.folder.path().canonicalize().unwrap();
        let targets = targets(&site.handle);
        let directories: Vec<&Path> = targets.directories().collect();
        assert!(directories.contains(&root.as_path()), "{directories:?}");
        assert!(directories.contains(&root.join("parts").as_path()), "{directories:?}");
        assert!(directories.len() <= 4, "{directories:?}");
    }
}

mod sites {
    use super::super::Policy;
    use super::*;
    use crate::origin::Backend;

    const SITES: &str = "site \"a.test\", \"*.a.test\" from \"a.warp\";\nsite \"b.test\" from \"b.warp\";\n";

    fn farm() -> Site {
        let (root, of_all) = (format!("{}{SITES}", policy(1)), policy(1));
        Site::new(&[("site.warp", &root), ("a.warp", &of_all), ("b.warp", &of_all)])
    }

    /// The backends of the root and of each site.
    fn backends(handle: &PolicyHandle) -> Vec<Arc<Backend>> {
        handle.current().all().flat_map(|policy| policy.backends.clone()).collect()
    }

    #[test]
    fn a_site_is_a_policy_of_its_own_that_is_found_by_host() {
        let handle = farm().handle;
        let root = handle.current();
        let found = |host: &str| root.sites.find(host.as_bytes()).and_then(|policy| policy.site.clone());
        assert_eq!(
            [found("www.A.test"), found("b.test"), found("c.test")],
            [Some("a.test".into()), Some("b.test".into()), None]
        );
        let own = |policy: &&Policy| (policy.generation, policy.loaded.files.len(), policy.sites.is_empty());
        assert_eq!(
            root.all().map(|policy| own(&policy)).collect::<Vec<_>>(),
            [(1, 3, false), (1, 3, true), (1, 3, true)]
        );
        let is_site = |name: &str| root.sites.policies().any(|policy| policy.site.as_deref() == Some(name));
        assert!(is_site("b.test") && !is_site("*.a.test"));
    }

    #[test]
    fn what_is_known_of_a_backend_is_its_sites_and_outlives_a_reload() {
        let site = farm();
        let before = backends(&site.handle);
        let names: Vec<&str> = before.iter().map(|backend| backend.name()).collect();
        assert_eq!(names, ["default", "a.test/default", "b.test/default"]);
        fs::write(site.at("a.warp"), policy(2)).unwrap();
        assert_eq!(site.handle.reload().outcome, ReloadResult::Ok);
        let after = backends(&site.handle);
        let same: Vec<bool> = before.iter().zip(&after).map(|(one, other)| Arc::ptr_eq(one, other)).collect();
        assert_eq!(same, [true, false, true]);
    }

    #[test]
    fn sites_of_one_file_have_each_their_own() {
        let root = format!("{}{}", policy(1), SITES.replace("b.warp", "a.warp"));
        let site = Site::new(&[("site.warp", &root), ("a.warp", &policy(1))]);
        let backends = backends(&site.handle);
        assert!(!Arc::ptr_eq(&backends[1], &backends[2]));
        assert_eq!(site.handle.current().loaded.files.len(), 2);
    }

    #[test]
    fn a_mistake_that_only_shows_when_it_is_loaded_is_told_once_and_changes_nothing() {
        let root = format!("{}{}", policy(1), SITES.replace("b.warp", "a.warp"));
        let site = Site::new(&[("site.warp", &root), ("a.warp", &policy(1)), ("ca.pem", "no certificate")]);
        let text = policy(2).replace("; }", "; .tls = true; .ca_file = \"ca.pem\"; }");
        fs::write(site.at("a.warp"), text).unwrap();
        let report = site.handle.reload();
        assert_eq!((report.outcome, report.errors), (ReloadResult::Rejected, 1), "{}", report.diagnostics);
        assert!(report.diagnostics.contains("a.warp:2:"), "{}", report.diagnostics);
        assert_eq!(site.handle.current().generation, 1);
    }

    #[test]
    fn a_change_of_a_site_is_seen() {
        let site = farm();
        let watched = site.watch(EVENTS);
        fs::write(site.at("b.warp"), policy(7)).unwrap();
        watched.published();
        let root = site.handle.current();
        let place = root.sites.find(b"b.test").unwrap().backends[0].definition().place.clone();
        assert!(matches!(place, Some(Place::Network(address)) if address.port == 7));
    }
}
