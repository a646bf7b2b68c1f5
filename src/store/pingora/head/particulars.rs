//! What a record says of a response beside its fields: status, times, kinship.
//!
//! Most of it is absent or follows from the rest, so two bytes of flags say what is there, or three.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{StatusCode, Version};
use pingora::cache::key::HashBinary;

use super::span;
use super::varint::{self, Reader};
use crate::cache::StaleWindows;
use crate::store::pingora::{StoredTarget, StoredTimes};

/// What the flags say, from the lowest bit on. First of what is read at each lookup, see [`Lifetime`].
mod flag {
    pub const GRACE: u32 = 1;
    pub const KEEP: u32 = 1 << 1;
    pub const STALE_IF_ERROR: u32 = 1 << 2;
    pub const MAY_BE_STALE: u32 = 1 << 3;
    pub const OBEYS_SURROGATE_CONTROL: u32 = 1 << 4;
    /// Pingora's windows are not those of the times, rounded up to seconds.
    pub const OTHER_WINDOWS: u32 = 1 << 5;
    pub const OTHER_STATUS: u32 = 1 << 6;
    pub const OTHER_VERSION: u32 = 1 << 7;
    pub const REASON: u32 = 1 << 8;
    /// It was some time old when it was stored.
    pub const EPOCH: u32 = 1 << 9;
    /// It is not the first of its family.
    pub const FAMILY_BIRTH: u32 = 1 << 10;
    /// The times say a family's birth as well: the same, or another.
    pub const SAME_BIRTH: u32 = 1 << 11;
    pub const OTHER_BIRTH: u32 = 1 << 12;
    pub const VARIANCE: u32 = 1 << 13;
    pub const BESIDE_LANGUAGE: u32 = 1 << 14;
    /// A third byte of flags follows: those below.
    pub const MORE: u32 = 1 << 15;
    /// It was stored at a time that 64 bits of nanoseconds since 1970 cannot tell.
    pub const FAR_OFF: u32 = 1 << 16;
    /// It has tags.
    pub const TAGS: u32 = 1 << 17;
    /// It is somebody's of several.
    pub const SITE: u32 = 1 << 18;
    /// It says when the origin was asked for it.
    pub const ASKED: u32 = 1 << 19;
    /// It says what was asked for.
    pub const TARGET: u32 = 1 << 20;
    /// All that stand in the third byte.
    pub const IN_THIRD: u32 = FAR_OFF | TAGS | SITE | ASKED | TARGET;
}

/// The versions that there are; their places stand for them.
const VERSIONS: [Version; 5] = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];

/// All that a record says beside the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Particulars {
    /// The status.
    pub status: StatusCode,
    /// The version of HTTP that it came in.
    pub version: Version,
    /// The reason phrase, if it is not the usual one of the status.
    pub reason: Option<String>,
    /// When it was stored.
    pub created: SystemTime,
    /// Until when it is fresh.
    pub fresh_until: SystemTime,
    /// When it was made: what its age is reckoned from.
    pub epoch: SystemTime,
    /// When the first of the variants that it is one of was stored. pingora takes variants that are older than
    /// their family for purged.
    pub family_birth: SystemTime,
    /// pingora's window for revalidation in the background.
    pub stale_while_revalidate_sec: u32,
    /// pingora's window for errors.
    pub stale_if_error_sec: u32,
    /// The hash of the request fields that it varies on.
    pub variance: Option<HashBinary>,
    /// What warp knows beyond that.
    pub times: StoredTimes,
}

/// What a record says beside the particulars, for whoever asks for it alone.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The tags, by their groups.
    pub tags: &'a [u64],
    /// What was asked for.
    pub target: Option<&'a StoredTarget>,
}

/// The same as it is read: eight bytes for each tag, the URL and the host.
struct Behind<'a> {
    tags: &'a [u8],
    target: Option<[&'a [u8]; 2]>,
}

/// How long it is of use: what is asked at each lookup, and stands first.
pub struct Lifetime {
    flags: u32,
    created: SystemTime,
    fresh_until: SystemTime,
    windows: StaleWindows,
}

