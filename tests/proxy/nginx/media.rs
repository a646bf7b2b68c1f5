//! `media.warp`: pictures, downloads and video.

use tempfile::TempDir;

use crate::support::{Nginx, Proxy, Response};

use super::{BIG, BIG_BYTES, edited, example, seconds_left, serve, without_probes};

/// Two backends behind one policy.
struct Media {
    policy: String,
    library: Nginx,
    live: Nginx,
    proxy: Proxy,
    _files: [TempDir; 2],
}

fn start() -> Media {
    let files: [(&str, &[u8]); 6] = [
        ("health", b"well"),
        ("film.mp4", &BIG),
        ("photo.jpg", b"JFIF"),
        ("app-0123abcd.css", b"p {}"),
        ("page.html", b"<p>page</p>"),
        (".hidden", b"secret"),
    ];
    let directives = "location = /photo.jpg { add_header Set-Cookie tracker=1; } \
                      location = /seen.png { return 200 '$request_uri|$http_cookie|$http_accept_encoding'; } \
                      location = /broken { return 500; }";
    let (library, library_files) = serve(&files, directives);
    let channel: [(&str, &[u8]); 2] = [("live/channel1.m3u8", b"#EXTM3U"), ("live/1.ts", b"segment")];
    let (live, live_files) = serve(&channel, "");
    let policy = example("media.warp", &[(8082, library.address().port()), (8083, live.address().port())]);
    let proxy = Proxy::start(&policy);
    proxy.wait_for_backends();
    Media { policy, library, live, proxy, _files: [library_files, live_files] }
}

impl Media {
    fn get(&self, target: &str) -> Response {
        self.proxy.get(target)
    }

    fn get_with(&self, target: &str, name: &str, value: &str) -> Response {
        self.proxy.client().get(target).header(name, value).send()
    }

    /// Asks twice; gives the second answer, which the store gave.
    fn stored(&self, target: &str) -> Response {
        let first = self.get(target);
        assert!(first.cache_status().stored(), "{target}: {:?}", first.fields);
        let second = self.get(target);
        assert!(second.cache_status().hit(), "{target}: {:?}", second.fields);
        second
    }

    fn asked(&self) -> Vec<String> {
        without_probes(self.library.asked())
    }
}

const DAY: u64 = 86_400;

/// What nginx is asked for when all of the film is: it is cut at each megabyte.
const FILM_IN_SLICES: [&str; 3] = ["GET /film.mp4 206"; 3];

#[test]
fn each_kind_of_file_is_stored_for_its_time() {
    let media = start();
    let kinds =
        [("/film.mp4", 30 * DAY), ("/photo.jpg", 7 * DAY), ("/app-0123abcd.css", 365 * DAY), ("/page.html", 300)];
    for (target, ttl) in kinds {
        let hit = media.stored(target);
        assert!((ttl - 10..=ttl).contains(&seconds_left(&hit)), "{target}: {}", seconds_left(&hit));
        assert_eq!((hit.header("Set-Cookie"), hit.header("Server")), (None, None), "{target}");
        assert_eq!(hit.header("Timing-Allow-Origin"), Some("*"));
    }
    let others = kinds.map(|(target, _)| format!("GET {target} 200")).into_iter().skip(1);
    assert_eq!(media.asked(), FILM_IN_SLICES.map(str::to_owned).into_iter().chain(others).collect::<Vec<_>>());
}

