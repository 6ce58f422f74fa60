//! What a person did: its events with the sessions they make, all that is kept of it, and what a merge of two would join.

pub(crate) mod neighbours;
pub(crate) mod sessions;
pub(crate) mod subject;
