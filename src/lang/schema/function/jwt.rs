//! Signed tokens.

use super::row::functions;

functions! {
    /// Signed tokens (RFC 7519), as `Authorization: Bearer` carries them; that word may stand before a token.
    Jwt:

    Valid "jwt.valid" (token: String, keys: Keys = Unset, secret: Secret = Unset, issuer: String = Unset, audience: String = Unset, leeway: Duration = Duration(0), now: Time = Now) -> Bool, Reads in ANYWHERE,
        "Whether the token is signed with one of the keys or with the secret, is not expired (`exp`) and holds already (`nbf`), was issued by `issuer` (`iss`) and is meant for `audience` (`aud`). The keys are the path of a file with a JSON Web Key Set or with public keys or certificates in PEM, which is watched, or such a text itself; `secret` is that of HS256, HS384 or HS512, with as many bytes as the hash. What a key is made of decides how it is used, whatever the token says: RSA for RS256, RS384, RS512, PS256, PS384 and PS512, P-256 for ES256, P-384 for ES384, Ed25519 for `EdDSA`, a secret for HS256, HS384 and HS512, or for the one of these that its `alg` names; `none` is refused. `leeway` is how much clocks may differ."
        examples [
            r#"jwt.valid("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6Nzg0MTExODAwfQ.eqSgBwwhh6hgmS8LxJsnAI78P6BC5rq4bwEpdoAEBMo", secret: "a secret of at least 32 bytes, ok", now: std.time("784111777", now))"# => "true",
            r#"jwt.valid(req.http.Authorization, keys: "jwks.json", audience: "api")"# => "false"
        ]
        mistakes [
            "jwt.valid(req.http.Authorization)" => "E0386",
            r#"jwt.valid(req.http.Authorization, keys: "nobody.json")"# => "E0222",
            r#"jwt.valid(req.http.Authorization, keys: "{}")"# => "E0387",
            r#"jwt.valid(req.http.Authorization, keys: "[]")"# => "E0387",
            r#"jwt.valid(req.http.Authorization, keys: "users.htpasswd")"# => "E0387"
        ];

    Claim "jwt.claim" (token: String, name: String, keys: Keys = Unset, secret: Secret = Unset, issuer: String = Unset, audience: String = Unset, leeway: Duration = Duration(0), now: Time = Now) -> String or Unset, Reads in ANYWHERE,
        "What a valid token claims by that name; unset if it claims nothing, and of a token that is not valid. A list or an object is its JSON."
        examples [
            r#"jwt.claim("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6Nzg0MTExODAwfQ.eqSgBwwhh6hgmS8LxJsnAI78P6BC5rq4bwEpdoAEBMo", "sub", secret: "a secret of at least 32 bytes, ok", now: std.time("784111777", now))"# => r#""alice""#,
            r#"jwt.claim(req.http.Authorization, "sub", keys: "jwks.json")"# => "unset"
        ]
        mistakes [
            r#"jwt.claim(req.http.Authorization, "sub")"# => "E0386",
            r#"jwt.claim(req.http.Authorization, keys: "jwks.json")"# => "E0305"
        ];
}
