//! One request in the access log, and its two spellings.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

use super::outcome::{Outcome, Reason};

/// What the access log says of a request. Text that is not UTF-8 comes in lossily converted.
#[derive(Clone, Debug, Serialize)]
pub struct AccessRecord {
    /// When the request's head was read.
    #[serde(serialize_with = "as_rfc3339")]
    pub time: SystemTime,
    /// Where it came from.
    pub client: SocketAddr,
    /// The method.
    pub method: String,
    /// The `Host` as received; empty if there was none.
    pub host: String,
    /// Path and query as received.
    pub url: String,
    /// `HTTP/1.1`, `HTTP/2`.
    pub protocol: String,
    /// The status that the client got; 0 if it got none.
    pub status: u16,
    /// Bytes of the response's body that were sent.
    pub bytes: u64,
    /// From the end of the request's head to the last byte of the response.
    #[serde(rename = "duration_us", serialize_with = "as_micros")]
    pub duration: Duration,
    /// How it was answered.
    pub outcome: Outcome,
    /// Why so.
    pub reason: Reason,
    /// The site whose policy decided; `None` for the root's.
    pub site: Option<String>,
    /// The backend that was asked, behind its site; `None` if none was.
    pub backend: Option<String>,
    /// The generation of the policy that decided.
    pub generation: u64,
    /// The request's number, unique within the process.
    pub xid: u64,
    /// The `User-Agent`.
    pub user_agent: Option<String>,
    /// The `Referer`.
    pub referer: Option<String>,
    /// What the policy logged (`std.log`).
    pub log: Vec<String>,
}

impl AccessRecord {
    /// One line of JSON, its line feed included: control characters only as escapes.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        // Text, numbers and lists cannot fail to be written.
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut line = String::with_capacity(json.len() + 1);
        for c in json.chars() {
            // JSON itself escapes the controls below 0x20 only.
            if breaks_lines(c) { write_unicode_escape(&mut line, c) } else { line.push(c) }
        }
        line.push('\n');
        line
    }

    /// One line for people, its line feed included: what a client sent stands in quotes, escaped.
    #[must_use]
    pub fn to_text_line(&self) -> String {
        let mut line = format!("{} {} ", rfc3339(self.time), self.client.ip());
        push_quoted(&mut line, &format!("{} {}{} {}", self.method, self.host, self.url, self.protocol));
        let micros = self.duration.as_micros();
        // Writing to a String cannot fail.
        let _ = write!(line, " {} {} {micros}us {}/{}", self.status, self.bytes, self.outcome, self.reason);
        let _ = write!(line, " generation={} xid={}", self.generation, self.xid);
        let named = [
            ("site", &self.site),
            ("backend", &self.backend),
            ("user_agent", &self.user_agent),
            ("referer", &self.referer),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (name, value) in named.chain(self.log.iter().map(|text| ("log", text))) {
            let _ = write!(line, " {name}=");
            push_quoted(&mut line, value);
        }
        line.push('\n');
        line
    }
}

fn as_micros<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

fn as_rfc3339<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// Whether `c` could end a line or steer a terminal.
fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn push_quoted(line: &mut String, text: &str) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if breaks_lines(c) => write_unicode_escape(line, c),
            c => line.push(c),
        }
    }
    line.push('"');
}

fn write_unicode_escape(line: &mut String, c: char) {
    // Writing to a String cannot fail. All that breaks lines fits four digits.
    let _ = write!(line, "\\u{:04x}", u32::from(c));
}

/// UTC with milliseconds (RFC 3339); times before 1970 are written as its start.
fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil_date(days);
    let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{:03}Z", since.subsec_millis())
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
///
/// Counts years from 1 March of year 0, so that the leap day is the last of its year
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
pub(super) mod tests;
