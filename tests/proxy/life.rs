//! The process: how it starts, how it says that it cannot, and how it ends.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::{Answer, Client, Gate, Origin, Proxy, until};

const ANYWHERE: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/// Runs `warp serve` where it cannot start.
fn serve(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warp"));
    command.arg("serve").args(arguments).env("NO_COLOR", "1").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn policy_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::with_suffix(".warp").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_broken_policy_is_refused_with_all_its_mistakes() {
    let file = policy_file(
        "warp 1;\nbackend default { .host = \"127.0.0.1\"; .prot = \"1\"; }\nsub recv { set req.urll = \"x\"; }\n",
    );
    let path = name(file.path());
    let (code, stdout, stderr) = serve(&[&[path], &ANYWHERE[..]].concat());
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    for wanted in [".prot", "`port`", "req.urll", "`req.url`", &format!("{path}:2:"), &format!("{path}:3:"), "2 errors"]
    {
        assert!(stderr.contains(wanted), "{wanted} is missing in {stderr}");
    }
}

#[test]
fn a_policy_that_is_not_there_is_refused() {
    let (code, stdout, stderr) = serve(&[&["/nowhere/site.warp"], &ANYWHERE[..]].concat());
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("/nowhere/site.warp") && stderr.contains("there is no such file"), "{stderr}");
}

#[test]
fn a_port_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in
        [["--listen", &address, "--admin", "127.0.0.1:0"], ["--listen", "127.0.0.1:0", "--admin", &address]]
    {
        let (code, stdout, stderr) = serve(&[&["--origin", "http://127.0.0.1:9"], &arguments[..]].concat());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        let wanted = format!("warp: cannot listen on {address}: Address already in use");
        assert!(stderr.lines().count() == 1 && stderr.starts_with(&wanted), "{stderr}");
    }
}

#[test]
fn an_admin_listener_for_everybody_is_refused() {
    let arguments = ["--origin", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0"];
    let (code, stdout, stderr) = serve(&arguments);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("must be on loopback"), "{stderr}");
}

#[test]
fn without_policy_and_origin_there_is_nothing_to_serve() {
    let (code, stdout, stderr) = serve(&[]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("POLICY") && stderr.contains("Usage: warp serve"), "{stderr}");
}

#[test]
fn unknown_flags_are_wrong_usage() {
    let (code, _, stderr) = serve(&["--origin", "http://127.0.0.1:9", "--lisen", "127.0.0.1:0"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("--lisen") && stderr.contains("--listen"), "{stderr}");
}

#[test]
fn an_access_log_that_cannot_be_written_is_told() {
    let arguments = ["--origin", "http://127.0.0.1:9", "--access-log", "/nowhere/access.log"];
    let (code, _, stderr) = serve(&[&arguments[..], &ANYWHERE].concat());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("/nowhere/access.log"), "{stderr}");
}

#[test]
fn an_origin_alone_is_enough() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::start_without_policy(&["--origin", &format!("http://{}", origin.address())]);
    proxy.get("/page");
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
    let (status, code) = proxy.warp_status();
    assert!(code == Some(0) && status.contains("built in"), "{status}");
}

#[test]
fn warp_status_says_when_nothing_runs() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_warp")).args(["status", "--admin", &nobody]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(&nobody) && stderr.contains("is `warp serve` running"), "{stderr}");
}

/// A proxy, and a request whose answer the origin holds back.
struct Busy {
    proxy: Proxy,
    client: Client,
    gate: Gate,
    _origin: Origin,
}

fn busy() -> Busy {
    let (origin, gate) = (Origin::start(), Gate::new());
    let body = "0123456789".repeat(10_000);
    origin.on("/slow", Answer::ok(body).behind(&gate));
    let proxy = Proxy::start(&format!("warp 1;\n{}", origin.backend()));
    let mut client = proxy.client();
    client.get("/slow").send_only();
    origin.wait_for(1);
    Busy { proxy, client, gate, _origin: origin }
}

