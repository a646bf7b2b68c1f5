//! MD5-crypt: how `htpasswd` without `-B` hashes passwords (`$apr1$`), and how crypt did before SHA-crypt (`$1$`).

use md5::{Digest as _, Md5};

/// The characters of crypt, each of six bits.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const ROUNDS: usize = 1000;

/// Which bytes of the digest are written in one, the first one highest.
const GROUPS: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];

/// The 22 characters behind the salt.
pub(super) fn md5_crypt(magic: &[u8], salt: &[u8], password: &[u8]) -> Vec<u8> {
    let mut digest = first(magic, salt, password);
    for round in 0..ROUNDS {
        digest = next(round, &digest, salt, password);
    }
    let at = |index: usize| digest.get(index).copied().map_or(0, u32::from);
    let mut text = Vec::with_capacity(22);
    for [high, middle, low] in GROUPS {
        write(&mut text, at(high) << 16 | at(middle) << 8 | at(low), 4);
    }
    write(&mut text, at(11), 2);
    text
}

fn first(magic: &[u8], salt: &[u8], password: &[u8]) -> [u8; 16] {
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut context = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    context.update(inner.iter().copied().cycle().take(password.len()).collect::<Vec<u8>>());
    let mut bits = password.len();
    while bits > 0 {
        context.update(if bits & 1 == 1 { &[0] } else { password.get(..1).unwrap_or_default() });
        bits >>= 1;
    }
    context.finalize().into()
}

fn next(round: usize, digest: &[u8; 16], salt: &[u8], password: &[u8]) -> [u8; 16] {
    let (before, behind): (&[u8], &[u8]) = if round % 2 == 1 { (password, digest) } else { (digest, password) };
    let mut context = Md5::new().chain_update(before);
    if !round.is_multiple_of(3) {
        context.update(salt);
    }
    if !round.is_multiple_of(7) {
        context.update(password);
    }
    context.chain_update(behind).finalize().into()
}

/// The lowest bits first.
fn write(text: &mut Vec<u8>, mut bits: u32, characters: usize) {
    for _ in 0..characters {
        text.extend(ALPHABET.get((bits & 63) as usize));
        bits >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_openssl() {
        for (magic, salt, password, hash) in [
            ("$apr1$", "abcdefgh", "open", "M6iygawm05mFb0y4lNi270"),
            ("$apr1$", "Zz/.0", "", "LgcTh33D13CxuUMkbILVt/"),
            ("$apr1$", "abcdefgh", "a much longer password than sixteen bytes", "Eqv4oIyMsS.tjfvQCJYY1/"),
            ("$1$", "ab", "open", "hJ1jf0E6waRSIp81FDcJF/"),
        ] {
            let found = md5_crypt(magic.as_bytes(), salt.as_bytes(), password.as_bytes());
            assert_eq!(String::from_utf8(found).unwrap(), hash, "{magic}{salt}");
        }
    }
}
