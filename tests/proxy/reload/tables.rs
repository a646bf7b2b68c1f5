//! A file of a table that is being written keeps what was read last, and loses nothing that it held.

use std::fs;

use crate::support::{Origin, Proxy};

/// Who is blocked by `blocked.csv`.
fn blocking() -> (Origin, Proxy) {
    let origin = super::origin();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("blocked.csv"), "mallory,1\neve,1\n").unwrap();
    let policy = format!(
        "warp 1;\n{}table blocked from \"blocked.csv\";\n\
         sub recv {{ if (blocked has req.http.K) {{ return (synth(403)); }} return (synth(200)); }}\n",
        origin.backend()
    );
    fs::write(dir.path().join("policy.warp"), policy).unwrap();
    (origin, Proxy::start_in(dir, "policy.warp", &[]))
}

fn statuses(proxy: &Proxy) -> [u16; 2] {
    ["mallory", "eve"].map(|key| proxy.client().get("/").header("K", key).send().status)
}

#[test]
fn a_table_that_is_emptied_or_half_written_stays_as_it_was() {
    let (_origin, proxy) = blocking();
    assert_eq!(statuses(&proxy), [403, 403]);
    for (text, place) in [("", "blocked.csv:1:1"), ("mallory,1\ne", "blocked.csv:2:2"), ("mall", "blocked.csv:1:5")] {
        proxy.change(|dir| fs::write(dir.join("blocked.csv"), text).unwrap());
        let policy = proxy.wait_for_reload("rejected");
        let told = policy["last_reload"]["diagnostics"].as_str().unwrap();
        assert!(told.contains("E0347") && told.contains(place), "{told}");
        assert!(!told.contains("mall"), "what a file holds is not for the log: {told}");
        proxy.wait_for_log(place);
        assert_eq!(statuses(&proxy), [403, 403], "{text:?}");
    }
    proxy.change(|dir| fs::write(dir.join("blocked.csv"), "eve,1\n").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(statuses(&proxy), [200, 403]);
    // Nobody, on purpose.
    proxy.change(|dir| fs::write(dir.join("blocked.csv"), "\n").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(statuses(&proxy), [200, 200]);
}

/// It is not read: its length says that it is too large.
#[test]
fn a_table_that_is_too_large_stays_as_it_was() {
    let (_origin, proxy) = blocking();
    proxy.change(|dir| fs::File::create(dir.join("blocked.csv")).unwrap().set_len(3 << 30).unwrap());
    let policy = proxy.wait_for_reload("rejected");
    let told = policy["last_reload"]["diagnostics"].as_str().unwrap();
    assert!(told.contains("E0120") && told.contains("blocked.csv` is larger than 64 MiB"), "{told}");
    assert_eq!(statuses(&proxy), [403, 403]);
}
