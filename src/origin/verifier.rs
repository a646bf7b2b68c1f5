//! Whether a backend has proved its name, and if not, why, in the words of whoever has to mend it.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

/// Verifies as rustls does.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Who decides.
    pub decides: Arc<WebPkiServerVerifier>,
    /// Whether a `.ca_file` says who may vouch for the backend.
    pub has_own_roots: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.decides.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match words(&error, self.has_own_roots) {
            Some(words) => Error::Other(OtherError(Arc::new(Refusal(words)))),
            None => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.decides.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.decides.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.decides.supported_verify_schemes()
    }
}

/// Why a certificate is refused, and what to do.
#[derive(Debug)]
struct Refusal(&'static str);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refusal {}

/// What to say where rustls names no more than the rule that was broken.
fn words(error: &Error, has_own_roots: bool) -> Option<&'static str> {
    let Error::InvalidCertificate(error) = error else { return None };
    Some(match error {
        CertificateError::UnknownIssuer if has_own_roots => {
            "nobody in `.ca_file` vouches for the backend's certificate: name the file with the authority that has signed it"
        }
        CertificateError::UnknownIssuer => {
            "nobody whom the system trusts vouches for the backend's certificate: name who has signed it by `.ca_file`"
        }
        // rustls hands these on as its library has them.
        CertificateError::Other(other) => match format!("{:?}", other.0).as_str() {
            "CaUsedAsEndEntity" => {
                "the backend's certificate is an authority's (CA:TRUE), and none of a server: make one with \
                 `basicConstraints=CA:FALSE`, or have the authority sign one for the server"
            }
            "UnsupportedCertVersion" => {
                "the backend's certificate is of version 1, which has no names of servers: make one of version 3 with \
                 `subjectAltName`"
            }
            _ => return None,
        },
        _ => return None,
    })
}
