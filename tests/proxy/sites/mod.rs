//! Sites: policies of their own for some hosts, which have nothing in common.

mod apart;
mod chosen;
mod invalidated;
mod kept;
mod reload;
mod restarted;

use std::fs;

use crate::support::{Answer, Origin, Proxy, Response};

/// The root, `a.test` with all names below it, and `b.test`: each with a backend called the same, whose pages say
/// whose they are.
struct Farm {
    root: Origin,
    a: Origin,
    b: Origin,
    proxy: Proxy,
}

const SITES: &str = "site \"a.test\", \"*.a.test\" from \"sites/a.warp\";\nsite \"b.test\" from \"sites/b.warp\";\n";

/// The keys of all that are alike but for what sets sites apart.
const BY_URL: &str = "key { req.url; }\n";

const PAGES: [&str; 4] = ["/1", "/2", "/3", "/page"];

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=600")
}

/// A whole policy of these declarations before that origin.
fn policy(origin: &Origin, declarations: &str) -> String {
    format!("warp 1;\n{}{declarations}", origin.backend())
}

impl Farm {
    /// Each with its own declarations, and with these arguments.
    fn with(root: &str, a: &str, b: &str, arguments: &[&str]) -> Self {
        let origins = ["root", "a", "b"].map(|name| {
            let origin = Origin::start();
            for page in PAGES {
                origin.on(page, fresh(name));
            }
            origin
        });
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sites")).unwrap();
        let [of_root, of_a, of_b] = &origins;
        let texts = [
            ("policy.warp", policy(of_root, &[SITES, root].concat())),
            ("sites/a.warp", policy(of_a, a)),
            ("sites/b.warp", policy(of_b, b)),
        ];
        for (name, text) in texts {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let [root, a, b] = origins;
        Self { root, a, b, proxy: Proxy::start_in(dir, "policy.warp", arguments) }
    }

    /// All with the same declarations.
    fn alike(declarations: &str) -> Self {
        Self::with(declarations, declarations, declarations, &[])
    }

    fn get(&self, host: &str, target: &str) -> Response {
        self.proxy.client().get(target).header("Host", host).send()
    }

    fn ask(&self, method: &str, host: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let mut client = self.proxy.client();
        let request = client.request(method, target).header("Host", host);
        fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    }

    /// What is answered for that target by each, and whether from the store.
    fn each(&self, target: &str) -> [(String, bool); 3] {
        ["root.test", "a.test", "b.test"].map(|host| {
            let response = self.get(host, target);
            (response.text().to_owned(), response.cache_status().hit())
        })
    }

    /// Who still has the page in the store.
    fn hits(&self, target: &str) -> [bool; 3] {
        self.each(target).map(|(_, hit)| hit)
    }

    /// Has the page in the store of each.
    fn fill(&self, target: &str) {
        self.each(target);
        assert_eq!(self.hits(target), [true; 3], "{target}");
    }

    /// Writes a file of the folder of the policy as editors do.
    fn write(&self, name: &str, text: &str) {
        self.proxy.change(|dir| {
            fs::write(dir.join("new"), text).unwrap();
            fs::rename(dir.join("new"), dir.join(name)).unwrap();
        });
    }
}
