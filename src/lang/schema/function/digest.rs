//! Digests, message authentication, and text that carries bytes.

use super::row::functions;

functions! {
    /// Digests and encodings, named as in vmod digest and Fastly.
    Digest:

    Md5 "digest.hash_md5" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The MD5 of the text in hex. It keeps nobody out: use it for what asks for it."
        examples [r#"digest.hash_md5("abc")"# => r#""900150983cd24fb0d6963f7d28e17f72""#]
        mistakes ["digest.hash_md5()" => "E0305"];

    Sha1 "digest.hash_sha1" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The SHA-1 of the text in hex. It keeps nobody out: use it for what asks for it."
        examples [r#"digest.hash_sha1("abc")"# => r#""a9993e364706816aba3e25717850c26c9cd0d89d""#]
        mistakes ["digest.hash_sha1()" => "E0305"];

    Sha256 "digest.hash_sha256" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The SHA-256 of the text in hex."
        examples [
            r#"digest.hash_sha256("abc")"# => r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#
        ]
        mistakes ["digest.hash_sha256()" => "E0305"];

    Sha512 "digest.hash_sha512" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The SHA-512 of the text in hex."
        examples [r#"std.strlen(digest.hash_sha512("abc"))"# => "128"]
        mistakes ["digest.hash_sha512()" => "E0305"];

    HmacMd5 "digest.hmac_md5" (key: Secret, text: String) -> String or Unset, Pure in ANYWHERE,
        "The HMAC-MD5 of the text (RFC 2104) in hex behind `0x`."
        examples [
            r#"digest.hmac_md5("Jefe", "what do ya want for nothing?")"# => r#""0x750c783e6ab0b503eaa86e310a5db738""#
        ]
        mistakes [r#"digest.hmac_md5("key")"# => "E0305"];

    HmacSha1 "digest.hmac_sha1" (key: Secret, text: String) -> String or Unset, Pure in ANYWHERE,
        "The HMAC-SHA-1 of the text (RFC 2104) in hex behind `0x`."
        examples [
            r#"digest.hmac_sha1("Jefe", "what do ya want for nothing?")"# => r#""0xeffcdf6ae5eb2fa2d27416d5f184df9c259a7c79""#
        ]
        mistakes [r#"digest.hmac_sha1("key")"# => "E0305"];

    HmacSha256 "digest.hmac_sha256" (key: Secret, text: String) -> String or Unset, Pure in ANYWHERE,
        "The HMAC-SHA-256 of the text (RFC 2104) in hex behind `0x`."
        examples [
            r#"digest.hmac_sha256("Jefe", "what do ya want for nothing?")"# => r#""0x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843""#
        ]
        mistakes [r#"digest.hmac_sha256("key")"# => "E0305"];

    HmacSha512 "digest.hmac_sha512" (key: Secret, text: String) -> String or Unset, Pure in ANYWHERE,
        "The HMAC-SHA-512 of the text (RFC 2104) in hex behind `0x`."
        examples [r#"str.take(digest.hmac_sha512("Jefe", "what do ya want for nothing?"), 18)"# => r#""0x164b7a7bfcf819e2""#]
        mistakes [r#"digest.hmac_sha512("key")"# => "E0305"];

    HmacSha256Base64 "digest.hmac_sha256_base64" (key: Secret, text: String) -> String or Unset, Pure in ANYWHERE,
        "The HMAC-SHA-256 of the text in base64."
        examples [
            r#"digest.hmac_sha256_base64("Jefe", "what do ya want for nothing?")"# => r#""W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=""#
        ]
        mistakes [r#"digest.hmac_sha256_base64("key")"# => "E0305"];

    SecureIsEqual "digest.secure_is_equal" (first: Secret, second: Secret) -> Bool, Pure in ANYWHERE,
        "Whether both texts are the same, found out in a time that depends on their lengths alone. Unset text is equal to nothing."
        examples [
            r#"digest.secure_is_equal("secret", "secret")"# => "true",
            r#"digest.secure_is_equal("secret", "secreT")"# => "false"
        ]
        mistakes [r#"digest.secure_is_equal("secret")"# => "E0305"];

    Base64 "digest.base64" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text in base64 (RFC 4648 section 4)."
        examples [r#"digest.base64("a?>")"# => r#""YT8+""#, r#"digest.base64("a")"# => r#""YQ==""#]
        mistakes ["digest.base64()" => "E0305"];

    Base64Url "digest.base64url" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text in base64 for URLs (RFC 4648 section 5), filled up with `=`."
        examples [r#"digest.base64url("a?>")"# => r#""YT8-""#, r#"digest.base64url("a")"# => r#""YQ==""#]
        mistakes ["digest.base64url()" => "E0305"];

    Base64UrlNopad "digest.base64url_nopad" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text in base64 for URLs without `=` behind it."
        examples [r#"digest.base64url_nopad("a")"# => r#""YQ""#]
        mistakes ["digest.base64url_nopad()" => "E0305"];

    Base64Decode "digest.base64_decode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "What the base64 stands for, with or without `=` behind it; unset if it is none."
        examples [
            r#"digest.base64_decode("YT8+")"# => r#""a?>""#,
            r#"digest.base64_decode("YQ")"# => r#""a""#,
            r#"digest.base64_decode("Y!")"# => "unset"
        ]
        mistakes ["digest.base64_decode()" => "E0305"];

    Base64UrlDecode "digest.base64url_decode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "What the base64 for URLs stands for, with or without `=` behind it; unset if it is none."
        examples [
            r#"digest.base64url_decode("YT8-")"# => r#""a?>""#,
            r#"digest.base64url_decode("YT8+")"# => "unset"
        ]
        mistakes ["digest.base64url_decode()" => "E0305"];

    HexEncode "hex.encode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The bytes of the text in hex, in lower case."
        examples [r#"hex.encode("az")"# => r#""617a""#]
        mistakes ["hex.encode()" => "E0305"];

    HexDecode "hex.decode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text whose bytes stand there in hex; unset if it is none."
        examples [r#"hex.decode("617A")"# => r#""az""#, r#"hex.decode("61 7a")"# => "unset"]
        mistakes ["hex.decode()" => "E0305"];

    UrlEncode "urlencode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text with every byte percent-encoded that is not unreserved (RFC 3986 section 2.3)."
        examples [r#"urlencode("a b/ü~")"# => r#""a%20b%2F%C3%BC~""#]
        mistakes ["urlencode()" => "E0305"];

    UrlDecode "urldecode" (text: String) -> String or Unset, Pure in ANYWHERE,
        "The text with what is percent-encoded as it is meant. A `%` without two hex digits stays."
        examples [r#"urldecode("a%20b%2f")"# => r#""a b/""#, r#"urldecode("100%")"# => r#""100%""#]
        mistakes ["urldecode()" => "E0305"];
}
