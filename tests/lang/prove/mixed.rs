//! Promises that mix what is asked and what is claimed, of policies with so many rows that what they leave is one value that
//! is chosen: each verdict is held against every request of a finite domain.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::simulate::{Answer, Case, Request};

use super::{disagreement, verdict};

/// More than are kept apart.
const ROWS: usize = 70;

/// Rows of which each leaves something of a few values behind.
fn table(whose: &str, row: impl Fn(usize) -> String) -> String {
    let rows = (0..ROWS).map(row).collect::<Vec<_>>().concat();
    format!("rules {whose} first {{ {rows} }}\n")
}

/// Policies whose rows choose a field, a backend or a URL, and a lifetime.
fn policies() -> impl Strategy<Value = String> {
    let condition = select(&["", " and method == \"GET\"", " and req.http.X-A == \"1\"", " and not req.http.X-A"][..]);
    let action = select(
        &[
            "set req.http.X-C = \"cN\"",
            "set req.backend_hint = b",
            "set req.url = \"/N\"",
            "set req.http.X-A = \"N\"",
            "pass",
        ][..],
    );
    let life = select(&["ttl Nm", "ttl 1m", "uncacheable", "set beresp.ttl = beresp.ttl + Ns"][..]);
    let key = select(&["", "key { req.host; req.url; req.http.X-C; }\n"][..]);
    let rows = prop::collection::vec((condition, action.clone(), action, life), 1..4);
    (rows, key).prop_map(|(rows, key)| {
        let row = |at: usize| rows.get(at % rows.len()).unwrap();
        let number = |text: &str, at: usize| text.replace('N', &(at % 3).to_string());
        let asked = table("request", |at| {
            let (condition, one, other, _) = row(at);
            let end = if *one == *other || *one == "pass" { String::new() } else { format!(", {}", number(other, at)) };
            format!("when path == \"/{at}\"{condition} -> {}{end};\n", number(one, at))
        });
        let answered = table("response", |at| format!("when path == \"/{at}\" -> {};\n", number(row(at).3, at)));
        format!("{asked}{answered}{key}")
    })
}

/// What is asked of a request or claimed of what comes of it, mixed in any way.
fn mixed() -> impl Strategy<Value = String> {
    let asked = select(
        &[
            "path == \"/7\"",
            "path in [\"/1\", \"/65\", \"/69\"]",
            "path ~ \"^/6\"",
            "req.http.X-A == \"1\"",
            "req.http.X-C",
            "method == \"GET\"",
            "status == 500",
        ][..],
    );
    let claimed = select(
        &[
            "stored",
            "passed",
            "ttl <= 1m",
            "ttl == 2m",
            "ttl > 90s",
            "backend == b",
            "backend == none",
            "key contains \"c1\"",
            "key contains req.http.X-C",
            "key contains \"/2\"",
        ][..],
    );
    let one = prop_oneof![asked.prop_map(str::to_owned), claimed.clone().prop_map(str::to_owned)];
    let tree = one.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("({one} || {other})")),
        ]
    });
    let facts =
        select(&["", "method == \"GET\" => ", "not req.http.X-A && path ~ \"^/[67]\" => ", "status == 200 => "][..]);
    (facts, claimed, select(&["&&", "||"][..]), tree)
        .prop_map(|(facts, claimed, word, tree)| format!("{facts}({claimed} {word} {tree})"))
}

fn domain() -> Vec<Case> {
    let mut requests = Vec::new();
    for method in [Method::GET, Method::POST] {
        for path in ["/0", "/1", "/2", "/7", "/60", "/65", "/66", "/69", "/70", "/"] {
            for field in [None, Some("1"), Some("2")] {
                let mut request = Request::get("a.test", path);
                request.method = method.clone();
                if let Some(value) = field {
                    request = request.with(HeaderName::from_static("x-a"), HeaderValue::from_static(value));
                }
                requests.push(request);
            }
        }
    }
    with_answers(&requests)
}

/// Each request with answers of a few kinds, and with none.
pub(super) fn with_answers(requests: &[Request]) -> Vec<Case> {
    let answer = |status: u16, control: &'static str| {
        Answer::new(StatusCode::from_u16(status).unwrap())
            .with(http::header::CACHE_CONTROL, HeaderValue::from_static(control))
    };
    let answers =
        [None, Some(answer(200, "max-age=60")), Some(answer(500, "max-age=90")), Some(answer(200, "no-cache"))];
    let all = requests.iter().flat_map(|request| answers.iter().map(move |answer| (request, answer)));
    all.map(|(request, answer)| Case::new(request.clone(), answer.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(8) })]
    #[test]
    fn what_is_promised_of_what_rows_choose_agrees_with_every_request(
        policy in policies(),
        promises in prop::collection::vec(mixed(), 6),
    ) {
        let promises = promises.iter().enumerate().map(|(at, one)| format!("invariant \"{at}\" {{ {one} }}\n"));
        let promises = promises.collect::<Vec<_>>().concat();
        let text = format!("{policy}{promises}");
        prop_assert_eq!(disagreement(&text, &domain()), None);
    }
}

/// The rows of one table leave few ways apart for those of the next.
#[test]
fn what_the_rows_of_two_tables_choose_is_told_apart() {
    let asked = table("request", |at| format!("when path == \"/{at}\" -> set req.http.X-C = \"c{at}\";\n"));
    let answered = table("response", |at| format!("when path == \"/{at}\" -> ttl {}s;\n", at + 1));
    let policy = format!("{asked}{answered}key {{ req.host; req.url; req.http.X-C; }}");
    for promise in [
        "path == \"/55\" && stored => ttl <= 56s",
        "path in [\"/5\", \"/60\"] && stored => ttl < 62s",
        "path ~ \"^/6[0-5]$\" && stored => ttl <= 66s",
        "path == \"/55\" && stored => key contains \"c55\"",
    ] {
        assert_eq!(verdict(&policy, promise), "proved", "{promise}");
    }
    assert!(verdict(&policy, "path ~ \"^/6\" && stored => ttl <= 69s").contains("/69"));
}

/// The last one that holds counts.
#[test]
fn what_many_conditions_in_a_row_leave_is_known() {
    let one = |at: usize| format!("if (bereq.path under \"/{}\") {{ set beresp.ttl = {at}s; }}\n", at % 200);
    let policy = format!("sub backend_response {{ {} }}", (1..400).map(one).collect::<String>());
    let claim = |most: usize| format!("path == \"/7\" and stored => ttl <= {most}s");
    assert_eq!(verdict(&policy, &claim(207)), "proved");
    assert_eq!(verdict(&policy, &claim(206)), "GET \"https://www.example.com/7\"");
}
