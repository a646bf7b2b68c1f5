//! Keys as JSON (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Algorithm, Material, SigningKey};

/// The keys of a set, or the one.
pub(super) fn keys(text: &[u8]) -> Result<Vec<SigningKey>, String> {
    let whole: Value = serde_json::from_slice(text).map_err(|error| {
        // Not what serde says: that may hold a part of the text.
        format!("the JSON breaks off or goes wrong at line {}, column {}", error.line(), error.column())
    })?;
    let keys = match (&whole, whole.get("keys")) {
        (Value::Array(_), _) => return Err("a list of keys stands in an object, as its `keys`".to_owned()),
        (_, Some(Value::Array(keys))) => keys.as_slice(),
        (_, Some(_)) => return Err("`keys` is no list".to_owned()),
        (_, None) => std::slice::from_ref(&whole),
    };
    let mut read = Vec::with_capacity(keys.len());
    for (number, key) in (1..).zip(keys) {
        let key = key.as_object().ok_or("no object").and_then(key_of);
        read.extend(key.map_err(|why| format!("key {number}: {why}"))?);
    }
    Ok(read)
}

/// A key; `None` if it is for something else.
fn key_of(key: &Map<String, Value>) -> Result<Option<SigningKey>, &'static str> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let kind = text("kty").ok_or("it has no `kty`")?;
    let algorithm = text("alg").map(Algorithm::find);
    if text("use").is_some_and(|usage| usage != "sig") || algorithm == Some(None) {
        return Ok(None);
    }
    let algorithm = algorithm.flatten();
    let material = match (kind, text("crv")) {
        ("oct", _) => secret(bytes(key, "k")?, algorithm)?,
        ("RSA", _) => Material::rsa(&bytes(key, "n")?, &bytes(key, "e")?)?,
        ("EC", Some("P-256")) => Material::p256(point(key)?)?,
        ("EC", Some("P-384")) => Material::p384(point(key)?)?,
        ("OKP", Some("Ed25519")) => Material::ed25519(bytes(key, "x")?)?,
        _ => return Ok(None),
    };
    if algorithm.is_some_and(|algorithm| !material.is_for(algorithm)) {
        return Err("its `alg` is not for keys of its kind");
    }
    Ok(Some(SigningKey { id: text("kid").map(str::to_owned), algorithm, material }))
}

/// An uncompressed point (SEC 1 section 2.3.3).
fn point(key: &Map<String, Value>) -> Result<Vec<u8>, &'static str> {
    Ok([vec![4], bytes(key, "x")?, bytes(key, "y")?].concat())
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
    Ok(Material::Secret(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::hir::KeySet;

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
                {{"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},
                {{"kty": "EC", "crv": "P-521", "x": "", "y": ""}},
                {{"kty": "RSA", "n": "", "e": "", "alg": "RSA-OAEP"}}
            ]}}"#
        );
        let keys = parse(&text).unwrap();
        assert_eq!(keys.iter().map(|key| key.id.as_deref()).collect::<Vec<_>>(), [Some("a")]);
        assert_eq!(parse(&format!(r#"{{"kty": "oct", "k": "{SECRET}"}}"#)).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        for (text, why) in [
            ("{s3cret", "goes wrong at line 1"),
            ("[]", "stands in an object, as its `keys`"),
            (r#"{"keys": "s3cret"}"#, "`keys` is no list"),
            (r#"{"keys": ["s3cret"]}"#, "key 1: no object"),
            (r#"{"keys": []}"#, "there is no key"),
            (r#"{"kty": "oct", "k": "c2hvcnQ"}"#, "at least 32 bytes"),
            (r#"{"kty": "oct", "k": "s3cret!"}"#, "no base64"),
            (r#"{"kty": "oct"}"#, "is missing"),
            (r#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#, "2048 bits"),
            (r#"{"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"}"#, "32 bytes"),
            (r#"{"kty": "OKP", "crv": "Ed25519", "x": "AQAB"}"#, "32 bytes"),
            (
                r#"{"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
                "prove nothing",
            ),
            (r#"{"kty": "EC", "crv": "P-384", "x": "AQAB", "y": "AQAB"}"#, "48 bytes"),
            (
                r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "alg": "HS256"}"#,
                "not for keys of its kind",
            ),
            (r#"{"k": "c2hvcnQ"}"#, "no `kty`"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(why) && !found.contains("s3cret"), "{found} of {text}");
        }
    }

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let keys = KeySet::parse(format!(r#"{{"kty": "oct", "k": "{SECRET}"}}"#).as_bytes());
        assert_eq!(
            format!("{keys:?}"),
            "Ok(KeySet { keys: [SigningKey { id: None, algorithm: None, material: Secret }] })"
        );
    }
}
