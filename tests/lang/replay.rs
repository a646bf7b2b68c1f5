//! Access logs, taken through two policies.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::replay::{Misread, Reader, Replay, Report, Visit};
use warp_edge::simulate::{Journey, Simulator};

const MOMENT: u64 = 971_211_336;

fn reader() -> Reader {
    Reader { host: Some("shop.test".to_owned()), ..Reader::default() }
}

fn read(line: &str) -> Visit {
    reader()
        .read(line.as_bytes())
        .unwrap_or_else(|| panic!("{line}: no line"))
        .unwrap_or_else(|it| panic!("{line}: {it}"))
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A visit as one line, so that all that matters of it is compared.
fn shown(visit: &Visit) -> String {
    let answer = visit.case.answer.as_ref().unwrap();
    let seconds = visit.at.duration_since(UNIX_EPOCH).unwrap().as_secs() - MOMENT;
    format!("+{seconds}s {} {} {answer} {} bytes", visit.case.request.client, visit.case.request, visit.bytes)
}

#[test]
fn lines_of_all_servers_tell_of_requests() {
    let lines = [
        // Apache's common and combined, nginx's combined, vhost_combined.
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.0" 200 2326"#,
        r#"192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://x.test/" "curl/8 \"x\"""#,
        r#"192.0.2.1 - - [10/Oct/2000:20:55:36 +0000] "HEAD /a HTTP/2.0" 304 0 "-" "-" "203.0.113.5" rt=0.01"#,
        r#"shop.example:443 192.0.2.1 - - [10/Oct/2000:20:55:37 +0000] "GET http://other.example/x HTTP/1.1" 206 12 "-" "a\x22b""#,
        r#"shop.example:443 2001:db8::1 - - [10/Oct/2000:20:55:37 +0000] "POST /pay HTTP/1.1" 302 - "-" "-""#,
        // warp's own, as text and as JSON.
        r#"2000-10-10T20:55:36.000Z 192.0.2.1 "GET shop.example/a?b=c HTTP/1.1" 200 1234 1520us miss/uri-miss generation=3 xid=17 backend="web" user_agent="curl/8 \"x\"" log="plan=free""#,
        r#"{"time":"2000-10-10T20:55:36.000Z","client":"192.0.2.7:4711","method":"GET","host":"shop.example","url":"/a?b=c","protocol":"HTTP/1.1","status":200,"bytes":1234,"duration_us":1520,"outcome":"miss","reason":"uri-miss","site":null,"backend":"web","generation":3,"xid":17,"user_agent":"curl/8 \"x\"","referer":null,"log":["plan=free"]}"#,
        // nginx with a format of JSON, fields by the names of its variables.
        r#"{"msec":"971211336.123","remote_addr":"192.0.2.1","host":"shop.example","request":"GET /a HTTP/1.1","status":"200","body_bytes_sent":"55","http_cookie":"a=b","http_accept_encoding":"-","sent_http_cache_control":"no-store","upstream_http_cache_control":"max-age=60"}"#,
        // Caddy.
        r#"{"ts":971211336.5,"request":{"remote_ip":"192.0.2.1","remote_port":"1","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/a","headers":{"User-Agent":["curl/8"],"Accept":["*/*"]}},"size":10,"status":200,"resp_headers":{"Content-Type":["text/html"],"Set-Cookie":["a=1","b=2"]}}"#,
        // Traefik.
        r#"{"ClientHost":"192.0.2.1","DownstreamContentSize":19,"DownstreamStatus":404,"RequestHost":"shop.example","RequestMethod":"GET","RequestPath":"/a","StartUTC":"2000-10-10T20:55:36.12Z"}"#,
        // Path and query apart.
        r#"{"timestamp":971211336000,"method":"GET","path":"/a","query_string":"?b=c","status":200}"#,
    ];
    let read: Vec<String> = lines.iter().map(|line| shown(&read(line))).collect();
    insta::with_settings!({snapshot_path => "../../snapshots/replay", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("lines", read.join("\n"));
    });
}

#[test]
fn what_is_no_request_says_why() {
    for (line, why) in [
        ("hello", Misread::Shape),
        ("{not json", Misread::Shape),
        ("[1, 2]", Misread::Shape),
        (r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "\x16\x03\x01" 400 0"#, Misread::Request),
        (r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "-" 400 0"#, Misread::Request),
        (r#"192.0.2.1 - - [yesterday] "GET / HTTP/1.1" 200 0"#, Misread::Time),
        (r#"{"time":0,"method":"GET","url":"/","status":"ok"}"#, Misread::Status),
        (r#"{"time":0,"method":"GET","url":"no path","status":200}"#, Misread::Request),
        (r#"{"time":0,"url":"/","status":200}"#, Misread::Request),
    ] {
        assert_eq!(reader().read(line.as_bytes()), Some(Err(why)), "{line}");
    }
    let line = br#"{"time":0,"method":"GET","url":"/","status":200}"#;
    assert_eq!(Reader::default().read(line), Some(Err(Misread::Host)));
    for line in ["", "   ", "# Fields: a b c"] {
        assert_eq!(reader().read(line.as_bytes()), None);
    }
}

#[test]
fn what_a_log_leaves_out_of_answers_may_be_said() {
    let mut answer = HeaderMap::new();
    answer.insert(HeaderName::from_static("cache-control"), HeaderValue::from_static("max-age=60"));
    let reader = Reader { answer, ..reader() };
    let fields = |line: &str| reader.read(line.as_bytes()).unwrap().unwrap().case.answer.unwrap().headers;
    let silent = fields(r#"{"time":0,"method":"GET","url":"/","status":200}"#);
    assert_eq!(silent["cache-control"], "max-age=60");
    let told = fields(r#"{"time":0,"method":"GET","url":"/","status":200,"cache_control":"no-store"}"#);
    assert_eq!(told.get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"]);
}

fn policy(rules: &str) -> Simulator {
    let text = format!("warp 1;\nbackend default {{ .host = \"192.0.2.9\"; }}\n{rules}\n");
    let checked = check("a.warp", &MemoryFiles::new("a.warp", text.as_str()));
    Simulator::new(checked.hir.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)))
}

/// GETs of paths at seconds, of 100 bytes each.
fn replayed(old: &str, new: &str, visits: &[(u64, &str)]) -> Report<(bool, bool)> {
    let (old, new) = (policy(old), policy(new));
    let passes = |old: &Journey, new: &Journey| {
        let both = (old.passed, new.passed);
        (both.0 != both.1).then_some(both)
    };
    let mut replay = Replay::new(&old, &new, passes);
    for (seconds, path) in visits {
        let line = format!(r#"{{"time":{},"method":"GET","url":"{path}","status":200,"bytes":100}}"#, MOMENT + seconds);
        replay.visit(&reader().read(line.as_bytes()).unwrap().unwrap());
    }
    replay.finish()
}

const STORED: &str = "rules response first { when path under \"/a\" -> ttl 10s; }";

#[test]
fn a_request_is_a_hit_while_what_an_earlier_one_stored_is_fresh() {
    let visits = [(0, "/a"), (1, "/a"), (9, "/a?x=1"), (9, "/a"), (10, "/a"), (11, "/a"), (12, "/b"), (13, "/b")];
    let report = replayed("", STORED, &visits);
    assert_eq!((report.requests, report.bytes), (8, 800));
    assert_eq!(report.times, Some((at(MOMENT), at(MOMENT + 13))));
    assert_eq!((report.old.hits, report.old.asked, report.old.bytes_of_asked), (0, 8, 800));
    // Those at 1, 9 and 11 seconds: at 10 it is stale, and with another query it is another one.
    assert_eq!((report.new.hits, report.new.bytes_of_hits), (3, 300));
    assert_eq!((report.new.asked, report.new.bytes_of_asked), (5, 500));
}

#[test]
fn what_changes_is_counted_for_each_kind_the_most_first() {
    let old = "rules request first { when path under \"/a\" -> pass; }";
    let new = "rules request first { when path under \"/b\" -> pass; }";
    let visits = [(0, "/b"), (1, "/a"), (2, "/a/1"), (3, "/c"), (4, "/a")];
    let report = replayed(old, new, &visits);
    let changes: Vec<_> = report.changes.iter().map(|it| (it.change, it.requests, it.first.target.as_str())).collect();
    assert_eq!(changes, [((true, false), 3, "/a"), ((false, true), 1, "/b")]);
}

#[test]
fn requests_that_a_policy_answers_itself_ask_no_backend() {
    let report = replayed("", "sub recv { return (synth(404)); }", &[(0, "/a"), (1, "/b")]);
    assert_eq!((report.old.asked, report.new.asked, report.new.hits), (2, 0, 0));
}

#[test]
fn a_log_that_is_not_in_order_is_noticed() {
    let report = replayed("", STORED, &[(1_000, "/a"), (900, "/a"), (600, "/a"), (1_001, "/a")]);
    assert_eq!(report.out_of_order, 1);
}
