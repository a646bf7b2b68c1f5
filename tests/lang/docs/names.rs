//! What others have, by name: VCL 4.1, the modules that come with Varnish, varnish-modules, Fastly's VCL. Whoever looks a name
//! up finds it in the reference, or on the page of what is left out.

use std::collections::BTreeSet;
use std::fs;

use glob::Pattern;

/// Names with blanks between them, by where they come from. `NAME` and `X` are anybody's.
const NAMES: &[(&str, &str)] = &[
    (
        "VCL: words and signs",
        r#"4.1 # // /* */ "…" """…""" {"…"} + ms s m h d w y B KB MB GB TB :aGVsbG8=: req.http."7-bit""#,
    ),
    (
        "VCL: types",
        "ACL BACKEND BLOB BODY BOOL BYTES DURATION ENUM HEADER HTTP INSTANCE INT IP PROBE REAL REGEX STEVEDORE \
         STRANDS STRING SUB TIME VCL VOID .upper() .lower() .resolve() .free_space .used_space .happy",
    ),
    ("VCL: operators", "= += -= *= /= - * / % == != < > <= >= ~ !~ ! && ||"),
    ("VCL: statements", "set unset if else elseif elsif elif call return new hash_data synthetic regsub regsuball"),
    ("VCL: declarations", "backend none probe acl sub import include unused default"),
    (
        "VCL: backends",
        ".host .port .path @name .host_header .connect_timeout .first_byte_timeout .between_bytes_timeout \
         .max_connections .wait_limit .wait_timeout .proxy_header .preamble .via .authority .probe",
    ),
    ("VCL: probes", ".url .request .expected_response .expect_close .timeout .interval .window .threshold .initial"),
    ("VCL: acls", "+log +table -pedantic -fold +fold(-report)"),
    (
        "VCL: steps",
        "vcl_recv recv hash hit miss pass pipe purge deliver synth backend_fetch backend_refresh backend_response \
         backend_error vcl_init vcl_fini",
    ),
    (
        "VCL: actions",
        "hash pass pipe purge synth restart vcl lookup deliver fetch abandon error merge obj_stale beresp retry fail \
         ok max_restarts max_retries max_esi_depth",
    ),
    (
        "VCL: connection",
        "client.identity client.ip server.ip remote.ip local.ip local.socket local.endpoint server.hostname \
         server.identity",
    ),
    (
        "VCL: req",
        "req req.can_gzip req.esi_level req.proto req.restarts req.time req.transport req.xid req.hash req.is_hitmiss \
         req.is_hitpass req.method req.url req.backend_hint req.hash_always_miss req.hash_ignore_busy \
         req.hash_ignore_vary req.trace req.storage req.filters req.http.NAME req.grace req.ttl req.max_age req.esi",
    ),
    ("VCL: req_top", "req_top.http.NAME req_top.method req_top.proto req_top.time req_top.url"),
    (
        "VCL: bereq",
        "bereq bereq.url bereq.method bereq.backend bereq.connect_timeout bereq.http.NAME bereq.first_byte_timeout \
         bereq.between_bytes_timeout bereq.filters bereq.retry_connect bereq.trace bereq.body bereq.task_deadline \
         bereq.hash bereq.is_bgfetch bereq.is_hitmiss bereq.is_hitpass bereq.proto bereq.retries bereq.time \
         bereq.uncacheable bereq.xid",
    ),
    (
        "VCL: beresp",
        "beresp.ttl beresp.grace beresp.keep beresp.uncacheable beresp.do_esi beresp.do_gzip beresp.do_gunzip \
         beresp.do_stream beresp.status beresp.reason beresp.storage beresp.http.NAME beresp.filters \
         beresp.transit_buffer beresp.body beresp.age beresp.backend beresp.backend.name beresp.backend.ip \
         beresp.proto beresp.time beresp.was_304 beresp.storage_hint",
    ),
    (
        "VCL: obj",
        "obj.age obj.can_esi obj.grace obj.hits obj.keep obj.storage obj.time obj.ttl obj.uncacheable obj.http.NAME \
         obj.proto obj.reason obj.status",
    ),
    (
        "VCL: obj_stale",
        "obj_stale.age obj_stale.can_esi obj_stale.grace obj_stale.hits obj_stale.keep obj_stale.storage \
         obj_stale.time obj_stale.ttl obj_stale.uncacheable obj_stale.http.NAME obj_stale.proto obj_stale.reason \
         obj_stale.status obj_stale.is_valid",
    ),
    (
        "VCL: resp",
        "resp.http.NAME resp.status resp.reason resp.do_esi resp.filters resp.body resp.proto resp.time \
         resp.is_streaming",
    ),
    ("VCL: sess", "sess.timeout_idle sess.timeout_linger sess.idle_send_timeout sess.send_timeout sess.xid"),
    (
        "VCL: storage, param, now",
        "storage.s.free_space storage.s.used_space storage.s.happy param.default_ttl default_ttl default_grace \
         default_keep shortlived uncacheable_ttl max_restarts transit_buffer clock_skew now",
    ),
    (
        "Varnish: std",
        "std.random std.round std.collect std.querysort std.toupper std.tolower std.strstr std.fnmatch std.fileread \
         std.blobread std.file_exists std.healthy std.port std.duration std.bytes std.integer std.ip std.real \
         std.time std.strftime std.log std.syslog std.timestamp std.syntax std.getenv std.cache_req_body \
         std.late_100_continue std.set_ip_tos std.rollback std.ban std.ban_error std.now std.timed_call std.rfc_ttl \
         std.real2integer std.real2time std.time2integer std.time2real",
    ),
    (
        "Varnish: directors",
        "round_robin fallback .sticky random .weight hash shard .replicas .warmup .rampup .by HASH URL KEY BLOB \
         .healthy CHOSEN IGNORE ALL resolve=NOW resolve=LAZY directors.shard_param d.lookup d.add_backend \
         d.remove_backend d.clear d.reconfigure d.backend d.associate d.set_rampup",
    ),
    (
        "Varnish: cookie",
        "cookie.parse cookie.get cookie.get_re cookie.get_string cookie.set cookie.isset cookie.delete cookie.keep \
         cookie.keep_re cookie.filter cookie.filter_re cookie.clean cookie.format_date",
    ),
    (
        "Varnish: blob",
        "blob.decode blob.encode blob.transcode IDENTITY BASE64 BASE64URL BASE64URLNOPAD BASE64CF HEX URL blob.same \
         blob.equal blob.length blob.sub blob.blob",
    ),
    ("Varnish: purge", "purge.hard purge.soft ttl grace keep"),
    ("Varnish: unix", "unix.user unix.group unix.uid unix.gid"),
    (
        "Varnish: proxy",
        "proxy.alpn proxy.authority proxy.is_ssl proxy.client_has_cert_sess proxy.client_has_cert_conn \
         proxy.ssl_verify_result proxy.ssl_version proxy.client_cert_cn proxy.ssl_cipher proxy.cert_sign \
         proxy.cert_key",
    ),
    ("Varnish: h2", "h2.is h2.rapid_reset h2.rapid_reset_limit h2.rapid_reset_period h2.rapid_reset_budget"),
    ("Varnish: math", "math.sin math.erf math.pow math.sqrt"),
    ("Varnish: vtc", "vtc.sleep"),
    (
        "varnish-modules",
        "accept.rule bodyaccess.rematch_req_body bodyaccess.hash_req_body bodyaccess.len_req_body \
         bodyaccess.log_req_body header.append header.copy header.get header.remove header.regsub header.dyn \
         saintmode.saintmode str.count str.startswith str.endswith str.contains str.take str.reverse str.split \
         str.token_intersect tcp.congestion_algorithm var.set var.get vsthrottle.is_denied vsthrottle.remaining \
         vsthrottle.blocked xkey.purge xkey.softpurge",
    ),
    (
        "Built-in VCL",
        "vcl_req_host vcl_req_method vcl_req_authorization vcl_req_cookie vcl_beresp_stale vcl_beresp_cookie \
         vcl_beresp_control vcl_beresp_vary vcl_beresp_range vcl_beresp_hitmiss vcl_refresh_valid \
         vcl_refresh_conditions vcl_refresh_status",
    ),
    (
        "Fastly: variables, functions, tables",
        "declare STRING INTEGER FLOAT BOOL TIME RTIME IP BACKEND ACL fn table table.lookup table.lookup_bool \
         table.lookup_integer table.lookup_float table.lookup_ip table.lookup_rtime table.lookup_acl \
         table.lookup_backend table.lookup_regex table.contains",
    ),
    ("Fastly: control flow", "switch case fallthrough goto error restart esi synthetic synthetic.base64 log add if"),
    (
        "Fastly: sub-fields",
        "req.http.X:name header.get header.set header.filter header.filter_except setcookie.get_value_by_name \
         subfield std.collect std.count",
    ),
    (
        "Fastly: queries",
        "querystring.add querystring.clean querystring.filter querystring.filter_except querystring.filtersep \
         querystring.get querystring.globfilter querystring.globfilter_except querystring.regfilter \
         querystring.regfilter_except querystring.remove querystring.set querystring.sort req.url.path req.url.qs \
         req.url.basename req.url.dirname req.url.ext url.normalize boltsort.sort",
    ),
    (
        "Fastly: negotiation",
        "accept.language_lookup accept.language_filter_basic accept.charset_lookup accept.encoding_lookup \
         accept.media_lookup",
    ),
    (
        "Fastly: crypto",
        "digest.hash_md5 digest.hash_sha1 digest.hash_sha224 digest.hash_sha256 digest.hash_sha384 digest.hash_sha512 \
         digest.hash_crc32 digest.hash_crc32b digest.hash_xxh32 digest.hash_xxh64 digest.hmac_md5 digest.hmac_sha1 \
         digest.hmac_sha256 digest.hmac_sha512 digest.base64 digest.base64_decode digest.rsa_verify \
         digest.ecdsa_verify digest.awsv4_hmac digest.time_hmac_md5 digest.time_hmac_sha1 digest.time_hmac_sha256 \
         digest.secure_is_equal crypto.encrypt_base64 crypto.decrypt_base64 uuid.version3 uuid.version4 uuid.version5 \
         uuid.version7",
    ),
    (
        "Fastly: time",
        "std.strftime parse_time_delta std.time time.add time.sub time.is_after time.elapsed.sec time.start.sec \
         time.hex_to_time now.sec",
    ),
    (
        "Fastly: strings, math",
        "substr urlencode urldecode cstr_escape json.escape xml_escape utf8.codepoint_count std.replace std.prefixof \
         std.suffixof std.strpad std.strrev std.basename std.dirname std.atoi std.strtol math.sin",
    ),
    (
        "Fastly: cache",
        "Surrogate-Key Surrogate-Control beresp.stale_if_error beresp.stale_while_revalidate beresp.cacheable \
         beresp.saintmode beresp.hipaa beresp.pci beresp.brotli stale.exists resp.stale req.hash \
         req.max_stale_if_error req.max_stale_while_revalidate req.enable_range_on_pass req.enable_segmented_caching",
    ),
    (
        "Fastly: topology",
        "fastly.try_select_shield req.backend.is_shield random fallback hash client chash backend.NAME.healthy \
         .share_key .ssl_check_cert .dynamic .max_connections .max_conn",
    ),
    (
        "Fastly: client",
        "client.geo.country_code client.as.number client.bot.name client.class.bot tls.client.ja3_md5 quic.rtt \
         fastly_info.h2.fingerprint client.socket.tcpi_rtt",
    ),
    (
        "Fastly: abuse",
        "ratecounter penaltybox ratelimit.check_rate ratelimit.check_rates resp.tarpit waf.blocked ddos_detected",
    ),
    ("Fastly: logging", "log vcl_log"),
    ("Fastly: responses", "h2.push early_hints h3.alt_svc randombool randomint randomstr"),
];

