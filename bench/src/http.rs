//! The least HTTP/1.1 that captures: the generator shares its cores with what it measures, so it must be cheap.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bed::WRITE_KEY;
use crate::load::Target;

/// What an answer is read with; it grows for a long one.
const BUFFER_BYTES: usize = 4096;
/// No answer of capture is longer.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Capture's answer when a request was read.
const ACCEPTED: u16 = 202;
/// Its answers when it cannot take more now.
const REFUSALS: [u16; 2] = [429, 503];

/// Where events are posted to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    /// The address's path.
    pub(crate) path: &'static str,
    /// The key, if one is asked for.
    pub(crate) key: Option<&'static str>,
}

impl Wire {
    /// Observe's own.
    pub(crate) const OBSERVE: Self = Self { path: "/v1/events", key: Some(WRITE_KEY) };
}

/// A kept-alive connection that posts events.
#[derive(Debug)]
pub(crate) struct Capture {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Capture {
    /// Connects to a gateway.
    ///
    /// # Errors
    /// When it does not listen.
    pub(crate) async fn connect(address: SocketAddr, wire: Wire) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the gateway does not listen")?;
        stream.set_nodelay(true)?;
        let key = wire.key.map(|key| format!("authorization: Bearer {key}\r\n"));
        let (path, key) = (wire.path, key.unwrap_or_default());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\n{key}content-type: application/json\r\ncontent-length: "
        );
        Ok(Self { stream, head, request: Vec::new(), answer: Vec::with_capacity(BUFFER_BYTES) })
    }

    /// Connects so many times.
    ///
    /// # Errors
    /// When the gateway does not listen.
    pub(crate) async fn connect_all(
        address: SocketAddr,
        wire: Wire,
        count: usize,
    ) -> anyhow::Result<Vec<Self>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Self::connect(address, wire).await?);
        }
        Ok(connections)
    }

    /// Reads one answer and returns its status and where its body begins.
    async fn read_answer(&mut self) -> anyhow::Result<(u16, usize)> {
        self.answer.clear();
        let mut whole = None;
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the gateway closed a connection");
            if whole.is_none() {
                whole = head_of(&self.answer)?;
            }
            match whole {
                Some((status, body, length)) if self.answer.len() >= body + length => {
                    return Ok((status, body));
                }
                _ => ensure!(self.answer.len() < ANSWER_BYTES_MAX, "an answer has no end"),
            }
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// All its events were.
    Accepted,
    /// None was, and the answer says when to come back.
    Refused,
}

impl Capture {
    /// Sends a request of so many events.
    ///
    /// # Errors
    /// When it is answered in any other way.
    pub(crate) async fn ask(&mut self, body: &[u8], events: u64) -> anyhow::Result<Answer> {
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(body.len().to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        let (status, start) = self.read_answer().await?;
        let said = String::from_utf8_lossy(&self.answer[start..]);
        if REFUSALS.contains(&status) {
            return Ok(Answer::Refused);
        }
        let wanted = format!("\"accepted\":{events}");
        let has = said.split(['{', ',', '}']).any(|part| part == wanted);
        ensure!(
            status == ACCEPTED && has,
            "a request of {events} events was answered {status}: {}",
            said.chars().take(300).collect::<String>()
        );
        Ok(Answer::Accepted)
    }
}

impl Target for Capture {
    async fn send(&mut self, body: &[u8], events: u64) -> anyhow::Result<()> {
        let answer = self.ask(body, events).await?;
        ensure!(answer == Answer::Accepted, "a request of {events} events was refused");
        Ok(())
    }
}

/// Returns the status, where the body begins and how long it is, once the head is there.
fn head_of(answer: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).context("an answer's head is no text")?;
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("no HTTP answer: {head}"))?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse().ok());
    Ok(Some((status, end + 4, length.context("an answer has no length")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(head_of(&answer[..30]).ok(), Some(None));
        assert_eq!(head_of(answer).ok(), Some(Some((202, 44, 5))));
    }
}
