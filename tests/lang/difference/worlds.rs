//! What changes only for clients that like nothing, for hosts with a port, and where the world is not as it usually is.

use warp_edge::difference::{World, report};

use super::policies::{compared, said};

/// That all is known of what changes, and which of the requests that are told meets which world.
fn is_told_in(old: &str, new: &str, world: World) {
    for (old, new) in [(old, new), (new, old)] {
        let found = compared(old, new);
        assert!(found.gave_up.is_empty(), "{old}\n{new}\n{:?}", found.gave_up);
        let worlds: Vec<_> = found.classes.iter().filter_map(|class| class.when.world()).collect();
        assert_eq!(worlds, [world], "{old}\n{new}");
        assert!(report::text(&found, None).contains(world.text()), "{}", report::text(&found, None));
    }
}

#[test]
fn what_functions_of_the_world_decide_is_tried_in_another_world() {
    let healthy = |status: u16| format!("sub recv {{ if (!std.healthy(a)) {{ return (synth({status})); }} }}");
    is_told_in(&healthy(503), &healthy(504), World::Sick);
    let chance = |what: &str| format!("sub recv {{ if (std.random(0, 10) > 9) {{ return ({what}); }} }}");
    is_told_in(&chance("pass"), &chance("pipe"), World::Chance);
    let token = |what: &str| {
        format!(
            "sub recv {{
                if (req.method == \"PURGE\") {{
                    if (req.http.Token != std.getenv(\"TOKEN\")) {{ return (synth(403)); }}
                    return ({what});
                }}
            }}"
        )
    };
    is_told_in(&token("purge(soft)"), &token("purge"), World::Configured);
}

#[test]
fn what_exceeded_limits_decide_is_tried_with_them_exceeded() {
    let limited = |status: u16| {
        format!(
            "sub recv {{
                if (ratelimit(key: client.ip, limit: 5, per: 1m)) {{ return (synth({status})); }}
            }}"
        )
    };
    let found = compared(&limited(429), &limited(503));
    let told: Vec<_> = found.classes.iter().map(|class| (class.change.to_string(), class.when.world())).collect();
    assert_eq!(told, [("status 429 → 503, content changed".to_owned(), Some(World::OverLimits))]);
}

#[test]
fn a_client_that_likes_nothing_of_what_is_offered_is_tried() {
    for (list, sent) in [
        ("language([\"en\", \"de\"])", "Accept-Language: \"x-none\""),
        ("media([\"text/html\", \"application/json\"])", "Accept: \"x-none/none\""),
    ] {
        let key = |other: &str| format!("key {{ req.url; req.accept.{list} ?? \"{other}\"; }}");
        let found = said(&key("one"), &key("other"));
        assert_eq!(found, [format!("GET \"https://www.example.com/\" {{ {sent} }}: key changed")]);
    }
}

#[test]
fn a_host_with_a_port_is_tried() {
    let found = said("key { req.url; req.host; }", "key { req.url; req.http.Host; }");
    assert_eq!(found, ["GET \"https://www.example.com:8080/\": key changed"]);
}

#[test]
fn that_slices_are_not_tried_is_said() {
    let policy = |statuses: &str| {
        format!(
            "rules request first {{ when path ext [\"mp4\"] -> slice 1MB, cache; }}
            rules response first {{ when status in [{statuses}] -> ttl 30d, strip set_cookie; }}"
        )
    };
    let found = compared(&policy("200"), &policy("200, 206"));
    assert!(
        !found.classes.is_empty() && found.gave_up.iter().any(|open| open.contains("slices")),
        "{:?}",
        found.gave_up
    );
    assert_eq!(said(&policy("200"), &policy("200")), Vec::<String>::new());
}

#[test]
fn a_response_was_used_never_or_more_often() {
    let deliver = |text: &str| format!("sub deliver {{ {text} }}");
    let old = deliver("if (obj.hits > 0) { set resp.http.X = \"H\"; } else { set resp.http.X = \"M\"; }");
    let new = deliver("if (obj.hits == 0) { set resp.http.X = \"M\"; } else { set resp.http.X = \"H\"; }");
    assert_eq!(said(&old, &new), Vec::<String>::new());
}

/// What may not be stored is marked whether the policy says so or not.
#[test]
fn a_key_is_marked_by_what_may_not_be_stored_too() {
    let own = "override builtin.set_cookie { } override builtin.vary { }";
    let refused = "sub backend_response {
        if (beresp.cache_control.private) { set beresp.uncacheable = true; set beresp.ttl = 0s; }
    }";
    let found = said(own, &format!("{own} {refused}"));
    assert!(!found.iter().any(|change| change.contains("mark")), "{found:#?}");
    let longer = refused.replace("0s", "10m");
    let found = said(own, &format!("{own} {longer}"));
    assert!(found.iter().any(|change| change.contains("mark hit-for-miss 2m → hit-for-miss 10m")), "{found:#?}");
}
