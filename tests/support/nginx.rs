//! Debian's nginx as an origin: a real server with a real directory.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::client::Client;
use super::until;

/// How often another port is tried when the one chosen was taken meanwhile.
const ATTEMPTS: usize = 5;

/// A running nginx. Dropping it kills it.
pub struct Nginx {
    child: Child,
    address: SocketAddr,
    prefix: TempDir,
    barriers: AtomicUsize,
}

impl Nginx {
    /// Serves the files under `root`.
    ///
    /// # Panics
    /// When nginx is not installed or does not start.
    pub fn serve(root: &Path) -> Self {
        Self::serve_with(root, "")
    }

    /// Serves the files under `root`, with further directives for its `server`.
    ///
    /// # Panics
    /// When nginx is not installed or does not start.
    pub fn serve_with(root: &Path, directives: &str) -> Self {
        let mut log = String::new();
        for _ in 0..ATTEMPTS {
            match Self::try_serve(root, directives) {
                Ok(nginx) => return nginx,
                Err(text) => log = text,
            }
        }
        panic!("nginx does not start: {log}");
    }

    fn try_serve(root: &Path, directives: &str) -> Result<Self, String> {
        // nginx cannot choose a port itself: one that is free now is likely free in a moment.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let prefix = tempfile::tempdir().unwrap();
        fs::write(prefix.path().join("nginx.conf"), configuration(address, root, directives)).unwrap();
        let error_log = File::create(prefix.path().join("error.log")).unwrap();
        let child = start(prefix.path(), error_log);
        let mut nginx = Self { child, address, prefix, barriers: AtomicUsize::new(0) };
        if nginx.comes_up() { Ok(nginx) } else { Err(nginx.file("error.log")) }
    }

    /// Waits until it accepts; `false` if it ends instead.
    fn comes_up(&mut self) -> bool {
        let (child, address) = (&mut self.child, self.address);
        until("nginx to accept", || match child.try_wait().unwrap() {
            Some(_) => Some(false),
            None => TcpStream::connect(address).is_ok().then_some(true),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has answered `count` requests; gives `METHOD target status` of each.
    pub fn wait_for_requests(&self, count: usize) -> Vec<String> {
        until(&format!("nginx to log {count} requests"), || {
            let lines: Vec<_> = self.file("access.log").lines().map(str::to_owned).collect();
            (lines.len() >= count).then_some(lines)
        })
    }

    /// What it was asked up to now, as [`Self::wait_for_requests`] gives it, in the order in which it answered.
    pub fn asked(&self) -> Vec<String> {
        // It logs in the order of its answers: what it logs of this request stands behind all before it.
        let barrier = format!("/barrier-{}", self.barriers.fetch_add(1, Ordering::Relaxed));
        Client::connect(self.address).get(&barrier).header("Connection", "close").send();
        let lines = until("nginx to log a request", || {
            let log = self.file("access.log");
            log.lines().any(|line| line.contains(&barrier)).then_some(log)
        });
        let is_ours = |line: &&str| !line.contains(" /barrier-");
        lines.lines().filter(is_ours).map(str::to_owned).collect()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.prefix.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(prefix: &Path, error_log: File) -> Child {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(prefix).arg("-c").arg(prefix.join("nginx.conf")).args(["-e", "stderr"]);
    // Debian keeps it where only root looks.
    let path = format!("{}:/usr/sbin:/usr/local/sbin", std::env::var("PATH").unwrap_or_default());
    command.env("PATH", path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(error_log);
    command.spawn().unwrap_or_else(|error| {
        panic!("nginx cannot be started ({error}); this test needs it: `apt-get install nginx-light`")
    })
}

/// One process in the foreground; nothing outside the prefix is written.
fn configuration(address: SocketAddr, root: &Path, directives: &str) -> String {
    format!(
        r#"daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    log_format plain '$request_method $request_uri $status';
    access_log access.log plain;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    default_type application/octet-stream;
    types {{
        text/html html; text/css css; text/plain txt; image/png png; image/jpeg jpg; application/json json;
        video/mp4 mp4; video/mp2t ts; application/vnd.apple.mpegurl m3u8;
    }}
    server {{ listen {address}; root "{root}"; {directives} }}
}}
"#,
        root = root.display()
    )
}
