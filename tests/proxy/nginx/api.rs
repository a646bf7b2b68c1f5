//! `api.warp`: the catalogue is cached for each customer apart, everything else passes.

use tempfile::TempDir;

use crate::support::{Nginx, Proxy, Response};

use super::{edited, example, serve, without_probes};

const KEY: &str = "customer-0123456789";
const OTHER_KEY: &str = "customer-9876543210";

/// Two backends behind one policy.
struct Api {
    policy: String,
    public: Nginx,
    reports: Nginx,
    proxy: Proxy,
    _files: [TempDir; 2],
}

fn start() -> Api {
    let files: [(&str, &[u8]); 3] = [("v1/catalogue/list", b"goods"), ("v1/status", b"up"), ("internal/load", b"1")];
    let directives = "location = /ready { return 204; } \
                      location /v1/catalogue/list { add_header Set-Cookie tracker=1; } \
                      location /v1/catalogue/seen { return 200 '$http_accept|$http_user_agent|$http_x_request_id'; } \
                      location /v1/orders { return 201; }";
    let (api, api_files) = serve(&files, directives);
    let (reports, report_files) = serve(&[("v1/reports/sales", b"much")], "location = /ready { return 204; }");
    let policy = example("api.warp", &[(9000, api.address().port()), (9001, reports.address().port())]);
    let proxy = Proxy::start(&policy);
    proxy.wait_for_backends();
    Api { policy, public: api, reports, proxy, _files: [api_files, report_files] }
}

impl Api {
    fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let mut client = self.proxy.client();
        let request = client.request(method, target);
        fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    }

    fn get_as(&self, key: &str, target: &str) -> Response {
        self.ask("GET", target, &[("X-Api-Key", key)])
    }

    fn asked(&self) -> Vec<String> {
        without_probes(self.public.asked())
    }
}

#[test]
fn the_catalogue_is_stored_for_each_customer_apart() {
    let api = start();
    for key in [KEY, OTHER_KEY] {
        let miss = api.get_as(key, "/v1/catalogue/list");
        assert_eq!((miss.status, miss.text(), miss.cache_status().stored()), (200, "goods", true));
        let hit = api.get_as(key, "/v1/catalogue/list");
        assert!(hit.cache_status().hit());
        assert_eq!((hit.header("Set-Cookie"), hit.header("Server")), (None, None));
    }
    assert_eq!(api.asked(), ["GET /v1/catalogue/list 200"; 2]);
}

#[test]
fn one_spelling_of_the_format_makes_one_stored_response() {
    let api = start();
    let accepting = |accept| api.ask("GET", "/v1/catalogue/seen", &[("X-Api-Key", KEY), ("Accept", accept)]);
    assert!(accepting("*/*").text().starts_with("application/json|"));
    assert!(accepting("application/json;q=0.9, text/html").cache_status().hit());
    assert!(accepting("text/CSV, */*").text().starts_with("text/csv|"));
    assert!(accepting("text/csv").cache_status().hit());
    assert_eq!(api.asked().len(), 2);
}

#[test]
fn a_request_for_many_is_not_sent_in_the_name_of_one_browser() {
    let api = start();
    let fields = [("X-Api-Key", KEY), ("User-Agent", "browser/1")];
    let seen = api.ask("GET", "/v1/catalogue/seen", &fields);
    let (agent, id) = seen.text().trim_start_matches("application/json|").split_once('|').unwrap();
    assert_eq!(agent, "");
    assert!(id.parse::<u64>().is_ok(), "a number of the request: {id}");
}

