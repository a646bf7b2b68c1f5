//! Escapes of other languages in texts.

use super::{Spellings, help, of};

#[test]
fn an_escape_that_is_none() {
    for (flaw, cure) in [("a\\nb", "a b"), ("a\\tb", "a  b"), ("\\r\\n", "\\r\\n".replace('\\', "/").as_str())] {
        let policies = [
            "sub synth { synthetic(\"FLAW\"); return (deliver); }",
            "sub a { std.log(\"x: \" + req.url + \"FLAW\"); } sub recv { call a; }",
            "rules request first { when path == \"/a\" -> deny 403 \"FLAW\"; }",
            "include \"part.warp\";----sub deliver { set resp.http.X = resp.http.Y ?? \"FLAW\"; }",
            "sub deliver { set resp.http.X = match req.method { \"GET\" -> \"FLAW\"; else -> std.tolower(\"FLAW\" + req.url); }; }",
            "const T = \"FLAW\"; sub synth { set resp.body = T; return (deliver); }",
        ];
        for policy in policies {
            let times = policy.matches("FLAW").count();
            assert_eq!(of(&policy.replace("FLAW", flaw)), vec!["W0826"; times], "{policy}");
            assert_eq!(of(&policy.replace("FLAW", cure)), [""; 0], "{policy}");
        }
    }
    let one = ["sub synth { synthetic(\"FLAW\"); return (deliver); }"];
    Spellings { code: "W0826", flaw: "a\\nb", cure: "\"\"a\nb\"\"", policies: &one }.hold();
}

#[test]
fn backslashes_that_are_meant() {
    for statement in [
        "set resp.http.X = regsub(req.url, \"^/(a)\\n\", \"\\1\");",
        "set resp.http.X = std.replace(req.url, \"C:\\new\", \"/\");",
        "set resp.http.X = \"\"\"{\"a\": \"b\\nc\"}\"\"\";",
        "if (req.http.X ~ \"a\\nb\" || req.http.X == \"a\\nb\") { set resp.http.Y = \"1\"; }",
    ] {
        let policy = format!("sub deliver {{ {statement} }}");
        assert_eq!(of(&policy), [""; 0], "{policy}");
    }
}

#[test]
fn what_to_write_in_its_place() {
    for (statement, says) in [
        ("synthetic(\"a\\nb\");", "stands in `\"\"\"`, with its lines as they are"),
        ("set resp.http.X = \"a\\nb\";", "a field has one line"),
        ("std.log(\"a\\tb\");", "write the tab itself"),
    ] {
        let help = help(&format!("sub synth {{ {statement} }}"));
        assert!(help.contains(says), "{statement}: {help}");
    }
}

#[test]
fn a_variable_that_is_none() {
    let flaws = [
        "https://a.test$request_uri",
        "$host",
        "${req.url}",
        "/new/$1",
        "%{HTTP_HOST}x",
        "a $http_x_kind",
        "$arg_page",
        "/new{req.url}",
        "{{req.path}}",
        "a#{req.host}",
        "%{client.ip}x",
        "${path}",
    ];
    for flaw in flaws {
        let policies = [
            "sub recv { set req.http.X = \"FLAW\"; }",
            "sub a { std.log(\"x: \" + req.url + \"FLAW\"); } sub recv { call a; }",
            "rules request first { when path == \"/a\" -> redirect 301 \"FLAW\"; }",
            "include \"part.warp\";----sub deliver { set resp.http.X = resp.http.Y ?? \"FLAW\"; }",
            "sub hash { hash_data(req.url); hash_data(req.host); hash_data(\"FLAW\"); return (lookup); }",
            "sub recv { if (!(req.method != \"GET\")) { return (synth(403, \"FLAW\")); } }",
        ];
        for policy in policies.into_iter().filter(|it| !it.contains("redirect") || flaw.starts_with(['/', 'h'])) {
            assert_eq!(of(&policy.replace("FLAW", flaw)), ["W0826"], "{policy} {flaw}");
            assert_eq!(of(&policy.replace("FLAW", "/a")), [""; 0], "{policy}");
        }
    }
    for text in [
        "costs $100",
        "US$ 1",
        "$metadata",
        "100%",
        "%{a",
        "$",
        "$$",
        "a$b",
        "/a$12",
        "{a}",
        "{req}",
        "{ req.x, y }",
        "a.{css,js}",
    ] {
        assert_eq!(of(&format!("sub deliver {{ set resp.http.X = \"{text}\"; }}")), [""; 0], "{text}");
    }
    assert_eq!(of("sub synth { synthetic(\"var a = `${req.url} $host`;\"); return (deliver); }"), [""; 0]);
    let says = |text: &str| help(&format!("sub recv {{ set req.http.X = \"{text}\"; }}"));
    assert_eq!(says("https://a.test$request_uri"), "join it with `+`: `\"…\" + req.url`");
    assert_eq!(says("$http_x_kind"), "write `req.http.x-kind`");
    assert!(says("/new/$1").contains("regsub"));
}
