//! What stands on both sides of the proxies: an origin, and a client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::page;

pub const BODY_BYTES: usize = 1024;
/// How many connections a client keeps. All ask before the first answer is read, so that the proxy does not sleep
/// between two requests.
const CONNECTIONS: usize = 16;
/// What a browser sends, about.
const REQUEST: &[u8] = b"GET /1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
    Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n\r\n";

/// Starts an origin that answers everything with one page.
pub fn start_origin() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            answer(connection.unwrap());
        }
    });
    address
}

fn answer(mut connection: TcpStream) {
    let mut head = page::head(1, BODY_BYTES);
    head.append_header("Connection", "close").unwrap();
    let mut response = b"HTTP/1.1 200 OK\r\n".to_vec();
    head.header_to_h1_wire(&mut response);
    response.extend_from_slice(b"\r\n");
    response.resize(response.len() + BODY_BYTES, b'x');
    read_head(&mut connection, &mut Vec::new());
    connection.write_all(&response).unwrap();
}

/// Connections to one proxy.
pub struct Client {
    connections: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let connections = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
        Self { connections, buffer: Vec::new() }
    }

    /// Asks for the page over all connections, some times; how many answers came.
    pub fn ask(&mut self, times: usize) -> u32 {
        for _ in 0..times {
            for connection in &mut self.connections {
                connection.write_all(REQUEST).unwrap();
            }
            for connection in &mut self.connections {
                read_page(connection, &mut self.buffer);
            }
        }
        u32::try_from(times * CONNECTIONS).unwrap()
    }
}

/// Reads up to the end of a head, and maybe beyond; tells where the end is.
fn read_head(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    loop {
        read_more(connection, buffer);
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return end + 4;
        }
    }
}

fn read_page(connection: &mut TcpStream, buffer: &mut Vec<u8>) {
    let end = read_head(connection, buffer) + BODY_BYTES;
    assert!(buffer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(buffer));
    while buffer.len() < end {
        read_more(connection, buffer);
    }
    assert_eq!(buffer.len(), end, "more than the page came");
}

fn read_more(connection: &mut TcpStream, buffer: &mut Vec<u8>) {
    let mut bytes = [0; 4096];
    let len = connection.read(&mut bytes).unwrap();
    assert!(len > 0, "the connection was closed");
    buffer.extend_from_slice(&bytes[..len]);
}