#[test]
fn whoever_comes_without_a_key_is_told_so_here() {
    let api = start();
    for fields in [&[][..], &[("X-Api-Key", "short")]] {
        let refused = api.ask("GET", "/v1/catalogue/list", fields);
        assert_eq!((refused.status, refused.reason.as_str()), (401, "Send your key in X-Api-Key"));
        assert_eq!(refused.text(), "{\"error\": {\"status\": 401}}");
        assert_eq!(refused.header("Content-Type"), Some("application/json"));
        assert_eq!(refused.header("Access-Control-Allow-Origin"), Some("*"));
    }
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[test]
fn what_browsers_ask_before_is_answered_here() {
    let api = start();
    let allowed = api.ask("OPTIONS", "/v1/orders", &[("Origin", "https://shop.example")]);
    assert_eq!((allowed.status, allowed.body.len()), (204, 0));
    assert_eq!(allowed.header("Access-Control-Allow-Headers"), Some("X-Api-Key, Content-Type"));
    assert_eq!(allowed.header("Access-Control-Max-Age"), Some("600"));
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[test]
fn the_status_needs_no_key_and_is_stored_for_two_seconds() {
    let api = start();
    let status = api.ask("GET", "/v1/status", &[]);
    assert_eq!((status.status, status.text(), status.cache_status().stored()), (200, "up", true));
    let hit = api.ask("GET", "/v1/status", &[]);
    assert!(hit.cache_status().hit() && super::seconds_left(&hit) <= 2);
    assert_eq!(api.asked(), ["GET /v1/status 200"]);
}

#[test]
fn everything_else_passes() {
    let api = start();
    for _ in 0..2 {
        let created = api.ask("POST", "/v1/orders", &[("X-Api-Key", KEY)]);
        assert_eq!((created.status, created.cache_status().fwd()), (201, Some("method")));
    }
    assert_eq!(api.get_as(KEY, "/internal/load").status, 200);
    assert_eq!(api.asked(), ["POST /v1/orders 201", "POST /v1/orders 201", "GET /internal/load 200"]);
}

#[test]
fn reports_have_a_backend_of_their_own() {
    let api = start();
    for _ in 0..2 {
        let report = api.get_as(KEY, "/v1/reports/sales");
        assert_eq!((report.status, report.text(), report.cache_status().fwd()), (200, "much", Some("bypass")));
    }
    assert_eq!(without_probes(api.reports.asked()), ["GET /v1/reports/sales 200"; 2]);
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[test]
fn what_is_not_in_the_catalogue_is_known_for_a_while() {
    let api = start();
    assert_eq!(api.get_as(KEY, "/v1/catalogue/none").status, 404);
    let known = api.get_as(KEY, "/v1/catalogue/none");
    assert!(known.status == 404 && known.cache_status().hit() && super::seconds_left(&known) <= 5);
    assert_eq!(api.asked(), ["GET /v1/catalogue/none 404"]);
}

#[test]
fn when_the_backend_is_away_the_answer_is_one_of_the_api() {
    let Api { policy: _, public: api, proxy, reports: _reports, _files } = start();
    drop(api);
    let mut client = proxy.client();
    let failed = client.get("/v1/catalogue/list").header("X-Api-Key", KEY).send();
    assert_eq!((failed.status, failed.text()), (503, "{\"error\": {\"status\": 503}}"));
    assert_eq!((failed.header("Content-Type"), failed.header("Retry-After")), (Some("application/json"), Some("5")));
    assert_eq!(failed.header("Access-Control-Allow-Origin"), Some("*"));
}

#[test]
fn nobody_purges_until_a_live_edit_allows_it() {
    let mut api = start();
    api.get_as(KEY, "/v1/catalogue/list");
    let purge = |api: &Api| api.ask("PURGE", "/v1/catalogue/list", &[("X-Api-Key", KEY)]).status;
    assert_eq!(purge(&api), 405, "nginx is asked, and knows no such method");
    assert!(api.get_as(KEY, "/v1/catalogue/list").cache_status().hit());

    let rows = "rules request first {";
    let rule = "    when method == \"PURGE\" and client.ip ~ internal -> purge;";
    api.policy = edited(&api.policy, rows, &format!("{rows}\n{rule}"));
    api.proxy.write_policy(&api.policy);
    api.proxy.wait_for_reload("ok");
    assert!(api.get_as(KEY, "/v1/catalogue/list").cache_status().hit());
    assert_eq!(purge(&api), 200);
    assert!(!api.get_as(KEY, "/v1/catalogue/list").cache_status().hit());
    let wanted = ["GET /v1/catalogue/list 200", "PURGE /v1/catalogue/list 405", "GET /v1/catalogue/list 200"];
    assert_eq!(api.asked(), wanted);
}
