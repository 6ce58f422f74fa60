//! Which names of a question the columns do not know.

use crate::hints::{HINTS_MAX, Hint, HintKind, Names, suggestions};
use crate::projection::Snapshot;

/// Returns a hint for each name that is not known, at most [`HINTS_MAX`]. The keys of events' properties are all known once
/// everything is loaded; before, there is no hint about one.
pub(super) fn unknown(columns: &Snapshot, names: &Names) -> Vec<Hint> {
    let is_loaded = columns.is_loaded();
    let unknown = names.iter().filter(|(kind, name)| match kind {
        HintKind::Event => columns.names.code(name).is_none(),
        HintKind::EventProperty => is_loaded && columns.properties.find(name).is_none(),
        HintKind::PersonProperty => columns.persons.property(name).is_none(),
    });
    let hint = |(kind, name): (HintKind, &str)| {
        let suggestions = match kind {
            HintKind::Event => suggestions(name, columns.names.texts()),
            HintKind::EventProperty => suggestions(name, columns.properties.keys()),
            HintKind::PersonProperty => suggestions(name, columns.persons.property_keys()),
        };
        Hint { kind, subject: name.to_owned(), suggestions }
    };
    unknown.take(HINTS_MAX).map(hint).collect()
}
