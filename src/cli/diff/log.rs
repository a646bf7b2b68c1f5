//! What a change of policies makes of the requests of an access log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value;

use super::super::Failure;
use super::super::output::{count, size};
use crate::difference::report::{percent, tenths};
use crate::difference::{Change, Counts, InLog};
use crate::replay::{Counted, MOST_STORED, Misread, Reader, Replay, Report, Tally};
use crate::simulate::{Request, Simulator};

/// A longer line is no request.
const LONGEST_LINE: u64 = 64 * 1024;

/// So many changes are shown; the others are in the JSON.
const MOST_SHOWN: usize = 20;

/// What came of the lines of a log.
pub(super) struct Replayed {
    report: Report<Change>,
    /// How many of the requests something changes for, and by which class.
    counted: InLog,
    /// Lines that were no requests, by why.
    skipped: Vec<Skipped>,
}

/// Lines that were no requests for one reason.
struct Skipped {
    why: Misread,
    lines: u64,
    /// The number of the first of them.
    first: u64,
}

/// Takes the lines of a log through both policies; `-` is standard input.
pub(super) fn replay(
    log: &Path,
    reader: &Reader,
    [old, new]: [&Simulator; 2],
    mut counts: Counts<'_>,
) -> Result<Replayed, Failure> {
    let unreadable = |error: io::Error| Failure::Read { path: log.to_owned(), error };
    let input: Box<dyn Read> =
        if log == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(log).map_err(unreadable)?) };
    let mut lines = BufReader::new(input);
    if let Some(program) = unpacking(lines.fill_buf().map_err(unreadable)?) {
        let (log, is_there) = (log.display(), log != Path::new("-"));
        let how = if is_there { format!("{program} {log}") } else { program.to_owned() };
        return Err(Failure::Usage(format!("{log} is packed; say `{how} | warp diff … --log -`")));
    }
    let (mut replay, mut skipped) = (Replay::new(old, new, |old: &_, new: &_| counts.between(old, new)), Vec::new());
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if !next(&mut lines, &mut line).map_err(unreadable)? {
            break;
        }
        match reader.read(&line) {
            Some(Ok(visit)) => replay.visit(&visit),
            Some(Err(why)) => skip(&mut skipped, number, why),
            None => {}
        }
    }
    let report = replay.finish();
    let changed = report.changes.iter().map(|counted| counted.requests).sum::<u64>() + report.further;
    let counted = InLog { requests: report.requests, changed, of_classes: counts.of_classes() };
    Replayed { report, counted, skipped }.told_something(log)
}

fn skip(skipped: &mut Vec<Skipped>, number: u64, why: Misread) {
    match skipped.iter_mut().find(|known| known.why == why) {
        Some(known) => known.lines += 1,
        None => skipped.push(Skipped { why, lines: 1, first: number }),
    }
}

/// What unpacks a log that begins so; `None` if it is not packed.
fn unpacking(start: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 4] =
        [(b"\x1f\x8b", "zcat"), (b"\x28\xb5\x2f\xfd", "zstdcat"), (b"BZh", "bzcat"), (b"\xfd7zXZ\0", "xzcat")];
    MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, program)| *program)
}

