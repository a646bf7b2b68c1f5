//! An origin that answers by script and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::DEADLINE;
use super::answer::{Answer, Ending};
use super::message::{Fields, Framing, Head, dechunk};

/// A request as the origin got it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    pub fields: Fields,
    pub body: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
}

impl Recorded {
    /// The value of the first field line of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.first(name)
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

type Responder = Arc<dyn Fn(&Recorded) -> Answer + Send + Sync>;

#[derive(Default)]
struct Script {
    /// What each path answers.
    always: HashMap<String, Responder>,
    /// What each path answers before that, once each.
    once: HashMap<String, VecDeque<Answer>>,
    recorded: Vec<Recorded>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    arrived: Condvar,
    /// Requests that are not answered yet, and the most of them that there were.
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

/// A request that is not answered yet.
struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    fn begin(shared: &'a Shared) -> Self {
        let now = shared.under_way.fetch_add(1, SeqCst) + 1;
        shared.most_under_way.fetch_max(now, SeqCst);
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, SeqCst);
    }
}

/// A running origin. Dropping it closes its port and its connections.
pub struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Origin {
    /// Starts on a free port; every path answers 404 until told otherwise.
    pub fn start() -> Self {
        Self::start_on("127.0.0.1", 0)
    }

    /// The same on an address and port of the test's choice.
    pub fn start_on(ip: &str, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((ip, port))).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let (stop, stopped) = oneshot::channel();
        let accepting = accept(listener, shared.clone());
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accepting => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `backend default { … }` for this origin.
    pub fn backend(&self) -> String {
        let (host, port) = (self.address.ip(), self.address.port());
        format!("backend default {{ .host = \"{host}\"; .port = \"{port}\"; }}\n")
    }

    /// Answers requests for `path`, whatever their query, with `answer` from now on.
    pub fn on(&self, path: &str, answer: Answer) {
        self.on_each(path, move |_| answer.clone());
    }

    /// Answers requests for `path` with what `responder` makes of each.
    pub fn on_each(&self, path: &str, responder: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) {
        self.script().always.insert(path.to_owned(), Arc::new(responder));
    }

    /// Answers one request for `path` with `answer` before the others; called again, the next one.
    pub fn once(&self, path: &str, answer: Answer) {
        self.script().once.entry(path.to_owned()).or_default().push_back(answer);
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.script().recorded.clone()
    }

    /// The requests for `path` so far.
    pub fn requests_to(&self, path: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.path() == path).collect()
    }

    /// How many requests were under way at the same time, at most: come, and not wholly answered.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_under_way.load(SeqCst)
    }

    /// Waits for the `n`th request, counted from 1.
    ///
    /// # Panics
    /// When it does not come in time.
    pub fn wait_for(&self, n: usize) -> Recorded {
        let start = Instant::now();
        let mut script = self.script();
        while script.recorded.len() < n {
            let left = DEADLINE.checked_sub(start.elapsed());
            let left =
                left.unwrap_or_else(|| panic!("{} of {n} requests came: {:?}", script.recorded.len(), script.recorded));
            script = self.shared.arrived.wait_timeout(script, left).unwrap().0;
        }
        script.recorded[n - 1].clone()
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.shared.script.lock().unwrap()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

impl Shared {
    /// Remembers the request and says what to answer.
    fn take(&self, request: &Recorded) -> Answer {
        let mut script = self.script.lock().unwrap();
        script.recorded.push(request.clone());
        self.arrived.notify_all();
        if let Some(answer) = script.once.get_mut(request.path()).and_then(VecDeque::pop_front) {
            return answer;
        }
        let responder = script.always.get(request.path()).cloned();
        drop(script);
        responder.map_or_else(|| Answer::status(404), |responder| responder(request))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        // A connection that fails has its end: the test sees it at the other side.
        tokio::spawn(serve(stream, shared.clone(), connection));
    }
}

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>, connection: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut received, connection).await? {
        let _under_way = UnderWay::begin(&shared);
        let answer = shared.take(&request);
        send(&mut stream, &answer, &request.method).await?;
        if request.fields.lists("Connection", "close") || !answer.keeps_alive() {
            break;
        }
    }
    Ok(())
}

/// The next request; `None` if the connection ends before one is whole.
async fn read_request(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
    connection: usize,
) -> std::io::Result<Option<Recorded>> {
    let Some(length) = read_until(stream, received, Head::length).await? else { return Ok(None) };
    let head = Head::parse(&received.drain(..length).collect::<Vec<_>>());
    if head.fields.lists("Expect", "100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let whole = |bytes: &[u8]| match Framing::of(&head.fields, Framing::Length(0)) {
        Framing::Chunked => dechunk(bytes),
        Framing::Length(length) => bytes.get(..length).map(|body| (body.to_vec(), length)),
        Framing::UntilClose => unreachable!("a request does not end by closing"),
    };
    let Some((body, length)) = read_until(stream, received, whole).await? else { return Ok(None) };
    received.drain(..length);
    let mut words = head.first_line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap_or_default());
    Ok(Some(Recorded { method, target, fields: head.fields, body, connection }))
}

/// Reads until `is_enough` finds what it looks for; `None` if the connection ends before.
async fn read_until<T>(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
    is_enough: impl Fn(&[u8]) -> Option<T>,
) -> std::io::Result<Option<T>> {
    loop {
        if let Some(found) = is_enough(received) {
            return Ok(Some(found));
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

async fn send(stream: &mut TcpStream, answer: &Answer, method: &str) -> std::io::Result<()> {
    if let Some(gate) = &answer.head_gate {
        gate.pass().await;
    }
    stream.write_all(&answer.head_bytes()).await?;
    let mut body = answer.body_bytes(method);
    if let Ending::ClosedAfter(bytes) | Ending::ResetAfter(bytes) | Ending::SilentAfter(bytes) = answer.ending {
        body.truncate(bytes);
    }
    let (now, later) = match &answer.body_gate {
        Some((bytes, _)) => body.split_at(body.len().min(*bytes)),
        None => (&body[..], &[][..]),
    };
    stream.write_all(now).await?;
    if let Some((_, gate)) = &answer.body_gate {
        gate.pass().await;
        stream.write_all(later).await?;
    }
    match answer.ending {
        // Closing now sends a reset.
        Ending::ResetAfter(_) => stream.set_zero_linger()?,
        // Nothing more is asked on this connection: what comes is its end.
        Ending::SilentAfter(_) => _ = stream.read(&mut [0]).await?,
        Ending::Whole | Ending::ClosedAfter(_) => {}
    }
    if let Some(gate) = &answer.when_sent {
        gate.open();
    }
    Ok(())
}
