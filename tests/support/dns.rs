//! A name server over UDP whose records the test changes.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// A name server. Dropping it stops it.
pub struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What it says.
#[derive(Default)]
struct Zone {
    records: HashMap<String, (u32, Vec<RData>)>,
    /// Whether it answers that it cannot say.
    fails: bool,
    asked: Vec<String>,
}

impl Dns {
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let (zone, stopped) = (Arc::<Mutex<Zone>>::default(), Arc::<AtomicBool>::default());
        let (shared, stop) = (zone.clone(), stopped.clone());
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !stop.load(SeqCst) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let answer = shared.lock().unwrap().answer(&buffer[..length]);
                socket.send_to(&answer, from).unwrap();
            }
        });
        Self { address, zone, stopped, thread: Some(thread) }
    }

    /// Where it listens, as `--resolver` takes it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on `name` has these addresses, for so many seconds.
    pub fn addresses(&self, name: &str, ttl_seconds: u32, addresses: &[&str]) {
        let data = |text: &&str| match text.parse().unwrap() {
            IpAddr::V4(ip) => RData::A(ip.into()),
            IpAddr::V6(ip) => RData::AAAA(ip.into()),
        };
        self.set(name, ttl_seconds, addresses.iter().map(data).collect());
    }

    /// From now on the service `name` is at these hosts: priority, weight, port, host.
    pub fn service(&self, name: &str, ttl_seconds: u32, hosts: &[(u16, u16, u16, &str)]) {
        let data = |&(priority, weight, port, host): &(u16, u16, u16, &str)| {
            RData::SRV(SRV::new(priority, weight, port, Name::from_str(host).unwrap()))
        };
        self.set(name, ttl_seconds, hosts.iter().map(data).collect());
    }

    /// From now on there is no such name.
    pub fn remove(&self, name: &str) {
        self.zone.lock().unwrap().records.remove(name);
    }

    /// Whether it answers from now on that it cannot say.
    pub fn fail(&self, fails: bool) {
        self.zone.lock().unwrap().fails = fails;
    }

    /// How often it was asked for that name.
    pub fn asked_for(&self, name: &str) -> usize {
        self.zone.lock().unwrap().asked.iter().filter(|asked| *asked == name).count()
    }

    fn set(&self, name: &str, ttl_seconds: u32, data: Vec<RData>) {
        self.zone.lock().unwrap().records.insert(name.to_owned(), (ttl_seconds, data));
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stopped.store(true, SeqCst);
        let _ = self.thread.take().unwrap().join();
    }
}

impl Zone {
    fn answer(&mut self, question: &[u8]) -> Vec<u8> {
        let question = Message::from_vec(question).unwrap();
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_available = true;
        for query in &question.queries {
            let name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
            answer.add_query(query.clone());
            answer.metadata.response_code = match self.records.get(&name) {
                _ if self.fails => ResponseCode::ServFail,
                None => ResponseCode::NXDomain,
                Some((ttl, data)) => {
                    let of_type = data.iter().filter(|data| is_of_type(data, query.query_type()));
                    answer
                        .add_answers(of_type.map(|data| Record::from_rdata(query.name().clone(), *ttl, data.clone())));
                    ResponseCode::NoError
                }
            };
            self.asked.push(name);
        }
        answer.to_vec().unwrap()
    }
}

fn is_of_type(data: &RData, wanted: RecordType) -> bool {
    data.record_type() == wanted
}
