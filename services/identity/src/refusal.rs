//! What was asked for and is not done: the codes and the reasons, for people.

use observe_proto::identity::v1::apply_events_response::Outcome;

use crate::person::MAX_DISTINCT_IDS;

/// How many characters of an id are kept of a refused merge.
pub(crate) const MAX_ID_CHARS: usize = 200;

/// Returns the code of a refused merge; empty for what was not refused.
pub(crate) fn code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::RefusedIllegalId => "illegal_id",
        Outcome::RefusedIdentified => "already_identified",
        Outcome::RefusedUntrusted => "secret_key_needed",
        Outcome::RefusedTooManyIds => "too_many_ids",
        Outcome::RefusedIllegalGroup => "illegal_group",
        Outcome::RefusedTooManyGroupTypes => "too_many_group_types",
        Outcome::Unspecified | Outcome::Applied | Outcome::Erased | Outcome::Parked => "",
    }
}

/// Returns why something of this code is refused, and what to do about it.
pub(crate) fn message(code: &str) -> String {
    match code {
        "illegal_id" => "One of the ids names nobody, such as null or undefined, or is longer than 200 characters. Joining by \
             it would join strangers. Send the user's own id, and none while nobody is signed in."
            .to_owned(),
        "already_identified" => "The other id belongs to a user already, and joining two users is not for a public key. If both \
             are the same somebody, merge the persons by hand. If a browser changes hands, call reset() when its user signs \
             out."
            .to_owned(),
        "secret_key_needed" => {
            "$merge_dangerously joins users, so it needs a secret key. Send it from a server.".to_owned()
        }
        "too_many_ids" => format!(
            "A person may have at most {MAX_DISTINCT_IDS} distinct ids. So many mostly mean that an id is used for everybody."
        ),
        "illegal_group" => "A group needs $group_type and $group_key, each at most 200 characters and naming something: not null \
             or undefined."
            .to_owned(),
        "too_many_group_types" => {
            "A project has at most 5 types of groups, and this would be one more.".to_owned()
        }
        _ => String::new(),
    }
}

/// Returns why a merge cannot be undone, if that can be told without looking at its persons.
pub(crate) fn split_trouble(cause: i16, is_undone: bool) -> Option<&'static str> {
    if is_undone {
        Some("it was undone already")
    } else if cause == 0 {
        Some("it was made before merges could be undone")
    } else {
        None
    }
}
