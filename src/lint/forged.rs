//! Addresses that clients write themselves: what stands in `X-Real-IP` proves nothing of who asks.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use super::known_fields::ADDRESSES;
use crate::analysis::{Formula, Literal, Op, Place, Term, Test, Witness};
use crate::cache::spelling;
use crate::lang::hir::{Acl, AclId, Texts};
use crate::lang::schema::{Message, Variable};

/// Fields whose values are no secrets beside the addresses of clients: the host, and what anybody may say of where they come
/// from and what they are.
const KNOWN_TO_ALL: [&str; 6] = ["host", "user-agent", "referer", "origin", "x-forwarded", "x-forwarded-host"];

/// Whether anybody knows what may stand in a field.
pub(super) fn is_known_to_all(name: &HeaderName) -> bool {
    KNOWN_TO_ALL.iter().chain(&ADDRESSES).any(|known| name == known)
}

/// Whether something is made of such fields alone, however.
pub(super) fn is_made_of_known(term: &Term) -> bool {
    let (mut some, mut all) = (false, true);
    term.inputs(&mut |place| {
        some = true;
        all &= matches!(place, Place::Field(Message::Req, name) if is_known_to_all(name));
    });
    some && all
}

/// The fields that an address is read from.
fn fields(term: &Term) -> Vec<HeaderName> {
    let mut fields = Vec::new();
    term.inputs(&mut |place| {
        if let Place::Field(Message::Req, name) = place
            && !fields.contains(name)
        {
            fields.push(name.clone());
        }
    });
    fields
}

/// The address that a test asks about, and the list, if it is one of an address.
fn about(literal: &Literal) -> Option<(&Term, Option<AclId>)> {
    match (&literal.test, literal.term.as_made()) {
        (Test::Listed(id), _) => Some((&literal.term, Some(*id))),
        (Test::At(_), _) => Some((&literal.term, None)),
        (Test::Holds, Some((Op::Listed(id), [address]))) => Some((address, Some(*id))),
        _ => None,
    }
}

/// Whether a test is one of an address that stands in a field.
pub(super) fn is_of_a_field(literal: &Literal) -> bool {
    about(literal).is_some_and(|(address, _)| !fields(address).is_empty())
}

/// What clients may write to come through a condition.
#[derive(Default)]
pub(super) struct Forged {
    said: Vec<(HeaderName, Vec<String>)>,
    lists: Vec<AclId>,
}

/// How an address may stand in a field, alone or as one of several.
const SPELLINGS: [fn(&str) -> String; 3] =
    [|address| address.to_owned(), |address| format!("for={address}"), |address| format!("{address}, {address}")];

impl Forged {
    /// What is read from fields in these conditions.
    pub(super) fn of<'f>(guards: impl IntoIterator<Item = &'f Formula>, acls: &[Acl]) -> Self {
        let mut forged = Self::default();
        for guard in guards {
            guard.literals(&mut |literal| forged.add(literal, acls));
        }
        forged
    }

    fn add(&mut self, literal: &Literal, acls: &[Acl]) {
        let (term, list) = about(literal).unwrap_or((&literal.term, None));
        let known = match (&literal.test, list.and_then(|id| acls.get(id.0 as usize))) {
            (_, Some(acl)) => member(acl).map(|address| address.to_string()).into_iter().collect(),
            (Test::At(address), _) => vec![address.to_string()],
            (Test::In(texts), _) if is_made_of_known(term) => texts.iter().filter_map(exact).collect(),
            _ => Vec::new(),
        };
        if known.is_empty() {
            return;
        }
        for name in fields(term) {
            match self.said.iter_mut().find(|(field, _)| *field == name) {
                Some((_, texts)) => {
                    texts.extend(known.iter().filter(|text| !texts.contains(text)).cloned().collect::<Vec<_>>());
                }
                None => self.said.push((name, known.clone())),
            }
            self.lists.extend(list);
        }
    }

    /// That the client itself is in none of the lists.
    pub(super) fn by_a_stranger(&self) -> Formula {
        let client = || Term::Input(Place::Variable(Variable::ClientIp));
        Formula::all(self.lists.iter().map(|id| Formula::of(client(), Test::Listed(*id)).not()))
    }

    /// The same request with what a client may write, in all such fields at once.
    pub(super) fn requests<'f>(&'f self, witness: &'f Witness) -> impl Iterator<Item = Witness> + 'f {
        let most = self.said.iter().map(|(_, texts)| texts.len()).max().unwrap_or(0);
        let each = (0..most).flat_map(|at| SPELLINGS.map(|spell| (at, spell)));
        each.filter_map(move |(at, spell)| {
            let mut witness = witness.clone();
            for (name, texts) in &self.said {
                let text = texts.get(at).or_else(|| texts.first())?;
                witness.request.headers.insert(name, HeaderValue::from_str(&spell(text)).ok()?);
            }
            Some(witness)
        })
    }

    /// The field that a request says an address in, for people.
    pub(super) fn field_of(&self, witness: &Witness) -> Option<String> {
        let is_said = |(name, texts): &&(HeaderName, Vec<String>)| {
            let value = witness.request.headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| texts.iter().any(|text| value.contains(text.as_str())))
        };
        self.said.iter().find(is_said).map(|(name, _)| spelling(name))
    }
}

/// An address that a list holds.
fn member(acl: &Acl) -> Option<IpAddr> {
    let first = |net: &IpNet| [net.hosts().next(), Some(net.network())];
    let held = acl.entries.iter().filter(|(_, is_excluded)| !is_excluded).flat_map(|(net, _)| first(net));
    held.flatten().find(|address| acl.contains(*address))
}

fn exact(texts: &Texts<'static>) -> Option<String> {
    match texts {
        Texts::Exact(text) => String::from_utf8(text.to_vec()).ok(),
        _ => None,
    }
}
