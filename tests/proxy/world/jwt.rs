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
