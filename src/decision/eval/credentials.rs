//! Names and passwords (RFC 7617), and whether a password is the one of a hash.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha_crypt::{Sha256Params, Sha512Params, sha256_crypt_b64, sha512_crypt_b64};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use super::md5_crypt::md5_crypt;
use crate::lang::hir::{PasswordHash, ShaDigest};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What bcrypt looks at of a password, the zero behind it included.
const MOST_BCRYPT_BYTES: usize = 72;

/// The longest password that is tried with what takes the longer, the longer a password is: so that no hash takes more than
/// about two seconds.
const MOST_CRYPT_BYTES: usize = 128;

/// What an `Authorization` of the scheme `Basic` says.
pub(super) struct Basic {
    pub user: Vec<u8>,
    pub password: Vec<u8>,
}

impl Basic {
    /// `Basic` and, in base64, the name and the password with a colon between them (RFC 7617 section 2).
    pub fn parse(field: &[u8]) -> Option<Self> {
        let (scheme, rest) = field.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let decoded = BASE64.decode(rest.trim_ascii()).ok()?;
        let colon = memchr::memchr(b':', &decoded)?;
        let (user, password) = decoded.split_at_checked(colon)?;
        Some(Self { user: user.to_vec(), password: password.get(1..).unwrap_or_default().to_vec() })
    }
}

/// Whether that is the password of the hash. Takes as long as the hash was made to take: up to about a second.
#[must_use]
pub fn is_password(hash: &PasswordHash, password: &[u8]) -> bool {
    match hash {
        PasswordHash::Sha1(hash) => Sha1::digest(password).ct_eq(hash).into(),
        PasswordHash::Bcrypt { cost, salt, hash } => {
            // A zero would end what is looked at, so that two passwords would be taken for one.
            if password.contains(&0) {
                return false;
            }
            let mut looked_at: Vec<u8> = [password, &[0]].concat();
            looked_at.truncate(MOST_BCRYPT_BYTES);
            let found = bcrypt::bcrypt(u32::from(*cost), *salt, &looked_at);
            found.get(..hash.len()).is_some_and(|found| found.ct_eq(hash).into())
        }
        _ if password.len() > MOST_CRYPT_BYTES || password.contains(&0) => false,
        PasswordHash::Md5Crypt { magic, salt, hash } => {
            md5_crypt(magic.as_bytes(), salt.as_bytes(), password).ct_eq(hash.as_bytes()).into()
        }
        PasswordHash::ShaCrypt { digest, rounds, salt, hash } => {
            let found = sha_crypt(*digest, *rounds, salt.as_bytes(), password);
            found.is_some_and(|found| found.as_bytes().ct_eq(hash.as_bytes()).into())
        }
    }
}

fn sha_crypt(digest: ShaDigest, rounds: u32, salt: &[u8], password: &[u8]) -> Option<String> {
    let rounds = usize::try_from(rounds).ok()?;
    match digest {
        ShaDigest::Sha256 => sha256_crypt_b64(password, salt, &Sha256Params::new(rounds).ok()?).ok(),
        ShaDigest::Sha512 => sha512_crypt_b64(password, salt, &Sha512Params::new(rounds).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(field: &str) -> Option<(String, String)> {
        let basic = Basic::parse(field.as_bytes())?;
        Some((String::from_utf8(basic.user).unwrap(), String::from_utf8(basic.password).unwrap()))
    }

    #[test]
    fn rfc7617_2_a_name_ends_at_the_first_colon() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), pair("Aladdin", "open sesame"));
        assert_eq!(parsed("basic  YTpiOmM="), pair("a", "b:c"));
        assert_eq!(parsed("BASIC Og"), pair("", ""));
        for none in ["", "Basic", "Basic ", "Basic YQ==", "Bearer YTpi", "Basic YTpi!"] {
            assert_eq!(parsed(none), None, "{none}");
        }
    }

    #[test]
    fn passwords_are_those_of_their_hashes() {
        let parse = |text: &str| PasswordHash::parse(text).unwrap();
        for text in [
            "$2b$04$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa",
            "{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=",
            "$apr1$abcdefgh$M6iygawm05mFb0y4lNi270",
            "$1$ab$hJ1jf0E6waRSIp81FDcJF/",
            "$5$abc$JjHhV1dhqUUk2/UqA0T27s87e68V2BeJGRsIMqpBFb4",
            "$5$rounds=1000$abcdefghijklmnop$EsfU84BfaX7ygpaKzEpImS4VcUFDWCbitvh4WgcbXwA",
            "$6$abcdefghijklmnop$df1RWfN3Mfwfsjjel40z0dmMq7MGTY1ixsXb.OqXwFNF5nQVeyseKLmjjpUu1buPaZeC2OstBKb8yl9MxMctU/",
            "$6$rounds=1000$saltstring$UUq6JJwSPA2z4yDWHxLz2DkhcDQ251my4kvd0oxx9GB487Cn5SQPdNZqyKYECAsDbmA8GOoB9hJmwXsovkmiI.",
        ] {
            let hash = parse(text);
            assert!(is_password(&hash, b"open"), "{text}");
            assert!(!is_password(&hash, b"Open") && !is_password(&hash, b"") && !is_password(&hash, b"open\0x"));
            assert!(!is_password(&hash, &[b'a'; 200]));
        }
    }
}
