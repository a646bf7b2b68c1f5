//! Heads of plans that were read lately, made ready: the values that a plan leaves open are put into a copy.
//!
//! To put a field into a head costs more than to copy it, for each is hashed twice, so that reading a head from
//! its record alone would cost more than to have kept and copied it. Each thread has a few of its own.

use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use pingora::http::ResponseHeader;

use super::fields::Fields;
use super::plan::{self, Planned};
use super::varint::Reader;

/// How many a thread has.
const TEMPLATES: usize = 64;
/// The longest plan that is worth one, in bytes, and the most fields: so they take no more than some hundred
/// kilobytes.
const MAX_PLAN: usize = 256;
const MAX_FIELDS: usize = 32;

/// A place for a template.
#[derive(Default)]
struct Place {
    /// The plan that was asked for last without being here, by its hash.
    missed: u64,
    template: Option<Template>,
}

struct Template {
    plan: Box<[u8]>,
    /// Its open values are empty.
    header: ResponseHeader,
    /// The names of the open values, as they are spelled.
    open: Box<[Bytes]>,
}

thread_local! {
    static PLACES: RefCell<[Place; TEMPLATES]> = RefCell::new(std::array::from_fn(|_| Place::default()));
}

/// A head with these fields; status, version and reason are the caller's to set.
pub fn head(fields: &Fields) -> Option<ResponseHeader> {
    let hash = hash(fields.plan);
    let read = PLACES.try_with(|places| {
        let mut places = places.try_borrow_mut().ok()?;
        let place = places.get_mut(usize::try_from(hash % TEMPLATES as u64).ok()?)?;
        if let Some(template) = place.template.as_ref().filter(|template| *template.plan == *fields.plan) {
            return template.fill(fields);
        }
        // The second time in a row, so that plans that share a place do not make one for each reading.
        if std::mem::replace(&mut place.missed, hash) == hash
            && let Some(template) = Template::new(fields)
        {
            place.template.insert(template).fill(fields)
        } else {
            from_record(fields)
        }
    });
    read.ok()?
}

/// A head with these fields, each put into it.
fn from_record(fields: &Fields) -> Option<ResponseHeader> {
    let mut header = ResponseHeader::build(http::StatusCode::OK, Some(plan::count(fields.plan)?)).ok()?;
    fields.append_to(&mut header)?;
    Some(header)
}

impl Template {
    /// `None` if the plan is too large, or repeats the name of an open value, which could not be put into its place.
    fn new(fields: &Fields) -> Option<Self> {
        if fields.plan.len() > MAX_PLAN || plan::count(fields.plan)? > MAX_FIELDS {
            return None;
        }
        let mut header = from_record(fields)?;
        let mut open = Vec::new();
        let mut plan = Reader(fields.plan);
        while !plan.is_empty() {
            let planned = plan::read(&mut plan)?;
            if !matches!(planned, Planned::Whole(_)) {
                open.push(planned.spelled());
            }
        }
        for name in &open {
            let parsed = HeaderName::from_bytes(name).ok()?;
            if header.headers.get_all(parsed).iter().count() != 1 {
                return None;
            }
            header.insert_header(name.clone(), HeaderValue::from_static("")).ok()?;
        }
        Some(Self { plan: fields.plan.into(), header, open: open.into() })
    }

    fn fill(&self, fields: &Fields) -> Option<ResponseHeader> {
        let (mut header, mut next_open) = (self.header.clone(), fields.open_values());
        for name in &self.open {
            header.insert_header(name.clone(), next_open()?).ok()?;
        }
        Some(header)
    }
}

/// Good enough to spread plans: eight bytes at a time, by a multiplication.
pub(super) fn hash(plan: &[u8]) -> u64 {
    let (chunks, rest) = plan.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let words = chunks.iter().chain([&last]).map(|chunk| u64::from_le_bytes(*chunk));
    let mixed =
        words.fold(plan.len() as u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed ^ (mixed >> 32)
}
