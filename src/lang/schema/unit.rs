//! Units of durations and sizes (VCL 4.1 reference, "vcl": DURATION, BYTES).

/// A suffix of a number and what it multiplies by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The suffix: `ms`.
    pub name: &'static str,
    /// How many milliseconds (durations) or bytes (sizes) one of it is.
    pub factor: u64,
    /// What it stands for.
    pub doc: &'static str,
}

const SECOND: u64 = 1_000;
const DAY: u64 = 86_400 * SECOND;

/// Units of time, in milliseconds.
pub const DURATION_UNITS: &[Unit] = &[
    Unit { name: "ms", factor: 1, doc: "milliseconds" },
    Unit { name: "s", factor: SECOND, doc: "seconds" },
    Unit { name: "m", factor: 60 * SECOND, doc: "minutes" },
    Unit { name: "h", factor: 3_600 * SECOND, doc: "hours" },
    Unit { name: "d", factor: DAY, doc: "days" },
    Unit { name: "w", factor: 7 * DAY, doc: "weeks" },
    Unit { name: "y", factor: 365 * DAY, doc: "years of 365 days" },
];

/// Units of size, in bytes; a kilobyte is 1024 bytes, as in VCL.
pub const BYTE_UNITS: &[Unit] = &[
    Unit { name: "B", factor: 1, doc: "bytes" },
    Unit { name: "KB", factor: 1 << 10, doc: "kilobytes of 1024 bytes" },
    Unit { name: "MB", factor: 1 << 20, doc: "megabytes" },
    Unit { name: "GB", factor: 1 << 30, doc: "gigabytes" },
    Unit { name: "TB", factor: 1 << 40, doc: "terabytes" },
];

/// A time as the language writes it, in the largest unit of which it is a whole number; a minute is `60s`.
#[must_use]
pub fn written_duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = |(size, _): &&(i64, &str)| ms != 0 && ms % size == 0 && ms / size > 1 || *size == ms && ms > 60_000;
    match UNITS.iter().find(fits) {
        Some((size, unit)) => format!("{}{unit}", ms / size),
        None if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        None => format!("{ms}ms"),
    }
}
