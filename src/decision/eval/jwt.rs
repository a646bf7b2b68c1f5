//! Whether a token is valid, and what it claims (RFC 7519).

#[cfg(test)]
mod examples;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};
use sha2::{Sha256, Sha384, Sha512};

use crate::lang::hir::{Algorithm, KeySet, Material, SigningKey};

/// The longest token that is looked at.
const MOST_BYTES: usize = 16 << 10;

/// What a token has to be.
pub(super) struct Wanted<'w> {
    /// Keys, of which one has to have signed it.
    pub keys: Option<&'w KeySet>,
    /// A secret that may have signed it, too.
    pub secret: Option<&'w [u8]>,
    /// Who has to have issued it, if that is asked for.
    pub issuer: Option<Name<'w>>,
    /// For whom it has to be, if that is asked for.
    pub audience: Option<Name<'w>>,
    /// How many seconds clocks may differ.
    pub leeway: i64,
    /// Seconds after 1970.
    pub now: i64,
}

/// A name that is asked for; one that is unset no token has.
#[derive(Clone, Copy)]
pub(super) struct Name<'w>(pub Option<&'w [u8]>);

impl Name<'_> {
    fn is(self, name: Option<&str>) -> bool {
        self.0.is_some() && self.0 == name.map(str::as_bytes)
    }
}

/// What a valid token claims.
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// A claim as text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// The claims of a token that is all that is wanted.
pub(super) fn claims(token: &[u8], wanted: &Wanted<'_>) -> Option<Claims> {
    let token = bare(token)?;
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.'))?;
    let head = object(head)?;
    // RFC 7515 section 4.1.11: what is said to be critical has to be understood.
    if head.contains_key("crit") {
        return None;
    }
    let algorithm = Algorithm::find(head.get("alg")?.as_str()?)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let name = match head.get("kid") {
        None => None,
        Some(name) => Some(name.as_str()?),
    };
    if !is_signed(algorithm, name, signed.as_bytes(), &signature, wanted) {
        return None;
    }
    let claims = object(payload)?;
    (is_timely(&claims, wanted) && is_from(&claims, wanted) && is_for(&claims, wanted)).then_some(Claims(claims))
}

/// The token without the scheme of `Authorization` (RFC 6750 section 2.1).
fn bare(token: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(token).ok().filter(|text| text.len() <= MOST_BYTES)?;
    let scheme = text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    Some(text.get(scheme.map_or(0, str::len)..)?.trim_ascii())
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Whether one of the keys has signed it that are for that algorithm. Where token and key have a name, it has
/// to be the same.
fn is_signed(algorithm: Algorithm, name: Option<&str>, signed: &[u8], signature: &[u8], wanted: &Wanted<'_>) -> bool {
    let keys = wanted.keys.into_iter().flat_map(|set| &set.keys);
    let mut named = keys.filter(|key| name.is_none() || key.id.is_none() || key.id.as_deref() == name);
    let by_key = named.any(|key| verify(key, algorithm, signed, signature));
    by_key || wanted.secret.is_some_and(|secret| is_code(algorithm, secret, signed, signature))
}

/// The key decides what it may be used for.
fn verify(key: &SigningKey, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
    if key.algorithm.is_some_and(|only| only != algorithm) || !key.material.is_for(algorithm) {
        return false;
    }
    match &key.material {
        Material::Secret(secret) => is_code(algorithm, secret, signed, signature),
        Material::Rsa { modulus, exponent } => rsa(algorithm).is_some_and(|way| {
            let key = RsaPublicKeyComponents { n: modulus, e: exponent };
            key.verify(way, signed, signature).is_ok()
        }),
        Material::P256(point) => is_by(&ECDSA_P256_SHA256_FIXED, point, signed, signature),
        Material::P384(point) => is_by(&ECDSA_P384_SHA384_FIXED, point, signed, signature),
        Material::Ed25519(key) => is_by(&ED25519, key, signed, signature),
    }
}

/// RFC 7518 sections 3.3 and 3.5.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn is_by(way: &'static dyn VerificationAlgorithm, key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(way, key).verify(signed, signature).is_ok()
}

