//! A record is one line, whatever stands in it.

use proptest::prelude::*;

use super::*;

pub(in crate::telemetry) fn record() -> AccessRecord {
    AccessRecord {
        time: UNIX_EPOCH + Duration::from_millis(1_709_210_096_007),
        client: "192.0.2.7:4711".parse().unwrap(),
        method: "GET".to_owned(),
        host: "shop.test".to_owned(),
        url: "/a?b=c".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        status: 200,
        bytes: 1_234,
        duration: Duration::from_micros(1_520),
        outcome: Outcome::Miss,
        reason: Reason::UriMiss,
        site: None,
        backend: Some("web".to_owned()),
        generation: 3,
        xid: 17,
        user_agent: Some("curl/8 \"x\"".to_owned()),
        referer: None,
        log: vec!["plan=free".to_owned()],
    }
}

#[test]
fn json_names_each_field() {
    let expected = concat!(
        r#"{"time":"2024-02-29T12:34:56.007Z","client":"192.0.2.7:4711","method":"GET","host":"shop.test","url":"/a?b=c","#,
        r#""protocol":"HTTP/1.1","status":200,"bytes":1234,"duration_us":1520,"outcome":"miss","reason":"uri-miss","#,
        r#""site":null,"backend":"web","generation":3,"xid":17,"user_agent":"curl/8 \"x\"","referer":null,"log":["plan=free"]}"#,
        "\n"
    );
    assert_eq!(record().to_json_line(), expected);
}

#[test]
fn text_reads_from_left_to_right() {
    let expected = concat!(
        r#"2024-02-29T12:34:56.007Z 192.0.2.7 "GET shop.test/a?b=c HTTP/1.1" 200 1234 1520us miss/uri-miss "#,
        r#"generation=3 xid=17 backend="web" user_agent="curl/8 \"x\"" log="plan=free""#,
        "\n"
    );
    assert_eq!(record().to_text_line(), expected);
    let of_site = AccessRecord { site: Some("shop.test".to_owned()), ..record() };
    assert!(of_site.to_text_line().contains(r#" xid=17 site="shop.test" backend="web" "#));
}

#[test]
fn dates_are_those_of_the_calendar() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_735_689_599, "2024-12-31T23:59:59.000Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
    }
    assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
}

proptest! {
    #[test]
    fn a_record_is_one_line_without_controls(url: String, agent: String, log: Vec<String>) {
        let record = AccessRecord { url, user_agent: Some(agent), log, ..record() };
        for line in [record.to_json_line(), record.to_text_line()] {
            let body = line.strip_suffix('\n').unwrap();
            prop_assert!(!body.contains(breaks_lines), "{body:?}");
        }
    }

    #[test]
    fn json_gives_back_what_came_in(url: String, agent in "[\\x00-\\u{a0}\u{2028}]*") {
        let record = AccessRecord { url: url.clone(), user_agent: Some(agent.clone()), ..record() };
        let value: serde_json::Value = serde_json::from_str(&record.to_json_line()).unwrap();
        prop_assert_eq!(value["url"].as_str(), Some(url.as_str()));
        prop_assert_eq!(value["user_agent"].as_str(), Some(agent.as_str()));
    }
}
