//! Digests, message authentication, and text that carries bytes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::digest::Digest as _;
use hmac::Hmac;
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Digest;

/// What reads base64, padded or not.
const READING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, READING);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, READING);
const URL_NOPAD: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, READING.with_encode_padding(false));

/// All bytes but the unreserved ones (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn value<'a, F: Facts>(function: Digest, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let Some(text) = arguments.text(0) else {
        return if function == Digest::SecureIsEqual { Value::Bool(false) } else { Value::UNSET };
    };
    let second = || arguments.bytes(1);
    match function {
        Digest::Md5 => in_hex(&Md5::digest(&text)),
        Digest::Sha1 => in_hex(&Sha1::digest(&text)),
        Digest::Sha256 => in_hex(&Sha256::digest(&text)),
        Digest::Sha512 => in_hex(&Sha512::digest(&text)),
        Digest::HmacMd5 => behind_0x(code::<Hmac<Md5>>(&text, &second())),
        Digest::HmacSha1 => behind_0x(code::<Hmac<Sha1>>(&text, &second())),
        Digest::HmacSha256 => behind_0x(code::<Hmac<Sha256>>(&text, &second())),
        Digest::HmacSha512 => behind_0x(code::<Hmac<Sha512>>(&text, &second())),
        Digest::HmacSha256Base64 => {
            let code = code::<Hmac<Sha256>>(&text, &second());
            code.map_or(Value::UNSET, |code| owned(PLAIN.encode(code)))
        }
        Digest::SecureIsEqual => arguments.text(1).is_some_and(|second| bool::from(text.ct_eq(&second))).into(),
        Digest::Base64 => within_limit(&text, arguments.text_limit_bytes(), |text| PLAIN.encode(text)),
        Digest::Base64Url => within_limit(&text, arguments.text_limit_bytes(), |text| URL.encode(text)),
        Digest::Base64UrlNopad => within_limit(&text, arguments.text_limit_bytes(), |text| URL_NOPAD.encode(text)),
        Digest::Base64Decode => PLAIN.decode(&*text).map_or(Value::UNSET, Value::from),
        Digest::Base64UrlDecode => URL.decode(&*text).map_or(Value::UNSET, Value::from),
        Digest::HexEncode => within_limit(&text, arguments.text_limit_bytes(), |text| hex::encode(text)),
        Digest::HexDecode => hex::decode(&*text).map_or(Value::UNSET, Value::from),
        Digest::UrlEncode => within_limit(&text, arguments.text_limit_bytes(), |text| percent_encode(text, RESERVED).to_string()),
        Digest::UrlDecode => Value::from(Cow::Owned(percent_decode(&text).collect::<Vec<u8>>())),
    }
}

fn owned<'a>(text: String) -> Value<'a> {
    text.into_bytes().into()
}

/// The encoded text, cut off where a text ends that is too long to be set.
fn within_limit<'a>(text: &[u8], limit_bytes: usize, encode: impl FnOnce(&[u8]) -> String) -> Value<'a> {
    let mut encoded = encode(text).into_bytes();
    encoded.truncate(limit_bytes);
    encoded.into()
}

fn in_hex<'a>(digest: &[u8]) -> Value<'a> {
    owned(hex::encode(digest))
}

fn behind_0x<'a>(code: Option<Vec<u8>>) -> Value<'a> {
    code.map_or(Value::UNSET, |code| owned(format!("0x{}", hex::encode(code))))
}

/// The authentication code of a text; HMAC takes keys of any length, so that there is always one.
fn code<M: hmac::Mac + hmac::digest::KeyInit>(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as hmac::Mac>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().to_vec())
}
