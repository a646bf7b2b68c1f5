//! How backends are spoken to by TLS: the names they have to prove, who vouches for them, what we prove ourselves by.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// What a policy says of TLS to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsDefinition {
    /// The name that the backend is asked for and has to prove; an address is proved and not asked for.
    pub server_name: String,
    /// Whether it has to prove it.
    pub verify: bool,
    /// Who may vouch for it, as DER; whom the system trusts if empty.
    pub ca: Vec<Vec<u8>>,
    /// What we prove ourselves by.
    pub client: Option<ClientIdentity>,
}

/// Certificates and the key to the first of them, as DER.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientIdentity {
    /// The certificate and those that vouch for it.
    pub certificates: Vec<Vec<u8>>,
    /// The key.
    pub key: Vec<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientIdentity({} certificates)", self.certificates.len())
    }
}

/// Why certificates or a key are of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file has none that can be read.
    #[error("{0}")]
    Unreadable(String),
    /// The key is not that of the certificate, or of no known kind.
    #[error("the key does not go with the certificate: {0}")]
    Mismatch(String),
    /// The name cannot be that of a server.
    #[error("`{0}` is not the name of a server")]
    Name(String),
    /// Nobody is trusted.
    #[error("nobody is trusted: {0}")]
    NoRoots(String),
}

/// The certificates of a PEM file, as DER.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, TlsError> {
    let unreadable = |what: &str| TlsError::Unreadable(format!("a certificate cannot be read: {what}"));
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| unreadable(&error.to_string()))?;
    for certificate in &found {
        let parsed = x509_parser::parse_x509_certificate(certificate);
        parsed.map_err(|error| unreadable(&error.to_string()))?;
        RootCertStore::empty().add(certificate.clone()).map_err(|error| unreadable(&error.to_string()))?;
    }
    if found.is_empty() {
        return Err(TlsError::Unreadable("the file holds no certificate".to_owned()));
    }
    Ok(found.into_iter().map(|certificate| certificate.to_vec()).collect())
}

/// The key of a PEM file, as DER.
///
/// # Errors
/// When there is none that can be read.
pub fn private_key(pem: &[u8]) -> Result<Vec<u8>, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(pem);
    let key = key.map_err(|error| TlsError::Unreadable(format!("the key cannot be read: {error}")))?;
    Ok(key.secret_der().to_vec())
}

impl TlsDefinition {
    /// The name as rustls takes it.
    pub(super) fn name(&self) -> Result<ServerName<'static>, TlsError> {
        ServerName::try_from(self.server_name.clone()).map_err(|_| TlsError::Name(self.server_name.clone()))
    }

    /// What it comes to in rustls's words.
    ///
    /// # Errors
    /// When a certificate or the key is of no use.
    pub fn client_config(&self) -> Result<ClientConfig, TlsError> {
        self.name()?;
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| TlsError::NoRoots(error.to_string()))?.dangerous();
        let builder = builder.with_custom_certificate_verifier(self.verifier(provider)?);
        let Some(identity) = &self.client else { return Ok(builder.with_no_client_auth()) };
        let mismatch = |error: String| TlsError::Mismatch(error);
        let key = PrivateKeyDer::try_from(identity.key.clone()).map_err(|error| mismatch(error.to_owned()))?;
        let certificates = identity.certificates.iter().cloned().map(CertificateDer::from).collect();
        builder.with_client_auth_cert(certificates, key).map_err(|error| mismatch(error.to_string()))
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        if !self.verify {
            return Ok(Arc::new(Unverified(provider)));
        }
        let roots = if self.ca.is_empty() { system_roots() } else { Arc::new(self.roots()?) };
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
        let verifier: Arc<dyn ServerCertVerifier> = verifier.map_err(|error| TlsError::NoRoots(error.to_string()))?;
        Ok(verifier)
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.ca {
            let added = roots.add(CertificateDer::from(certificate.clone()));
            added.map_err(|error| TlsError::Unreadable(error.to_string()))?;
        }
        Ok(roots)
    }
}

/// Those whom the system trusts, read once.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        match rustls_native_certs::load_native_certs() {
            Ok(found) => _ = roots.add_parsable_certificates(found),
            Err(error) => tracing::warn!(%error, "the system's certificates cannot be read"),
        }
        Arc::new(roots)
    };
    ROOTS.get_or_init(read).clone()
}

/// Takes any certificate. Who speaks still has to have its key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
