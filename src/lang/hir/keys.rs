//! Keys that tokens are signed with (RFC 7517).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// How a token may be signed (RFC 7518 section 3.1).
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
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// All of them. `none` is none of them.
    pub const ALL: &[Self] = &[Self::Hs256, Self::Hs384, Self::Hs512, Self::Rs256, Self::Es256];

    /// The name as tokens have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

/// The keys of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// Those that are of use, in their order.
    pub keys: Vec<SigningKey>,
}

/// A key, with the one thing that it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name, `kid`.
    pub id: Option<String>,
    /// What is checked with it.
    pub material: Material,
}

/// What a key is made of. It alone says how it is used: a token cannot have a public key taken for a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// A secret that is shared, and the algorithms that it is for.
    Secret {
        /// The secret.
        secret: Vec<u8>,
        /// The algorithm; any HMAC if `None`.
        algorithm: Option<Algorithm>,
    },
    /// For RS256: modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// For ES256: a point of P-256, uncompressed.
    P256(Vec<u8>),
}

/// Of secrets nothing is shown.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret { .. } => "Secret",
            Self::Rsa { .. } => "Rsa",
            Self::P256(_) => "P256",
        })
    }
}

/// The fewest bytes of a modulus (RFC 7518 section 3.3).
const LEAST_MODULUS_BYTES: usize = 256;

/// The most bytes of a modulus that are reckoned with.
const MOST_MODULUS_BYTES: usize = 1024;

impl KeySet {
    /// A set of keys, `{"keys": [...]}`, or one key (RFC 7517 sections 4 and 5). Keys for other uses and of other
    /// kinds are left out.
    ///
    /// # Errors
    /// What is wrong, in words that do not tell what stands there.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let whole: Value = serde_json::from_slice(text).map_err(|error| {
            // Not what serde says: that may hold a part of the text.
            format!("this is no JSON, at line {}, column {}", error.line(), error.column())
        })?;
        let keys = match whole.get("keys") {
            Some(Value::Array(keys)) => keys.as_slice(),
            Some(_) => return Err("`keys` is no list".to_owned()),
            None => std::slice::from_ref(&whole),
        };
        let mut read = Vec::with_capacity(keys.len());
        for (number, key) in (1..).zip(keys) {
            let key = key.as_object().ok_or("no object").and_then(key_of);
            read.extend(key.map_err(|why| format!("key {number}: {why}"))?);
        }
        if read.is_empty() {
            let names: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
            return Err(format!("there is no key for {}", names.join(", ")));
        }
        Ok(Self { keys: read })
    }
}

/// A key; `None` if it is for something else.
fn key_of(key: &Map<String, Value>) -> Result<Option<SigningKey>, &'static str> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return Ok(None);
    }
    let algorithm = text("alg").map(Algorithm::find);
    let is_for = |wanted| algorithm.is_none_or(|algorithm| algorithm == Some(wanted));
    let material = match text("kty") {
        None => return Err("it has no `kty`"),
        Some("oct") => match algorithm {
            Some(None | Some(Algorithm::Rs256 | Algorithm::Es256)) => return Ok(None),
            algorithm => secret(bytes(key, "k")?, algorithm.flatten())?,
        },
        Some("RSA") if is_for(Algorithm::Rs256) => rsa(&bytes(key, "n")?, bytes(key, "e")?)?,
        Some("EC") if is_for(Algorithm::Es256) && text("crv") == Some("P-256") => {
            p256(&bytes(key, "x")?, &bytes(key, "y")?)?
        }
        Some(_) => return Ok(None),
    };
    Ok(Some(SigningKey { id: text("kid").map(str::to_owned), material }))
}

fn bytes(key: &Map<String, Value>, name: &str) -> Result<Vec<u8>, &'static str> {
    let text = key.get(name).and_then(Value::as_str).ok_or("a part of it is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of it is no base64 for URLs")
}

/// RFC 7518 section 3.2: as long as the hash, at least.
fn secret(secret: Vec<u8>, algorithm: Option<Algorithm>) -> Result<Material, &'static str> {
    let least = match algorithm {
        Some(Algorithm::Hs512) => 64,
        Some(Algorithm::Hs384) => 48,
        _ => 32,
    };
    if secret.len() < least {
        return Err("a secret has at least 32 bytes for HS256, 48 for HS384 and 64 for HS512");
    }
    Ok(Material::Secret { secret, algorithm })
}

fn rsa(modulus: &[u8], exponent: Vec<u8>) -> Result<Material, &'static str> {
    let start = modulus.iter().position(|byte| *byte != 0).unwrap_or(modulus.len());
    let modulus = modulus.get(start..).unwrap_or_default().to_vec();
    if !(LEAST_MODULUS_BYTES..=MOST_MODULUS_BYTES).contains(&modulus.len()) {
        return Err("an RSA key has at least 2048 bits, and at most 8192");
    }
    Ok(Material::Rsa { modulus, exponent })
}

fn p256(x: &[u8], y: &[u8]) -> Result<Material, &'static str> {
    if x.len() != 32 || y.len() != 32 {
        return Err("a point of P-256 has two parts of 32 bytes");
    }
    Ok(Material::P256([&[4], x, y].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<SigningKey>, String> {
        KeySet::parse(text.as_bytes()).map(|set| set.keys)
    }

    const SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    #[test]
    fn rfc7517_5_keys_for_other_uses_are_left_out() {
        let text = format!(
            r#"{{"keys": [
                {{"kty": "oct", "k": "{SECRET}", "kid": "a"}},
                {{"kty": "oct", "k": "{SECRET}", "alg": "A128KW"}},
                {{"kty": "oct", "k": "{SECRET}", "use": "enc"}},
                {{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},
                {{"kty": "EC", "crv": "P-384", "x": "", "y": ""}}
            ]}}"#
        );
        let keys = parse(&text).unwrap();
        assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("a")]);
        assert_eq!(parse(&format!(r#"{{"kty": "oct", "k": "{SECRET}"}}"#)).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        for (text, why) in [
            ("s3cret", "no JSON, at line 1"),
            (r#"{"keys": "s3cret"}"#, "`keys` is no list"),
            (r#"{"keys": ["s3cret"]}"#, "key 1: no object"),
            (r#"{"keys": []}"#, "there is no key"),
            (r#"{"kty": "oct", "k": "c2hvcnQ"}"#, "at least 32 bytes"),
            (r#"{"kty": "oct", "k": "s3cret!"}"#, "no base64"),
            (r#"{"kty": "oct"}"#, "is missing"),
            (r#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#, "2048 bits"),
            (r#"{"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"}"#, "32 bytes"),
            (r#"{"k": "c2hvcnQ"}"#, "no `kty`"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(why) && !found.contains("s3cret"), "{found} of {text}");
        }
    }

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let keys = KeySet::parse(format!(r#"{{"kty": "oct", "k": "{SECRET}"}}"#).as_bytes());
        assert_eq!(format!("{keys:?}"), "Ok(KeySet { keys: [SigningKey { id: None, material: Secret }] })");
    }
}
