//! The access log: one line a request, written by a thread of its own.
//!
//! Requests hand their record over through a queue that never makes them wait: when it is full the
//! record is dropped and counted. What a line holds is in [`super::record`].

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::record::AccessRecord;

/// Records that may wait to be written.
const QUEUE: usize = 8_192;

/// Records that are written at once, besides the first.
const BATCH: usize = 255;

/// How a line is spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// One line for people.
    Text,
}

/// The running access log. Dropping it writes what waits and ends its thread.
#[derive(Debug)]
pub struct AccessLog {
    queue: Option<SyncSender<AccessRecord>>,
    dropped: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

impl AccessLog {
    /// Appends to the file at `path`, which is made if absent. `dropped` counts the records that are lost.
    ///
    /// # Errors
    /// When the file cannot be opened or the thread cannot be started.
    pub fn open(path: &Path, format: LogFormat, dropped: Arc<AtomicU64>) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Self::start(file, format, QUEUE, dropped)
    }

    /// Writes to `output`; at most `queue` records wait (at least 1).
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        output: impl Write + Send + 'static,
        format: LogFormat,
        queue: usize,
        dropped: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let (sender, records) = sync_channel(queue.max(1));
        let lost = dropped.clone();
        let writer = std::thread::Builder::new()
            .name("warp-access-log".to_owned())
            .spawn(move || write_all(&records, output, format, &lost))?;
        Ok(Self { queue: Some(sender), dropped, writer: Some(writer) })
    }

    /// Hands a record over; drops and counts it when the queue is full. Never waits.
    pub fn write(&self, record: AccessRecord) {
        let taken = self.queue.as_ref().is_some_and(|queue| queue.try_send(record).is_ok());
        if !taken {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A panic of the writer has been reported where it happened.
            let _ = writer.join();
        }
    }
}

/// Writes records until no sender is left: all that wait, up to [`BATCH`], in one write.
fn write_all(records: &Receiver<AccessRecord>, mut output: impl Write, format: LogFormat, lost: &AtomicU64) {
    let mut failing = false;
    while let Ok(first) = records.recv() {
        let waiting = records.try_iter().take(BATCH);
        let (mut lines, mut count) = (String::new(), 0);
        for record in std::iter::once(first).chain(waiting) {
            lines.push_str(&line_of(&record, format));
            count += 1;
        }
        let result = output.write_all(lines.as_bytes()).and_then(|()| output.flush());
        if result.is_err() {
            lost.fetch_add(count, Relaxed);
        }
        report(&result, &mut failing);
    }
}

fn line_of(record: &AccessRecord, format: LogFormat) -> String {
    match format {
        LogFormat::Json => record.to_json_line(),
        LogFormat::Text => record.to_text_line(),
    }
}

/// Says once that writing fails, and once that it works again.
fn report(result: &io::Result<()>, failing: &mut bool) {
    match result {
        Err(error) if !*failing => tracing::error!(%error, "the access log cannot be written; its records are lost"),
        Ok(()) if *failing => tracing::info!("the access log is written again"),
        _ => {}
    }
    *failing = result.is_err();
}

#[cfg(test)]
mod tests;
