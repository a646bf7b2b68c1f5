//! The origin: sends resources of any size without holding them, and breaks off now and then.

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::catalogue::{Numbers, Resource};
use crate::support::Head;

/// One of so many bodies is cut short.
const CUT_SHORT: u64 = 300;
/// Chunks are this large at most, in bytes.
const CHUNK: usize = 64 * 1024;

pub struct Origin {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Origin {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn accept(listener: TcpListener) {
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        // It fails when the proxy goes away, which clients and the test do all the time.
        tokio::spawn(serve(stream, Numbers(connection)));
    }
}

async fn serve(mut stream: TcpStream, mut numbers: Numbers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    while let Some(head) = read_head(&mut stream).await? {
        let target = head.first_line.split(' ').nth(1).unwrap_or_default();
        let flavour = head.fields.first("X-Flavour").and_then(|text| text.parse().ok()).unwrap_or(0);
        let resource = Resource::new(target.trim_start_matches('/').parse().unwrap(), flavour);
        let is_known = head.fields.first("If-None-Match").is_some_and(|tags| tags.contains(&resource.etag()));
        stream.write_all(head_of(&resource, is_known).as_bytes()).await?;
        let is_cut_short = resource.size > 1_000 && numbers.below(CUT_SHORT) == 0;
        let end = if is_cut_short { resource.size / 2 } else { resource.size };
        if !is_known {
            send(&mut stream, &resource, end).await?;
        }
        if !is_known && is_cut_short {
            break;
        }
    }
    Ok(())
}

/// The next head of a request, which has no body here; `None` at the end.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Head>> {
    let mut received = Vec::new();
    while Head::length(&received).is_none() {
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Head::parse(&received)))
}

fn head_of(resource: &Resource, is_known: bool) -> String {
    let mut lines = vec![format!("HTTP/1.1 {}", if is_known { "304 Not Modified" } else { "200 OK" })];
    lines.push(format!("Cache-Control: max-age={}", resource.max_age_sec));
    if resource.varies {
        lines.push("Vary: X-Flavour".to_owned());
    }
    if resource.has_validator {
        lines.push(format!("ETag: {}", resource.etag()));
    }
    if resource.is_chunked && !is_known {
        lines.push("Transfer-Encoding: chunked".to_owned());
    } else if !is_known {
        lines.push(format!("Content-Length: {}", resource.size));
    }
    lines.join("\r\n") + "\r\n\r\n"
}

/// Sends the body up to `end`, and says that it is whole where it is.
async fn send(stream: &mut TcpStream, resource: &Resource, end: u64) -> io::Result<()> {
    let mut position = 0;
    while position < end {
        let left = usize::try_from(end - position).unwrap();
        let bytes = resource.bytes_at(position);
        let bytes = &bytes[..bytes.len().min(left).min(CHUNK)];
        if resource.is_chunked {
            stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
            stream.write_all(bytes).await?;
            stream.write_all(b"\r\n").await?;
        } else {
            stream.write_all(bytes).await?;
        }
        position += bytes.len() as u64;
    }
    if resource.is_chunked && end == resource.size {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    Ok(())
}
