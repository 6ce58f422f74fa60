//! Hints on the wire.

use observe_proto::reports::v1 as pb;

use crate::hints::{Hint, HintKind};

/// Writes the hints of an answer.
pub(crate) fn hints(hints: Vec<Hint>) -> Vec<pb::Hint> {
    use pb::hint::Kind;
    let hint = |hint: Hint| pb::Hint {
        kind: match hint.kind {
            HintKind::Event => Kind::UnknownEvent,
            HintKind::EventProperty | HintKind::PersonProperty => Kind::UnknownProperty,
        }
        .into(),
        message: hint.message(),
        subject: hint.subject,
        suggestions: hint.suggestions,
    };
    hints.into_iter().map(hint).collect()
}
