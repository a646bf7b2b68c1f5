//! Names of VCL that warp does not have, and what to do instead.

/// What to write in place of a capture.
const CAPTURES: &str = "take a part of a text with `regsub(TEXT, \"^…(PART)…$\", \"\\1\")`: tests keep nothing";

/// What to write in place of a method of an object, or of a value, of a module.
pub(super) fn method(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "backend" => "write the name of the director alone: `set req.backend_hint = NAME;`",
        "resolve" => "write the name alone: a director chooses when the backend is asked",
        "lookup" => "write its name, or look it up in a table: `table pools { \"a\": A, \"b\": B }`",
        "startsWith" | "startswith" | "starts_with" => "write `std.prefixof(TEXT, \"/a\")`",
        "endsWith" | "endswith" | "ends_with" => "write `std.suffixof(TEXT, \".css\")`",
        "contains" | "includes" | "indexOf" | "find" => "write `str.contains(TEXT, \"a\")`",
        "has" | "has_key" | "hasOwnProperty" | "exists" => "write `NAME has \"KEY\"`",
        "match" | "matches" | "test" | "search" => "write `TEXT ~ \"REGEX\"`",
        "toLowerCase" | "lower" | "tolower" | "to_lower" => "write `std.tolower(TEXT)`",
        "toUpperCase" | "upper" | "toupper" | "to_upper" => "write `std.toupper(TEXT)`",
        "toString" | "to_string" | "str" => "leave it out: where a text is wanted, each value is one",
        "length" | "len" | "size" => "write `std.strlen(TEXT)`",
        "replace" | "replaceAll" | "sub" | "gsub" => {
            "write `regsuball(TEXT, \"REGEX\", \"TEXT\")`, or `std.replace(…)`"
        }
        "split" => "write `str.split(TEXT, …)`",
        "trim" | "strip" => "write `str.trim(TEXT)`",
        "substr" | "substring" | "slice" => "write `substr(TEXT, …)`",
        "add_backend" | "remove_backend" | "clear" | "reconfigure" | "associate" | "set_rampup" | "set_warmup" => {
            "directors are declared: `director NAME = shard { A; B { .weight = 2; } }`"
        }
        _ => return None,
    })
}

/// What to write in place of an attribute that only backends of others have.
pub(super) fn attribute(name: &str) -> Option<&'static str> {
    Some(match name {
        "timeout" | "read_timeout" => "write `.connect_timeout`, `.first_byte_timeout` or `.between_bytes_timeout`",
        "url" | "address" | "server" | "hostname" | "ip" => "write `.host = \"…\";`, and `.port` beside it",
        "max_conn" => "write `.max_connections = …;`",
        "ssl" | "use_ssl" => "write `.tls = true;`",
        "ssl_sni_hostname" | "ssl_cert_hostname" | "ssl_hostname" => "write `.sni = \"…\";`",
        "ssl_check_cert" | "ssl_verify_peer" | "ssl_verify_host" => "write `.verify = true;`, which it is if left out",
        "ssl_ca_cert" => "write `.ca_file = \"…\";`",
        "ssl_client_cert" | "ssl_client_key" => "write `.cert_file = \"…\";` and `.key_file = \"…\";`",
        "share_key" => "leave it out: what is stored is the same whichever backend it came from",
        "dynamic" | "always_use_host_header" => {
            "leave it out: names are looked up again and again; `.host_header` sets `Host`"
        }
        "weight" => "write it where the director names its members: `director NAME = random { A { .weight = 2; } }`",
        "healthcheck" => "write `.probe = { .url = \"/health\"; };`",
        _ => return None,
    })
}

/// What to write in place of a name that only VCL has, in a sentence for a help line.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    variable(name).or_else(|| function(name)).or_else(|| family(name))
}