/// Nobody is let in any more: the signal has been seen.
fn wait_for_closed_doors(proxy: &Proxy) {
    until("the socket to be closed", || std::net::TcpStream::connect(proxy.address()).err());
}

fn ends_after_the_request_under_way(signal: &str) {
    let Busy { mut proxy, mut client, gate, _origin } = busy();
    proxy.signal_blindly(signal);
    wait_for_closed_doors(&proxy);
    assert!(proxy.is_running(), "a request is under way");
    gate.open();
    let response = client.read_response("GET").unwrap();
    assert_eq!((response.status, response.body.len()), (200, 100_000));
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(proxy.wait_for_exit(), Some(0));
}

#[test]
fn sigterm_lets_a_request_end() {
    ends_after_the_request_under_way("TERM");
}

#[test]
fn sigint_lets_a_request_end() {
    ends_after_the_request_under_way("INT");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let Busy { mut proxy, mut client, gate: _shut, _origin } = busy();
    proxy.signal_blindly("TERM");
    wait_for_closed_doors(&proxy);
    let began = std::time::Instant::now();
    proxy.signal_blindly("TERM");
    proxy.wait_for_exit();
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waited for {:?}", began.elapsed());
    assert!(client.read_response("GET").is_err(), "the request was cut off");
}

#[test]
fn idle_connections_do_not_hold_the_end_up() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page"));
    let mut proxy = Proxy::start(&format!("warp 1;\n{}", origin.backend()));
    let mut used = proxy.client();
    used.get("/page").send();
    let mut fresh = proxy.client();
    fresh.get("/page").send();
    let began = std::time::Instant::now();
    proxy.signal_blindly("TERM");
    assert_eq!(proxy.wait_for_exit(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waited for {:?}", began.elapsed());
    assert_eq!((used.read_to_end(), fresh.read_to_end()), (Vec::new(), Vec::new()));
}

#[test]
fn a_connection_that_never_asked_does_not_hold_the_end_up() {
    let origin = Origin::start();
    let mut proxy = Proxy::start(&format!("warp 1;\n{}", origin.backend()));
    let silent = proxy.client();
    // Connections are taken in their order: once this one is answered, the silent one has been taken.
    proxy.get("/");
    let began = std::time::Instant::now();
    proxy.signal_blindly("TERM");
    assert_eq!(proxy.wait_for_exit(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waited for {:?}", began.elapsed());
    drop(silent);
}

/// For how long the thread of the proxy has run that compiles, in nanoseconds.
fn compiled_for(proxy: &Proxy) -> u64 {
    let threads = fs::read_dir(format!("/proc/{}/task", proxy.pid())).unwrap();
    let compiles =
        |thread: &PathBuf| fs::read_to_string(thread.join("comm")).is_ok_and(|name| name == "policy-watch\n");
    let thread = threads.map(|thread| thread.unwrap().path()).find(compiles).expect("a thread that watches the policy");
    let times = fs::read_to_string(thread.join("schedstat")).unwrap();
    times.split(' ').next().and_then(|running| running.parse().ok()).expect("a time")
}

#[test]
fn a_policy_that_is_being_compiled_does_not_hold_the_end_up() {
    let origin = Origin::start();
    let mut proxy = Proxy::before(&origin, "");
    let rules: Vec<_> = (0..30_000).map(|rule| format!("    when path == \"/{rule}\" -> pass;")).collect();
    let before = compiled_for(&proxy);
    proxy.write_policy(format!("warp 1;\n{}rules request first {{\n{}\n}}\n", origin.backend(), rules.join("\n")));
    until("the policy to be compiled", || (compiled_for(&proxy) > before + 20_000_000).then_some(()));
    proxy.signal_blindly("TERM");
    assert_eq!(proxy.wait_for_exit(), Some(0));
    assert!(!proxy.log().contains("policy reloaded"), "{}", proxy.log());
}
