//! What kind of device a `User-Agent` speaks of.
//!
//! Programs name themselves as they like, so this is a guess by words: enough for a page in another layout,
//! and for keeping the variants of a page few. No more words than are needed to be right about what is common.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// It is a program that nobody looks at, or one that looks for others.
    Bot,
    /// A word that has one of the others in it and means nothing.
    Nothing,
    /// It is a tablet.
    Tablet,
    /// It is a telephone, unless it is a tablet.
    Mobile,
    /// It is a telephone if it says that it is mobile, else a tablet.
    Android,
    /// It is a television, whatever it runs.
    Television,
}

/// The longest word that begins at a place counts. In lower case; case does not matter.
const WORDS: &[(&str, Hint)] = &[
    ("bot", Hint::Bot),
    ("crawl", Hint::Bot),
    ("spider", Hint::Bot),
    ("slurp", Hint::Bot),
    ("facebookexternalhit", Hint::Bot),
    ("mediapartners-google", Hint::Bot),
    ("google-inspectiontool", Hint::Bot),
    ("feedfetcher", Hint::Bot),
    ("lighthouse", Hint::Bot),
    ("headlesschrome", Hint::Bot),
    ("phantomjs", Hint::Bot),
    ("pingdom", Hint::Bot),
    ("uptime", Hint::Bot),
    ("curl/", Hint::Bot),
    ("wget/", Hint::Bot),
    ("python-", Hint::Bot),
    ("python/", Hint::Bot),
    ("go-http-client", Hint::Bot),
    ("libwww-perl", Hint::Bot),
    ("apache-httpclient", Hint::Bot),
    ("scrapy", Hint::Bot),
    // A maker of telephones.
    ("cubot", Hint::Nothing),
    // Windows with a pen, years ago.
    ("tablet pc", Hint::Nothing),
    ("ipad", Hint::Tablet),
    ("tablet", Hint::Tablet),
    ("kindle", Hint::Tablet),
    ("playbook", Hint::Tablet),
    ("sm-t", Hint::Tablet),
    ("sm-x", Hint::Tablet),
    ("nexus 7", Hint::Tablet),
    ("nexus 9", Hint::Tablet),
    ("nexus 10", Hint::Tablet),
    ("iphone", Hint::Mobile),
    ("ipod", Hint::Mobile),
    ("mobile", Hint::Mobile),
    ("mobi;", Hint::Mobile),
    ("windows phone", Hint::Mobile),
    ("iemobile", Hint::Mobile),
    ("blackberry", Hint::Mobile),
    ("opera mini", Hint::Mobile),
    ("opera mobi", Hint::Mobile),
    ("j2me", Hint::Mobile),
    ("kaios", Hint::Mobile),
    ("android", Hint::Android),
    ("smart-tv", Hint::Television),
    ("smarttv", Hint::Television),
    ("googletv", Hint::Television),
    ("android tv", Hint::Television),
    ("appletv", Hint::Television),
    ("bravia", Hint::Television),
    ("crkey", Hint::Television),
    ("aftt", Hint::Television),
    ("web0s", Hint::Television),
];

/// `mobile`, `tablet`, `bot`, or `desktop` where nothing tells.
pub(super) fn class(user_agent: &[u8]) -> &'static str {
    let (mut tablet, mut mobile, mut android, mut television) = (false, false, false, false);
    for hint in hints(user_agent) {
        match hint {
            Hint::Bot => return "bot",
            Hint::Nothing => {}
            Hint::Tablet => tablet = true,
            Hint::Mobile => mobile = true,
            Hint::Android => android = true,
            Hint::Television => television = true,
        }
    }
    match (television, tablet, mobile, android) {
        (true, ..) | (_, false, false, false) => "desktop",
        (_, true, ..) | (_, _, false, true) => "tablet",
        (_, false, true, _) => "mobile",
    }
}

fn hints(user_agent: &[u8]) -> impl Iterator<Item = Hint> {
    static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = WORDS.iter().map(|(word, _)| word);
        let kind = aho_corasick::MatchKind::LeftmostLongest;
        AhoCorasickBuilder::new().ascii_case_insensitive(true).match_kind(kind).build(words).ok()
    });
    let found = SEARCH.iter().flat_map(move |search| search.find_iter(user_agent));
    found.filter_map(|word| WORDS.get(word.pattern().as_usize()).map(|(_, hint)| *hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_devices_are_told_apart() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "desktop",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0", "desktop"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "desktop"),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Tablet PC 2.0)", "desktop"),
            ("", "desktop"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                "mobile",
            ),
            ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "mobile"),
            ("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/75.0 Mobile Safari/537.36", "mobile"),
            (
                "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Chrome/52.0 Mobile Safari/537.36 Edge/15.15063",
                "mobile",
            ),
            ("Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/36.1; U; en) Presto/2.5.25 Version/10.54", "mobile"),
            ("Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "mobile"),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1.2 Mobile/15E148 Safari/604.1",
                "tablet",
            ),
            ("Mozilla/5.0 (Linux; Android 13; SM-T870) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36", "tablet"),
            ("Mozilla/5.0 (Android 13; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0", "tablet"),
            (
                "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 Silk/126.2 like Chrome/126.0 Safari/537.36",
                "tablet",
            ),
            ("Mozilla/5.0 (Linux; Android 11; BRAVIA 4K) AppleWebKit/537.36 Chrome/90.0 Safari/537.36", "desktop"),
            ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36", "desktop"),
            (
                "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) Chrome/126.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "bot",
            ),
            ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bot"),
            ("facebookexternalhit/1.1", "bot"),
            ("curl/8.5.0", "bot"),
            ("python-requests/2.32.3", "bot"),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0.0.0 Safari/537.36", "bot"),
        ] {
            assert_eq!(class(user_agent.as_bytes()), expected, "{user_agent}");
        }
    }

    #[test]
    fn words_are_written_as_they_are_looked_for() {
        assert!(WORDS.iter().all(|(word, _)| *word == word.to_ascii_lowercase()));
    }
}
