//! How long a response is fresh when it does not say so itself: guesses (RFC 9111 section 4.2.2). And
//! how old it is said to be (section 5.1).

use std::time::{Duration, SystemTime};

use crate::support::{Answer, Origin, Proxy};

/// A policy that guesses.
const GUESS: &str =
    "sub backend_response { if (beresp.heuristic_ttl > 0s) { set beresp.ttl = beresp.heuristic_ttl; } }\n";

/// The date so many seconds ago.
fn ago(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(seconds))
}

/// A response that was changed so many seconds ago.
fn changed(status: u16, seconds: u64) -> Answer {
    Answer::status(status).header("Last-Modified", &ago(seconds)).header("Date", &ago(0))
}

/// Whether a second request is answered from the store.
fn is_reused(policy: &str, answer: Answer) -> bool {
    let origin = Origin::start();
    origin.on("/page", answer);
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/page").send();
    client.get("/page").send().cache_status().hit()
}

#[test]
fn statuses_that_say_something_of_the_url_are_guessed() {
    for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501] {
        assert!(is_reused(GUESS, changed(status, 86_400)), "{status}");
    }
    for status in [201, 202, 302, 403, 502, 503, 504, 599] {
        assert!(!is_reused(GUESS, changed(status, 86_400)), "{status}");
    }
    assert!(is_reused(GUESS, changed(599, 86_400).header("Cache-Control", "public")));
}

#[test]
fn without_such_a_policy_nothing_is_guessed() {
    assert!(!is_reused("", changed(200, 86_400)));
}

#[test]
fn what_the_response_says_goes_before_a_guess() {
    for stated in ["max-age=0", "no-cache", "no-store", "private", "max-age=x"] {
        assert!(!is_reused(GUESS, changed(200, 86_400).header("Cache-Control", stated)), "{stated}");
    }
    assert!(!is_reused(GUESS, changed(200, 86_400).header("Expires", "0")));
    assert!(!is_reused(GUESS, changed(200, 86_400).header("CDN-Cache-Control", "max-age=0")));
    assert!(!is_reused(GUESS, Answer::ok("no date of a change")));
}

#[test]
fn a_guess_is_a_tenth_and_a_day_at_most_less_the_age() {
    let show = "sub backend_response { if (beresp.heuristic_ttl > LESS && beresp.heuristic_ttl <= MOST) { set beresp.http.X-Guess = \"1\"; } }";
    let lies_in = |less: &str, most: &str, answer: Answer| {
        let origin = Origin::start();
        origin.on("/page", answer);
        let proxy = Proxy::before(&origin, &show.replace("LESS", less).replace("MOST", most));
        proxy.get("/page").header("X-Guess").is_some()
    };
    assert!(lies_in("990s", "1000s", changed(200, 10_000)));
    assert!(lies_in("23h", "24h", changed(200, 100 * 86_400)));
    assert!(lies_in("690s", "700s", changed(200, 10_000).header("Age", "300")));
    assert!(!lies_in("0s", "24h", changed(200, 10_000).header("Age", "2000")));
}

#[test]
fn more_than_a_guess_is_not_given_to_what_speaks_of_one_request() {
    let longer = "sub backend_response { set beresp.ttl = 5h; }";
    for status in [405, 414, 501] {
        assert!(!is_reused(longer, changed(status, 86_400)), "{status}");
    }
    assert!(is_reused(longer, changed(404, 86_400)));
}

#[test]
fn pragma_of_a_response_means_nothing() {
    let answer = Answer::ok("hello").header("Cache-Control", "max-age=60").header("Pragma", "no-cache");
    assert!(is_reused("", answer));
}

#[test]
fn cache_control_and_pragma_of_a_request_are_the_policys_to_follow() {
    let follow = "sub recv { if (req.http.Pragma ~ \"no-cache\" || req.http.Cache-Control ~ \"no-cache\") { set req.hash_always_miss = true; } }";
    for (policy, hit) in [("", true), (follow, false)] {
        for (name, value) in [("Pragma", "no-cache"), ("Cache-Control", "no-cache")] {
            let origin = Origin::start();
            origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60"));
            let proxy = Proxy::before(&origin, policy);
            let mut client = proxy.client();
            client.get("/page").send();
            let second = client.get("/page").header(name, value).send();
            assert_eq!(second.cache_status().hit(), hit, "{name} {policy}");
        }
    }
}

#[test]
fn a_response_that_came_with_an_age_is_sent_on_with_it() {
    for policy in ["", "sub recv { return (pass); }", "sub backend_response { return (pass); }"] {
        for (sent, expected) in [(Some("30"), Some(30)), (Some("abc"), Some(0)), (None, None)] {
            let origin = Origin::start();
            let answer = Answer::ok("hello").header("Cache-Control", "max-age=60").header("Date", &ago(0));
            origin.on("/page", sent.into_iter().fold(answer, |answer, age| answer.header("Age", age)));
            let proxy = Proxy::before(&origin, policy);
            let response = proxy.get("/page");
            let age: Option<u64> = response.header("Age").map(|age| age.parse().unwrap());
            // The wait for the backend counts, too.
            assert_eq!(
                age.map(|age| age.saturating_sub(expected.unwrap_or(0)) <= 2),
                expected.map(|_| true),
                "{age:?}"
            );
            assert!(age >= expected && response.fields.all("Age").count() <= 1);
        }
    }
}

#[test]
fn a_policy_that_takes_the_age_off_is_followed() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").header("Age", "30"));
    let proxy = Proxy::before(&origin, "sub deliver { unset resp.http.Age; }");
    assert_eq!(proxy.get("/page").header("Age"), None);
}
