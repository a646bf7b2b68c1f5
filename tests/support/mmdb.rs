//! A file as `MaxMind` makes them, small: <https://maxmind.github.io/MaxMind-DB/>.

use std::net::IpAddr;

use serde_json::{Value, json};

const UINT16: u8 = 5;
const UINT32: u8 = 6;
const UINT64: u8 = 9;

/// A database of these networks, none of which holds another one.
pub fn database(networks: &[(&str, Value)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[None; 2]], Vec::new());
    for (network, value) in networks {
        insert(&mut nodes, network, Leaf::Data(data.len()));
        encode(value, &mut data);
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match record {
            None => count,
            Some(Leaf::Node(node)) => *node,
            Some(Leaf::Data(offset)) => count + 16 + offset,
        };
        file.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend(data);
    file.extend_from_slice(b"\xAB\xCD\xEFMaxMind.com");
    metadata(u64::try_from(count).unwrap(), &mut file);
    file
}

/// What is said of the file itself; each number is of its own type.
fn metadata(nodes: u64, file: &mut Vec<u8>) {
    let numbers = [
        ("node_count", UINT32, nodes),
        ("record_size", UINT16, 24),
        ("ip_version", UINT16, 6),
        ("binary_format_major_version", UINT16, 2),
        ("binary_format_minor_version", UINT16, 0),
        ("build_epoch", UINT64, 1),
    ];
    let others =
        [("database_type", json!("Test")), ("languages", json!(["en"])), ("description", json!({ "en": "a test" }))];
    control(7, numbers.len() + others.len(), file);
    for (name, kind, number) in numbers {
        encode(&json!(name), file);
        whole(kind, number, file);
    }
    for (name, value) in others {
        encode(&json!(name), file);
        encode(&value, file);
    }
}

#[derive(Clone, Copy)]
enum Leaf {
    Node(usize),
    Data(usize),
}

/// The way to a network, bit by bit; IPv4 is below `::/96`.
fn insert(nodes: &mut Vec<[Option<Leaf>; 2]>, network: &str, leaf: Leaf) {
    let (address, length) = network.split_once('/').unwrap();
    let length: usize = length.parse().unwrap();
    let (bits, length) = match address.parse().unwrap() {
        IpAddr::V4(address) => (u128::from(u32::from(address)), length + 96),
        IpAddr::V6(address) => (u128::from(address), length),
    };
    let side = |at: usize| usize::from(bits >> (127 - at) & 1 == 1);
    let mut node = 0;
    for at in 0..length - 1 {
        node = if let Some(Leaf::Node(next)) = nodes[node][side(at)] {
            next
        } else {
            nodes.push([None; 2]);
            let next = nodes.len() - 1;
            nodes[node][side(at)] = Some(Leaf::Node(next));
            next
        };
    }
    nodes[node][side(length - 1)] = Some(leaf);
}

fn encode(value: &Value, file: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            control(2, text.len(), file);
            file.extend_from_slice(text.as_bytes());
        }
        Value::Number(number) if number.is_u64() => whole(UINT32, number.as_u64().unwrap(), file),
        Value::Number(number) => {
            control(3, 8, file);
            file.extend_from_slice(&number.as_f64().unwrap().to_be_bytes());
        }
        Value::Bool(flag) => control(14, usize::from(*flag), file),
        Value::Array(items) => {
            control(11, items.len(), file);
            for item in items {
                encode(item, file);
            }
        }
        Value::Object(entries) => {
            control(7, entries.len(), file);
            for (key, value) in entries {
                encode(&Value::String(key.clone()), file);
                encode(value, file);
            }
        }
        Value::Null => unreachable!("there is no null in such a file"),
    }
}

/// A number in as few bytes as it takes.
fn whole(kind: u8, number: u64, file: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(8);
    control(kind, 8 - start, file);
    file.extend_from_slice(&bytes[start..]);
}

/// What comes and how large it is.
fn control(kind: u8, size: usize, file: &mut Vec<u8>) {
    let (short, more) = if size < 29 { (size, None) } else { (29, Some(size - 29)) };
    let short = u8::try_from(short).unwrap();
    if kind > 7 {
        file.extend_from_slice(&[short, kind - 7]);
    } else {
        file.push(kind << 5 | short);
    }
    file.extend(more.map(|more| u8::try_from(more).unwrap()));
}
