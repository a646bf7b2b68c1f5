//! Backends over real sockets: shared by definition, probed, counted.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::super::definition::{HttpProbe, ProbeDefinition, ProbeKind};
use super::*;
use crate::telemetry::OriginResult;

const DEADLINE: Duration = Duration::from_secs(10);

/// A server whose connections the test answers one by one.
struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// The next connection and what it asked for.
    async fn next(&self) -> (TcpStream, String) {
        let (mut stream, _) = timeout(DEADLINE, self.listener.accept()).await.expect("no probe came").unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(timeout(DEADLINE, stream.read_buf(&mut request)).await.unwrap().unwrap(), 0);
        }
        (stream, String::from_utf8(request).unwrap())
    }

    /// Answers the next probe and waits until it has closed the connection, so that its result is known soon.
    async fn answer(&self, response: &str) {
        let (mut stream, _) = self.next().await;
        stream.write_all(response.as_bytes()).await.unwrap();
        let _ = timeout(DEADLINE, stream.read(&mut [0])).await.unwrap();
    }

    fn definition(&self, probe: ProbeDefinition) -> BackendDefinition {
        let definition = BackendDefinition::new("web", "127.0.0.1", self.address.port());
        BackendDefinition { probe: Some(probe), ..definition }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const FAILED: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn probe() -> ProbeDefinition {
    ProbeDefinition {
        kind: ProbeKind::Http(HttpProbe {
            url: "/health?x".to_owned(),
            lines: Vec::new(),
            expected: vec![200..=200],
            expect_close: false,
        }),
        timeout: DEADLINE * 6,
        interval: Duration::from_millis(1),
        window: 4,
        threshold: 2,
        initial: 1,
    }
}

fn registry() -> Registry {
    Registry::new(Handle::current(), Arc::new(Metrics::new()))
}

/// Waits until the backend's status is as asked.
async fn until(backend: &Backend, what: impl Fn(&super::super::BackendStatus) -> bool) {
    let waiting = async {
        while !what(&backend.status()) {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("it stays {:?}", backend.status()));
}

/// Waits until the last four probes were these.
async fn until_history(backend: &Backend, history: &str) {
    until(backend, |status| status.probe.as_ref().unwrap().history == history).await;
}

#[tokio::test]
async fn the_same_definition_gives_the_same_backend_until_nobody_holds_it() {
    let registry = registry();
    let definition = BackendDefinition::new("web", "127.0.0.1", 80);
    let first = registry.backend(&definition);
    assert!(Arc::ptr_eq(&first, &registry.backend(&definition)));
    let _in_flight = first.admit().await.unwrap();
    drop(first);
    assert_eq!(registry.backend(&definition).in_flight(), 1, "a request that runs holds it");
}

#[tokio::test]
async fn a_backend_without_a_probe_is_healthy() {
    let backend = registry().backend(&BackendDefinition::new("web", "127.0.0.1", 80));
    assert!(backend.is_healthy());
    assert_eq!(backend.resolve(&[]).await.unwrap().backend.unwrap().to_string(), "127.0.0.1:80");
}

#[tokio::test]
async fn a_backend_declared_none_is_sick_and_has_no_address() {
    let none = BackendDefinition { place: None, probe: Some(probe()), ..BackendDefinition::new("none", "", 0) };
    let backend = registry().backend(&none);
    assert!(!backend.is_healthy());
    assert_eq!(backend.resolve(&[]).await, Err(super::super::ResolveError::NoAddress));
}

#[tokio::test]
async fn a_probe_asks_as_a_browser_would() {
    let server = Server::start().await;
    let definition = BackendDefinition { host_header: Some("shop.test".to_owned()), ..server.definition(probe()) };
    let registry = registry();
    let _backend = registry.backend(&definition);
    let (_stream, request) = server.next().await;
    let expected = ["GET /health?x HTTP/1.1\r\n", "\r\nHost: shop.test\r\n", "\r\nConnection: close\r\n"];
    for part in expected {
        assert!(request.contains(part), "no {part:?} in {request:?}");
    }
}

#[tokio::test]
async fn the_threshold_of_the_window_decides() {
    let server = Server::start().await;
    let registry = registry();
    let backend = registry.backend(&server.definition(probe()));
    assert!(!backend.is_healthy(), "one success is assumed where two are needed");
    let steps = [
        (OK, "--HH", true),
        (FAILED, "-HH-", true),
        (FAILED, "HH--", true),
        (FAILED, "H---", false),
        (OK, "---H", false),
    ];
    for (response, history, healthy) in steps {
        server.answer(response).await;
        until_history(&backend, history).await;
        assert_eq!(backend.is_healthy(), healthy, "after {history}");
    }
}

#[tokio::test]
async fn a_backend_whose_initial_probes_reach_the_threshold_starts_healthy() {
    let server = Server::start().await;
    let registry = registry();
    assert!(registry.backend(&server.definition(ProbeDefinition { initial: 2, ..probe() })).is_healthy());
    let any = ProbeDefinition { threshold: 0, initial: 0, ..probe() };
    assert!(registry.backend(&server.definition(any)).is_healthy(), "a threshold of zero is always reached");
}

#[tokio::test]
async fn each_way_to_fail_is_named() {
    let cases = [
        (FAILED, "status 503 where 200 is expected"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        ("HTTP/1.1 abc\r\n\r\n", "the answer is not HTTP"),
    ];
    let server = Server::start().await;
    let registry = registry();
    let backend = registry.backend(&server.definition(probe()));
    for (response, error) in cases {
        server.answer(response).await;
        until(&backend, |status| status.probe.as_ref().unwrap().last_error.as_deref() == Some(error)).await;
    }
    let (mut stream, _) = server.next().await;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").await.unwrap();
    drop(stream);
    let closed = "the connection was closed before the answer was whole";
    until(&backend, |status| status.probe.as_ref().unwrap().last_error.as_deref() == Some(closed)).await;
}

#[tokio::test]
async fn a_probe_that_gets_no_answer_ends_at_its_timeout() {
    let server = Server::start().await;
    let registry = registry();
    let impatient = ProbeDefinition { timeout: Duration::from_millis(20), interval: DEADLINE, ..probe() };
    let backend = registry.backend(&server.definition(impatient));
    let (_silent, _) = server.next().await;
    let error = "no whole answer within 20ms";
    until(&backend, |status| status.probe.as_ref().unwrap().last_error.as_deref() == Some(error)).await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_fails_the_probe() {
    let server = Server::start().await;
    let definition = server.definition(probe());
    drop(server);
    let registry = registry();
    let backend = registry.backend(&definition);
    let refused = |error: &String| error.starts_with("no connection: ");
    until(&backend, |status| status.probe.as_ref().unwrap().last_error.as_ref().is_some_and(refused)).await;
}

#[tokio::test]
async fn health_outlives_a_policy_that_changes_a_timeout() {
    let server = Server::start().await;
    let registry = registry();
    let old = registry.backend(&server.definition(probe()));
    server.answer(OK).await;
    until(&old, |status| status.healthy).await;
    let changed = BackendDefinition { connect_timeout: Duration::from_secs(9), ..server.definition(probe()) };
    let new = registry.backend(&changed);
    drop(old);
    assert!(new.is_healthy());
    assert_eq!(new.definition().connect_timeout, Duration::from_secs(9));
}

#[tokio::test]
async fn a_probe_stops_when_no_policy_holds_the_backend() {
    let server = Server::start().await;
    let registry = registry();
    let backend = registry.backend(&server.definition(probe()));
    let (mut stream, _) = server.next().await;
    drop(backend);
    // The probe that was under way is given up: its connection ends without an answer having been sent.
    let read = timeout(DEADLINE, stream.read(&mut [0])).await.expect("the probe runs on");
    assert!(matches!(read, Ok(0) | Err(_)));
    let again = registry.backend(&server.definition(probe()));
    assert_eq!(again.status().probe.unwrap().last_status, None, "its history starts anew");
}

#[tokio::test]
async fn requests_are_counted_by_result() {
    let metrics = Arc::new(Metrics::new());
    let registry = Registry::new(Handle::current(), metrics.clone());
    let backend = registry.backend(&BackendDefinition::new("web", "127.0.0.1", 80));
    let begin = async || backend.admit().await.unwrap();
    let (fine, failed, given_up) = (begin().await, begin().await, begin().await);
    assert_eq!(backend.in_flight(), 3);
    fine.finish(OriginResult::Ok);
    failed.finish(OriginResult::Timeout);
    drop(given_up);
    let status = backend.status();
    assert_eq!((status.in_flight, status.requests, status.failures), (0, 3, 1));
    let counted = [OriginResult::Ok, OriginResult::Timeout, OriginResult::Aborted];
    assert_eq!(counted.map(|result| metrics.origin("web").get(result)), [1, 1, 1]);
}

/// Refuses every name and says so.
#[derive(Debug)]
struct Refusing(UnboundedSender<String>);

impl Lookup for Refusing {
    fn lookup(&self, name: &super::super::Name) -> super::super::LookupFuture {
        self.0.send(name.text().to_owned()).unwrap();
        Box::pin(async { Err(io::Error::other("unknown")) })
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_makes_a_sick_backend_not_an_error() {
    let (sender, mut names): (_, UnboundedReceiver<String>) = unbounded_channel();
    let registry = Registry::with_lookup(Handle::current(), Arc::default(), Arc::new(Refusing(sender)));
    let definition = BackendDefinition { probe: Some(probe()), ..BackendDefinition::new("web", "nowhere.test", 80) };
    let backend = registry.backend(&definition);
    assert_eq!(timeout(DEADLINE, names.recv()).await.unwrap().unwrap(), "nowhere.test");
    until(&backend, |status| status.resolve_error.is_some()).await;
    assert!(!backend.is_healthy());
}
