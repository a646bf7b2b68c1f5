//! Users with the hashes of their passwords.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{NO_PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

/// The most rounds of bcrypt, as a power of two: with these it takes about a second.
pub const MOST_BCRYPT_COST: u8 = 14;

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
        self.hashes.values().max_by_key(|hash| match hash {
            PasswordHash::Sha1(_) => 0,
            PasswordHash::Bcrypt { cost, .. } => *cost,
        })
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
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1(_) => "Sha1",
            Self::Bcrypt { .. } => "Bcrypt",
        })
    }
}

impl PasswordHash {
    /// A hash as `htpasswd` writes it: `{SHA}` and base64, or `$2y$`.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not tell what it is.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(hash) = text.strip_prefix("{SHA}") {
            let hash = STANDARD.decode(hash).ok().and_then(|hash| hash.try_into().ok());
            return hash.map(Self::Sha1).ok_or("what stands behind {SHA} is no SHA-1 in base64");
        }
        let Some(rest) = ["$2y$", "$2b$", "$2a$"].iter().find_map(|prefix| text.strip_prefix(prefix)) else {
            return Err("the password is hashed neither with bcrypt nor with SHA-1");
        };
        bcrypt(rest).ok_or("this is no bcrypt, or one that takes more than 2^14 rounds")
    }
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
    fn what_is_no_hash_is_told() {
        for text in [
            "",
            "open",
            "$apr1$abc$def",
            "$6$abc$def",
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
