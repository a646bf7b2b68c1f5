//! Public keys and certificates as PEM (RFC 7468).

use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_SIG_ED25519};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, parse_x509_certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Material, SigningKey};

/// A point that is written without its second part.
const COMPRESSED: [Option<u8>; 2] = [Some(2), Some(3)];

/// The keys of all blocks. When a certificate expires is not looked at: it is a way to write its key.
pub(super) fn keys(text: &[u8]) -> Result<Vec<SigningKey>, String> {
    let mut keys = Vec::new();
    for (number, block) in (1..).zip(Pem::iter_from_buffer(&unindented(text))) {
        let block = block.map_err(|_| format!("block {number} of the PEM is cut off, or no base64"))?;
        let material = material(&block).map_err(|why| format!("block {number} of the PEM: {why}"))?;
        keys.push(SigningKey { id: None, algorithm: None, material });
    }
    if keys.is_empty() {
        return Err("this is neither JSON nor PEM".to_owned());
    }
    Ok(keys)
}

/// In a policy the lines are indented.
fn unindented(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect();
    lines.join(&b'\n')
}

fn material(block: &Pem) -> Result<Material, &'static str> {
    let der = block.contents.as_slice();
    match block.label.as_str() {
        "PUBLIC KEY" => match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], key)) => public_key(&key),
            _ => Err("what stands there is no public key"),
        },
        "CERTIFICATE" => match parse_x509_certificate(der) {
            Ok(([], certificate)) => public_key(certificate.public_key()),
            _ => Err("what stands there is no certificate"),
        },
        label if label.ends_with("PRIVATE KEY") => {
            Err("a private key has no place here; `openssl pkey -in FILE -pubout` writes the public one")
        }
        "RSA PUBLIC KEY" => {
            Err("the key is in an old form; `openssl rsa -RSAPublicKey_in -in FILE -pubout` writes it anew")
        }
        _ => Err("it is neither a PUBLIC KEY nor a CERTIFICATE"),
    }
}

/// RFC 5480 section 2, RFC 8410 section 4.
fn public_key(key: &SubjectPublicKeyInfo<'_>) -> Result<Material, &'static str> {
    let kind = &key.algorithm.algorithm;
    let point = key.subject_public_key.data.to_vec();
    if *kind == OID_SIG_ED25519 {
        return Material::ed25519(point);
    }
    if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY && COMPRESSED.contains(&point.first().copied()) {
        return Err("the point is compressed; `openssl ec -pubin -in FILE -conv_form uncompressed` writes it whole");
    }
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
    match (key.parsed(), curve) {
        (Ok(PublicKey::RSA(key)), _) => Material::rsa(key.modulus, key.exponent),
        (Ok(PublicKey::EC(_)), Some(curve)) if curve == OID_EC_P256 => Material::p256(point),
        (Ok(PublicKey::EC(_)), Some(curve)) if curve == OID_NIST_EC_P384 => Material::p384(point),
        _ => Err("tokens are not checked with keys of that kind, but with RSA, P-256, P-384 and Ed25519"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const P521: &str = "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAZQn2o42Dfsl+IKWLsAAzdo6WByZGJUNtwVmFDvPn3LMZ5BDCi65qzfrrRaJXMtrRItFNYP5kcHIokpjxhxrkxaUB1D3lf4zpUaQVyUpTT/fH3DbgppPHGgTbeoH6H80Sloiu0duDaNzINRhBfMQ4Qusa4qe5tHjSo0v71j7sEXXIDAU=";
    const SHORT_RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDZo7xWDXsh2GJRlVv4pcWMsFKZueklmfOnEOdQvYNzXGrEr1IMmvo4VGNlCRx4OMVMCpnMSs28/Pji5T/94+kbJQVhGjNSweoewg7TbC+9y0XiIYgDLn1dLgJKSVXqutaf+sOrnb2NjgJN4BqtQh0JUHaag0Oq51AjiWyEXCvHTQIDAQAB";
    const COMPRESSED: &str = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACGgSVM9Qdkhzk5DzrGyWMSn2CPxr3oMoywxmLTDMiJm0=";

    fn block(label: &str, text: &str) -> String {
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    }

    #[test]
    fn rfc8410_4_keys_stand_in_blocks_with_text_around() {
        let one = block("PUBLIC KEY", ED25519);
        let two = format!("# ours\n  {}\n{one}", one.replace('\n', "\r\n   "));
        assert!(matches!(keys(one.as_bytes()).unwrap()[0].material, Material::Ed25519(_)));
        assert_eq!(keys(two.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        let good = block("PUBLIC KEY", ED25519);
        for (text, why) in [
            (String::new(), "neither JSON nor PEM"),
            ("s3cret".to_owned(), "neither JSON nor PEM"),
            (block("PUBLIC KEY", "s3cret!"), "block 1 of the PEM is cut off, or no base64"),
            (format!("{good}-----BEGIN PUBLIC KEY-----\n"), "block 2 of the PEM is cut off"),
            (format!("{good}-----BEGIN PUBLIC KEY\ns3cret"), "block 2 of the PEM is cut off"),
            (block("PUBLIC KEY", "c3ByZXQK"), "no public key"),
            (block("PUBLIC KEY", ""), "no public key"),
            (block("CERTIFICATE", ED25519), "no certificate"),
            (block("PRIVATE KEY", "c3ByZXQK"), "no place here"),
            (block("EC PRIVATE KEY", "c3ByZXQK"), "no place here"),
            (block("RSA PUBLIC KEY", "c3ByZXQK"), "old form"),
            (block("DH PARAMETERS", "c3ByZXQK"), "neither a PUBLIC KEY nor"),
            (block("PUBLIC KEY", P521), "keys of that kind"),
            (block("PUBLIC KEY", SHORT_RSA), "2048 bits"),
            (block("PUBLIC KEY", COMPRESSED), "compressed"),
        ] {
            let found = keys(text.as_bytes()).unwrap_err();
            assert!(found.contains(why) && !found.contains("s3cret"), "{found} of {text}");
        }
    }
}
