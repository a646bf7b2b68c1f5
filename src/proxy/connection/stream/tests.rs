use std::collections::VecDeque;
use std::time::Duration;

use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nDate: now\r\n\r\n";
const DATED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nDate: long ago\r\n\r\n";

/// What a socket has been sent, and what the client sends it.
#[derive(Debug, Default)]
struct Wire {
    sent: Vec<u8>,
    incoming: VecDeque<Vec<u8>>,
}

/// A socket that takes a few bytes at a time, and every second time none.
#[derive(Debug)]
struct Reluctant {
    wire: Arc<Mutex<Wire>>,
    takes: usize,
    is_busy: bool,
}

impl AsyncRead for Reluctant {
    fn poll_read(self: Pin<&mut Self>, _cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.wire.lock().unwrap().incoming.pop_front() {
            Some(bytes) => out.put_slice(&bytes),
            None => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Reluctant {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_busy = !self.is_busy;
        if self.is_busy && self.takes < 100 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let count = bytes.len().min(self.takes);
        let mut wire = self.wire.lock().unwrap();
        wire.sent.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl VirtualSocket for Reluctant {
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

/// A connection whose socket takes that many bytes at a time, and its wire.
fn connection(takes: usize) -> (ClientStream, Arc<Mutex<Wire>>) {
    let wire = Arc::<Mutex<Wire>>::default();
    let socket = Reluctant { wire: wire.clone(), takes, is_busy: false };
    let session = ClientSession::begin(Arc::new(super::super::Listener::new(0, ([127, 0, 0, 1], 80).into())));
    (ClientStream::new(VirtualSocketStream::new(Box::new(socket)).into(), session), wire)
}

fn long_ago(patience: Patience) -> NextHead {
    NextHead { date: Some(HeaderValue::from_static("long ago")), patience }
}

fn sent(wire: &Mutex<Wire>) -> String {
    String::from_utf8(wire.lock().unwrap().sent.clone()).unwrap()
}

#[tokio::test]
async fn rfc9110_6_6_1_the_date_is_replaced_however_the_system_takes_the_bytes() {
    for takes in [1, 3, 30, 1000] {
        for (patience, is_vectored) in [
            (Patience::None, false),
            (Patience::Endless, false),
            (Patience::OneTurn, true),
            (Patience::None, true),
            (Patience::Endless, true),
        ] {
            let (mut stream, wire) = connection(takes);
            stream.set_next_head(Some(long_ago(patience)));
            if is_vectored {
                assert_eq!(stream.write_vectored(&[IoSlice::new(HEAD)]).await.unwrap(), HEAD.len());
            } else {
                stream.write_all(HEAD).await.unwrap();
            }
            stream.write_all(b"body").await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(sent(&wire), format!("{DATED}body"), "{takes}");
        }
    }
}

/// Looks for bytes of the client once, as pingora does while it waits for the backend; none are there.
async fn look(stream: &mut ClientStream) {
    let mut bytes = [0; 8];
    let found = poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut bytes))));
    assert!(found.await.is_pending());
}

#[tokio::test]
async fn a_head_waits_for_its_body_as_long_as_it_may() {
    // What is sent after the head alone, after one look at the client, and after another.
    for (patience, expected) in [
        (Patience::Endless, ["", "", ""]),
        (Patience::OneTurn, ["", "", DATED]),
        (Patience::None, [DATED, DATED, DATED]),
    ] {
        let (mut stream, wire) = connection(1000);
        stream.set_next_head(Some(long_ago(patience)));
        stream.write_all(HEAD).await.unwrap();
        let mut seen = vec![sent(&wire)];
        for _ in 0..2 {
            look(&mut stream).await;
            seen.push(sent(&wire));
        }
        assert_eq!(seen, expected, "{patience:?}");
        stream.write_all(b"body").await.unwrap();
        assert_eq!(sent(&wire), format!("{DATED}body"));
    }
}

#[tokio::test]
async fn a_head_that_comes_before_its_request_is_over_goes_out_at_once() {
    let (mut stream, wire) = connection(1000);
    wire.lock().unwrap().incoming.push_back(b"POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\n".to_vec());
    let (_stop, mut shutdown) = watch::channel(false);
    assert_eq!(stream.next_request(&mut shutdown).await, Arrival::Request);
    stream.set_next_head(Some(long_ago(Patience::OneTurn)));
    stream.write_all(HEAD).await.unwrap();
    assert_eq!(sent(&wire), DATED);
}

#[tokio::test]
async fn a_client_that_took_half_of_a_held_head_gets_the_rest_while_the_fetch_runs_ahead() {
    let (mut stream, wire) = connection(9);
    stream.pace().run_ahead();
    stream.set_next_head(Some(long_ago(Patience::Endless)));
    stream.write_all(HEAD).await.unwrap();
    stream.write_all(b"body").await.unwrap();
    assert!(sent(&wire).len() < DATED.len(), "{}", sent(&wire));
    let mut none = [0; 1];
    let waits = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut none)).await;
    assert!(waits.is_err());
    assert_eq!(sent(&wire), format!("{DATED}body"));
}

