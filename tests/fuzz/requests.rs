//! Requests that have to do with a policy: of the texts, numbers and fields that are written in it.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use warp_edge::decision::Value;
use warp_edge::lang::hir::BackendId;
use warp_edge::lang::lexer::{TokenKind, tokenize};
use warp_edge::lang::schema::{Message, Type, Variable};

use super::dice::Dice;
use super::facts::Request;

/// As far into the policy as is looked for words.
const LOOKED_AT: usize = 20_000;

const TEXTS: &[&str] =
    &["", "/", "/a", "/a/b", "/a/b.css", "a", "b", "ab", "GET", "a=b; utm_a=c", "/a?a=1&b=2&utm_a=3"];
const ADDRESSES: &[&str] = &["192.0.2.1", "192.0.2.7", "10.0.0.1", "10.1.2.3", "127.0.0.1", "::1", "::ffff:10.0.0.1"];

pub struct Requests {
    dice: Dice,
    texts: Vec<Vec<u8>>,
    numbers: Vec<i64>,
    fields: Vec<String>,
}

impl Requests {
    /// Requests for the policy of that text.
    pub fn new(policy: &str, seed: u64) -> Self {
        let mut texts: Vec<Vec<u8>> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
        let (mut numbers, mut fields) = (vec![0, 1, 200, 404, -1], vec!["cookie".to_owned(), "x-a".to_owned()]);
        for token in tokenize(policy).into_iter().take(LOOKED_AT) {
            let written = &policy[token.range()];
            match token.kind {
                TokenKind::String => texts.push(written.trim_matches('"').as_bytes().to_vec()),
                TokenKind::Number => numbers.extend(written.parse::<i64>()),
                TokenKind::Word if http::HeaderName::try_from(written).is_ok() => fields.push(written.to_lowercase()),
                _ => {}
            }
        }
        Self { dice: Dice::new(seed), texts, numbers, fields }
    }

    pub fn next(&mut self) -> Request {
        let host = String::from_utf8_lossy(&self.text()).into_owned();
        let url = String::from_utf8_lossy(&self.text()).into_owned();
        let mut request = Request::get(&host, &url);
        for variable in Variable::ALL {
            if self.dice.one_in(2) {
                let value = self.value(variable.ty());
                request.variables.insert(*variable, value);
            }
        }
        for message in Message::ALL {
            for _ in 0..self.dice.below(8) {
                let (name, value) = (self.dice.pick(&self.fields).clone(), self.text());
                request.headers.insert((*message, name), value);
            }
        }
        request
    }

    fn value(&mut self, ty: Type) -> Value<'static> {
        let number = self.dice.pick(&self.numbers).saturating_add(self.dice.below(3) as i64 - 1);
        match ty {
            Type::Int => Value::Int(number),
            Type::Real => Value::Real(self.dice.below(1_000) as f64 / 8.0),
            Type::Bool => Value::Bool(self.dice.one_in(2)),
            Type::Duration => Value::Duration(number.saturating_mul(1_000)),
            Type::Bytes => Value::Bytes(number),
            Type::Ip => Value::Ip(self.dice.pick(ADDRESSES).parse::<IpAddr>().unwrap()),
            Type::Time => Value::Time(SystemTime::UNIX_EPOCH + Duration::from_secs(self.dice.bits() >> 30)),
            Type::Backend => Value::Backend(self.dice.one_in(2).then_some(BackendId(0))),
            _ if self.dice.one_in(8) => Value::UNSET,
            _ => Value::Text(Some(self.text().into())),
        }
    }

    /// One of the texts, some of them put together, or odd bytes.
    fn text(&mut self) -> Vec<u8> {
        let mut text = self.dice.pick(&self.texts).clone();
        match self.dice.below(8) {
            0 => text.extend_from_slice(&self.dice.pick(&self.texts).clone()),
            1 => text.truncate(self.dice.below(text.len() + 1)),
            2 => {
                let at = self.dice.below(text.len() + 1);
                text.insert(at, *self.dice.pick(b"\0\r\xff/.?&=;, %\"ab"));
            }
            3 => text.make_ascii_uppercase(),
            4 if self.dice.one_in(8) => text = text.repeat(1_000),
            _ => {}
        }
        text
    }
}
