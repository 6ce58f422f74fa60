//! What the projection keeps of each group beside its rows: when it was seen, and what it looked like the last time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Exception, Occurrence};
use crate::projection::Seen;

/// Bytes of one sample's exceptions, compressed.
const SAMPLE_BYTES_MAX: usize = 64 * 1024;
/// Calls that are kept of the last exception when a sample would be too large.
const FEW_FRAMES: usize = 50;

/// One group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The earliest time of an event, in milliseconds since 1970.
    pub(crate) first_seen_ms: i64,
    /// The latest time of an event.
    pub(crate) last_seen_ms: i64,
    /// When the last event was received, in microseconds since 1970.
    pub(crate) last_received_us: i64,
    /// The latest event's word; `None` where there are too many groups, or too much is kept already.
    pub(crate) sample: Option<Arc<Sample>>,
}

/// The latest event of a group.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The event.
    pub(crate) uuid: Uuid,
    /// The code of whose it is.
    pub(crate) visitor: u32,
    /// When it arrived.
    pub(crate) arrival: i64,
    /// When it happened, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// Type and message on one line.
    pub(crate) title: String,
    /// The type; may be empty.
    pub(crate) kind: String,
    /// The call it came from; may be empty.
    pub(crate) culprit: String,
    /// Whether the program went on by itself.
    pub(crate) handled: bool,
    /// The chain of exceptions: JSON in an lz4 block.
    chain: Box<[u8]>,
}

/// A sample as it is kept.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredSample {
    #[prost(bytes = "vec", tag = "1")]
    uuid: Vec<u8>,
    #[prost(uint32, tag = "2")]
    visitor: u32,
    #[prost(int64, tag = "3")]
    arrival: i64,
    #[prost(int64, tag = "4")]
    time_ms: i64,
    #[prost(string, tag = "5")]
    title: String,
    #[prost(string, tag = "6")]
    kind: String,
    #[prost(string, tag = "7")]
    culprit: String,
    #[prost(bool, tag = "8")]
    handled: bool,
    #[prost(bytes = "vec", tag = "9")]
    chain: Vec<u8>,
}

/// The chain as it is kept.
#[derive(Default, Serialize, Deserialize)]
struct Chain {
    exceptions: Vec<Exception>,
}

impl Sample {
    /// Keeps an event.
    pub(crate) fn new(occurrence: Occurrence, seen: &Seen) -> Self {
        Self {
            uuid: seen.uuid,
            visitor: seen.visitor,
            arrival: seen.arrival,
            time_ms: seen.time_ms,
            title: occurrence.title(),
            kind: occurrence.kind().to_owned(),
            culprit: occurrence.culprit(),
            handled: occurrence.handled,
            chain: pack(occurrence.chain),
        }
    }

    /// Returns it as it is kept.
    pub(crate) fn to_stored(&self) -> StoredSample {
        StoredSample {
            uuid: self.uuid.as_bytes().to_vec(),
            visitor: self.visitor,
            arrival: self.arrival,
            time_ms: self.time_ms,
            title: self.title.clone(),
            kind: self.kind.clone(),
            culprit: self.culprit.clone(),
            handled: self.handled,
            chain: self.chain.to_vec(),
        }
    }

    /// Takes one that was kept.
    pub(crate) fn from_stored(stored: StoredSample) -> Self {
        Self {
            uuid: Uuid::from_slice(&stored.uuid).unwrap_or_default(),
            visitor: stored.visitor,
            arrival: stored.arrival,
            time_ms: stored.time_ms,
            title: stored.title,
            kind: stored.kind,
            culprit: stored.culprit,
            handled: stored.handled,
            chain: stored.chain.into(),
        }
    }

    /// Returns the chain of exceptions, the one thrown last first.
    pub(crate) fn exceptions(&self) -> Vec<Exception> {
        let json = lz4_flex::block::decompress_size_prepended(&self.chain).unwrap_or_default();
        serde_json::from_slice::<Chain>(&json).unwrap_or_default().exceptions
    }

    /// Returns about how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.title.len()
            + self.kind.len()
            + self.culprit.len()
            + self.chain.len()
    }
}

/// Packs a chain; one that is too large loses its source lines, then its causes and most of its calls.
fn pack(mut exceptions: Vec<Exception>) -> Box<[u8]> {
    let packed = compress(&exceptions);
    if packed.len() <= SAMPLE_BYTES_MAX {
        return packed;
    }
    for frame in exceptions.iter_mut().flat_map(|exception| &mut exception.frames) {
        frame.context_line.clear();
    }
    let packed = compress(&exceptions);
    if packed.len() <= SAMPLE_BYTES_MAX {
        return packed;
    }
    exceptions.truncate(1);
    for exception in &mut exceptions {
        exception.frames.truncate(FEW_FRAMES);
    }
    compress(&exceptions)
}

fn compress(exceptions: &[Exception]) -> Box<[u8]> {
    let chain = Chain { exceptions: exceptions.to_vec() };
    let json = serde_json::to_vec(&chain).expect("texts and numbers are JSON");
    lz4_flex::block::compress_prepend_size(&json).into()
}

#[cfg(test)]
mod tests {
    use super::super::Frame;
    use super::*;

    fn seen() -> Seen {
        Seen { uuid: Uuid::nil(), visitor: 0, arrival: 5_000, time_ms: 5, received_us: 5_000 }
    }

    fn noise(seed: u64, bytes: usize) -> String {
        let mut state = seed;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from(state >> 60).expect("four bits"))
        };
        (0..bytes).map(next).collect()
    }

    #[test]
    fn a_sample_says_what_was_thrown() {
        let frame = Frame {
            function: "pay".into(),
            file: "pay.js".into(),
            line: 7,
            in_app: true,
            ..Frame::default()
        };
        let thrown = Exception { kind: "Error".into(), value: "no".into(), frames: vec![frame] };
        let chain = vec![thrown, Exception { kind: "Cause".into(), ..Exception::default() }];
        let sample =
            Sample::new(Occurrence { chain: chain.clone(), ..Occurrence::default() }, &seen());
        assert_eq!(sample.exceptions(), chain);
        assert_eq!(
            (sample.title.as_str(), sample.culprit.as_str()),
            ("Error: no", "pay in pay.js")
        );
    }

    #[test]
    fn a_sample_is_bounded_whatever_came() {
        let frame = |n| Frame {
            function: noise(n, 500),
            module: noise(n + 1, 500),
            file: noise(n + 2, 500),
            context_line: noise(n + 3, 300),
            ..Frame::default()
        };
        let thrown = Exception { frames: (0..200).map(frame).collect(), ..Exception::default() };
        let chain = vec![thrown; 8];
        let sample = Sample::new(Occurrence { chain, ..Occurrence::default() }, &seen());
        assert!(sample.bytes() <= SAMPLE_BYTES_MAX + 2_000, "{}", sample.bytes());
        let kept = sample.exceptions();
        assert_eq!((kept.len(), kept[0].frames.len()), (1, FEW_FRAMES));
    }
}
