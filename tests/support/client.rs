//! A client that sends exactly what it is told, over one connection at a time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::DEADLINE;
use super::message::{Framing, Head, Response, dechunk};

/// A connection that is kept alive.
pub struct Client {
    stream: TcpStream,
    address: SocketAddr,
    received: Vec<u8>,
}

/// Why there is no whole response.
#[derive(Debug)]
pub struct Broken {
    /// The head, if that came.
    pub head: Option<Head>,
    /// What came of the body, as framed.
    pub body: Vec<u8>,
    /// What reading ended with; `None` if the connection was closed.
    pub error: Option<io::Error>,
}

impl Client {
    /// Connects to `address`.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("no connection to {address}: {error}"));
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, address, received: Vec::new() }
    }

    /// Its own address.
    pub fn local_addr(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// A request with that method, to be completed and sent.
    pub fn request(&mut self, method: &str, target: &str) -> RequestBuilder<'_> {
        let (method, target) = (method.to_owned(), target.to_owned());
        RequestBuilder { client: self, method, target, fields: Vec::new(), body: None }
    }

    /// A GET request, to be completed and sent.
    pub fn get(&mut self, target: &str) -> RequestBuilder<'_> {
        self.request("GET", target)
    }

    /// Sends these bytes as they are.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Tells the other side that nothing more is sent; what it sends is still read.
    pub fn stop_sending(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads the next head, that of an interim response (1xx) too.
    pub fn read_any_head(&mut self) -> Result<Head, Broken> {
        let length = self.read_until(None, Head::length)?;
        Ok(Head::parse(&self.received.drain(..length).collect::<Vec<_>>()))
    }

    /// Reads the head of a response and leaves its body to [`Self::read_bytes`].
    pub fn read_head(&mut self) -> Result<Head, Broken> {
        loop {
            let head = self.read_any_head()?;
            let interim = head.first_line.split(' ').nth(1).is_some_and(|status| status.starts_with('1'));
            if !interim {
                return Ok(head);
            }
        }
    }

    /// Reads exactly `count` bytes.
    pub fn read_bytes(&mut self, count: usize) -> Result<Vec<u8>, Broken> {
        self.read_until(None, |received| (received.len() >= count).then_some(()))?;
        Ok(self.received.drain(..count).collect())
    }

    /// Reads the response to a request with that method. Interim responses (1xx) are read over.
    pub fn read_response(&mut self, method: &str) -> Result<Response, Broken> {
        let head = self.read_head()?;
        let status = head.first_line.split(' ').nth(1).unwrap_or("");
        let framing = match status {
            "204" | "304" => Framing::Length(0),
            _ if method == "HEAD" => Framing::Length(0),
            _ => Framing::of(&head.fields, Framing::UntilClose),
        };
        let body = self.read_body(&head, framing)?;
        Ok(Response::new(head, body))
    }

    /// Reads the body that belongs to this head of a response to GET.
    pub fn read_rest(&mut self, head: &Head) -> Result<Vec<u8>, Broken> {
        self.read_body(head, Framing::of(&head.fields, Framing::UntilClose))
    }

    fn read_body(&mut self, head: &Head, framing: Framing) -> Result<Vec<u8>, Broken> {
        match framing {
            Framing::Length(length) => {
                self.read_until(Some(head), |received| (received.len() >= length).then_some(()))?;
                Ok(self.received.drain(..length).collect())
            }
            Framing::Chunked => {
                let (body, length) = self.read_until(Some(head), dechunk)?;
                self.received.drain(..length);
                Ok(body)
            }
            Framing::UntilClose => match self.read_until(Some(head), |_| None::<()>) {
                Err(Broken { error: None, body, .. }) => Ok(body),
                Err(broken) => Err(broken),
                Ok(()) => unreachable!("reading until the end does not end before"),
            },
        }
    }

    /// All that comes until the connection is closed.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        match self.read_until(None, |_| None::<()>) {
            Err(Broken { error: None, body, .. }) => body,
            other => panic!("the connection was not closed: {other:?}"),
        }
    }

    /// Waits until the connection has ended, closed or reset.
    ///
    /// # Panics
    /// When more bytes come, or it stays open.
    pub fn assert_closed(&mut self) {
        match self.read_until(None, |_| None::<()>) {
            Err(Broken { body, .. }) if !body.is_empty() => {
                panic!("more came: {}", String::from_utf8_lossy(&body));
            }
            Err(Broken { error: Some(error), .. }) if error.kind() != io::ErrorKind::ConnectionReset => {
                panic!("the connection was not closed: {error}");
            }
            _ => {}
        }
    }

    /// Reads until `is_enough` finds what it looks for in what was received.
    fn read_until<T>(&mut self, head: Option<&Head>, is_enough: impl Fn(&[u8]) -> Option<T>) -> Result<T, Broken> {
        loop {
            if let Some(found) = is_enough(&self.received) {
                return Ok(found);
            }
            let mut buffer = vec![0; 64 * 1024];
            let error = match self.stream.read(&mut buffer) {
                Ok(0) => None,
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    continue;
                }
                Err(error) => Some(error),
            };
            return Err(Broken { head: head.cloned(), body: std::mem::take(&mut self.received), error });
        }
    }
}

/// A request that is not sent yet.
pub struct RequestBuilder<'a> {
    client: &'a mut Client,
    method: String,
    target: String,
    fields: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> RequestBuilder<'a> {
    /// Adds a field line. A `Host` replaces the one that is sent otherwise, the address connected to.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a body with its `Content-Length`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the request and reads the response.
    ///
    /// # Panics
    /// When no whole response comes.
    pub fn send(self) -> Response {
        let line = format!("{} {}", self.method, self.target);
        self.try_send().unwrap_or_else(|broken| panic!("no whole response to {line}: {broken:?}"))
    }

    /// Sends the request and reads the response.
    pub fn try_send(self) -> Result<Response, Broken> {
        let method = self.method.clone();
        self.send_only().read_response(&method)
    }

    /// Sends the request and leaves reading to the caller.
    pub fn send_only(self) -> &'a mut Client {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            bytes.extend(format!("Host: {}\r\n", self.client.address).into_bytes());
        }
        for (name, value) in &self.fields {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if let Some(body) = &self.body {
            bytes.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(self.body.iter().flatten());
        self.client.send_raw(bytes);
        self.client
    }
}
