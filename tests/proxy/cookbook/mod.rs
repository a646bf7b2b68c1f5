//! The recipes of the book, each as it stands on its page, before an origin that answers by script.

mod access;
mod addresses;
mod failures;
mod lifetimes;
mod sharing;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Answer, Origin, Proxy, Response};

fn page_path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/src/cookbook/{page}.md"))
}

/// The policy under that heading of a page of the cookbook, with a folder for the files that stand beside it.
struct Recipe {
    policy: String,
    dir: TempDir,
}

/// The policies under that heading of a page of the cookbook.
fn policies(page: &str, heading: &str) -> Vec<String> {
    let text = fs::read_to_string(page_path(page)).unwrap();
    let section = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no recipe {heading}")).1;
    let blocks = section.split("\n## ").next().unwrap().split("```warp\n").skip(1);
    blocks.map(|block| block.split_once("```").unwrap().0.to_owned()).collect()
}

impl Recipe {
    fn of(page: &str, heading: &str) -> Self {
        let policy = policies(page, heading).swap_remove(0);
        Self { policy, dir: tempfile::tempdir().unwrap() }
    }

    /// With other words in the place of some that the page has: addresses, mostly.
    fn with(self, words: &str, others: &str) -> Self {
        assert!(self.policy.contains(words), "the recipe has no {words}");
        Self { policy: self.policy.replace(words, others), ..self }
    }

    /// With that file beside the policy.
    fn beside(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Runs it before the origin that it has at port 8000.
    fn before(self, origin: &Origin) -> Proxy {
        self.before_port(origin.address().port())
    }

    /// Runs it before whatever is at that port.
    fn before_port(self, port: u16) -> Proxy {
        self.with("\"8000\"", &format!("\"{port}\"")).run()
    }

    /// Runs it as it is.
    fn run(self) -> Proxy {
        let Self { policy, dir } = self;
        fs::write(dir.path().join("site.warp"), policy).unwrap();
        Proxy::start_in(dir, "site.warp", &[])
    }

    /// With that port in the place of the second one.
    fn with_second(self, port: u16) -> Self {
        self.with("\"8001\"", &format!("\"{port}\""))
    }
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A page that is fresh for a minute.
fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn get(proxy: &Proxy, target: &str, fields: &[(&str, &str)]) -> Response {
    let mut client = proxy.client();
    fields.iter().fold(client.get(target), |request, (name, value)| request.header(name, value)).send()
}

/// For how many seconds more what was stored is fresh.
fn seconds_left(response: &Response) -> i64 {
    response.cache_status().parameters["ttl"].parse().unwrap()
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

#[test]
fn every_recipe_is_tried_here() {
    for page in ["access", "addresses", "failures", "lifetimes", "sharing"] {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/proxy/cookbook/{page}.rs"));
        let tests = fs::read_to_string(tests).unwrap();
        let text = fs::read_to_string(page_path(page)).unwrap();
        for heading in text.lines().filter_map(|line| line.strip_prefix("## ")) {
            assert!(tests.contains(&format!("Recipe::of(\"{page}\", \"{heading}\")")), "{page}: {heading}");
        }
    }
}
