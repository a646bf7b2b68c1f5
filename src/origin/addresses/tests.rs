//! Name lookups, with a script in place of the name servers and time that stands still.

use std::collections::VecDeque;

use super::super::lookup::LookupFuture;
use super::*;

/// Gives one answer after the other, each when it is let go.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Result<Found, &'static str>>>,
    let_go: Arc<tokio::sync::Semaphore>,
}

impl Lookup for Script {
    fn lookup(&self, _name: &Name) -> LookupFuture {
        let answer = self.answers.lock().unwrap().pop_front().expect("a lookup more than the script has");
        let let_go = self.let_go.clone();
        Box::pin(async move {
            let_go.acquire().await.unwrap().forget();
            answer.map_err(io::Error::other)
        })
    }
}

fn found(addresses: &[&str], ttl_seconds: u64) -> Found {
    let candidate = |text: &&str| Candidate { address: at(text), priority: 0, weight: 1 };
    Found { addresses: addresses.iter().map(candidate).collect(), ttl: Duration::from_secs(ttl_seconds) }
}

/// The addresses that a script of these answers gives, the first `let_go` of them at once.
fn scripted(
    answers: impl IntoIterator<Item = Result<Found, &'static str>>,
    let_go: usize,
) -> (Addresses, Arc<tokio::sync::Semaphore>) {
    let answers: VecDeque<_> = answers.into_iter().collect();
    let let_go = Arc::new(tokio::sync::Semaphore::new(let_go));
    let script = Arc::new(Script { answers: Mutex::new(answers), let_go: let_go.clone() });
    let name = Name::Host { host: "origin.test".to_owned(), port: 80 };
    (Addresses::of_name(name, script, &Handle::current()), let_go)
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Lets that much time pass, and what it brings happen.
async fn pass(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

const A: &str = "192.0.2.1:80";
const B: &str = "192.0.2.2:80";

#[tokio::test]
async fn an_address_needs_no_lookup() {
    let addresses = Addresses::known(at("[2001:db8::2]:80"));
    assert_eq!(addresses.resolve(&[]).await, Ok(at("[2001:db8::2]:80")));
    assert!(!addresses.has_another(&[at("[2001:db8::2]:80")]));
}

#[tokio::test(start_paused = true)]
async fn requests_at_the_same_time_wait_for_the_first_lookup() {
    let (addresses, let_go) = scripted([Ok(found(&[A], 60))], 0);
    let let_go = async { let_go.add_permits(1) };
    let (first, second, ()) = tokio::join!(addresses.resolve(&[]), addresses.resolve(&[]), let_go);
    assert_eq!((first, second), (Ok(at(A)), Ok(at(A))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_for_its_ttl() {
    let (addresses, _) = scripted([Ok(found(&[A], 60)), Ok(found(&[B], 60))], 2);
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
    pass(59.9).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
    pass(0.2).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(B)), "no request had to ask for it");
}

#[tokio::test(start_paused = true)]
async fn a_ttl_has_a_floor_and_a_ceiling() {
    let answers = [Ok(found(&[A], 0)), Ok(found(&[B], 86_400)), Ok(found(&[A], 60))];
    let (addresses, _) = scripted(answers, 3);
    addresses.resolve(&[]).await.unwrap();
    pass(0.9).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
    pass(0.2).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(B)));
    pass(299.0).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(B)));
    pass(1.0).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_stays_when_a_lookup_fails() {
    let answers = [Ok(found(&[A], 60)), Err("no name server"), Ok(found(&[], 60)), Ok(found(&[B], 60))];
    let (addresses, _) = scripted(answers, 4);
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
    for (seconds, error) in [(60.1, "no name server"), (1.0, "the name has no address")] {
        pass(seconds).await;
        assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
        assert_eq!(addresses.last_error().as_deref(), Some(error));
    }
    pass(2.0).await;
    assert_eq!((addresses.resolve(&[]).await, addresses.last_error()), (Ok(at(B)), None));
}

#[tokio::test(start_paused = true)]
async fn a_slow_lookup_holds_no_request_up() {
    let (addresses, let_go) = scripted([Ok(found(&[A], 10)), Ok(found(&[B], 60))], 1);
    addresses.resolve(&[]).await.unwrap();
    pass(12.0).await;
    let asked = Instant::now();
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
    assert_eq!(asked.elapsed(), Duration::ZERO);
    let_go.add_permits(1);
    pass(0.1).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(B)));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_an_error_that_is_tried_again() {
    let (addresses, _) = scripted([Err("unknown"), Err("unknown"), Ok(found(&[A], 60))], 3);
    let unknown = ResolveError::Failed { name: "origin.test".to_owned(), reason: "unknown".to_owned() };
    assert_eq!(addresses.resolve(&[]).await, Err(unknown.clone()));
    pass(1.1).await;
    assert_eq!(addresses.resolve(&[]).await, Err(unknown));
    pass(2.0).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(A)));
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_is_silent_is_an_error_in_time() {
    let (addresses, _let_go) = scripted([Ok(found(&[A], 60)), Ok(found(&[A], 60))], 0);
    let error = addresses.resolve(&[]).await.unwrap_err();
    assert_eq!(error.to_string(), "the name `origin.test` cannot be resolved: no answer within 5 s");
    pass(12.0).await;
    assert_eq!(addresses.last_error().as_deref(), Some("no answer from the name servers"));
}

#[tokio::test(start_paused = true)]
async fn a_name_whose_addresses_all_fail_is_soon_looked_up_again() {
    let (addresses, _) = scripted([Ok(found(&[A], 60)), Ok(found(&[B], 60))], 2);
    addresses.resolve(&[]).await.unwrap();
    addresses.report_connect_failure(at(A));
    pass(1.1).await;
    assert_eq!(addresses.resolve(&[]).await, Ok(at(B)));
}

#[tokio::test(start_paused = true)]
async fn nobody_looks_up_a_name_that_is_not_held() {
    let (addresses, let_go) = scripted([Ok(found(&[A], 1)), Ok(found(&[A], 1))], 1);
    addresses.resolve(&[]).await.unwrap();
    drop(addresses);
    let_go.add_permits(1);
    pass(60.0).await;
    assert_eq!(let_go.available_permits(), 1);
}
