//! An event as its sender gave it: read and sanitised, not yet judged.

mod from_json;
mod from_message;

pub(crate) use from_json::{from_json, from_proto_json, is_blank};
pub(crate) use from_message::from_message;

use uuid::Uuid;

use super::properties::Properties;
use super::reject::Reject;
use super::time::SentTime;

/// What a sender said of one event. Absent and empty text are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) uuid: Option<Uuid>,
    pub(crate) name: String,
    /// The payload's `user_id`, else its `distinct_id`.
    pub(crate) known_id: String,
    pub(crate) anonymous_id: String,
    pub(crate) session_id: String,
    pub(crate) time: SentTime,
    pub(crate) properties: Properties,
    /// Characters of the texts above that were replaced because no store can hold them. Those of properties count apart.
    pub(crate) replaced: usize,
}

/// A draft that could not be read; the uuid is there if at least that could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) uuid: Option<Uuid>,
    pub(crate) reject: Reject,
}

impl From<Reject> for Unreadable {
    fn from(reject: Reject) -> Self {
        Self { uuid: None, reject }
    }
}

/// Reads a uuid; empty text means: none given.
fn read_uuid(text: &str) -> Result<Option<Uuid>, Reject> {
    if text.is_empty() {
        return Ok(None);
    }
    // A sender whose generator is broken sends zeros every time, and all its events would be taken for one.
    let uuid = Uuid::try_parse(text).ok().filter(|uuid| !uuid.is_nil());
    let refused =
        || Reject::new(super::reject::Code::InvalidUuid, "`uuid` must be a UUID other than zeros");
    uuid.map(Some).ok_or_else(refused)
}
