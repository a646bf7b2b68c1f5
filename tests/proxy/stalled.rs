//! Clients that ask for large files and read nothing: what each of them takes.
//!
//! `STALLED_CLIENTS=800 cargo test --test proxy stalled -- --nocapture` gives the figures of docs/store.md.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use crate::support::{Client, DEADLINE, Proxy};

const FILE_BYTES: usize = 8 << 20;

/// Some 300 to 500 KB are expected; with reads of 64 KB they were more than this.
const MOST_BYTES_EACH: u64 = 640 << 10;

/// Sends that file in answer to each request, one for a connection.
fn film() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::Builder::new().stack_size(64 << 10).spawn(move || send(stream)).unwrap();
        }
    });
    address
}

/// Ends with an error when nobody reads any more.
fn send(mut stream: TcpStream) {
    static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {FILE_BYTES}\r\nCache-Control: max-age=60\r\n\r\n");
    let mut sent = stream.write_all(head.as_bytes());
    for _ in 0..FILE_BYTES / PIECE.len() {
        sent = sent.and_then(|()| stream.write_all(&PIECE));
    }
}

/// The resident memory once it has not grown for a while.
fn settled(proxy: &Proxy) -> u64 {
    let (began, mut last, mut since) = (Instant::now(), 0, Instant::now());
    while since.elapsed().as_millis() < 1_000 && began.elapsed() < DEADLINE {
        let now = proxy.resident_bytes();
        if now > last + (1 << 20) {
            (last, since) = (now, Instant::now());
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    last.max(proxy.resident_bytes())
}

#[test]
fn a_client_that_reads_nothing_takes_no_more_than_so_much() {
    let clients: u64 = std::env::var("STALLED_CLIENTS").map_or(60, |clients| clients.parse().unwrap());
    let film = film();
    let backend = format!("backend default {{ .host = \"{}\"; .port = \"{}\"; }}", film.ip(), film.port());
    for (kind, cookie) in [("stored", ""), ("passed", "Cookie: a=b\r\n")] {
        let proxy = Proxy::start_with(&format!("warp 1;\n{backend}\n"), &["--memory", "64MB"]);
        let before = proxy.resident_bytes();
        let _stalled: Vec<Client> = (0..clients)
            .map(|n| {
                let mut client = proxy.client();
                client.send_raw(format!("GET /film?{n} HTTP/1.1\r\nHost: a.test\r\n{cookie}\r\n"));
                client
            })
            .collect();
        let each = (settled(&proxy) - before) / clients;
        println!("{kind}: {} KB for each of {clients} clients", each >> 10);
        // Of what goes through the store, it has its share as well.
        let in_store = proxy.metric("warp_store_bytes") / clients;
        assert!(each < MOST_BYTES_EACH + in_store, "{kind}: {each} bytes, {in_store} of them in the store");
    }
}