/// In place of a variable, or an action.
fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "beresp.do_stream" => "leave it out: a response is always sent on while it comes in",
        "beresp.do_esi" | "resp.do_esi" | "obj.can_esi" | "obj_stale.can_esi" | "req.esi" | "req.esi_level" => {
            "this version does not have edge side includes"
        }
        "beresp.backend.ip" => "write `beresp.backend.name`: a backend has any number of addresses",
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
        "beresp.do_gzip" | "beresp.do_gunzip" | "beresp.brotli" | "beresp.gzip" => {
            "this version does not change bodies: have the backend compress them, with `Vary: Accept-Encoding`"
        }
        "beresp.storage" | "beresp.storage_hint" | "obj.storage" | "obj_stale.storage" => {
            "leave it out: there is one store, in memory; `warp serve --memory` says how large"
        }
        "beresp.cacheable" => "write `set beresp.uncacheable = true;` for what is not to be stored",
        "beresp.stale_while_revalidate" => "write `beresp.grace`",
        "stale.exists" | "req.max_stale_if_error" | "req.max_stale_while_revalidate" => {
            "leave it out: what is stale is served by itself as long as `beresp.grace` and `beresp.stale_if_error` say"
        }
        "resp.stale" => "write `obj.ttl < 0s` in deliver",
        "req.enable_range_on_pass" => "leave it out: a `Range` that passes is sent on",
        "req.enable_segmented_caching" => "write `set req.slice = 4MB;`",
        "beresp.saintmode" => "give the backend a `.probe`, and put a `director` before it",
        "req.url.path" => "write `req.path`",
        "req.url.qs" => "write `req.query`",
        "req.url.basename" => "write `std.basename(req.path)`",
        "req.url.dirname" => "write `std.dirname(req.path)`",
        "now.sec" => "write `std.time2integer(now)`",
        "req.url.ext" => "write `req.path ext [\"css\", \"js\"]`",
        "req.backend" => "write `req.backend_hint`",
        "req.request" => "write `req.method`",
        "client.country" | "req.country" => "write `geo.country(client.ip, \"geo.mmdb\")`, or `geo.lookup(…)` for more",
        "vcl" => "declare `site \"example.com\" from \"sites/example.warp\";`: a policy of its own for a host",
        "hit_for_pass" => "write `return (pass(10m))` in backend_response, or `pass 10m` in `rules response`",
        "req.backend.is_shield" => "leave it out: a warp in front of a warp is a `backend` like any other",
        _ => return None,
    })
}

