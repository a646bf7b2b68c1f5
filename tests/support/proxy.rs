//! The real `warp serve`, with its policy in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use super::client::Client;
use super::message::Response;
use super::origin::Origin;
use super::{DEADLINE, until};

/// A running proxy. Dropping it kills it; when the test has failed, its log is shown.
pub struct Proxy {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    log: Arc<Mutex<String>>,
    dir: TempDir,
    /// What `/status` said of the policy when it was last written: what is waited for comes after it.
    seen: Mutex<Value>,
}

impl Proxy {
    /// Runs a policy of these declarations with `origin` as its one backend, on free ports.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn before(origin: &Origin, declarations: &str) -> Self {
        Self::start(&format!("warp 1;\n{}{declarations}", origin.backend()))
    }

    /// Runs this policy on free ports.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(policy: &str) -> Self {
        Self::start_with(policy, &[])
    }

    /// Runs this policy on free ports, with further arguments.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_with(policy: &str, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(policy_path(dir.path()), policy).unwrap();
        Self::start_in(dir, POLICY, arguments)
    }

    /// Runs the policy of that name in a directory that is laid out already, with further arguments.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_in(dir: TempDir, policy: &str, arguments: &[&str]) -> Self {
        let path = dir.path().join(policy);
        Self::run(Command::new(warp()).arg("serve").arg(path).args(arguments), dir)
    }

    /// Runs the built-in policy on free ports, with further arguments: `--origin` among them.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_without_policy(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::run(Command::new(warp()).arg("serve").args(arguments), dir)
    }

    fn run(command: &mut Command, dir: TempDir) -> Self {
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("NO_COLOR", "1");
        let mut child = command.spawn().expect("warp starts");
        let log = collect(child.stderr.take().unwrap());
        let lines = lines_of(child.stdout.take().unwrap());
        let ports = read_ports(&lines);
        let Some((address, admin)) = ports else {
            let _ = child.kill();
            panic!("warp does not come up ({:?}): {}", child.wait(), log.lock().unwrap());
        };
        // What else is printed is read, so that the proxy never waits for a full pipe.
        std::thread::spawn(move || lines.into_iter().for_each(drop));
        Self { child, address, admin, log, dir, seen: Mutex::new(Value::Null) }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/status` and `/metrics` are.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The directory of the policy.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A new connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// What it answers to a GET over a new connection.
    pub fn get(&self, target: &str) -> Response {
        self.client().get(target).send()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log says so: what is logged is read a moment later.
    pub fn wait_for_log(&self, part: &str) {
        until(&format!("the log to say {part:?}"), || self.log().contains(part).then_some(()));
    }

    /// Replaces the policy as editors do: a new file takes its name.
    pub fn write_policy(&self, text: impl AsRef<[u8]>) {
        self.change(|dir| {
            let new = dir.join(".policy.warp.new");
            fs::write(&new, text).unwrap();
            fs::rename(new, policy_path(dir)).unwrap();
        });
    }

    /// Changes something in the directory of the policy, or elsewhere.
    pub fn change(&self, change: impl FnOnce(&Path)) {
        *self.seen.lock().unwrap() = self.policy();
        change(self.dir.path());
    }

    /// Sends that signal (`HUP`, `TERM` …) to it.
    pub fn signal(&self, name: &str) {
        *self.seen.lock().unwrap() = self.policy();
        self.signal_blindly(name);
    }

    /// Sends that signal to it without asking for its state before.
    pub fn signal_blindly(&self, name: &str) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.pid())).status().unwrap();
        assert!(sent.success(), "{name} could not be sent");
    }

    /// Waits for its end; gives the exit code, `None` if a signal ended it.
    pub fn wait_for_exit(&mut self) -> Option<i32> {
        until("warp to end", || self.child.try_wait().unwrap()).code()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What `warp status` prints of it, and its exit code.
    pub fn warp_status(&self) -> (String, Option<i32>) {
        let admin = self.admin.to_string();
        let output = Command::new(warp()).args(["status", "--admin", &admin]).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }

    /// How much memory it takes, in bytes. The pages of its program are a file's, and more in a build without optimisation.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// The answer of `/status`.
    pub fn status(&self) -> Value {
        serde_json::from_slice(&self.ask_admin("/status").body).expect("JSON")
    }

    /// The answer of `/rules`.
    pub fn rules(&self) -> Value {
        serde_json::from_slice(&self.ask_admin("/rules").body).expect("JSON")
    }

    /// Waits until every backend is healthy: one with a probe is sick until its first probe succeeded.
    pub fn wait_for_backends(&self) {
        until("every backend healthy", || {
            let status = self.status();
            let healthy = |backend: &Value| backend["healthy"] == true;
            status["backends"].as_array().expect("backends").iter().all(healthy).then_some(())
        });
    }

    /// The text of `/metrics`.
    pub fn metrics(&self) -> String {
        self.ask_admin("/metrics").text().to_owned()
    }

    /// The value of one line of `/metrics`, named with its labels; 0 if there is no such line.
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a whole number"))
    }

    /// How many requests came to that outcome, for whatever reason.
    pub fn outcomes(&self, outcome: &str) -> u64 {
        let start = format!("warp_requests_total{{outcome=\"{outcome}\",");
        let metrics = self.metrics();
        let counted = metrics.lines().filter(|line| line.starts_with(&start));
        counted.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().expect("a whole number")).sum()
    }

    /// Waits until that line of `/metrics` has this value: a request is counted after it was answered.
    ///
    /// # Panics
    /// When it does not come to that in time.
    pub fn wait_for_metric(&self, name: &str, value: u64) {
        until(&format!("{name} {value}"), || (self.metric(name) == value).then_some(()));
    }

    /// Waits until a reload after the last [`Self::write_policy`] ends so (`ok`, `unchanged`, `rejected`); gives what
    /// `/status` says of the policy then.
    pub fn wait_for_reload(&self, outcome: &str) -> Value {
        let seen = self.seen.lock().unwrap().clone();
        // One write may draw several reloads, so that the last one need not be the one waited for: the counters tell.
        let counter = format!("reloads_{outcome}");
        until(&format!("a reload that is {outcome}"), || {
            let policy = self.policy();
            let count = |policy: &Value| policy[&counter].as_u64().expect("a count");
            (count(&policy) > count(&seen)).then_some(policy)
        })
    }

    /// What `/status` says of the policy.
    pub fn policy(&self) -> Value {
        self.status()["policy"].clone()
    }

    fn ask_admin(&self, path: &str) -> Response {
        let response = Client::connect(self.admin).get(path).header("Connection", "close").send();
        assert_eq!(response.status, 200, "{}", response.text());
        response
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- the proxy's log ----\n{}", self.log());
        }
    }
}

/// The binary: the one that was built for the tests, or that `WARP_BIN` names.
fn warp() -> PathBuf {
    std::env::var_os("WARP_BIN").map_or_else(|| env!("CARGO_BIN_EXE_warp").into(), PathBuf::from)
}

/// The name of the policy where a test does not choose one.
const POLICY: &str = "policy.warp";

fn policy_path(dir: &Path) -> PathBuf {
    dir.join(POLICY)
}

/// Gathers what comes, as it comes.
fn collect(mut stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::<Mutex<String>>::default();
    let collected = text.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 8 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            collected.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
    text
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let _ = BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    });
    lines
}

/// Where it listens for clients and for the admin; `None` if it ends or is silent instead of saying so.
fn read_ports(lines: &Receiver<String>) -> Option<(SocketAddr, SocketAddr)> {
    let start = Instant::now();
    let (mut address, mut admin) = (None, None);
    while address.is_none() || admin.is_none() {
        let line = lines.recv_timeout(DEADLINE.checked_sub(start.elapsed())?).ok()?;
        let after = |start: &str| line.strip_prefix(start).and_then(|address| address.parse().ok());
        address = address.or(after("listening on http://"));
        admin = admin.or(after("admin on http://"));
    }
    address.zip(admin)
}
