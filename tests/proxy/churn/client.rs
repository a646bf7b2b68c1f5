//! A client that compares a body with what it must be while it comes, and holds none of it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::Duration;

use super::catalogue::Resource;
use crate::support::{Fields, Head};

/// So long it waits for bytes; more than the machine ever makes it wait.
const PATIENCE: Duration = Duration::from_mins(1);
/// It reads so many bytes at once.
const AT_ONCE: usize = 64 * 1024;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All of it came.
    Whole,
    /// It came for as long as this client wanted it.
    GivenUp,
    /// It broke off, or never began.
    Broken,
    /// Another status than asked for: that, and what `Cache-Status` says.
    Refused(u16, String),
}

/// How a body is read.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Goes away when so many bytes of the body are there.
    pub give_up_after: u64,
    /// Waits so long after each read.
    pub pause: Duration,
}

impl Manner {
    pub const WELL: Self = Self { give_up_after: u64::MAX, pause: Duration::ZERO };
}

pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    /// Bytes of bodies so far.
    pub received: u64,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None, received: 0 }
    }

    /// Asks for a resource, or for a range of it.
    ///
    /// # Panics
    /// When a byte is not what it must be.
    pub fn get(&mut self, resource: &Resource, range: Option<Range<u64>>, manner: Manner) -> End {
        let range = range.map(|range| format!("Range: bytes={}-{}\r\n", range.start, range.end - 1));
        let fields = format!("X-Flavour: {}\r\n{}", resource.flavour, range.unwrap_or_default());
        let ended = self.ask("GET", resource, &fields).and_then(|(head, mut connection)| {
            let end = match status_of(&head) {
                200 | 206 => read_body(&mut connection, &head.fields, resource, manner, &mut self.received)?,
                // It has a body, which is of no interest.
                other => return Ok(End::Refused(other, why(&head))),
            };
            if end == End::Whole && !head.fields.lists("Connection", "close") {
                self.connection = Some(connection);
            }
            Ok(end)
        });
        ended.unwrap_or(End::Broken)
    }

    /// Purges it; whether it is gone.
    pub fn purge(&mut self, resource: &Resource) -> bool {
        let purged = self.ask("PURGE", resource, "").and_then(|(head, mut connection)| {
            let length: u64 = head.fields.first("Content-Length").map_or(0, |text| text.parse().unwrap());
            io::copy(&mut (&mut connection).take(length), &mut io::sink())?;
            self.connection = Some(connection);
            Ok(status_of(&head) == 200)
        });
        purged.unwrap_or(false)
    }

    /// Sends a request and reads the head of its response.
    fn ask(&mut self, method: &str, resource: &Resource, fields: &str) -> io::Result<(Head, BufReader<TcpStream>)> {
        let mut connection = self.connection.take().map_or_else(|| connect(self.address), Ok)?;
        let request = format!("{method} {} HTTP/1.1\r\nHost: churn.test\r\n{fields}\r\n", resource.target());
        connection.get_mut().write_all(request.as_bytes())?;
        let mut head = Vec::new();
        while Head::length(&head).is_none() {
            if connection.read_until(b'\n', &mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((Head::parse(&head), connection))
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::with_capacity(AT_ONCE, stream))
}

/// What the cache says of a response, but for the key, which is another one each time.
fn why(head: &Head) -> String {
    let said = head.fields.first("Cache-Status").unwrap_or("no Cache-Status");
    said.split("; ").filter(|part| !part.starts_with("key=")).collect::<Vec<_>>().join("; ")
}

fn status_of(head: &Head) -> u16 {
    head.first_line.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status")
}

/// Reads and compares the body of a 200 or of a 206 with one range.
fn read_body(
    connection: &mut BufReader<TcpStream>,
    fields: &Fields,
    resource: &Resource,
    manner: Manner,
    received: &mut u64,
) -> io::Result<End> {
    let part = fields.first("Content-Range").map(|text| text.trim_start_matches("bytes "));
    let bounds = part.and_then(|part| part.split('/').next()?.split_once('-'));
    let (start, end) = bounds
        .map_or((0, resource.size), |(first, last)| (first.parse::<u64>().unwrap(), last.parse::<u64>().unwrap() + 1));
    let is_chunked = fields.lists("Transfer-Encoding", "chunked");
    if !is_chunked {
        assert_eq!(fields.first("Content-Length"), Some(&*(end - start).to_string()), "{resource:?}");
    }
    let mut position = start;
    loop {
        let stretch = if is_chunked { chunk_size(connection)? } else { end - start };
        let until = position + stretch;
        while position < until {
            if position - start >= manner.give_up_after {
                return Ok(End::GivenUp);
            }
            let bytes = connection.fill_buf()?;
            let count = bytes.len().min(usize::try_from(until - position).unwrap());
            if count == 0 {
                return Ok(End::Broken);
            }
            assert!(resource.has_at(position, &bytes[..count]), "other bytes at {position} of {resource:?}");
            connection.consume(count);
            position += count as u64;
            *received += count as u64;
            if manner.pause > Duration::ZERO {
                std::thread::sleep(manner.pause);
            }
        }
        if is_chunked {
            expect_line_end(connection)?;
        }
        if !is_chunked || stretch == 0 {
            assert_eq!(position, end, "a whole body of another length: {resource:?}");
            return Ok(End::Whole);
        }
    }
}

fn chunk_size(connection: &mut impl BufRead) -> io::Result<u64> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    u64::from_str_radix(line.trim_end(), 16).map_err(|_| io::ErrorKind::UnexpectedEof.into())
}

fn expect_line_end(connection: &mut impl BufRead) -> io::Result<()> {
    let mut end = [0; 2];
    connection.read_exact(&mut end)?;
    assert_eq!(&end, b"\r\n", "a chunk ends where its size says");
    Ok(())
}
