//! Users with the hashes of their passwords.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{NO_PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

/// The most rounds of bcrypt, as a power of two: with these it takes about a second.
pub const MOST_BCRYPT_COST: u8 = 14;

/// The most rounds of SHA-crypt: with these it takes about a second.
pub const MOST_SHA_ROUNDS: u32 = 1_000_000;

/// The rounds of SHA-crypt if a hash does not name them, and the fewest that it may name.
const SHA_ROUNDS: (u32, u32) = (5_000, 1_000);

const UNKNOWN: &str = "the password is hashed in none of the ways that are read here: bcrypt (`$2y$`), SHA-crypt (`$6$`, `$5$`), \
                       MD5-crypt (`$apr1$`, `$1$`) and `{SHA}`";

/// Users by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Users {
    hashes: HashMap<Box<[u8]>, PasswordHash>,
}

impl Users {
    /// Adds a user; `false` if there is one of that name.
    pub fn add(&mut self, name: &[u8], hash: PasswordHash) -> bool {
        self.hashes.insert(name.into(), hash).is_none()
    }

    /// The hash of a user's password.
    #[must_use]
    pub fn password(&self, name: &[u8]) -> Option<&PasswordHash> {
        self.hashes.get(name)
    }

    /// The hash that takes longest to be asked, to take as long for a user who is not there.
    #[must_use]
    pub fn any_password(&self) -> Option<&PasswordHash> {
        self.hashes.values().max_by_key(|hash| hash.effort())
    }
}

/// Who they are is nobody's business.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.hashes.len())
    }
}

/// What is known of a password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PasswordHash {
    /// Its SHA-1.
    Sha1([u8; 20]),
    /// Its bcrypt.
    Bcrypt {
        /// The rounds, as a power of two.
        cost: u8,
        /// What tells the hashes of two users with one password apart.
        salt: [u8; 16],
        /// The result.
        hash: [u8; 23],
    },
    /// Its SHA-crypt.
    ShaCrypt {
        /// With which of the two.
        digest: ShaDigest,
        /// The rounds.
        rounds: u32,
        /// Up to 16 characters.
        salt: Box<str>,
        /// The result, in the alphabet of crypt.
        hash: Box<str>,
    },
    /// Its MD5-crypt.
    Md5Crypt {
        /// What is mixed in: `$apr1$` or `$1$`.
        magic: &'static str,
        /// Up to 8 characters.
        salt: Box<str>,
        /// The result, in the alphabet of crypt.
        hash: Box<str>,
    },
}

/// What a SHA-crypt is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShaDigest {
    /// `$5$`
    Sha256,
    /// `$6$`
    Sha512,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1(_) => "Sha1",
            Self::Bcrypt { .. } => "Bcrypt",
            Self::ShaCrypt { .. } => "ShaCrypt",
            Self::Md5Crypt { .. } => "Md5Crypt",
        })
    }
}

impl PasswordHash {
    /// How long it takes to ask it, in rounds of SHA-crypt, roughly.
    #[must_use]
    pub fn effort(&self) -> u64 {
        match self {
            Self::Sha1(_) => 0,
            Self::Bcrypt { cost, .. } => 100 << cost,
            Self::ShaCrypt { rounds, .. } => u64::from(*rounds),
            Self::Md5Crypt { .. } => 500,
        }
    }

    /// A hash as `htpasswd` and `mkpasswd` write it: `{SHA}` and base64, or one that begins with `$2y$`, `$6$`, `$5$`,
    /// `$apr1$` or `$1$`.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not tell what it is.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(hash) = text.strip_prefix("{SHA}") {
            let hash = STANDARD.decode(hash).ok().and_then(|hash| hash.try_into().ok());
            return hash.map(Self::Sha1).ok_or("what stands behind {SHA} is no SHA-1 in base64");
        }
        for magic in ["$2y$", "$2b$", "$2a$", "$5$", "$6$", "$apr1$", "$1$"] {
            let Some(rest) = text.strip_prefix(magic) else { continue };
            return match magic {
                "$5$" => sha_crypt(ShaDigest::Sha256, rest),
                "$6$" => sha_crypt(ShaDigest::Sha512, rest),
                "$apr1$" | "$1$" => md5_crypt(magic, rest).ok_or("this is no MD5-crypt"),
                _ => bcrypt(rest).ok_or("this is no bcrypt, or one that takes more than 2^14 rounds"),
            };
        }
        Err(UNKNOWN)
    }
}