/// HMAC with a secret that has as many bytes as the hash, at least (RFC 7518 section 3.2).
fn is_code(algorithm: Algorithm, secret: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::Hs256 => secret.len() >= 32 && has_made::<Hmac<Sha256>>(secret, signed, signature),
        Algorithm::Hs384 => secret.len() >= 48 && has_made::<Hmac<Sha384>>(secret, signed, signature),
        Algorithm::Hs512 => secret.len() >= 64 && has_made::<Hmac<Sha512>>(secret, signed, signature),
        _ => false,
    }
}

/// Compares in constant time.
fn has_made<M: Mac + hmac::digest::KeyInit>(secret: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let Ok(mut code) = <M as Mac>::new_from_slice(secret) else { return false };
    code.update(signed);
    code.verify_slice(signature).is_ok()
}

/// RFC 7519 sections 4.1.4 and 4.1.5. A time that is no number is none that has come.
#[expect(clippy::cast_precision_loss, reason = "seconds of today are exact")]
fn is_timely(claims: &Map<String, Value>, wanted: &Wanted<'_>) -> bool {
    let (now, leeway) = (wanted.now as f64, wanted.leeway.max(0) as f64);
    let holds =
        |name: &str, test: &dyn Fn(f64) -> bool| claims.get(name).is_none_or(|at| at.as_f64().is_some_and(test));
    holds("exp", &|end| now < end + leeway) && holds("nbf", &|start| now >= start - leeway)
}

fn is_from(claims: &Map<String, Value>, wanted: &Wanted<'_>) -> bool {
    let issuer = claims.get("iss").and_then(Value::as_str);
    wanted.issuer.is_none_or(|wanted| wanted.is(issuer))
}

