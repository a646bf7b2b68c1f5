//! Waiting for the next request of a connection.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::{HeadReader, Rejection};
use super::intake::Intake;

/// As long as for ever.
const FAR: Duration = Duration::from_hours(24 * 365);

/// How long a head may take from its first byte to its last, however its bytes trickle in.
const HEAD: Duration = Duration::from_secs(30);

const TOO_SLOW: Rejection = Rejection { status: 408, reason: "Request Timeout" };

/// What has come of waiting.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A request that was found good; it is due in the intake.
    Request,
    /// One to be refused, and the connection with it: where the next begins cannot be told.
    Refused(Rejection),
    /// None comes any more.
    End,
}

/// Waits for the next request, for so long if none begins. When `shutdown` says true, none is waited for that has not begun.
pub async fn next_request(
    source: &mut (impl AsyncRead + Unpin),
    intake: &mut Intake,
    alarm: &mut Alarm,
    idle: Duration,
    shutdown: &mut watch::Receiver<bool>,
) -> Arrival {
    let mut reader = HeadReader::default();
    let mut wait = Wait { began: Instant::now(), longest: idle, is_idle: true };
    loop {
        match reader.read(intake.received()) {
            Ok(Some(head)) => {
                intake.begin(&head);
                return Arrival::Request;
            }
            Ok(None) => {}
            Err(rejection) => return Arrival::Refused(rejection),
        }
        if wait.is_idle && !reader.is_waiting(intake.received()) {
            wait = Wait { began: Instant::now(), longest: HEAD, is_idle: false };
        }
        let read = tokio::select! {
            biased;
            read = intake.fill(source) => read,
            () = alarm.ring_at(wait.deadline()) => return wait.expired(),
            _ = shutdown.wait_for(|stop| *stop), if wait.is_idle => return Arrival::End,
        };
        if ended(&read) {
            return Arrival::End;
        }
    }
}

fn ended(read: &io::Result<usize>) -> bool {
    !matches!(read, Ok(1..))
}

/// What is waited for.
struct Wait {
    began: Instant,
    longest: Duration,
    /// For the first byte of a request; else for the end of its head.
    is_idle: bool,
}

impl Wait {
    fn deadline(&self) -> Instant {
        // A deadline beyond what can be reckoned is none.
        self.began.checked_add(self.longest).unwrap_or_else(|| self.began + FAR)
    }

    /// RFC 9110 section 15.5.9. Who has asked for nothing is told nothing.
    fn expired(&self) -> Arrival {
        if self.is_idle { Arrival::End } else { Arrival::Refused(TOO_SLOW) }
    }
}

/// A timer for a deadline that mostly moves on before it is reached. It is set anew only when it has
/// rung too early, so that a request costs no change of a timer.
#[derive(Debug, Default)]
pub struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    async fn ring_at(&mut self, deadline: Instant) {
        poll_fn(|cx| self.poll(deadline, cx)).await;
    }

    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const IDLE: Duration = Duration::from_mins(1);

    /// A connection of which the client's end is `client`.
    struct Server {
        source: DuplexStream,
        intake: Intake,
        alarm: Alarm,
        shutdown: watch::Receiver<bool>,
    }

    impl Server {
        fn new() -> (Self, DuplexStream, watch::Sender<bool>) {
            let (client, source) = duplex(1 << 20);
            let (stop, shutdown) = watch::channel(false);
            (Self { source, intake: Intake::new(), alarm: Alarm::default(), shutdown }, client, stop)
        }

        async fn next(&mut self) -> Arrival {
            next_request(&mut self.source, &mut self.intake, &mut self.alarm, IDLE, &mut self.shutdown).await
        }

        /// Takes the request that is due.
        fn hand_on(&mut self) -> Vec<u8> {
            let mut room = [0; 64];
            let mut out = tokio::io::ReadBuf::new(&mut room);
            self.intake.hand_on(&mut out).unwrap();
            out.filled().to_vec()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rfc9110_15_5_9_a_head_that_trickles_in_has_one_deadline() {
        let (mut server, mut client, _stop) = Server::new();
        let began = Instant::now();
        let trickle = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(50)).await;
            for byte in b"GET / HTTP/1.1\r\nHost: a.test\r\nX: aaaaaaaaaaaaaaaaaaaa" {
                client.write_all(&[*byte]).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            client
        });
        assert_eq!(server.next().await, Arrival::Refused(TOO_SLOW));
        assert_eq!(began.elapsed().as_secs(), 80);
        trickle.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_ends_in_silence() {
        let (mut server, mut client, _stop) = Server::new();
        client.write_all(b"\r\n").await.unwrap();
        let began = Instant::now();
        assert_eq!(server.next().await, Arrival::End);
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_has_its_own_deadlines() {
        let (mut server, mut client, _stop) = Server::new();
        tokio::spawn(async move {
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_secs(55)).await;
                client.write_all(b"GET / HTTP/1.0\r\n").await.unwrap();
                tokio::time::sleep(Duration::from_secs(25)).await;
                client.write_all(b"\r\n").await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let began = Instant::now();
        for _ in 0..4 {
            assert_eq!(server.next().await, Arrival::Request);
            server.hand_on();
        }
        assert_eq!(began.elapsed().as_secs(), 4 * 80);
        assert_eq!(server.next().await, Arrival::End);
        assert_eq!(began.elapsed().as_secs(), 4 * 80 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn at_shutdown_a_request_that_has_begun_is_waited_for_and_no_other() {
        let (mut server, _client, stop) = Server::new();
        stop.send(true).unwrap();
        assert_eq!(server.next().await, Arrival::End);
        let (mut server, mut client, stop) = Server::new();
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        stop.send(true).unwrap();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.write_all(b"Host: a.test\r\n\r\n").await.unwrap();
            client
        });
        assert_eq!(server.next().await, Arrival::Request);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_come_together_are_found_one_by_one() {
        let (mut server, mut client, _stop) = Server::new();
        let good = b"GET / HTTP/1.0\r\n\r\n";
        client.write_all(&[&good[..], b"GET / HTTP/1.0\n\n"].concat()).await.unwrap();
        assert_eq!(server.next().await, Arrival::Request);
        assert_eq!(server.hand_on(), good);
        assert!(matches!(server.next().await, Arrival::Refused(Rejection { status: 400, .. })));
    }
}