/// What has a name of several words.
const PHRASES: &[&str] = &[
    "`return (vcl(label))`",
    "`ban(\"…\")`",
    "`purge.soft(ttl, grace, keep)`",
    "`if(a, b, c)`",
    "inline C",
    "edge dictionaries",
    "edge ACLs",
    "clustering",
];

/// The pages, one behind the other.
fn pages() -> String {
    let folder = super::book().join("reference/*.md");
    let pages = glob::glob(folder.to_str().unwrap()).unwrap().flatten().chain([super::book().join("left-out.md")]);
    pages.map(|page| fs::read_to_string(page).unwrap()).collect()
}

/// What stands in code, whole and word by word. A `.b` behind an `a.c` in the same line is `a.b` as well.
fn code(text: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for line in text.lines() {
        let mut before = "";
        for span in line.split('`').skip(1).step_by(2) {
            let words = span.split(|c: char| !(c.is_alphanumeric() || "_.*@-".contains(c)));
            known.extend(words.chain([span]).map(str::to_owned));
            match before.rsplit_once('.') {
                Some((owner, _)) if span.starts_with('.') => drop(known.insert(format!("{owner}{span}"))),
                _ if !span.starts_with('.') => before = span,
                _ => {}
            }
        }
    }
    known
}

/// Names in capitals that are a word of the text: types are not written as code everywhere.
fn capitals(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1 && !word.contains(char::is_lowercase))
}

#[test]
fn every_name_of_vcl_is_in_the_reference_or_left_out() {
    let text = pages();
    let mut known = code(&text);
    known.extend(capitals(&text).map(str::to_owned));
    let is_family =
        |name: &&String| name.ends_with('*') && name.trim_start_matches('.').starts_with(char::is_alphabetic);
    let families: Vec<Pattern> = known.iter().filter(is_family).filter_map(|name| Pattern::new(name).ok()).collect();
    let is_known = |name: &str| known.contains(name) || families.iter().any(|family| family.matches(name));
    let missing = NAMES.iter().flat_map(|(of, names)| names.split_whitespace().map(move |name| (of, name)));
    let missing: Vec<_> = missing.filter(|(_, name)| !is_known(name)).collect();
    assert!(missing.is_empty(), "neither in docs/src/reference nor in docs/src/left-out.md: {missing:?}");
    let phrases: Vec<_> = PHRASES.iter().filter(|phrase| !text.contains(**phrase)).collect();
    assert!(phrases.is_empty(), "neither in docs/src/reference nor in docs/src/left-out.md: {phrases:?}");
}