#[test]
fn browsers_keep_what_has_its_fingerprint_in_its_name() {
    let media = start();
    let hit = media.stored("/app-0123abcd.css");
    assert_eq!(hit.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(media.stored("/page.html").header("Cache-Control"), None);
}

#[test]
fn parts_of_a_film_come_from_the_store() {
    let media = start();
    assert_eq!(media.stored("/film.mp4").body.len(), BIG_BYTES);
    for (place, text) in [(0, "0000000 "), (2_000_000, "0250000 ")] {
        let part = media.get_with("/film.mp4", "Range", &format!("bytes={place}-{}", place + 7));
        assert_eq!((part.status, part.text(), part.cache_status().hit()), (206, text, true));
    }
    assert_eq!(media.asked(), FILM_IN_SLICES);
}

#[test]
fn the_first_request_for_a_part_fetches_the_slice_that_it_lies_in() {
    let media = start();
    let part = media.get_with("/film.mp4", "Range", "bytes=2000000-2000007");
    assert_eq!((part.status, part.text()), (206, "0250000 "));
    assert!(media.get_with("/film.mp4", "Range", "bytes=2000100-2000107").cache_status().hit());
    assert_eq!(media.asked(), ["GET /film.mp4 206"]);
    assert_eq!(media.get("/film.mp4").body.len(), BIG_BYTES);
    assert_eq!(media.asked(), FILM_IN_SLICES);
}

#[test]
fn only_the_parameters_of_the_image_server_are_part_of_the_key() {
    let media = start();
    let first = media.get_with("/seen.png?w=10&session=9&h=20", "Cookie", "a=1; b=2");
    assert_eq!(first.text(), "/seen.png?h=20&w=10||");
    let other = media.proxy.client().get("/seen.png?h=20&w=10&sig=x").header("Accept-Encoding", "gzip, br").send();
    assert!(other.cache_status().hit());
    assert!(!media.get("/seen.png?h=20&w=11").cache_status().hit());
    assert_eq!(media.asked(), ["GET /seen.png?h=20&w=10 200", "GET /seen.png?h=20&w=11 200"]);
}

#[test]
fn other_sites_pages_get_no_video() {
    let media = start();
    for referer in ["https://elsewhere.example/", "https://media.example.evil.test/", "https://evilmedia.example/"] {
        let denied = media.get_with("/film.mp4", "Referer", referer);
        assert_eq!((denied.status, denied.reason.as_str()), (403, "Not from here"), "{referer}");
    }
    assert_eq!(media.asked(), Vec::<String>::new());
    for referer in ["https://media.example/", "https://www.media.example/watch"] {
        assert_eq!(media.get_with("/film.mp4", "Referer", referer).status, 200, "{referer}");
    }
    assert_eq!(media.get("/film.mp4").status, 200);
    assert_eq!(media.asked(), FILM_IN_SLICES);
}

#[test]
fn hidden_files_and_other_methods_are_denied() {
    let media = start();
    assert_eq!(media.get("/.hidden").status, 404);
    for method in ["POST", "DELETE", "PURGE"] {
        let denied = media.proxy.client().request(method, "/photo.jpg").send();
        assert_eq!((denied.status, denied.reason.as_str()), (405, "Only GET and HEAD here"), "{method}");
    }
    assert_eq!(media.asked(), Vec::<String>::new());
}

#[test]
fn what_is_live_has_a_backend_of_its_own() {
    let media = start();
    let moved = media.get("/latest.m3u8");
    assert_eq!((moved.status, moved.header("Location")), (302, Some("/live/channel1.m3u8")));
    let playlist = media.get("/live/channel1.m3u8");
    assert_eq!((playlist.text(), playlist.cache_status().stored()), ("#EXTM3U", true));
    assert!((590..=600).contains(&seconds_left(&media.stored("/live/1.ts"))));
    assert_eq!(media.live.asked(), ["GET /live/channel1.m3u8 200", "GET /live/1.ts 200"]);
    assert_eq!(media.asked(), Vec::<String>::new());
}

#[test]
fn what_is_not_there_is_known_for_a_while_and_errors_are_not_stored() {
    let media = start();
    assert_eq!(media.get("/none.jpg").status, 404);
    let known = media.get("/none.jpg");
    assert!(known.status == 404 && known.cache_status().hit() && seconds_left(&known) <= 10);
    for _ in 0..2 {
        assert_eq!(media.get("/broken").status, 500);
    }
    assert_eq!(media.asked(), ["GET /none.jpg 404", "GET /broken 500", "GET /broken 500"]);
}

#[test]
fn when_the_origin_is_away_players_come_back_soon_and_what_is_stored_is_served() {
    let Media { policy: _, library, live: _live, proxy, _files } = start();
    assert!(proxy.get("/photo.jpg").cache_status().stored());
    drop(library);
    let away = proxy.get("/film.mp4");
    assert_eq!((away.status, away.header("Retry-After")), (503, Some("2")));
    assert!(proxy.get("/photo.jpg").cache_status().hit());
}

#[test]
fn a_purge_is_one_live_edit_away() {
    let mut media = start();
    media.stored("/photo.jpg");
    let rows = "rules request first {";
    media.policy = edited(&media.policy, rows, &format!("{rows}\n    when method == \"PURGE\" -> purge;"));
    media.proxy.write_policy(&media.policy);
    media.proxy.wait_for_reload("ok");
    assert!(media.get("/photo.jpg").cache_status().hit());
    assert_eq!(media.proxy.client().request("PURGE", "/photo.jpg").send().status, 200);
    media.stored("/photo.jpg");
    assert_eq!(media.asked(), ["GET /photo.jpg 200"; 2]);
}
