//! `Content-Length` that is said more than once (RFC 9110 section 8.6, RFC 9112 section 6.3): one value is one length,
//! different ones are none.

use crate::support::{Answer, Origin, Proxy};

const SAME: [&str; 4] = [
    "Content-Length: 5, 5\r\n",
    "Content-Length: 5\r\nContent-Length: 5\r\n",
    "Content-Length: 5 ,\t5,5\r\ncontent-length: 5\r\n",
    "Content-Length: 5\r\n",
];

const AMBIGUOUS: [&str; 11] = [
    "Content-Length: five\r\n",
    "Content-Length: 5, 6\r\n",
    "Content-Length: 6, 5\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5, 5\r\nContent-Length: 5, 6\r\n",
    "Content-Length: 5,\r\n",
    "Content-Length: ,5\r\n",
    "Content-Length: 5,,5\r\n",
    "Content-Length: 5, +5\r\n",
    "Content-Length: 5, x\r\n",
    "Content-Length: 5 5\r\n",
];

/// The policy sees one field as well.
const POLICY: &str = "
    sub recv { if (req.method == \"POST\") { set req.http.X-Seen = req.http.Content-Length; return (pass); } }
    sub backend_response { set beresp.http.X-Seen = beresp.http.Content-Length; }
";

fn raw(fields: &str) -> Answer {
    Answer::raw(format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n{fields}\r\nhello"))
}

#[test]
fn rfc9112_6_3_a_backend_that_says_one_length_more_than_once_has_said_it() {
    for fields in SAME {
        let origin = Origin::start();
        origin.on("/page", raw(fields));
        let proxy = Proxy::before(&origin, POLICY);
        for hit in [false, true] {
            let response = proxy.get("/page");
            assert_eq!((response.status, response.text()), (200, "hello"), "{fields:?}");
            let lengths: Vec<_> = response.fields.all("Content-Length").collect();
            assert_eq!((lengths, response.header("X-Seen")), (vec!["5"], Some("5")), "{fields:?}");
            assert_eq!(response.cache_status().hit(), hit, "{fields:?}");
        }
        // A part can be cut from it.
        let part = proxy.client().get("/page").header("Range", "bytes=1-2").send();
        assert_eq!((part.status, part.text()), (206, "el"), "{fields:?}");
    }
}

#[test]
fn rfc9110_9_3_2_nor_do_heads_without_a_body_repeat_it() {
    for fields in SAME {
        let origin = Origin::start();
        origin.on("/page", Answer::raw(format!("HTTP/1.1 200 OK\r\n{fields}\r\n")));
        let proxy = Proxy::before(&origin, "sub recv { return (pass); }");
        let head = proxy.client().request("HEAD", "/page").send();
        assert_eq!(head.fields.all("Content-Length").collect::<Vec<_>>(), ["5"], "{fields:?}");
    }
}

#[test]
fn rfc9112_6_3_a_backend_that_says_different_lengths_gives_no_response() {
    for fields in AMBIGUOUS {
        for recv in ["", "sub recv { return (pass); }"] {
            let origin = Origin::start();
            origin.on("/page", raw(fields));
            let proxy = Proxy::before(&origin, recv);
            let response = proxy.get("/page");
            assert_eq!(response.status, 502, "{fields:?}");
            assert_eq!(response.cache_status().parameters["detail"], "bad-response", "{fields:?}");
            assert_eq!(proxy.metric("warp_store_objects"), 0, "{fields:?}");
        }
    }
}

#[test]
fn rfc9112_6_3_a_client_that_says_one_length_more_than_once_has_said_it() {
    for fields in SAME {
        let origin = Origin::start();
        origin.on("/page", Answer::ok("done"));
        let proxy = Proxy::before(&origin, POLICY);
        let mut client = proxy.client();
        for count in 1..=2 {
            client.send_raw(format!("POST /page HTTP/1.1\r\nHost: a.test\r\n{fields}\r\nhello"));
            assert_eq!(client.read_response("POST").unwrap().text(), "done", "{fields:?}");
            let asked = origin.wait_for(count);
            let lengths: Vec<_> = asked.fields.all("Content-Length").collect();
            assert_eq!((lengths, asked.header("X-Seen")), (vec!["5"], Some("5")), "{fields:?}");
            assert_eq!(asked.body, b"hello", "{fields:?}");
        }
    }
}

#[test]
fn rfc9112_6_3_a_client_that_says_different_lengths_is_refused() {
    for fields in AMBIGUOUS {
        let origin = Origin::start();
        let proxy = Proxy::before(&origin, POLICY);
        let mut client = proxy.client();
        client.send_raw(format!("POST /page HTTP/1.1\r\nHost: a.test\r\n{fields}\r\nhello"));
        assert_eq!(client.read_response("POST").unwrap().status, 400, "{fields:?}");
        client.assert_closed();
        assert_eq!(origin.requests().len(), 0, "{fields:?}");
    }
}