/// In place of a function.
fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "ban" => "write `ban where obj.http.X-Kind == \"news\";`, or `std.ban(…)` for a text in the words of Varnish",
        "xkey.purge" => "write `std.purge_tags(…)`; `tag header \"xkey\";` in backend_response reads the tags",
        "xkey.softpurge" => {
            "write `std.purge_tags(…, soft)`; `tag header \"xkey\";` in backend_response reads the tags"
        }
        "purge.hard" => "write `return (purge)` in recv",
        "purge.soft" => "write `return (purge(soft))` in recv: what is stored has its own grace and keep",
        "len" | "strlen" | "length" => "write `std.strlen(TEXT)`",
        "now" => "write `now`, without parentheses",
        "lower" | "tolower" | "lowercase" => "write `std.tolower(TEXT)`",
        "upper" | "toupper" | "uppercase" => "write `std.toupper(TEXT)`",
        "concat" => "join texts with `+`",
        "print" | "echo" | "console.log" | "syslog" => "write `std.log(TEXT)`",
        "redirect" => {
            "write a row, `rules request first { when path == \"/old\" -> redirect 301 \"/new\"; }`, or `return (synth(301))` and, in synth, `set resp.http.Location = …;`"
        }
        "deny" | "block" | "reject" => "write `return (synth(403, \"Why\"))`",
        "cache" => "write `return (hash)`",
        "std.blobread" => "write `std.fileread`: a text holds any bytes",
        "std.port" => "leave it out: an address has no port here",
        "std.syntax" => "leave it out: the first line, `warp 1;`, says which language this is",
        "std.late_100_continue" => "leave it out: 100 (Continue) is sent when the content is asked for",
        "std.set_ip_tos" => "this version does not have it",
        "std.rollback" => "this version does not have it: keep what you change in a `let` before you change it",
        "std.real2time" => "write `std.time(real: NUMBER)`",
        "std.time2real" => "write `std.real(time: MOMENT)`",
        "std.rfc_ttl" => "leave it out: `beresp.ttl` is that before backend_response",
        "std.call" => "write `call NAME;`",
        "std.timed_call" => "write `call` and, around it, `std.timestamp(\"before\")` and `std.timestamp(\"behind\")`",
        "uuid.version4" | "uuid.uuid_v4" | "uuid.uuid" | "randomstr" => "write `uuid.v4()`",
        "uuid.version7" | "uuid.uuid_v7" => "write `uuid.v7()`",
        "cookie.parse" => "leave it out: `cookie.keep` and the others work on the `Cookie` field itself",
        "cookie.get_string" => {
            "leave it out, or write `req.http.Cookie`: the functions of `cookie` change that field itself"
        }
        "var.set" | "var.get" | "var.global_set" | "var.global_get" => "write `let NAME = VALUE;`",
        "table.lookup_acl" | "table.lookup_regex" => {
            "write `match KEY { \"a\" -> client.ip ~ A; else -> false; }`, with a test in each arm"
        }
        "table.contains" => "write `NAME has KEY`",
        "std.atoi" | "std.strtol" | "int" | "parseInt" | "to_int" | "atoi" => "write `std.integer(TEXT, fallback: 0)`",
        "std.atof" => "write `std.real(TEXT, fallback: 0.0)`",
        "std.itoa" => "leave it out: a number is a text where one is wanted",
        "parse_time_delta" => "write `std.duration(TEXT, 0s)`",
        "str.token_intersect" => "write `TEXT in [\"a\", \"b\"]`, or `str.contains_any(TEXT, [\"a\", \"b\"])`",
        "json.escape" | "xml_escape" | "cstr_escape" => "write `std.replace(…)` for what may occur, or `urlencode(…)`",
        "digest.rsa_verify" | "digest.ecdsa_verify" => {
            "write `jwt.valid(TOKEN, keys: \"jwks.json\")`, for a signed token"
        }
        "uuid.version3" | "uuid.version5" => "write `digest.hash_sha256(NAME)`",
        "synthetic.base64" => "write `synthetic(digest.base64_decode(TEXT));`",
        "early_hints" => "leave it out: the backend's own 103 is sent on",
        "h2.push" => "leave it out: browsers have given it up",
        "h3.alt_svc" => "write `set resp.http.Alt-Svc = \"…\";`",
        "resp.tarpit" => "this version does not have it: `ratelimit(…)` says who comes too often",
        "header.copy" | "header.set" => "write `set TO = FROM;`",
        "header.regsub" => "write `set NAME = regsub(NAME, \"REGEX\", \"TEXT\");`",
        "header.dyn" | "header.unset" | "header.filter" | "header.filter_except" => {
            "write `set NAME = VALUE;` and `unset NAME;`, with names that are known"
        }
        "subfield" => {
            "write `req.cookies[\"NAME\"]`, `beresp.cache_control.max_age`, or `regsub` to take a part of another field"
        }
        "blob.encode" | "blob.decode" | "blob.transcode" => {
            "write `digest.base64`, `hex.encode`, `urlencode` or what decodes them"
        }
        "vsthrottle.is_denied"
        | "vsthrottle.remaining"
        | "vsthrottle.blocked"
        | "ratelimit.check_rate"
        | "ratelimit.check_rates" => "write `ratelimit(key: client.ip, limit: 60, per: 1m)`",
        "url.normalize" => "write `normalize req { path decode_unreserved, merge_slashes, resolve_dots; }`",
        "accept.charset_lookup" => "leave it out: what warp makes is UTF-8",
        "accept.language_lookup" | "accept.language_filter_basic" => "write `req.accept.language([\"en\", \"de\"])`",
        "accept.encoding_lookup" => "write `req.accept.encoding([\"br\", \"gzip\", \"identity\"])`",
        "accept.media_lookup" => "write `req.accept.media([\"text/html\", \"application/json\"])`",
        "digest.awsv4_hmac" => "this version does not have it: a policy holds no private keys",
        "time.hex_to_time" => "write `std.time(TEXT, now)` for a number of seconds",
        _ => return None,
    })
}

