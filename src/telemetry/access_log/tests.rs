//! Records reach the file in order; a full queue and a full disk lose records, counted, and nothing else.

use std::sync::mpsc::{Sender, channel};

use super::super::record::tests::record;
use super::*;

fn numbered(xid: u64) -> AccessRecord {
    AccessRecord { xid, ..record() }
}

/// Says that it is about to write, then waits to be let on.
struct Gated {
    about_to_write: Sender<()>,
    let_on: Receiver<()>,
}

impl Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.about_to_write.send(());
        let _ = self.let_on.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has no room.
struct Full;

impl Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_file_holds_a_line_a_record_in_order_and_is_appended_to() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.ndjson");
    for half in [0..500, 500..1_000] {
        let log = AccessLog::open(&path, LogFormat::Json, Arc::default()).unwrap();
        half.for_each(|xid| log.write(numbered(xid)));
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let xids =
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["xid"].as_u64().unwrap());
    assert!(xids.eq(0..1_000));
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let ((about_to_write, writing), (let_on, wait)) = (channel(), channel());
    let dropped = Arc::new(AtomicU64::new(0));
    let gated = Gated { about_to_write, let_on: wait };
    let log = AccessLog::start(gated, LogFormat::Text, 2, dropped.clone()).unwrap();
    log.write(numbered(0));
    writing.recv().unwrap();
    (1..=5).for_each(|xid| log.write(numbered(xid)));
    assert_eq!(dropped.load(Relaxed), 3);
    drop(let_on);
}

#[test]
fn records_that_cannot_be_written_are_counted() {
    let dropped = Arc::new(AtomicU64::new(0));
    let log = AccessLog::start(Full, LogFormat::Json, 100, dropped.clone()).unwrap();
    (0..10).for_each(|xid| log.write(numbered(xid)));
    drop(log);
    assert_eq!(dropped.load(Relaxed), 10);
}