impl Lifetime {
    /// Reads the beginning of a record.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let (flags, created, fresh_until) = Self::read_fresh_until(reader)?;
        let mut window = |bit| if flags & bit == 0 { Some(None) } else { span::read(reader).map(Some) };
        let windows = StaleWindows {
            grace: window(flag::GRACE)?.unwrap_or_default(),
            keep: window(flag::KEEP)?.unwrap_or_default(),
            on_error: window(flag::STALE_IF_ERROR)?,
            forbidden: flags & flag::MAY_BE_STALE == 0,
        };
        Some(Self { flags, created, fresh_until, windows })
    }

    /// Reads what stands first: the flags, when it was stored, until when it is fresh.
    pub fn read_fresh_until(reader: &mut Reader) -> Option<(u32, SystemTime, SystemTime)> {
        let flags = read_flags(reader)?;
        let created = read_created(flags, reader)?;
        Some((flags, created, span::read_from(created, reader)?))
    }

    /// Until when a record is fresh, in nanoseconds since 1970, read in a few steps; `None` where 64 bits cannot tell it.
    pub fn fresh_until_nanos(reader: &mut Reader) -> Option<u64> {
        let is_near = read_flags(reader)? & flag::FAR_OFF == 0;
        if !is_near {
            return None;
        }
        span::nanos_from(u64::from_le_bytes(reader.array()?), reader)
    }

    /// When it is of no more use.
    pub fn end(&self) -> SystemTime {
        self.fresh_until.checked_add(self.windows.longest()).unwrap_or(self.fresh_until)
    }

    /// What pingora's windows are if nothing else is said, in seconds: rounded up, as it counts in whole ones.
    fn usual_windows(windows: &StaleWindows) -> (u32, u32) {
        (whole_seconds(windows.grace), whole_seconds(windows.longest()))
    }
}

fn read_flags(reader: &mut Reader) -> Option<u32> {
    let flags = u32::from(u16::from_le_bytes(reader.array()?));
    if flags & flag::MORE == 0 { Some(flags) } else { Some(flags | u32::from(reader.byte()?) << 16) }
}

fn write_flags(flags: u32, out: &mut Vec<u8>) {
    let [first, second, third, _] = flags.to_le_bytes();
    out.extend_from_slice(&[first, second]);
    if flags & flag::MORE != 0 {
        out.push(third);
    }
}

/// Of a fixed size, because it is read at each lookup.
fn read_created(flags: u32, reader: &mut Reader) -> Option<SystemTime> {
    if flags & flag::FAR_OFF != 0 {
        return span::read_from(UNIX_EPOCH, reader);
    }
    UNIX_EPOCH.checked_add(Duration::from_nanos(u64::from_le_bytes(reader.array()?)))
}

/// As nanoseconds since 1970; `None` where 64 bits cannot tell it.
pub fn nanos_since_epoch(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok()?.as_nanos().try_into().ok()
}

fn whole_seconds(duration: Duration) -> u32 {
    let rounded_up = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    u32::try_from(rounded_up).unwrap_or(u32::MAX)
}

impl Particulars {
    /// Writes them, with what is known beside them; the fields follow.
    pub fn write(&self, beside: Beside<'_>, out: &mut Vec<u8>) {
        let Beside { tags, target } = beside;
        let flags = self.flags(beside);
        write_flags(flags, out);
        match nanos_since_epoch(self.created) {
            Some(nanos) => out.extend_from_slice(&nanos.to_le_bytes()),
            None => span::write_between(UNIX_EPOCH, self.created, out),
        }
        span::write_between(self.created, self.fresh_until, out);
        let windows = [(flag::GRACE, self.times.grace), (flag::KEEP, self.times.keep)];
        windows.into_iter().filter(|(bit, _)| flags & bit != 0).for_each(|(_, window)| span::write(window, out));
        if let Some(window) = self.times.stale_if_error {
            span::write(window, out);
        }
        self.write_pingora_windows(flags, out);
        self.write_first_line(flags, out);
        self.write_kinship(flags, out);
        out.extend(self.times.site.into_iter().flat_map(u64::to_le_bytes));
        if let Some(asked) = self.times.asked {
            span::write_between(self.created, asked, out);
        }
        if !tags.is_empty() {
            varint::write(tags.len() as u128, out);
            for tag in tags {
                out.extend_from_slice(&tag.to_le_bytes());
            }
        }
        for text in target.into_iter().flat_map(|target| [&target.url, &target.host]) {
            varint::write_bytes(text, out);
        }
    }

    fn flags(&self, beside: Beside<'_>) -> u32 {
        let (times, birth) = (&self.times, self.times.family_birth);
        let bits = [
            (flag::GRACE, times.grace != Duration::ZERO),
            (flag::KEEP, times.keep != Duration::ZERO),
            (flag::STALE_IF_ERROR, times.stale_if_error.is_some()),
            (flag::MAY_BE_STALE, times.may_be_stale),
            (flag::OBEYS_SURROGATE_CONTROL, times.obeys_surrogate_control),
            (flag::OTHER_WINDOWS, Lifetime::usual_windows(&times.windows()) != self.pingora_windows()),
            (flag::OTHER_STATUS, self.status != StatusCode::OK),
            (flag::OTHER_VERSION, self.version != Version::HTTP_11),
            (flag::REASON, self.reason.is_some()),
            (flag::EPOCH, self.epoch != self.created),
            (flag::FAMILY_BIRTH, self.family_birth != self.created),
            (flag::SAME_BIRTH, birth == Some(self.family_birth)),
            (flag::OTHER_BIRTH, birth.is_some_and(|birth| birth != self.family_birth)),
            (flag::VARIANCE, self.variance.is_some()),
            (flag::BESIDE_LANGUAGE, times.beside_language.is_some()),
            (flag::FAR_OFF, nanos_since_epoch(self.created).is_none()),
            (flag::TAGS, !beside.tags.is_empty()),
            (flag::SITE, times.site.is_some()),
            (flag::ASKED, times.asked.is_some()),
            (flag::TARGET, beside.target.is_some()),
        ];
        let flags = bits.into_iter().filter(|(_, is_set)| *is_set).fold(0, |flags, (bit, _)| flags | bit);
        if flags & flag::IN_THIRD == 0 { flags } else { flags | flag::MORE }
    }

