//! The policies of `examples/` in front of Debian's nginx with a real directory of files: what their comments promise
//! is seen at the client, and in what nginx was asked.

mod api;
mod media;
mod quickstart;
mod rfc9111;
mod wordpress;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::support::{Nginx, Proxy, Response};

/// More than goes through in one piece.
const BIG_BYTES: usize = 3 << 20;

/// A file whose every place can be told from the others.
static BIG: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..BIG_BYTES / 8).flat_map(|place| format!("{place:07} ").into_bytes()).collect());

/// The text of an example, each of its ports replaced by another.
fn example(name: &str, ports: &[(u16, u16)]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    ports.iter().fold(fs::read_to_string(path).unwrap(), |text, (written, real)| {
        edited(&text, &format!(".port = \"{written}\";"), &format!(".port = \"{real}\";"))
    })
}

/// An edit as a person makes it.
///
/// # Panics
/// When `from` is not there exactly once: the example has changed.
fn edited(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replace(from, to)
}

/// An example in front of nginx.
struct Site {
    policy: String,
    nginx: Nginx,
    proxy: Proxy,
    _files: TempDir,
}

impl Site {
    /// Runs the example whose backend is written to be at `port`, on these files.
    fn start(name: &str, port: u16, files: &[(&str, &[u8])], directives: &str) -> Self {
        let (nginx, dir) = serve(files, directives);
        let policy = example(name, &[(port, nginx.address().port())]);
        let proxy = Proxy::start(&policy);
        proxy.wait_for_backends();
        Self { policy, nginx, proxy, _files: dir }
    }

    fn get(&self, target: &str) -> Response {
        self.proxy.get(target)
    }

    fn get_with(&self, target: &str, name: &str, value: &str) -> Response {
        self.proxy.client().get(target).header(name, value).send()
    }

    fn request(&self, method: &str, target: &str) -> Response {
        self.proxy.client().request(method, target).send()
    }

    /// What nginx was asked, the probes aside.
    fn asked(&self) -> Vec<String> {
        without_probes(self.nginx.asked())
    }

    /// Saves an edit of the policy while it runs.
    fn edit(&mut self, from: &str, to: &str) {
        self.policy = edited(&self.policy, from, to);
        self.proxy.write_policy(&self.policy);
        self.proxy.wait_for_reload("ok");
    }
}

/// nginx with these files.
fn serve(files: &[(&str, &[u8])], directives: &str) -> (Nginx, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(dir.path(), name, content);
    }
    (Nginx::serve_with(dir.path(), directives), dir)
}

fn write(root: &Path, name: &str, content: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// What the probes of the examples ask for.
const PROBES: [&str; 3] = ["GET /health ", "GET /ready ", "GET /wp-includes/images/blank.gif "];

fn without_probes(asked: Vec<String>) -> Vec<String> {
    asked.into_iter().filter(|line| !PROBES.iter().any(|probe| line.starts_with(probe))).collect()
}

/// Asks twice; the first is stored and the second served from the store.
fn assert_stored(site: &Site, target: &str) -> Response {
    let first = site.get(target);
    assert_eq!(first.status, 200, "{target}");
    assert!(first.cache_status().stored(), "{target}: {:?}", first.fields);
    let second = site.get(target);
    assert!(second.cache_status().hit(), "{target}: {:?}", second.fields);
    assert_eq!(first.body, second.body);
    second
}

/// How many more seconds the response in the store is fresh.
fn seconds_left(response: &Response) -> u64 {
    response.cache_status().parameters["ttl"].parse().unwrap()
}
