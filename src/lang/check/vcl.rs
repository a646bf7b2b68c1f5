//! Names of VCL that warp does not have, and what to do instead.

/// What to write in place of a name that only VCL has, in a sentence for a help line.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "beresp.do_stream" => "leave it out: a response is always sent on while it comes in",
        "beresp.do_esi" | "req.esi" | "req.esi_level" => "this version does not have edge side includes",
        "beresp.do_gzip" | "beresp.do_gunzip" => {
            "this version does not change bodies: have the backend compress them, with `Vary: Accept-Encoding`"
        }
        "beresp.storage" | "beresp.storage_hint" | "obj.storage" => {
            "leave it out: there is one store, in memory; `warp serve --memory` says how large"
        }
        "req.ttl" => "this version does not have it: how long a response is fresh, `beresp.ttl` says",
        "req.hash_ignore_busy" => "this version does not have it: requests wait for what another one fetches already",
        "req.hash_ignore_vary" => {
            "this version does not have it: change the request's fields in recv, so that fewer variants differ"
        }
        "ban" => "write `ban where obj.http.X-Kind == \"news\";`, or `std.ban(…)` for a text in the words of Varnish",
        "xkey.purge" => "write `std.purge_tags(…)`; `tag header \"xkey\";` in backend_response reads the tags",
        "xkey.softpurge" => {
            "write `std.purge_tags(…, soft)`; `tag header \"xkey\";` in backend_response reads the tags"
        }
        "purge.hard" => "write `return (purge)` in recv",
        "purge.soft" => "write `return (purge(soft))` in recv",
        "std.healthy" => "this version does not have it: a backend that its probe found sick is not asked",
        "hit_for_pass" => "write `return (pass(10m))` in backend_response, or `pass 10m` in `rules response`",
        _ => return None,
    })
}