/// In place of a name of which others begin or end alike.
fn family(name: &str) -> Option<&'static str> {
    let begins = |with: &[&str]| with.iter().any(|with| name.starts_with(with));
    Some(match name {
        _ if name.starts_with("table.lookup") => "write `NAME[KEY] ?? VALUE`, or `NAME has KEY`",
        _ if name.starts_with("req_top.http.") => "write `req.http`: this version does not have edge side includes",
        "querystring.get" => "write `req.query[\"a\"]`",
        _ if name.starts_with("querystring.") => "write `normalize req { query drop [\"utm_*\"], sort; }`",
        _ if name.starts_with("directors.") => "directors are declared: `director NAME = round_robin { A; B; }`",
        _ if name.strip_suffix(".upper").is_some() => "write `std.toupper(TEXT)`",
        _ if name.strip_suffix(".lower").is_some() => "write `std.tolower(TEXT)`",
        _ if name.starts_with("re.group.") => CAPTURES,
        _ if name.starts_with("client.geo.") => {
            "write `geo.country(client.ip, \"geo.mmdb\")`, or `geo.lookup(…)` for more"
        }
        _ if name.starts_with("client.as.") => {
            "write `geo.lookup(client.ip, \"asn.mmdb\", \"autonomous_system_number\")`"
        }
        _ if begins(&["client.bot.", "client.class.", "client.platform.", "client.display."]) => {
            "write `device.class(req.http.User-Agent)`"
        }
        _ if name.starts_with("tls.client.") || name.starts_with("quic.") => {
            "TLS ends in front of warp: have that set a field of the request, and read `req.http.NAME`"
        }
        _ if name.starts_with("var.") => "keep it in a `let NAME = VALUE;`, and read `NAME`",
        _ if name.starts_with("time.start") => "write `req.time`",
        _ if name.starts_with("time.elapsed") => "write `std.now() - req.time`",
        _ if name.starts_with("setcookie.") => {
            "write `header.get(beresp.http.Set-Cookie, \"^NAME=\")`, or `header.remove` of the same"
        }
        _ if name.starts_with("digest.time_hmac_") => {
            "write `signed_url(…)`, or `digest.hmac_sha256` of a text with the time"
        }
        _ if name.starts_with("utf8.") => "texts are bytes here: write `substr`, `std.strlen` and their like",
        _ if name.starts_with("math.") => "this version has `math.sqrt`, `math.pow`, `math.exp` and `math.log`",
        _ if name.starts_with("digest.hash_crc32") || name.starts_with("digest.hash_xxh") => {
            "write `digest.hash_md5(TEXT)`"
        }
        _ if name.starts_with("client.socket.") => "this version does not have it: warp looks at requests alone",
        _ if name.starts_with("boltsort.") => "write `std.querysort(URL)`",
        _ if name.starts_with("waf.") || name.starts_with("fastly.") || name.starts_with("fastly_info.") => {
            "leave it out: it is of Fastly's network"
        }
        _ if begins(&["unix.", "proxy.", "tcp.", "h2.", "bodyaccess.", "saintmode."]) => {
            "leave it out: warp does not look at that"
        }
        _ if name.starts_with("blob.") => {
            "a text holds any bytes: write `digest.base64(…)`, `hex.encode(…)` or `std.strlen(…)`"
        }
        _ if name.starts_with("crypto.") => "this version does not have it: a policy holds no private keys",
        _ if name.starts_with("param.") => "write the value itself: warp has no parameters",
        _ if name.starts_with("storage.") => "leave it out: there is one store, and `warp status` tells how full it is",
        _ => return None,
    })
}
