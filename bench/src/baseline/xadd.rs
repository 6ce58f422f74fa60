//! Raw `XADD`: the same bytes into the same kind of queue Redis with the same fsync, and nothing else.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use redis::ConnectionAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::load::Target;

/// What an answer, the new entry's id or an error, is read with.
const BUFFER_BYTES: usize = 256;
/// A dollar sign begins an answer that is a text.
const TEXT: u8 = b'$';

/// A connection that waits for each answer, as a request of HTTP does.
#[derive(Debug)]
pub(crate) struct Xadd {
    stream: UnixStream,
    command: Vec<u8>,
    answer: Vec<u8>,
}

impl Xadd {
    /// Connects so many times.
    ///
    /// # Errors
    /// When Redis is not there.
    pub(crate) async fn connect_all(url: &str, count: usize) -> anyhow::Result<Vec<Self>> {
        let path = socket(url)?;
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let stream =
                UnixStream::connect(&path).await.context("the queue Redis does not listen")?;
            let answer = Vec::with_capacity(BUFFER_BYTES);
            connections.push(Self { stream, command: Vec::new(), answer });
        }
        Ok(connections)
    }
}

fn socket(url: &str) -> anyhow::Result<PathBuf> {
    let client = redis::Client::open(url)?;
    match client.get_connection_info().addr() {
        ConnectionAddr::Unix(path) => Ok(path.clone()),
        other => bail!("the private queue Redis listens on {other} and not on a socket"),
    }
}

impl Target for Xadd {
    async fn send(&mut self, body: &[u8], _events: u64) -> anyhow::Result<()> {
        self.command.clear();
        self.command
            .extend_from_slice(b"*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\ne\r\n$");
        self.command.extend_from_slice(body.len().to_string().as_bytes());
        self.command.extend_from_slice(b"\r\n");
        self.command.extend_from_slice(body);
        self.command.extend_from_slice(b"\r\n");
        self.stream.write_all(&self.command).await?;
        self.answer.clear();
        // An id is on the second line of its answer; an error has but one.
        while count_lines(&self.answer) < if self.answer.first() == Some(&TEXT) { 2 } else { 1 } {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the queue Redis closed a connection");
        }
        let said = || String::from_utf8_lossy(&self.answer).into_owned();
        ensure!(self.answer.first() == Some(&TEXT), "XADD was answered {}", said());
        Ok(())
    }
}

fn count_lines(answer: &[u8]) -> usize {
    answer.iter().filter(|byte| **byte == b'\n').count()
}