#[tokio::test]
async fn a_head_that_no_body_follows_goes_out_at_a_flush_and_at_the_end() {
    let (mut stream, wire) = connection(7);
    stream.set_next_head(Some(long_ago(Patience::Endless)));
    stream.write_all(HEAD).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(sent(&wire), DATED);
    stream.set_next_head(Some(long_ago(Patience::Endless)));
    stream.write_all(HEAD).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(sent(&wire), DATED.repeat(2));
}

#[tokio::test]
async fn only_the_next_final_head_is_changed() {
    let (mut stream, wire) = connection(1000);
    stream.set_next_head(Some(long_ago(Patience::Endless)));
    let interim = "HTTP/1.1 103 Early Hints\r\nDate: now\r\n\r\n";
    stream.write_all(interim.as_bytes()).await.unwrap();
    stream.write_all(HEAD).await.unwrap();
    stream.write_all(HEAD).await.unwrap();
    let head = String::from_utf8(HEAD.to_vec()).unwrap();
    assert_eq!(sent(&wire), format!("{interim}{DATED}{head}"));
}

#[tokio::test]
async fn chunks_follow_their_head() {
    let (mut stream, wire) = connection(5);
    stream.set_next_head(Some(long_ago(Patience::Endless)));
    stream.write_all(HEAD).await.unwrap();
    let mut rest = &b"4\r\nbody\r\n"[..];
    while !rest.is_empty() {
        let written = stream.write_vectored(&[IoSlice::new(rest), IoSlice::new(b"")]).await.unwrap();
        rest = &rest[written..];
    }
    assert_eq!(sent(&wire), format!("{DATED}4\r\nbody\r\n"));
}

#[tokio::test]
async fn after_a_switch_of_protocols_all_bytes_go_through_both_ways() {
    let (mut stream, wire) = connection(1000);
    wire.lock().unwrap().incoming.extend([b"GET / HTTP/1.0\r\n\r\nearly".to_vec(), b"\0later\n".to_vec()]);
    let (_stop, mut shutdown) = watch::channel(false);
    assert_eq!(stream.next_request(&mut shutdown).await, Arrival::Request);
    let mut head = [0; 64];
    assert_eq!(stream.read(&mut head).await.unwrap(), 18);
    let waits = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut head)).await;
    assert!(waits.is_err(), "what follows a request waits for its turn");
    stream.switch_protocols();
    let mut raw = [0; 12];
    stream.read_exact(&mut raw).await.unwrap();
    assert_eq!(&raw, b"early\0later\n");
    stream.write_all(b"HTTP/1.1 200 as it is\r\nDate: now\r\n").await.unwrap();
    assert_eq!(sent(&wire), "HTTP/1.1 200 as it is\r\nDate: now\r\n");
}

#[tokio::test]
async fn a_connection_takes_what_waits_only_while_the_fetch_runs_ahead() {
    let (mut stream, wire) = connection(1);
    stream.pace().run_ahead();
    let taken = stream.write_vectored(&[IoSlice::new(b"5\r\n"), IoSlice::new(b"hello\r\n")]).await.unwrap();
    stream.flush().await.unwrap();
    assert!(taken == 10 && sent(&wire).len() < 10, "{taken}, {}", sent(&wire));
    // Whoever waits for the client's next bytes drives it, and then there is room for more.
    let mut none = [0; 1];
    let waits = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut none)).await;
    assert!(waits.is_err());
    assert_eq!(sent(&wire), "5\r\nhello\r\n");
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    stream.pace().end_of_fetch();
    stream.flush().await.unwrap();
    assert_eq!(sent(&wire), "5\r\nhello\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_client_that_is_cut_off_gets_and_gives_nothing_more() {
    let (mut stream, wire) = connection(1000);
    stream.pace().cut();
    assert!(stream.write_all(b"hello").await.is_err());
    assert!(stream.read(&mut [0; 1]).await.is_err());
    assert_eq!(sent(&wire), "");
}
