//! How often something comes.

use super::row::functions;

functions! {
    /// How often something comes.
    Limit:

    Ratelimit "ratelimit" (key: String, limit: Int, per: Duration, burst: Int = Unset, block: Duration = Duration(0)) -> Bool, Reads in ANYWHERE,
        "Whether the key has come too often, this time included: a token bucket for each key, from which a call takes a token. `limit` tokens come back in the time `per`, at an even pace; the bucket holds `burst` of them, as many as `limit` if that is left out. A key that came too often is refused for the time `block` in any case. Each call in a policy has buckets of its own, which a new policy takes over if it has the same call."
        examples [
            "ratelimit(key: client.ip, limit: 60, per: 1m)" => "false",
            "ratelimit(key: req.http.Authorization, limit: 5, per: 1m, burst: 1, block: 10m)" => "false"
        ]
        mistakes [
            "ratelimit(client.ip, 60, 60)" => "E0302",
            "ratelimit(key: client.ip, limit: 60)" => "E0305",
            "ratelimit(key: client.ip, limit: 60, per: 0s)" => "E0386",
            "ratelimit(key: client.ip, limit: -1, per: 1s)" => "E0386"
        ];
}
