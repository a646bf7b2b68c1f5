//! Keys that tokens are signed with.

mod json;
mod pem;
mod weak;

use std::fmt;

/// How a token may be signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// `EdDSA` with Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them. `none` is none of them.
    pub const ALL: &[Self] = &[
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The name as tokens have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        // RFC 9864 section 2.2: EdDSA with the curve in its name.
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

/// The keys of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// Those that are of use, in their order.
    pub keys: Vec<SigningKey>,
}

/// A key, with what it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name, `kid`.
    pub id: Option<String>,
    /// The one algorithm that it is for; any that its kind is for, if `None`.
    pub algorithm: Option<Algorithm>,
    /// What is checked with it.
    pub material: Material,
}

/// What a key is made of. It alone says how it is used: a token cannot have a public key taken for a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// For HMAC: a secret that is shared.
    Secret(Vec<u8>),
    /// For RSA: modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// For ES256: a point of P-256, uncompressed.
    P256(Vec<u8>),
    /// For ES384: a point of P-384, uncompressed.
    P384(Vec<u8>),
    /// For `EdDSA`: a public key of Ed25519.
    Ed25519(Vec<u8>),
}

/// Of secrets nothing is shown.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Rsa { .. } => "Rsa",
            Self::P256(_) => "P256",
            Self::P384(_) => "P384",
            Self::Ed25519(_) => "Ed25519",
        })
    }
}

impl Material {
    /// Whether what is signed in that way can be checked with it.
    #[must_use]
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Secret(_) => matches!(algorithm, Hs256 | Hs384 | Hs512),
            Self::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Self::P256(_) => algorithm == Es256,
            Self::P384(_) => algorithm == Es384,
            Self::Ed25519(_) => algorithm == EdDsa,
        }
    }

    /// An RSA key of a length that is safe and can be reckoned with.
    fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        if !(LEAST_MODULUS_BYTES..=MOST_MODULUS_BYTES).contains(&modulus.len()) {
            return Err("an RSA key has at least 2048 bits, and at most 8192");
        }
        Ok(Self::Rsa { modulus, exponent })
    }

    fn p256(point: Vec<u8>) -> Result<Self, &'static str> {
        let fine = point.len() == 65 && point.first() == Some(&4);
        if fine { Ok(Self::P256(point)) } else { Err("a point of P-256 has two parts of 32 bytes") }
    }

    fn p384(point: Vec<u8>) -> Result<Self, &'static str> {
        let fine = point.len() == 97 && point.first() == Some(&4);
        if fine { Ok(Self::P384(point)) } else { Err("a point of P-384 has two parts of 48 bytes") }
    }

    fn ed25519(key: Vec<u8>) -> Result<Self, &'static str> {
        match <[u8; 32]>::try_from(key.as_slice()) {
            Err(_) => Err("a key of Ed25519 has 32 bytes"),
            Ok(point) if weak::is_weak(point) => Err("the key of Ed25519 is weak: signatures by it prove nothing"),
            Ok(_) => Ok(Self::Ed25519(key)),
        }
    }
}

/// A number as numbers are reckoned with, without the zeros before it.
fn without_zeros(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default().to_vec()
}

/// The fewest bytes of a modulus (RFC 7518 section 3.3).
const LEAST_MODULUS_BYTES: usize = 256;

/// The most bytes of a modulus that are reckoned with.
const MOST_MODULUS_BYTES: usize = 1024;

impl KeySet {
    /// A set of keys as JSON, `{"keys": [...]}`, or one key (RFC 7517 sections 4 and 5), or public keys and certificates
    /// in PEM. Keys of a JSON for other uses and of other kinds are left out.
    ///
    /// # Errors
    /// What is wrong, in words that do not tell what stands there.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let is_json = text.trim_ascii_start().starts_with(b"{") || text.trim_ascii_start().starts_with(b"[");
        let keys = if is_json { json::keys(text)? } else { pem::keys(text)? };
        if keys.is_empty() {
            let names: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
            return Err(format!("there is no key for {}", names.join(", ")));
        }
        Ok(Self { keys })
    }
}