/// RFC 7519 section 4.1.3: one name, or a list of them.
fn is_for(claims: &Map<String, Value>, wanted: &Wanted<'_>) -> bool {
    let Some(wanted) = wanted.audience else { return true };
    let is_it = |name: &Value| wanted.is(name.as_str());
    match claims.get("aud") {
        Some(Value::Array(names)) => names.iter().any(is_it),
        Some(name) => is_it(name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::examples::{KEYS, TOKENS};
    use super::*;

    /// RFC 7515 appendices A.1 and A.3, and one with all claims.
    const RFC_HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const RFC_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const RFC_ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const POINT: &str =
        r#""x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    const MODULUS: &str = "y_tHTG9jqa5xoF-qE0n7LXRgvDyHtXoDrQ-MZQ-H76vTixJiZptZe43Rrk6mmjDjkFAZJktlkrf4jtCOhlf-vy_oMnd0K8bG97EHHcAAkD5BMnCODIDhtmX4i-3Ao1INvRv9B1gbii8T3R___6bzaySBmKjZGntC42KTTF-fqKaX8OKQ-17l8UFJV_YlwQ7rzURXobdpD-OEtzLev-yJSKoceOrOwHejhZou8PYR-yYLNyGRAgNeqWHqWbWhHowTnxEsGBXslrxawSsUd5Sdlmqyfmvfhqrr9SkHAISiBQ1Lgn3m-dcP1c_QW7rd8bpqVzVLOyhT-AT3FzBe1mzHqw";
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOlsiYXBpIiwid2ViIl0sInN1YiI6ImFsaWNlIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDAsImFkbWluIjpmYWxzZSwibGV2ZWwiOjd9.W7xQ6dgB5wEVdg3krAf8wg3Ee8a656nAbsQcYkKec-gSQ5Ax8NibQkXMkEcvyAx057Sk46cIVbad7-_pMZEhdR6a6VdGoAu91QfWRsnNx5IbmE5C6qp2oQxN22GXpu6QZv0_UHZ5kaufoZqtSBHF3d_fv-AYSxXhMoQj1ZOF0HZnDmpZua2bLqA8scy9VbBSjH_o5DARVJ0vIGTRiTPRTNsMgXl6wzn8HEUl5pmCeKYLBHmqy7ym7B05gOwUsLJbIRqwP2Qq_za08Nd5bX5AHyeZIBh6SmadfOWDic3tU_nPhPfitY3lsk9jmjNGBu8Bdunysp-D1_N81RBH_wfj7A";

    fn set(keys: &str) -> KeySet {
        KeySet::parse(format!("{{\"keys\": [{keys}]}}").as_bytes()).unwrap()
    }

    fn secret() -> KeySet {
        set(&format!(r#"{{"kty": "oct", "k": "{RFC_SECRET}"}}"#))
    }

    fn rsa(more: &str) -> KeySet {
        set(&format!(r#"{{"kty": "RSA", "n": "{MODULUS}", "e": "AQAB"{more}}}"#))
    }

    fn by(keys: &KeySet) -> Wanted<'_> {
        Wanted { keys: Some(keys), secret: None, issuer: None, audience: None, leeway: 0, now: 1_300_819_379 }
    }

    fn is_valid(token: &str, wanted: &Wanted<'_>) -> bool {
        claims(token.as_bytes(), wanted).is_some()
    }

    /// A token with that head and payload, signed with the secret of the RFC.
    fn token(head: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(payload));
        let mut code = <Hmac<Sha256> as Mac>::new_from_slice(&URL_SAFE_NO_PAD.decode(RFC_SECRET).unwrap()).unwrap();
        code.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(code.finalize().into_bytes()))
    }

    #[test]
    fn rfc7515_a_tokens_of_each_kind_are_valid() {
        let point = set(&format!(r#"{{"kty": "EC", "crv": "P-256", {POINT}}}"#));
        assert!(is_valid(RFC_HS256, &by(&secret())));
        assert!(is_valid(RFC_ES256, &by(&point)));
        assert!(is_valid(RS256, &by(&rsa(""))));
        assert!(is_valid(&format!("Bearer {RS256}"), &by(&rsa(r#", "alg": "RS256", "kid": "one""#))));
        assert!(
            !is_valid(RFC_HS256, &by(&point))
                && !is_valid(RFC_ES256, &by(&rsa("")))
                && !is_valid(RS256, &by(&secret()))
        );
    }

    #[test]
    fn rfc7518_3_1_a_token_is_valid_by_the_key_that_has_signed_it_alone() {
        let sets = KEYS.map(|forms| forms.map(|text| KeySet::parse(text.as_bytes()).unwrap()));
        for (algorithm, signer, token) in TOKENS {
            for (key, forms) in sets.iter().enumerate() {
                let valid = forms.each_ref().map(|set| is_valid(token, &by(set)));
                assert_eq!(valid, [key == signer; 3], "{algorithm} with key {key}");
            }
        }
    }

    #[test]
    fn rfc8725_3_1_a_key_is_for_the_algorithm_that_it_names() {
        for (algorithm, signer, token) in TOKENS {
            let named = |name| KEYS[signer][0].replacen('{', &format!(r#"{{"alg": "{name}", "#), 1);
            let other = if algorithm == "RS256" { "PS256" } else { "RS256" };
            let valid = |name| KeySet::parse(named(name).as_bytes()).is_ok_and(|set| is_valid(token, &by(&set)));
            assert!(valid(algorithm) && !valid(other), "{algorithm}");
            let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
            let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode("{}"));
            for text in KEYS[signer] {
                let mut code = <Hmac<Sha256> as Mac>::new_from_slice(text.as_bytes()).unwrap();
                code.update(signed.as_bytes());
                let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(code.finalize().into_bytes()));
                assert!(!is_valid(&forged, &by(&KeySet::parse(text.as_bytes()).unwrap())), "{algorithm}");
            }
        }
    }

    #[test]
    fn a_key_of_another_name_is_not_asked() {
        assert!(!is_valid(RS256, &by(&rsa(r#", "kid": "two""#))));
        let both = format!(r#"{{"kty": "oct", "k": "{RFC_SECRET}"}}, {{"kty": "RSA", "n": "{MODULUS}", "e": "AQAB"}}"#);
        assert!(is_valid(RS256, &by(&set(&both))));
    }

    #[test]
    fn rfc8725_3_1_a_public_key_is_no_secret_and_none_is_no_algorithm() {
        let public = rsa("");
        let bytes = URL_SAFE_NO_PAD.decode(MODULUS).unwrap();
        for secret in [&bytes, MODULUS.as_bytes(), &b""[..]] {
            let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
            let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode("{}"));
            let mut code = <Hmac<Sha256> as Mac>::new_from_slice(secret).unwrap();
            code.update(signed.as_bytes());
            let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(code.finalize().into_bytes()));
            assert!(!is_valid(&forged, &by(&public)));
        }
        for name in ["none", "None", "nOnE", "hs256", "RS512", ""] {
            let forged = token(&format!(r#"{{"alg":"{name}"}}"#), "{}");
            let unsigned = format!("{}.", forged.rsplit_once('.').unwrap().0);
            assert!(!is_valid(&forged, &by(&secret())) && !is_valid(&unsigned, &by(&secret())), "{name}");
        }
    }

    #[test]
    fn nothing_of_a_token_may_change() {
        for (from, to) in
            [("eyJ", "eyK"), (".eyJpc3", ".eyJpd3"), (".dBj", ".dBk"), (".", ""), (".dBj", "..dBj"), ("jXk", "jXk=")]
        {
            let changed = RFC_HS256.replacen(from, to, 1);
            assert!(!is_valid(&changed, &by(&secret())), "{from} to {to}");
        }
        for text in ["", ".", "..", "Bearer ", "a.b.c", "é.é.é"] {
            assert!(!is_valid(text, &by(&secret())), "{text}");
        }
        assert!(!is_valid(&token(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, "{}"), &by(&secret())));
        assert!(!is_valid(&token(r#"{"alg":"HS256"}"#, "[]"), &by(&secret())));
        assert!(is_valid(&token(r#"{"alg":"HS256"}"#, "{}"), &by(&secret())));
    }

    #[test]
    fn rfc7519_4_1_4_a_token_holds_from_nbf_up_to_exp() {
        let (keys, limited) = (secret(), token(r#"{"alg":"HS256"}"#, r#"{"nbf":100,"exp":200.5}"#));
        let at = |now, leeway| is_valid(&limited, &Wanted { leeway, now, ..by(&keys) });
        assert_eq!([99, 100, 200, 201].map(|now| at(now, 0)), [false, true, true, false]);
        assert_eq!([89, 90, 210, 211].map(|now| at(now, 10)), [false, true, true, false]);
        for odd in [r#"{"exp":"9999999999"}"#, r#"{"nbf":null}"#, r#"{"exp":-1}"#] {
            assert!(!is_valid(&token(r#"{"alg":"HS256"}"#, odd), &by(&keys)), "{odd}");
        }
    }

    #[test]
    fn rfc7519_4_1_3_a_token_is_for_one_of_its_audience() {
        let keys = rsa("");
        let wanted = |issuer, audience| Wanted { issuer, audience, ..by(&keys) };
        let valid = |issuer, audience| is_valid(RS256, &wanted(issuer, audience));
        let name = |name: &'static [u8]| Some(Name(Some(name)));
        let us = name(b"https://id.example");
        assert!(valid(us, name(b"web")) && valid(None, name(b"api")));
        assert!(!valid(us, name(b"we")) && !valid(name(b"joe"), None));
        assert!(!valid(Some(Name(None)), None) && !valid(None, Some(Name(None))));
        let secret = secret();
        let none = Wanted { audience: name(b"api"), ..by(&secret) };
        assert!(!is_valid(RFC_HS256, &none));
    }

    #[test]
    fn claims_are_texts() {
        let keys = rsa("");
        let claims = claims(RS256.as_bytes(), &by(&keys)).unwrap();
        let found = ["sub", "level", "admin", "aud", "nothing"].map(|name| claims.text(name));
        assert_eq!(
            found.each_ref().map(Option::as_deref),
            [Some("alice"), Some("7"), Some("false"), Some("[\"api\",\"web\"]"), None]
        );
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash() {
        let keys = KeySet::default();
        let secret = URL_SAFE_NO_PAD.decode(RFC_SECRET).unwrap();
        assert!(is_valid(RFC_HS256, &Wanted { secret: Some(&secret), ..by(&keys) }));
        let code = |secret: &[u8]| {
            let mut code = <Hmac<Sha256> as Mac>::new_from_slice(secret).unwrap();
            code.update(b"text");
            is_code(Algorithm::Hs256, secret, b"text", &code.finalize().into_bytes())
        };
        assert!(code(&[1; 32]) && !code(&[1; 31]) && !code(b""));
    }
}