/// Reads a line, of which no more is kept than a request may take; false at the end.
fn next(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    if line.last() != Some(&b'\n') && read as u64 == LONGEST_LINE {
        lines.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

impl Replayed {
    /// A log without a request is a mistake of who asks.
    fn told_something(self, log: &Path) -> Result<Self, Failure> {
        if self.report.requests > 0 {
            return Ok(self);
        }
        let log = log.display();
        let without_host = self.skipped.iter().find(|skipped| skipped.why == Misread::Host);
        Err(Failure::Usage(match without_host.or(self.skipped.first()) {
            Some(Skipped { why: Misread::Host, first, .. }) => {
                format!("{log}:{first}: {}; say `--log-host shop.example`", Misread::Host)
            }
            Some(Skipped { why, first, .. }) => format!("no line of {log} is a request; line {first}: {why}"),
            None => format!("{log} has no lines"),
        }))
    }

    /// What the requests came to.
    pub(super) fn in_log(&self) -> &InLog {
        &self.counted
    }

    /// Whether a request of the log is treated otherwise.
    pub(super) fn has_changes(&self) -> bool {
        self.counted.changed > 0
    }

    pub(super) fn json(&self) -> Value {
        serde_json::json!(Row::of(self))
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![self.heading(), String::new(), format!("  {:<26} {:>18} {:>18}", "", "old", "new")];
        lines.extend(
            self.figures()
                .map(|[what, old, new, by]| format!("  {what:<26} {old:>18} {new:>18}  {by}").trim_end().to_owned()),
        );
        lines.push(String::new());
        for counted in self.shown() {
            lines.push(format!("  {:>8} {:>6}  {}", counted.requests, self.share(counted.requests), counted.change));
            lines.push(format!("  {:>8} {:>6}  first: {}", "", "", shown(&counted.first)));
        }
        lines.extend(self.remarks().map(|remark| format!("  {remark}")));
        lines.join("\n") + "\n"
    }

    pub(super) fn markdown(&self) -> String {
        let mut lines = vec![format!("### {}", self.heading()), String::new()];
        lines.extend(["| | old | new | |", "|---|---:|---:|---:|"].map(str::to_owned));
        lines.extend(self.figures().map(|[what, old, new, by]| format!("| {what} | {old} | {new} | {by} |")));
        if self.has_changes() {
            lines.extend(["", "| requests | | change | first |", "|---:|---:|---|---|"].map(str::to_owned));
        }
        lines.extend(self.shown().map(|counted| {
            let (share, change, first) =
                (self.share(counted.requests), cell(&counted.change), cell(&shown(&counted.first)));
            format!("| {} | {share} | {change} | {first} |", counted.requests)
        }));
        lines.extend(self.remarks().flat_map(|remark| [String::new(), remark]));
        lines.join("\n") + "\n"
    }

    fn heading(&self) -> String {
        let InLog { requests, changed, .. } = self.counted;
        let noun = if requests == 1 { "request" } else { "requests" };
        format!("{changed} of {requests} {noun} of the log ({}) are treated otherwise", self.share(changed))
    }

    /// Rows of the table: what, by the old policy, by the new one, and the difference.
    fn figures(&self) -> impl Iterator<Item = [String; 4]> {
        let Report { old, new, requests, bytes, .. } = &self.report;
        let row = |what: &str, part: fn(&Tally) -> u64, whole: u64| {
            let (before, after) = (part(old), part(new));
            let amount = |number: u64| if what.contains("bytes") { size(number) } else { number.to_string() };
            let shown = |number: u64| format!("{} ({})", amount(number), percent(number, whole));
            let sign = if after > before { "+" } else { "-" };
            let by = match tenths(after.abs_diff(before), whole) {
                0 => String::new(),
                by => format!("{sign}{}.{} points", by / 10, by % 10),
            };
            [what.to_owned(), shown(before), shown(after), by]
        };
        [
            row("hits", |tally| tally.hits, *requests),
            row("bytes of hits", |tally| tally.bytes_of_hits, *bytes),
            row("requests to backends", |tally| tally.asked, *requests),
            row("bytes from backends", |tally| tally.bytes_of_asked, *bytes),
        ]
        .into_iter()
    }

    fn shown(&self) -> impl Iterator<Item = &Counted<Change>> {
        self.report.changes.iter().take(MOST_SHOWN)
    }

    fn share(&self, requests: u64) -> String {
        percent(requests, self.report.requests)
    }

    fn remarks(&self) -> impl Iterator<Item = String> {
        let left_out = self.report.changes.len().saturating_sub(MOST_SHOWN);
        let skipped = self.skipped.iter().map(|Skipped { why, lines, first }| match lines {
            1 => format!("line {first} is no request and left out: {why}"),
            _ => format!("{lines} lines are no requests and left out, the first of them line {first}: {why}"),
        });
        let is_full = self.report.old.was_full || self.report.new.was_full;
        [
            (left_out > 0).then(|| format!("{} more; `--format json` has them all", count(left_out, "change"))),
            (self.report.further > 0)
                .then(|| format!("{} more requests change in still other ways", self.report.further)),
            (self.report.out_of_order > 0).then(|| {
                let times = count_of(self.report.out_of_order, "request");
                format!("{times} made long before one above: the log is not in order, and hits are counted wrongly; oldest first")
            }),
            is_full.then(|| format!("no more than {MOST_STORED} responses were taken to be stored at once")),
        ]
        .into_iter()
        .flatten()
        .chain(skipped)
    }
}

/// `1 request was`, `2 requests were`.
fn count_of(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what} was") } else { format!("{number} {what}s were") }
}

/// What may be told of a request that somebody made: who, with what cookies and with what in the query is nobody's business.
fn shown(request: &Request) -> String {
    let (path, query) = request.target.split_once('?').map_or((&*request.target, ""), |(path, _)| (path, "?…"));
    format!("{} {}{path}{query}", request.method, request.host)
}

/// A text in a cell of a table of Markdown, as code.
fn cell(text: &impl ToString) -> String {
    let text = text.to_string().replace('|', "\\|").replace(['\n', '\r'], " ");
    // A fence must be longer than any run of its own mark within.
    let longest = text.split(|mark| mark != '`').map(str::len).max().unwrap_or(0);
    let (fence, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{space}{text}{space}{fence}")
}

/// What came of a log, for programs.
#[derive(Serialize)]
struct Row {
    requests: u64,
    bytes: u64,
    /// When the first and the last of them were made, in seconds since 1970.
    from: Option<u64>,
    to: Option<u64>,
    /// Lines that were no requests.
    skipped_lines: u64,
    /// The same by why.
    skipped: Vec<SkippedRow>,
    old: Side,
    new: Side,
    changes: Vec<Kind>,
    /// Requests whose change is in none of these.
    further_requests: u64,
    /// Requests that were made long before one above them.
    out_of_order: u64,
}

/// What a policy made of a log, for programs.
#[derive(Serialize)]
struct Side {
    hits: u64,
    bytes_of_hits: u64,
    /// The share of requests that were hits, from 0 to 1.
    hit_ratio: f64,
    backend_requests: u64,
    backend_bytes: u64,
    /// Whether more would have been stored than was taken to be.
    was_full: bool,
}

/// A kind of change, for programs.
#[derive(Serialize)]
struct Kind {
    change: String,
    requests: u64,
    bytes: u64,
    first: String,
}

/// Lines that were no requests for one reason, for programs.
#[derive(Serialize)]
struct SkippedRow {
    reason: String,
    lines: u64,
    first: u64,
}

impl SkippedRow {
    fn of(skipped: &Skipped) -> Self {
        Self { reason: skipped.why.to_string(), lines: skipped.lines, first: skipped.first }
    }
}

impl Row {
    fn of(replayed: &Replayed) -> Self {
        let report = &replayed.report;
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            requests: report.requests,
            bytes: report.bytes,
            from: report.times.map(|(from, _)| seconds(from)),
            to: report.times.map(|(_, to)| seconds(to)),
            skipped_lines: replayed.skipped.iter().map(|skipped| skipped.lines).sum(),
            skipped: replayed.skipped.iter().map(SkippedRow::of).collect(),
            old: Side::of(&report.old, report.requests),
            new: Side::of(&report.new, report.requests),
            changes: report.changes.iter().map(Kind::of).collect(),
            further_requests: report.further,
            out_of_order: report.out_of_order,
        }
    }
}

impl Side {
    #[expect(clippy::cast_precision_loss, reason = "a share of requests")]
    fn of(tally: &Tally, requests: u64) -> Self {
        Self {
            hits: tally.hits,
            bytes_of_hits: tally.bytes_of_hits,
            hit_ratio: tally.hits as f64 / requests.max(1) as f64,
            backend_requests: tally.asked,
            backend_bytes: tally.bytes_of_asked,
            was_full: tally.was_full,
        }
    }
}

impl Kind {
    fn of(counted: &Counted<Change>) -> Self {
        let (change, first) = (counted.change.to_string(), shown(&counted.first));
        Self { change, requests: counted.requests, bytes: counted.bytes, first }
    }
}
