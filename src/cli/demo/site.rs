//! The demo's site: what it answers to which path. Pure; the sockets are in `origin`.

/// What the site answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) set_cookie: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, content_type, set_cookie: None, body: body.into() }
    }

    fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn cookie(self, cookie: String) -> Self {
        Self { set_cookie: Some(cookie), ..self }
    }
}

const HTML: &str = "text/html; charset=utf-8";

/// One black pixel.
const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\
    \x00\x00\x00\x0aIDATx\xdac`\x00\x00\x00\x02\x00\x01\xe5'\xde\xfc\x00\x00\x00\x00IEND\xaeB`\x82";

/// The answer to the `count`th request for `path` (the first is 1).
pub(super) fn answer(path: &str, count: u64) -> Answer {
    match path {
        "/" => page("A small site", path, count),
        "/about" => page("About", path, count),
        "/slow" => page("A page that takes a second", path, count),
        "/health" => Answer::new("text/plain; charset=utf-8", "ok\n"),
        "/error" => page("Something broke", path, count).status(500),
        "/images/logo.svg" => image(count),
        "/images/dot.png" => Answer::new("image/png", PNG).cookie(format!("seen={count}; Path=/")),
        "/api/session" => session(count),
        _ if path.starts_with("/articles/") => page("An article", path, count),
        _ => page("Not found", path, count).status(404),
    }
}

fn page(title: &str, path: &str, count: u64) -> Answer {
    let path = escape(path);
    let links = ["/", "/about", "/articles/1", "/slow", "/api/session"];
    let links = links.map(|link| format!("<li><a href=\"{link}\">{link}</a></li>\n")).concat();
    Answer::new(
        HTML,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n\
             <img src=\"/images/logo.svg\" alt=\"\" width=\"160\" height=\"40\">\n\
             <p>The site was asked for <code>{path}</code> {count} times.</p>\n<ul>\n{links}</ul>\n</body></html>\n"
        ),
    )
}

fn image(count: u64) -> Answer {
    let text = format!("drawn {count} times");
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"160\" height=\"40\"><rect width=\"160\" height=\"40\" \
         fill=\"#246\"/><text x=\"12\" y=\"25\" fill=\"#fff\" font-family=\"sans-serif\">{text}</text></svg>\n"
    );
    Answer::new("image/svg+xml", svg).cookie(format!("seen={count}; Path=/"))
}

fn session(count: u64) -> Answer {
    Answer::new("application/json", format!("{{\"session\":{count}}}\n"))
        .cookie(format!("session={count}; Path=/; HttpOnly"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: &Answer) -> &str {
        std::str::from_utf8(&answer.body).unwrap()
    }

    #[test]
    fn pages_show_how_often_they_were_asked_for() {
        assert!(body(&answer("/", 7)).contains("<code>/</code> 7 times"));
        assert_eq!(answer("/nowhere", 1).status, 404);
        assert_eq!(answer("/error", 1).status, 500);
    }

    #[test]
    fn a_path_is_never_markup() {
        assert!(!body(&answer("/articles/<script>", 1)).contains("<script>"));
    }

    #[test]
    fn sessions_and_images_set_cookies_and_pages_do_not() {
        assert!(answer("/api/session", 1).set_cookie.is_some());
        assert!(answer("/images/logo.svg", 1).set_cookie.is_some());
        assert_eq!(answer("/about", 1).set_cookie, None);
    }
}
