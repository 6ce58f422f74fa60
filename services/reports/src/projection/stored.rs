//! How segments and visitors are written to be kept, and read again.
//!
//! A segment is kept with the texts of its own values, so nothing outside it names what is in it: when its rows go, so do
//! their texts. Visitors alone are numbered for the whole project, because rows are sorted by them.

use prost::Message as _;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use super::block::{Blocks, Kind, Room};
use super::dictionary::{Dictionary, ValueDictionary};
use super::first_seen::FirstSeen;
use super::property_set::PropertySet;
use super::rows::NameRun;
use super::segment::{Columns, Head, Segment};

/// How many visitors are kept in one row.
pub(crate) const VISITORS_PER_ROW: usize = 4_096;

/// Why what was kept cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is kept of the projection is damaged: {0}")]
pub(crate) struct Damaged(pub(crate) &'static str);

/// A segment as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredSegment {
    /// What is known without the columns; names are codes of this process.
    pub(crate) head: Head,
    /// The runs with the texts of their names.
    pub(crate) runs: Vec<u8>,
    /// The columns.
    pub(crate) body: Vec<u8>,
    /// What the body is known by.
    pub(crate) digest: [u8; 32],
}

#[derive(Clone, PartialEq, prost::Message)]
struct RunsMessage {
    #[prost(message, repeated, tag = "1")]
    runs: Vec<RunMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RunMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, tag = "2")]
    start: u32,
    #[prost(uint32, tag = "3")]
    end: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct BodyMessage {
    #[prost(bytes = "vec", repeated, tag = "1")]
    visitor: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    time: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    arrival: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "4")]
    properties: Vec<PropertyMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PropertyMessage {
    #[prost(string, tag = "1")]
    key: String,
    /// The texts of the value codes 1, 2, 3, ..: a [`TextsMessage`], compressed.
    #[prost(bytes = "vec", tag = "2")]
    values: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    blocks: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TextsMessage {
    #[prost(string, repeated, tag = "1")]
    texts: Vec<String>,
}

/// Writes texts.
pub(crate) fn write_texts(texts: Vec<String>) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(&TextsMessage { texts }.encode_to_vec())
}

/// Reads texts.
///
/// # Errors
/// [`Damaged`].
pub(crate) fn read_texts(bytes: &[u8]) -> Result<Vec<String>, Damaged> {
    let bytes = lz4_flex::block::decompress_size_prepended(bytes);
    let bytes = bytes.map_err(|_| Damaged("texts are not compressed as they should be"))?;
    let message = TextsMessage::decode(bytes.as_slice());
    Ok(message.map_err(|_| Damaged("texts cannot be read"))?.texts)
}

/// Writes a segment, which is packed.
pub(crate) fn write(
    segment: &Segment,
    names: &Dictionary,
    properties: &PropertySet,
) -> StoredSegment {
    let head = segment.head();
    let run = |run: &NameRun| {
        let NameRun { name, start, end } = *run;
        RunMessage { name: names.text(name).to_owned(), start, end }
    };
    let runs = RunsMessage { runs: head.runs.iter().map(run).collect() }.encode_to_vec();
    let columns = segment.columns();
    let property = |(key, blocks): (&u32, &Blocks)| {
        let (key, values) = properties.of(*key);
        PropertyMessage {
            key: key.to_owned(),
            values: write_texts(own_texts(blocks, values)),
            blocks: blocks.to_store(),
        }
    };
    let body = BodyMessage {
        visitor: columns.visitor.to_store(),
        time: columns.time.to_store(),
        arrival: columns.arrival.to_store(),
        properties: columns.properties.iter().map(property).collect(),
    };
    let body = body.encode_to_vec();
    StoredSegment { head, runs, digest: Sha256::digest(&body).into(), body }
}

/// The texts of a column's own value codes, from 1.
fn own_texts(blocks: &Blocks, values: &ValueDictionary) -> Vec<String> {
    let text = |code: u32| values.value(code).map_or(String::new(), |(text, _)| text.to_owned());
    match blocks.table() {
        // Its codes are the project's, up to the largest that it has.
        [] => (1..=blocks.largest()).map(text).collect(),
        [_, table @ ..] => table.iter().copied().map(text).collect(),
    }
}

/// Reads the runs of a segment, and gives their names codes.
///
/// # Errors
/// [`Damaged`].
pub(crate) fn read_runs(bytes: &[u8], names: &mut Dictionary) -> Result<Vec<NameRun>, Damaged> {
    let message = RunsMessage::decode(bytes).map_err(|_| Damaged("names cannot be read"))?;
    let run = |run: RunMessage| NameRun {
        name: names.intern(&run.name).0,
        start: run.start,
        end: run.end,
    };
    Ok(message.runs.into_iter().map(run).collect())
}

/// The columns of a segment, read but for the codes of their properties.
pub(crate) struct Body(BodyMessage, Vec<Vec<String>>);

/// Reads the columns of a segment.
///
/// # Errors
/// [`Damaged`], if it is not what was written.
pub(crate) fn read_body(bytes: &[u8], digest: &[u8], len: usize) -> Result<Body, Damaged> {
    if Sha256::digest(bytes).as_slice() != digest {
        return Err(Damaged("a segment is not what was written"));
    }
    let body = BodyMessage::decode(bytes).map_err(|_| Damaged("a segment cannot be read"))?;
    let fits = |blocks: &[Vec<u8>]| blocks.len() == Blocks::count(len);
    let fixed = fits(&body.visitor) && fits(&body.time) && fits(&body.arrival);
    if !fixed || !body.properties.iter().all(|property| fits(&property.blocks)) {
        return Err(Damaged("a segment has another number of blocks than it says"));
    }
    let texts = body.properties.iter().map(|property| read_texts(&property.values));
    let texts = texts.collect::<Result<_, _>>()?;
    Ok(Body(body, texts))
}

impl Body {
    /// Gives the properties codes of the project.
    pub(crate) fn columns(self, len: usize, properties: &mut PropertySet, room: &Room) -> Columns {
        let Self(body, texts) = self;
        let mut found = FxHashMap::default();
        for (property, texts) in body.properties.into_iter().zip(texts) {
            // Keys that became too many meanwhile are no columns, as those of new events are not.
            let Some(key) = properties.key(&property.key) else { continue };
            let own = texts.iter().map(|text| properties.value(key, text));
            let table = std::iter::once(super::dictionary::NOT_SET).chain(own).collect();
            found.insert(key, Blocks::stored(Kind::Codes, len, property.blocks, table, room));
        }
        let wide = |blocks| Blocks::stored(Kind::Wide, len, blocks, Box::default(), room);
        Columns {
            visitor: wide(body.visitor),
            time: wide(body.time),
            arrival: Blocks::stored(Kind::Arrivals, len, body.arrival, Box::default(), room),
            properties: found,
            first_seen: FirstSeen::default(),
        }
    }
}