/// `rounds=10000$`, which may be missing, up to 16 characters of salt, `$` and the hash.
fn sha_crypt(digest: ShaDigest, text: &str) -> Result<PasswordHash, &'static str> {
    let (usual, least) = SHA_ROUNDS;
    let (rounds, rest) = match text.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$').ok_or("this is no SHA-crypt")?;
            (rounds.parse().map_err(|_| "this is no SHA-crypt")?, rest)
        }
        None => (usual, text),
    };
    if !(least..=MOST_SHA_ROUNDS).contains(&rounds) {
        return Err("a SHA-crypt has at least 1000 rounds, and at most 1000000 are tried");
    }
    let length = if digest == ShaDigest::Sha256 { 43 } else { 86 };
    let (salt, hash) = salted(rest, 16, length).ok_or("this is no SHA-crypt")?;
    Ok(PasswordHash::ShaCrypt { digest, rounds, salt, hash })
}

/// Up to 8 characters of salt, `$` and 22 characters of hash.
fn md5_crypt(magic: &'static str, text: &str) -> Option<PasswordHash> {
    let (salt, hash) = salted(text, 8, 22)?;
    Some(PasswordHash::Md5Crypt { magic, salt, hash })
}

/// A salt of so many characters at most, and a hash of so many.
fn salted(text: &str, most: usize, length: usize) -> Option<(Box<str>, Box<str>)> {
    let is_crypt = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'));
    let (salt, hash) = text.split_once('$')?;
    let fine = salt.len() <= most && hash.len() == length && is_crypt(salt) && is_crypt(hash);
    fine.then(|| (salt.into(), hash.into()))
}

/// `10$`, 22 characters of salt and 31 of hash, in an alphabet of their own.
fn bcrypt(text: &str) -> Option<PasswordHash> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &BCRYPT,
        NO_PAD.with_decode_padding_mode(DecodePaddingMode::RequireNone).with_decode_allow_trailing_bits(true),
    );
    let (cost, rest) = text.split_once('$')?;
    let cost = cost.parse().ok().filter(|cost| (4..=MOST_BCRYPT_COST).contains(cost))?;
    let (salt, hash) = rest.split_at_checked(22)?;
    let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
    let hash = BASE64.decode(hash).ok()?.try_into().ok()?;
    Some(PasswordHash::Bcrypt { cost, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_htpasswd_writes_them() {
        assert!(matches!(PasswordHash::parse("{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI="), Ok(PasswordHash::Sha1(_))));
        let hash = PasswordHash::parse("$2y$05$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa");
        assert!(matches!(hash, Ok(PasswordHash::Bcrypt { cost: 5, .. })));
    }

    #[test]
    fn what_takes_longest_is_asked_for_who_is_not_there() {
        let hash = |text| PasswordHash::parse(text).unwrap();
        let by_effort = [
            "{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI=",
            "$apr1$abcdefgh$M6iygawm05mFb0y4lNi270",
            "$5$rounds=1000$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$abc$JjHhV1dhqUUk2/UqA0T27s87e68V2BeJGRsIMqpBFb4",
            "$2y$10$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa",
        ];
        assert!(by_effort.map(|text| hash(text).effort()).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn what_is_no_hash_is_told() {
        for text in [
            "",
            "open",
            "$apr1$abc$def",
            "$6$abc$def",
            "$y$j9T$abc$def",
            "$5$rounds=999$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$rounds=1000001$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$rounds=999999999$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$rounds=99999999999999999999$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$rounds=1000",
            "$5$abcdefghijklmnopq$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$6$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$5$a c$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9",
            "$apr1$abcdefghi$M6iygawm05mFb0y4lNi270",
            "$apr1$abc$M6iygawm05mFb0y4lNi27!",
            "{SHA}X8fj",
            "{SHA}open sesame",
            "$2y$99$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa",
            "$2y$05$short",
            "$2y$05$abcdefghijklmnopqrstuü5cldSTjqTa.nw4QeJC5.F6G/ueChgIa",
        ] {
            assert!(PasswordHash::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_of_them_is_shown() {
        let mut users = Users::default();
        assert!(users.add(b"alice", PasswordHash::Sha1([7; 20])) && !users.add(b"alice", PasswordHash::Sha1([8; 20])));
        assert_eq!(format!("{users:?} {:?}", users.any_password()), "Users(1) Some(Sha1)");
    }
}
