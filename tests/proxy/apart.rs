//! Two requests that the backend sees differently do not share an answer, and a client that is gone holds
//! nothing up.

use crate::support::{Answer, Origin, Proxy};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

#[test]
fn rfc9110_7_6_1_what_is_meant_for_one_connection_is_in_no_key() {
    for name in ["X-Tenant", "Accept-Language"] {
        let origin = Origin::start();
        let varies = name.to_owned();
        origin.on_each("/page", move |request| {
            fresh(request.header(&varies).unwrap_or("nobody")).header("Vary", &varies)
        });
        let proxy = Proxy::before(&origin, "");
        let hidden =
            proxy.client().get("/page").header(name, "bob").header("Connection", &format!("close, {name}")).send();
        assert_eq!(hidden.text(), "nobody");
        assert_eq!(proxy.client().get("/page").header(name, "bob").send().text(), "bob");
    }
}

#[test]
fn the_address_of_the_client_is_there_when_the_key_is_made() {
    let origin = Origin::start();
    origin.on("/page", fresh("page").header("Vary", "X-Forwarded-For"));
    let policy = "sub hash { hash_data(req.http.X-Forwarded-For); return (lookup); }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/page").send();
    assert_eq!(origin.wait_for(1).header("X-Forwarded-For"), Some("127.0.0.1"));
    assert!(client.get("/page").send().cache_status().hit());
    assert!(!client.get("/page").header("X-Forwarded-For", "192.0.2.1").send().cache_status().hit());
    assert_eq!(origin.wait_for(2).header("X-Forwarded-For"), Some("192.0.2.1, 127.0.0.1"));
}

#[test]
fn rfc9111_5_2_2_a_field_that_is_needed_cannot_be_left_out() {
    for field in ["Vary", "Content-Length", "Content-Encoding"] {
        let origin = Origin::start();
        origin.on_each("/page", move |request| {
            let answer = fresh(request.header("X-Tenant").unwrap_or("")).header("Vary", "X-Tenant");
            answer.header("Cache-Control", &format!("private=\"{field}\""))
        });
        let proxy = Proxy::before(&origin, "");
        for tenant in ["one", "two"] {
            let own = proxy.client().get("/page").header("X-Tenant", tenant).send();
            assert_eq!((own.text(), own.cache_status().stored()), (tenant, false), "{field}");
            assert!(own.header("Transfer-Encoding").is_none() || own.header("Content-Length").is_none());
        }
    }
}

/// The most memory that a process ever had, in bytes.
fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_client_that_goes_away_leaves_no_body_behind() {
    let origin = Origin::start();
    origin.on("/film", fresh("").with_body(vec![b'x'; 96 << 20]).chunked(64 << 10));
    let policy = format!("warp 1;\n{}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--memory", "16MB"]);
    let before = peak_bytes(proxy.pid());
    let mut client = proxy.client();
    client.get("/film").send_only().read_head().unwrap();
    client.read_bytes(1_000).unwrap();
    drop(client);
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    let grown = peak_bytes(proxy.pid()) - before;
    assert!(grown < 48 << 20, "{grown} bytes for a client that is gone");
}

#[test]
fn interim_responses_without_end_are_an_error() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000)));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").status, 503);
}

#[test]
fn rfc9110_8_6_a_204_has_no_length() {
    let origin = Origin::start();
    origin
        .on("/page", Answer::raw("HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\n"));
    let proxy = Proxy::before(&origin, "");
    for _ in 0..2 {
        let empty = proxy.get("/page");
        assert_eq!((empty.status, empty.header("Content-Length")), (204, None));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn rfc9110_15_3_7_a_part_that_does_not_end_is_broken_off() {
    let origin = Origin::start();
    let part = Answer::status(206).header("Content-Range", "bytes 0-9/100").header("Cache-Control", "max-age=60");
    origin.on("/file", part.with_body(vec![b'x'; 1 << 20]).chunked(1 << 10));
    let proxy = Proxy::before(&origin, "override builtin.range {}");
    let broken = proxy.client().get("/file").header("Range", "bytes=0-9").try_send();
    assert!(broken.is_err() || broken.is_ok_and(|response| response.body.len() < 1 << 20));
}

#[test]
fn rfc9110_17_15_several_ranges_are_cut_here_and_not_asked_for() {
    let origin = Origin::start();
    origin.on("/file", fresh("0123456789"));
    let proxy = Proxy::before(&origin, "override builtin.range {}");
    let ranges = format!("bytes={}", ["0-"; 1_000].join(","));
    let whole = proxy.client().get("/file").header("Range", &ranges).send();
    assert_eq!((whole.status, whole.text()), (200, "0123456789"));
    assert_eq!(origin.wait_for(1).header("Range"), None);
}
