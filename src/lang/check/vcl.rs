//! Names of VCL that warp does not have, and what to do instead.

/// What to write in place of a name that only VCL has, in a sentence for a help line.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "beresp.do_stream" => "leave it out: a response is always sent on while it comes in",
        "beresp.do_esi" | "resp.do_esi" | "obj.can_esi" | "obj_stale.can_esi" | "req.esi" | "req.esi_level" => {
            "this version does not have edge side includes"
        }
        "req_top.method" => "write `req.method`: this version does not have edge side includes",
        "req_top.url" => "write `req.url`: this version does not have edge side includes",
        "req_top.proto" => "write `req.proto`: this version does not have edge side includes",
        "req_top.time" => "write `req.time`: this version does not have edge side includes",
        "req.filters" | "bereq.filters" | "beresp.filters" | "resp.filters" => {
            "leave it out: bodies are sent on as they come"
        }
        "beresp.transit_buffer" => "leave it out: what is not stored waits for the client, whatever its size",
        "req.trace" | "bereq.trace" => "leave it out; `std.log` writes to the access log",
        "req.storage" => "leave it out: the content of a request is not stored; `std.cache_req_body` keeps it",
        "sess.timeout_linger" => "leave it out: a connection that waits holds no thread",
        "beresp.do_gzip" | "beresp.do_gunzip" => {
            "this version does not change bodies: have the backend compress them, with `Vary: Accept-Encoding`"
        }
        "beresp.storage" | "beresp.storage_hint" | "obj.storage" | "obj_stale.storage" => {
            "leave it out: there is one store, in memory; `warp serve --memory` says how large"
        }
        "ban" => "write `ban where obj.http.X-Kind == \"news\";`, or `std.ban(…)` for a text in the words of Varnish",
        "xkey.purge" => "write `std.purge_tags(…)`; `tag header \"xkey\";` in backend_response reads the tags",
        "xkey.softpurge" => {
            "write `std.purge_tags(…, soft)`; `tag header \"xkey\";` in backend_response reads the tags"
        }
        "purge.hard" => "write `return (purge)` in recv",
        "purge.soft" => "write `return (purge(soft))` in recv",
        "std.blobread" => "write `std.fileread`: a text holds any bytes",
        "std.port" => "leave it out: an address has no port here",
        "std.syntax" => "leave it out: the first line, `warp 1;`, says which language this is",
        "std.late_100_continue" => "leave it out: 100 (Continue) is sent when the content is asked for",
        "std.set_ip_tos" => "this version does not have it",
        "std.rollback" => "this version does not have it: keep what you change in a `let` before you change it",
        "std.timed_call" => "write `call` and, around it, `std.timestamp(\"before\")` and `std.timestamp(\"behind\")`",
        "uuid.version4" | "uuid.uuid_v4" | "uuid.uuid" | "randomstr" => "write `uuid.v4()`",
        "uuid.version7" | "uuid.uuid_v7" => "write `uuid.v7()`",
        "cookie.parse" => "leave it out: `cookie.keep` and the others work on the `Cookie` field itself",
        "cookie.get_string" => {
            "leave it out, or write `req.http.Cookie`: the functions of `cookie` change that field itself"
        }
        "var.set" | "var.get" | "var.global_set" | "var.global_get" => "write `let NAME = VALUE;`",
        "table.lookup" | "table.contains" => "write `NAME[KEY] ?? VALUE`, or `NAME has KEY`",
        "std.atoi" | "std.strtol" => "write `std.integer(TEXT, fallback: 0)`",
        "std.atof" => "write `std.real(TEXT, fallback: 0.0)`",
        "blob.encode" | "blob.decode" | "blob.transcode" => {
            "write `digest.base64`, `hex.encode`, `urlencode` or what decodes them"
        }
        "vsthrottle.is_denied"
        | "vsthrottle.remaining"
        | "vsthrottle.blocked"
        | "ratelimit.check_rate"
        | "ratelimit.check_rates" => "write `ratelimit(key: client.ip, limit: 60, per: 1m)`",
        "beresp.cacheable" => "write `set beresp.uncacheable = true;` for what is not to be stored",
        "beresp.stale_while_revalidate" => "write `beresp.grace`",
        "beresp.saintmode" => "give the backend a `.probe`, and put a `director` before it",
        "req.url.path" => "write `req.path`",
        "req.url.qs" => "write `req.query`",
        "req.url.ext" => "write `req.path ext [\"css\", \"js\"]`",
        "req.backend" => "write `req.backend_hint`",
        "req.backend.healthy" | "bereq.backend.healthy" => "write `std.healthy(NAME)`",
        "req.request" => "write `req.method`",
        "vcl" => "declare `site \"example.com\" from \"sites/example.warp\";`: a policy of its own for a host",
        "hit_for_pass" => "write `return (pass(10m))` in backend_response, or `pass 10m` in `rules response`",
        _ if name.starts_with("req_top.http.") => "write `req.http`: this version does not have edge side includes",
        "accept.language_lookup" | "accept.language_filter_basic" => "write `req.accept.language([\"en\", \"de\"])`",
        "accept.encoding_lookup" => "write `req.accept.encoding([\"br\", \"gzip\", \"identity\"])`",
        "accept.media_lookup" => "write `req.accept.media([\"text/html\", \"application/json\"])`",
        _ if name.starts_with("querystring.") => "write `normalize req { query drop [\"utm_*\"], sort; }`",
        _ if name.starts_with("directors.") => "directors are declared: `director NAME = round_robin { A; B; }`",
        _ if name.strip_suffix(".upper").is_some() => "write `std.toupper(TEXT)`",
        _ if name.strip_suffix(".lower").is_some() => "write `std.tolower(TEXT)`",
        _ if name.starts_with("param.") => "write the value itself: warp has no parameters",
        _ if name.starts_with("storage.") => "leave it out: there is one store, and `warp status` tells how full it is",
        _ => return None,
    })
}
