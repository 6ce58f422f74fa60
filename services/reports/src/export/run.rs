//! The way of an export: a task reads, writes and hands out; a stream of the parts is what the caller reads.

use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_runtime::Lifecycle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tonic::Status;

use super::file::File;
use super::places::Place;
use super::source::Source;
use super::{Format, Row};
use crate::error::ReportsError;

/// Bytes of a file in one message.
pub(crate) const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// Messages that wait to be read: an export is so much ahead of its reader.
const AHEAD_MAX: usize = 4;
/// How long a reader may take nothing before its place is given to others.
const STALL_MAX: Duration = Duration::from_secs(60);

/// A piece of the file, and how far the export is with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The next bytes; none if there was only progress.
    pub(crate) chunk: Vec<u8>,
    /// Rows that were read.
    pub(crate) rows_done: u64,
    /// About how many rows there are.
    pub(crate) rows_estimated: u64,
    /// Bytes that were sent, these among them.
    pub(crate) bytes_done: u64,
}

/// What the task tells the stream.
enum Said {
    Part(Part),
    /// The file is whole. Without it, the end of the stream is an error.
    End,
}

/// What the caller reads.
pub(crate) type Parts<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send + 'static>>;

/// Begins an export. It ends by itself, when its reader goes away or takes nothing for a minute, and when the process stops;
/// its place is free then.
pub(crate) fn begin<S: Source, T: Send + 'static>(
    source: S,
    format: Format,
    place: Place,
    life: &Lifecycle,
    to_message: fn(Part) -> T,
) -> Parts<T> {
    begin_for(source, format, place, life, (STALL_MAX, to_message))
}

fn begin_for<S: Source, T: Send + 'static>(
    source: S,
    format: Format,
    place: Place,
    life: &Lifecycle,
    (stall, to_message): (Duration, fn(Part) -> T),
) -> Parts<T> {
    let (sender, receiver) = mpsc::channel(AHEAD_MAX);
    let task = {
        let life = life.clone();
        async move {
            let mut out = Out { sender, stall, rows_done: 0, rows_estimated: 0, bytes_done: 0 };
            let ended = tokio::select! {
                ended = write(source, format, &mut out) => ended,
                () = life.stopping() => Err(stopping()),
            };
            // What is still to be said costs nothing, and who does not listen may take as long again.
            drop(place);
            let last = ended.map(|()| Said::End);
            // Whoever does not read it in time finds the stream cut off, which says the same.
            let _ = tokio::time::timeout(stall, out.sender.send(last)).await;
        }
    };
    life.spawn(task);
    Box::pin(unfold(Some(receiver), move |receiver| async move {
        let mut receiver = receiver?;
        next(&mut receiver).await.map(|said| match said {
            Ok(part) => (Ok(to_message(part)), Some(receiver)),
            Err(error) => (Err(to_status(&error)), None),
        })
    }))
}

/// Returns the next part; `None` once the file is whole.
async fn next(
    receiver: &mut Receiver<Result<Said, ReportsError>>,
) -> Option<Result<Part, ReportsError>> {
    match receiver.recv().await {
        Some(Ok(Said::Part(part))) => Some(Ok(part)),
        Some(Ok(Said::End)) => None,
        Some(Err(error)) => Some(Err(error)),
        None => Some(Err(ReportsError::ExportBrokenOff)),
    }
}

/// Where parts go, and what went there.
struct Out {
    sender: Sender<Result<Said, ReportsError>>,
    /// How long the reader may take nothing.
    stall: Duration,
    rows_done: u64,
    rows_estimated: u64,
    bytes_done: u64,
}

async fn write<S: Source>(
    mut source: S,
    format: Format,
    out: &mut Out,
) -> Result<(), ReportsError> {
    let mut file = File::new(format)?;
    loop {
        let page = tokio::select! {
            page = source.next_page() => page?,
            () = out.sender.closed() => return Err(ReportsError::ExportBrokenOff),
        };
        out.rows_estimated = source.rows_estimated();
        if page.is_empty() {
            break;
        }
        out.rows_done += page.len() as u64;
        let bytes;
        (file, bytes) = add(file, page).await?;
        out.send(bytes).await?;
    }
    out.send(aside(move || file.finish()).await?).await
}

/// Adds rows to a file. Returns it with what can be taken of it.
async fn add<R: Row>(mut file: File<R>, rows: Vec<R>) -> Result<(File<R>, Vec<u8>), ReportsError> {
    aside(move || {
        for row in rows {
            file.push(row)?;
        }
        let bytes = file.take();
        Ok((file, bytes))
    })
    .await
}

/// Works where it keeps no request waiting.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReportsError> + Send + 'static,
) -> Result<T, ReportsError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CommonError::Internal(format!("an export broke off: {error}")))?
}

impl Out {
    /// Hands bytes out in pieces; also none, which still tells how far the export is.
    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), ReportsError> {
        if bytes.is_empty() {
            return self.send_chunk(Vec::new()).await;
        }
        for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
            self.send_chunk(chunk.to_vec()).await?;
        }
        Ok(())
    }

    async fn send_chunk(&mut self, chunk: Vec<u8>) -> Result<(), ReportsError> {
        self.bytes_done += chunk.len() as u64;
        let (rows_done, rows_estimated) = (self.rows_done, self.rows_estimated);
        let part = Part { chunk, rows_done, rows_estimated, bytes_done: self.bytes_done };
        let sent = tokio::time::timeout(self.stall, self.sender.send(Ok(Said::Part(part)))).await;
        sent.ok().and_then(Result::ok).ok_or(ReportsError::ExportBrokenOff)
    }
}

fn stopping() -> ReportsError {
    let detail = "the process stops".to_owned();
    CommonError::Unavailable { dependency: "reports", detail }.into()
}

#[cfg(test)]
mod tests;
