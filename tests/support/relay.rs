//! What stands before an origin: a Unix socket, TLS, a reader of greetings. What comes then is passed on as it is.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::Origin;

/// Someone who vouches for names.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as PEM.
pub struct Certificate {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name or address.
    pub fn certify(&self, name: &str) -> Certificate {
        self.sign(&CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    /// One that counts from the beginning of that year to the beginning of the other.
    pub fn certify_from_to(&self, name: &str, from: i32, to: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        self.sign(&params)
    }

    /// A certificate for this name that nobody but its own key vouches for: that of an authority, as `openssl req -x509`
    /// makes them unless told otherwise, or not.
    pub fn self_signed(name: &str, is_authority: bool) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let authority = IsCa::Ca(BasicConstraints::Unconstrained);
        params.is_ca = if is_authority { authority } else { IsCa::ExplicitNoCa };
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Certificate { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Certificate { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// One connection, as the relay saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What came before the rest.
    pub greeting: Vec<u8>,
    /// The name that was asked for by TLS.
    pub server_name: Option<String>,
    /// Whether the client proved itself by TLS.
    pub has_client_certificate: bool,
    /// The protocol that was agreed on by TLS.
    pub protocol: Option<String>,
}

type Connections = Arc<Mutex<Vec<Seen>>>;

/// Stands before an origin until dropped.
pub struct Relay {
    address: Option<SocketAddr>,
    seen: Connections,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Listens on a Unix socket at that path.
    pub fn on_socket(origin: &Origin, path: &Path) -> Self {
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = origin.address();
        Self::start(None, move |seen| async move {
            let listener = UnixListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(relay(stream, Seen::default(), Arc::clone(&seen), origin));
            }
        })
    }

    /// Takes a greeting off each connection; `is_whole` tells when it has all of it.
    pub fn greeted(origin: &Origin, is_whole: fn(&[u8]) -> bool) -> Self {
        Self::on_port(origin, move |mut stream, seen, origin| async move {
            let mut greeting = Vec::new();
            while !is_whole(&greeting) {
                let Ok(byte) = stream.read_u8().await else { return };
                greeting.push(byte);
            }
            relay(stream, Seen { greeting, ..Seen::default() }, seen, origin).await;
        })
    }

    /// Takes the binary header of the PROXY protocol off each connection, and speaks TLS then.
    pub fn greeted_tls(origin: &Origin, certificate: &Certificate) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(server_config(certificate, None)));
        Self::on_port(origin, move |mut stream, seen, origin| {
            let acceptor = acceptor.clone();
            async move {
                let mut head = [0; 16];
                let Ok(_) = stream.read_exact(&mut head).await else { return };
                let mut greeting = head.to_vec();
                greeting.resize(16 + usize::from(u16::from_be_bytes([head[14], head[15]])), 0);
                let Ok(_) = stream.read_exact(&mut greeting[16..]).await else { return };
                let Ok(stream) = acceptor.accept(stream).await else { return };
                relay(stream, Seen { greeting, ..Seen::default() }, seen, origin).await;
            }
        })
    }

    /// Speaks TLS with this certificate; asks clients to prove themselves by one of `clients`.
    pub fn tls(origin: &Origin, certificate: &Certificate, clients: Option<&Authority>) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(server_config(certificate, clients)));
        Self::on_port(origin, move |stream, seen, origin| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let session = stream.get_ref().1;
                let found = Seen {
                    server_name: session.server_name().map(str::to_owned),
                    has_client_certificate: session.peer_certificates().is_some(),
                    protocol: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
                    ..Seen::default()
                };
                relay(stream, found, seen, origin).await;
            }
        })
    }

    /// Where it listens, if that is a port.
    pub fn port(&self) -> u16 {
        self.address.expect("it listens on a port").port()
    }

    /// Every connection so far that passed something on.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn on_port<F: Future<Output = ()> + Send + 'static>(
        origin: &Origin,
        serve: impl Fn(TcpStream, Connections, SocketAddr) -> F + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, origin) = (listener.local_addr().unwrap(), origin.address());
        Self::start(Some(address), move |seen| async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&seen), origin));
            }
        })
    }

    fn start<F: Future<Output = ()>>(
        address: Option<SocketAddr>,
        run: impl FnOnce(Connections) -> F + Send + 'static,
    ) -> Self {
        let seen = Connections::default();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = run(shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, seen, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn relay(mut stream: impl AsyncRead + AsyncWrite + Unpin, found: Seen, seen: Connections, origin: SocketAddr) {
    seen.lock().unwrap().push(found);
    let Ok(mut origin) = TcpStream::connect(origin).await else { return };
    // A connection that fails has its end: the test sees it at the other side.
    let _ = copy_bidirectional(&mut stream, &mut origin).await;
}

fn server_config(certificate: &Certificate, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(certificate.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    // RFC 7301 section 3.2: whoever offers protocols, and not this one, is refused.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
