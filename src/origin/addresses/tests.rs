//! Name lookups, with a script in place of the system's resolver and time that stands still.

use std::collections::VecDeque;

use super::*;

/// Gives one answer after the other, each when it is let go.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Result<Vec<SocketAddr>, &'static str>>>,
    let_go: Arc<tokio::sync::Semaphore>,
}

impl Lookup for Script {
    fn lookup(&self, _host: &str, _port: u16) -> LookupFuture {
        let answer = self.answers.lock().unwrap().pop_front().expect("a lookup more than the script has");
        let let_go = self.let_go.clone();
        Box::pin(async move {
            let_go.acquire().await.unwrap().forget();
            answer.map_err(io::Error::other)
        })
    }
}

fn script(answers: impl IntoIterator<Item = Result<Vec<SocketAddr>, &'static str>>, let_go: usize) -> Arc<Script> {
    let answers: VecDeque<_> = answers.into_iter().collect();
    Arc::new(Script { answers: Mutex::new(answers), let_go: Arc::new(tokio::sync::Semaphore::new(let_go)) })
}

fn addresses(script: &Arc<Script>) -> Addresses {
    let address = Address { host: "origin.test".to_owned(), port: 80 };
    Addresses::new(address, script.clone(), Handle::current())
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

const A: &str = "192.0.2.1:80";
const B: &str = "[2001:db8::2]:80";

#[tokio::test]
async fn an_address_needs_no_lookup() {
    let nothing = script([], 0);
    for (host, expected) in [("192.0.2.1", A), ("2001:db8::2", B), ("[2001:db8::2]", B)] {
        let address = Address { host: host.to_owned(), port: 80 };
        let addresses = Addresses::new(address, nothing.clone(), Handle::current());
        assert_eq!(addresses.resolve().await, Ok(at(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_at_the_same_time_share_one_lookup() {
    let one = script([Ok(vec![at(A)])], 0);
    let addresses = addresses(&one);
    let let_go = async { one.let_go.add_permits(1) };
    let (first, second, ()) = tokio::join!(addresses.resolve(), addresses.resolve(), let_go);
    assert_eq!((first, second), (Ok(at(A)), Ok(at(A))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_used_for_half_a_minute() {
    let two = script([Ok(vec![at(A)]), Ok(vec![at(B)])], 2);
    let addresses = addresses(&two);
    assert_eq!(addresses.resolve().await, Ok(at(A)));
    tokio::time::advance(Duration::from_millis(29_900)).await;
    assert_eq!(addresses.resolve().await, Ok(at(A)));
    tokio::time::advance(Duration::from_millis(200)).await;
    assert_eq!(addresses.resolve().await, Ok(at(B)));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_stays_when_a_lookup_fails() {
    let failing = script([Ok(vec![at(A)]), Err("no name server"), Ok(vec![])], 3);
    let addresses = addresses(&failing);
    assert_eq!(addresses.resolve().await, Ok(at(A)));
    for error in ["no name server", "the name has no address"] {
        tokio::time::advance(FRESH).await;
        assert_eq!(addresses.resolve().await, Ok(at(A)));
        assert_eq!(addresses.last_error().as_deref(), Some(error));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_lookup_holds_requests_up_only_briefly() {
    let slow = script([Ok(vec![at(A)]), Ok(vec![at(B)])], 1);
    let addresses = addresses(&slow);
    addresses.resolve().await.unwrap();
    tokio::time::advance(FRESH).await;
    let asked = Instant::now();
    assert_eq!(addresses.resolve().await, Ok(at(A)));
    assert_eq!(asked.elapsed().as_millis(), WAIT_WITH_OLD.as_millis());
    let asked = Instant::now();
    assert_eq!(addresses.resolve().await, Ok(at(A)), "while the lookup runs others do not wait");
    assert_eq!(asked.elapsed(), Duration::ZERO);
    slow.let_go.add_permits(1);
    tokio::time::advance(RETRY).await;
    assert_eq!(addresses.resolve().await, Ok(at(B)));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_an_error_that_is_tried_again() {
    let late = script([Err("unknown"), Ok(vec![at(A)])], 2);
    let addresses = addresses(&late);
    let unknown = ResolveError::Failed { host: "origin.test".to_owned(), reason: "unknown".to_owned() };
    assert_eq!(addresses.resolve().await, Err(unknown.clone()));
    assert_eq!(addresses.resolve().await, Err(unknown), "answered without a second lookup");
    tokio::time::advance(RETRY).await;
    assert_eq!(addresses.resolve().await, Ok(at(A)));
    assert_eq!(addresses.last_error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_is_silent_is_an_error_in_time() {
    let silent = script([Ok(vec![at(A)])], 0);
    let error = addresses(&silent).resolve().await.unwrap_err();
    assert_eq!(error.to_string(), "the name `origin.test` cannot be resolved: no answer within 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_away_does_not_take_the_lookup_with_it() {
    let one = script([Ok(vec![at(A)])], 0);
    let addresses = addresses(&one);
    let gone = timeout(Duration::from_millis(1), addresses.resolve()).await;
    assert!(gone.is_err());
    one.let_go.add_permits(1);
    assert_eq!(addresses.resolve().await, Ok(at(A)));
}

#[tokio::test(start_paused = true)]
async fn a_connect_failure_moves_on_to_the_next_address_and_back() {
    let both = script([Ok(vec![at(A), at(B)])], 1);
    let addresses = addresses(&both);
    addresses.resolve().await.unwrap();
    addresses.report_connect_failure(at(A));
    assert_eq!(addresses.resolve().await, Ok(at(B)));
    addresses.report_connect_failure(at(A));
    assert_eq!(addresses.resolve().await, Ok(at(B)), "a late report of the same failure changes nothing");
    addresses.report_connect_failure(at(B));
    assert_eq!(addresses.resolve().await, Ok(at(A)));
}

#[tokio::test(start_paused = true)]
async fn a_new_answer_keeps_the_address_that_works() {
    let twice = script([Ok(vec![at(A), at(B)]), Ok(vec![at(A), at(B)])], 2);
    let addresses = addresses(&twice);
    addresses.resolve().await.unwrap();
    addresses.report_connect_failure(at(A));
    tokio::time::advance(FRESH).await;
    assert_eq!(addresses.resolve().await, Ok(at(B)));
    assert_eq!(addresses.known(), [at(B), at(A)]);
}

#[tokio::test(start_paused = true)]
async fn a_name_whose_addresses_all_fail_is_soon_looked_up_again() {
    let moved = script([Ok(vec![at(A)]), Ok(vec![at(B)])], 2);
    let addresses = addresses(&moved);
    addresses.resolve().await.unwrap();
    addresses.report_connect_failure(at(A));
    tokio::time::advance(RETRY).await;
    assert_eq!(addresses.resolve().await, Ok(at(B)));
}

#[tokio::test]
async fn the_system_knows_localhost() {
    let address = Address { host: "localhost".to_owned(), port: 8080 };
    let addresses = Addresses::new(address, Arc::new(SystemLookup), Handle::current());
    let found = addresses.resolve().await.unwrap();
    assert!(found.ip().is_loopback());
    assert_eq!(found.port(), 8080);
}