    fn pingora_windows(&self) -> (u32, u32) {
        (self.stale_while_revalidate_sec, self.stale_if_error_sec)
    }

    fn write_pingora_windows(&self, flags: u32, out: &mut Vec<u8>) {
        if flags & flag::OTHER_WINDOWS != 0 {
            varint::write(self.stale_while_revalidate_sec.into(), out);
            varint::write(self.stale_if_error_sec.into(), out);
        }
    }

    fn write_first_line(&self, flags: u32, out: &mut Vec<u8>) {
        if flags & flag::OTHER_STATUS != 0 {
            varint::write(self.status.as_u16().into(), out);
        }
        if flags & flag::OTHER_VERSION != 0 {
            let place = VERSIONS.iter().position(|known| *known == self.version);
            varint::write(place.unwrap_or(VERSIONS.len()) as u128, out);
        }
        if let Some(reason) = &self.reason {
            varint::write_bytes(reason.as_bytes(), out);
        }
    }

    fn write_kinship(&self, flags: u32, out: &mut Vec<u8>) {
        let other = self.times.family_birth.unwrap_or(self.created);
        let times = [(flag::EPOCH, self.epoch), (flag::FAMILY_BIRTH, self.family_birth), (flag::OTHER_BIRTH, other)];
        for (_, time) in times.into_iter().filter(|(bit, _)| flags & bit != 0) {
            span::write_between(self.created, time, out);
        }
        for hash in [self.variance, self.times.beside_language].into_iter().flatten() {
            out.extend_from_slice(&hash);
        }
    }

    /// Reads them; what is left are the fields.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        Self::read_with_tags(reader).map(|(particulars, _)| particulars)
    }

    /// Reads them and the tags, which are eight bytes each.
    pub fn read_with_tags<'a>(reader: &mut Reader<'a>) -> Option<(Self, &'a [u8])> {
        Self::read_all(reader).map(|(particulars, behind)| (particulars, behind.tags))
    }

    /// Reads them and what was asked for.
    pub fn read_with_target(reader: &mut Reader) -> Option<(Self, Option<StoredTarget>)> {
        let (particulars, behind) = Self::read_all(reader)?;
        let target = behind.target.map(|[url, host]| StoredTarget { url: url.into(), host: host.into() });
        Some((particulars, target))
    }

    fn read_all<'a>(reader: &mut Reader<'a>) -> Option<(Self, Behind<'a>)> {
        let Lifetime { flags, created, fresh_until, windows } = Lifetime::read(reader)?;
        let is_set = |bit| flags & bit != 0;
        let mut windows_sec = Lifetime::usual_windows(&windows);
        if is_set(flag::OTHER_WINDOWS) {
            windows_sec = (reader.number_as()?, reader.number_as()?);
        }
        let (status, version, reason) = read_first_line(flags, reader)?;
        let mut time = |bit| if is_set(bit) { span::read_from(created, reader) } else { Some(created) };
        let (epoch, family_birth, other) = (time(flag::EPOCH)?, time(flag::FAMILY_BIRTH)?, time(flag::OTHER_BIRTH)?);
        let same = is_set(flag::SAME_BIRTH).then_some(family_birth);
        let mut hash = |bit| if is_set(bit) { reader.array().map(Some) } else { Some(None) };
        let (variance, beside_language) = (hash(flag::VARIANCE)?, hash(flag::BESIDE_LANGUAGE)?);
        let times = StoredTimes {
            grace: windows.grace,
            keep: windows.keep,
            stale_if_error: windows.on_error,
            may_be_stale: !windows.forbidden,
            obeys_surrogate_control: is_set(flag::OBEYS_SURROGATE_CONTROL),
            family_birth: same.or(is_set(flag::OTHER_BIRTH).then_some(other)),
            beside_language,
            site: if is_set(flag::SITE) { Some(u64::from_le_bytes(reader.array()?)) } else { None },
            asked: if is_set(flag::ASKED) { Some(span::read_from(created, reader)?) } else { None },
        };
        let tags: usize = if is_set(flag::TAGS) { reader.number_as()? } else { 0 };
        let tags = reader.take(tags.checked_mul(size_of::<u64>())?)?;
        let target = if is_set(flag::TARGET) { Some([reader.bytes()?, reader.bytes()?]) } else { None };
        let (stale_while_revalidate_sec, stale_if_error_sec) = windows_sec;
        let particulars = Self {
            status,
            version,
            reason,
            created,
            fresh_until,
            epoch,
            family_birth,
            stale_while_revalidate_sec,
            stale_if_error_sec,
            variance,
            times,
        };
        Some((particulars, Behind { tags, target }))
    }
}

