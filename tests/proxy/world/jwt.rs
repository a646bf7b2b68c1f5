//! Tokens in front of a real origin.

use std::fs;

use crate::support::{Answer, Origin, Proxy};

/// Made with the key of `JWKS`; holds from 2001 to 2033.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOlsiYXBpIiwid2ViIl0sInN1YiI6ImFsaWNlIiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOjEwMDAwMDAwMDAsImFkbWluIjpmYWxzZSwibGV2ZWwiOjd9.W7xQ6dgB5wEVdg3krAf8wg3Ee8a656nAbsQcYkKec-gSQ5Ax8NibQkXMkEcvyAx057Sk46cIVbad7-_pMZEhdR6a6VdGoAu91QfWRsnNx5IbmE5C6qp2oQxN22GXpu6QZv0_UHZ5kaufoZqtSBHF3d_fv-AYSxXhMoQj1ZOF0HZnDmpZua2bLqA8scy9VbBSjH_o5DARVJ0vIGTRiTPRTNsMgXl6wzn8HEUl5pmCeKYLBHmqy7ym7B05gOwUsLJbIRqwP2Qq_za08Nd5bX5AHyeZIBh6SmadfOWDic3tU_nPhPfitY3lsk9jmjNGBu8Bdunysp-D1_N81RBH_wfj7A";

const JWKS: &str = r#"{"keys": [{"kty": "RSA", "kid": "one", "e": "AQAB", "n": "y_tHTG9jqa5xoF-qE0n7LXRgvDyHtXoDrQ-MZQ-H76vTixJiZptZe43Rrk6mmjDjkFAZJktlkrf4jtCOhlf-vy_oMnd0K8bG97EHHcAAkD5BMnCODIDhtmX4i-3Ao1INvRv9B1gbii8T3R___6bzaySBmKjZGntC42KTTF-fqKaX8OKQ-17l8UFJV_YlwQ7rzURXobdpD-OEtzLev-yJSKoceOrOwHejhZou8PYR-yYLNyGRAgNeqWHqWbWhHowTnxEsGBXslrxawSsUd5Sdlmqyfmvfhqrr9SkHAISiBQ1Lgn3m-dcP1c_QW7rd8bpqVzVLOyhT-AT3FzBe1mzHqw"}]}"#;

/// A secret's worth of bytes that signs nothing here.
const OTHER: &str =
    r#"{"keys": [{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"}]}"#;

const POLICY: &str = r#"sub recv {
    if (!jwt.valid(req.http.Authorization, keys: "jwks.json", issuer: "https://id.example", audience: "api")) {
        return (synth(401));
    }
    set req.http.X-User = jwt.claim(req.http.Authorization, "sub", keys: "jwks.json");
    return (pass);
}"#;

#[test]
fn tokens_are_checked_with_the_keys_of_a_file_that_may_change() {
    let origin = Origin::start();
    origin.on("/", Answer::ok(""));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jwks.json"), JWKS).unwrap();
    fs::write(dir.path().join("policy.warp"), format!("warp 1;\n{}{POLICY}", origin.backend())).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let status = |token: &str| proxy.client().get("/").header("Authorization", token).send().status;
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!((status(&bearer), status(&bearer.replace(".W7x", ".W7y")), status("Bearer")), (200, 401, 401));
    assert_eq!(origin.wait_for(1).header("X-User"), Some("alice"));

    proxy
        .change(|dir| fs::write(dir.join("jwks.json"), "{\"keys\": [{\"kty\": \"oct\", \"k\": \"s3cret\"}]}").unwrap());
    proxy.wait_for_reload("rejected");
    assert_eq!((status(&bearer), proxy.log().contains("s3cret")), (200, false));

    proxy.change(|dir| fs::write(dir.join("jwks.json"), OTHER).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(status(&bearer), 401);
}

/// Made with the two keys of `PEM`, by `EdDSA` and by RS512.
const BY_PEM: [&str; 2] = [
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.2mH6dold31D-ljMCmuTdij-i-JTJUnvtE2MLX4AVItUxt0kTivyDu7rjGG6zmAGssleD5C7k7dfe2mGOo_R7AA",
    "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJhbGljZSJ9.eayk2bHFzK5KBZXM42d_w7HORrn2oE0rW3AXXTpc5Y7fPP0hKQlzVacGLaG2uxUzjAuNNg9gOdZYdgTmNDq2qQjpDvLZxMcQcEX4NjTmFKyyVuBFPkj54qdy_BmFtoVTDccQr9k6-DI-jgFCVLWOwLTWnpSw3A_7KBcjOpky3TvMn6443tY59yEpewtQX_w4hrOP3n1bEMWjVbbZvnQBpu9bY2oX5bxV3ZnfDkS5rbJKEhlmD0AtrwpAMV0CetsM7LGaloMqMz0rIDRq75CKA5mPckCdymlBpN9f2OpAfda-L6v9daWBr5LZuLfcZI3Jy3Kt2Ua_xfch_490axGUQA",
];

const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAoPGKjE2HrwqaWL8wsCnhfUbShIsJx6CmQ7sYCzlGsFI=\n-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqzpZ93mdhFxJIDt2Qv7G\nwVn9dgKKx6ICwqSmkkXUzNbirIz6lz+8weqbFRJKzdwRO/Ha/1KsNUJcxOqFf22V\nPcWcF4u6MHdS1tXYhHxNWbFek8QpYxoDPonMyrMsR7hYrMcrYXNgo2YPkEt14/79\nxtgGjRtLfRp1QiMFl7OtkEl9m1igHNfircIewHWV8wXwQ8N5grIb78hnYQLA63Ax\nUOS9B7HsojsCg9APsieEIht/Xb1x9TXPHWEVvYWTUdcYOX1Ys8dHc57cnbP8pmqt\ngPeY4PBa6NTOAS7F4JVZm7fdletHYltNpDBdzcXvtohk7qoU2QemT5Hb/RwDUa9k\niQIDAQAB\n-----END PUBLIC KEY-----\n";

#[test]
fn keys_may_be_public_keys_in_pem() {
    let origin = Origin::start();
    origin.on("/", Answer::ok(""));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("keys.pem"), PEM).unwrap();
    let policy = r#"sub recv {
        if (!jwt.valid(req.http.Authorization, keys: "keys.pem")) { return (synth(401)); }
        set req.http.X-User = jwt.claim(req.http.Authorization, "sub", keys: "keys.pem");
        return (pass);
    }"#;
    fs::write(dir.path().join("policy.warp"), format!("warp 1;\n{}{policy}", origin.backend())).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let status = |token: &str| proxy.client().get("/").header("Authorization", token).send().status;
    assert_eq!((BY_PEM.map(status), status(TOKEN)), ([200, 200], 401));
    assert_eq!(origin.wait_for(1).header("X-User"), Some("alice"));

    proxy.change(|dir| fs::write(dir.join("keys.pem"), PEM.replace("PUBLIC", "PRIVATE")).unwrap());
    proxy.wait_for_reload("rejected");
    proxy.wait_for_log("a private key has no place here");
    assert_eq!(BY_PEM.map(status), [200, 200]);
}
