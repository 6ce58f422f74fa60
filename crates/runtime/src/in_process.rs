//! The transport between services that share a process: gRPC over in-memory pipes, so that both ways of running use the
//! same code and the same contracts.

use futures::StreamExt as _;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes a pipe holds before its writer waits.
const PIPE_BYTES: usize = 256 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: usize = 64;

/// The side that connects.
#[derive(Clone, Debug)]
pub struct InProcessConnector(mpsc::Sender<DuplexStream>);

/// The side that accepts.
#[derive(Debug)]
pub struct InProcessListener(mpsc::Receiver<DuplexStream>);

/// Returns a connected pair.
#[must_use]
pub fn in_process() -> (InProcessConnector, InProcessListener) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (InProcessConnector(sender), InProcessListener(receiver))
}

impl InProcessConnector {
    pub(crate) async fn connect(&self) -> std::io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        self.0.send(theirs).await.map_err(|_| std::io::ErrorKind::ConnectionRefused)?;
        Ok(ours)
    }
}

impl InProcessListener {
    pub(crate) fn incoming(self) -> impl futures::Stream<Item = std::io::Result<DuplexStream>> {
        // A server whose callers are all gone waits until it is stopped, as one on a port would.
        ReceiverStream::new(self.0).map(Ok).chain(futures::stream::pending())
    }
}