fn read_first_line(flags: u32, reader: &mut Reader) -> Option<(StatusCode, Version, Option<String>)> {
    let is_set = |bit| flags & bit != 0;
    let status = if is_set(flag::OTHER_STATUS) { reader.number_as()? } else { StatusCode::OK.as_u16() };
    let version =
        if is_set(flag::OTHER_VERSION) { *VERSIONS.get(reader.number_as::<usize>()?)? } else { Version::HTTP_11 };
    let reason = if is_set(flag::REASON) { Some(str::from_utf8(reader.bytes()?).ok()?.to_owned()) } else { None };
    Some((StatusCode::from_u16(status).ok()?, version, reason))
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn times() -> impl Strategy<Value = SystemTime> {
        let span = (0..1_u64 << 40, prop_oneof![Just(0_u32), Just(500_000_000), 0..1_000_000_000_u32]);
        span.prop_map(|(seconds, nanos)| UNIX_EPOCH + Duration::new(seconds, nanos))
    }

    fn windows() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            (0..100_000_u64).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_secs)
        ]
    }

    prop_compose! {
        fn stored_times()(
            grace in windows(), keep in windows(), stale_if_error in option::of(windows()),
            may_be_stale: bool, obeys_surrogate_control: bool,
            family_birth in option::of(times()), beside_language: Option<HashBinary>,
            site: Option<u64>,
            asked: Option<SystemTime>,
        ) -> StoredTimes {
            StoredTimes {
                grace, keep, stale_if_error, may_be_stale, obeys_surrogate_control, family_birth, beside_language, site, asked
            }
        }
    }

    prop_compose! {
        fn particulars()(
            status in 100..1000_u16, version in 0..VERSIONS.len(), reason in option::of("[ -~é]{0,20}"),
            created in times(), fresh_until in times(), epoch in times(), birth in option::of(times()),
            windows in option::of(any::<(u32, u32)>()), is_same: bool, variance: Option<HashBinary>, times in stored_times(),
        ) -> Particulars {
            let family_birth = birth.unwrap_or(created);
            let family = if is_same { Some(family_birth) } else { times.family_birth };
            let times = StoredTimes { family_birth: family, ..times };
            let windows = windows.unwrap_or_else(|| Lifetime::usual_windows(&times.windows()));
            Particulars {
                status: StatusCode::from_u16(status).unwrap(), version: VERSIONS[version], reason, created, fresh_until,
                epoch, family_birth, stale_while_revalidate_sec: windows.0, stale_if_error_sec: windows.1, variance, times,
            }
        }
    }

    proptest! {
        #[test]
        fn they_are_read_back(
            particulars in particulars(), tags in prop::collection::vec(any::<u64>(), 0..4),
            target in option::of(any::<(Vec<u8>, Vec<u8>)>()),
        ) {
            let target = target.map(|(url, host)| StoredTarget { url: url.into(), host: host.into() });
            let mut out = Vec::new();
            particulars.write(Beside { tags: &tags, target: target.as_ref() }, &mut out);
            prop_assert_eq!(Particulars::read_with_target(&mut Reader(&out)), Some((particulars.clone(), target)));
            let mut reader = Reader(&out);
            let (read, read_tags) = Particulars::read_with_tags(&mut reader).unwrap();
            prop_assert_eq!(&read, &particulars);
            prop_assert_eq!(read_tags, tags.iter().flat_map(|tag| tag.to_le_bytes()).collect::<Vec<_>>());
            prop_assert!(reader.is_empty());
            let end = particulars.fresh_until.checked_add(particulars.times.windows().longest());
            let read = Lifetime::read(&mut Reader(&out)).unwrap();
            prop_assert_eq!(read.end(), end.unwrap_or(particulars.fresh_until));
            let nanos = Lifetime::fresh_until_nanos(&mut Reader(&out));
            let is_told = particulars.fresh_until >= particulars.created;
            let told = nanos_since_epoch(particulars.created).and(nanos_since_epoch(particulars.fresh_until));
            prop_assert_eq!(nanos, told.filter(|_| is_told));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Particulars::read(&mut Reader(&bytes));
        }
    }
}
