//! Values of properties on their way into the tail.

use std::borrow::Cow;

use observe_proto::events::v1::AcceptedEvent;

use super::columns::{ERROR_PROPERTIES, GROUPS};
use super::dictionary::{VALUE_BYTES_MAX, kept};
use super::properties::{for_each_property, for_each_value};
use super::property_set::PropertySet;
use super::tail::Tail;
use crate::activity::SESSION_ID;
use crate::errors;

/// How many values are gathered before they are written: about what the processor's nearest cache holds.
const VALUES_MAX: usize = 4_096;
/// How many groups of one event become columns: as many as a project has types.
const GROUPS_MAX: usize = 5;

/// Values of rows that were just added to a piece of the tail, by key. All values of one key get their codes together: its
/// dictionary is locked once for them, and is near to the processor from the first one on.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// By the code of the key: rows with their values, in the order of rows.
    of_key: Vec<Vec<(u32, Cow<'a, str>)>>,
    /// The keys that have any.
    keys: Vec<u32>,
    count: usize,
}

impl<'a> Gathered<'a> {
    /// Adds the properties of the event that has a row.
    pub(super) fn add_event(
        &mut self,
        properties: &mut PropertySet,
        event: &'a AcceptedEvent,
        row: u32,
    ) {
        let mut add = |key: &str, value: Cow<'a, str>| {
            if let Some(key) = properties.key(key) {
                let is_whole = value.len() <= VALUE_BYTES_MAX;
                let value = if is_whole { value } else { kept(&value).into_owned().into() };
                self.add(key, row, value);
            }
        };
        // The sender gives it beside the properties; as one of them, every question can ask for it.
        if !event.session_id.is_empty() {
            add(SESSION_ID, event.session_id.as_str().into());
        }
        let is_error = event.name == errors::EVENT;
        let read = for_each_value(&event.properties_json, |key, value| {
            if key == errors::GROUP_PROPERTY || (is_error && is_bulky(key)) {
                return;
            }
            if key == GROUPS {
                add(key, value.clone());
                for_each_group(&value, |key, value| add(key, value.to_owned().into()));
            } else {
                add(key, value);
            }
        });
        if let Err(error) = read {
            // The event is stored, so it counts; what could be read of its properties does too.
            let uuid = uuid::Uuid::from_slice(&event.uuid).unwrap_or_default();
            tracing::error!(%uuid, line = error.line(), "properties of a logged event cannot be read");
        }
    }

    /// Adds a value of a row that is not before the last one of the key.
    fn add(&mut self, key: u32, row: u32, value: Cow<'a, str>) {
        let place = key as usize;
        if place >= self.of_key.len() {
            self.of_key.resize_with(place + 1, Vec::new);
        }
        let values = &mut self.of_key[place];
        if values.is_empty() {
            self.keys.push(key);
        }
        values.push((row, value));
        self.count += 1;
    }

    /// Returns whether they are to be written before the next row.
    pub(super) fn is_full(&self) -> bool {
        self.count >= VALUES_MAX
    }

    /// Writes them to the piece of the tail that has their rows. None are left.
    pub(super) fn write_to(&mut self, tail: &mut Tail, properties: &mut PropertySet) {
        for key in self.keys.drain(..) {
            let values = &mut self.of_key[key as usize];
            let codes = properties.values(key, values.iter().map(|(_, value)| &**value));
            tail.set_all(key, values.iter().map(|(row, _)| *row).zip(codes));
            values.clear();
        }
        self.count = 0;
    }
}

/// Hands out the groups that an event names, with the properties that they become. What is no object names none.
fn for_each_group(json: &str, mut each: impl FnMut(&str, &str)) {
    let mut groups = 0;
    // The text is what a parser wrote, so only that it is no object can be wrong with it.
    let _ = for_each_property(json, |group_type, group| {
        groups += 1;
        if groups <= GROUPS_MAX && !group.is_empty() {
            each(&format!("{GROUPS}.{group_type}"), group);
        }
    });
}

/// Returns whether a property of errors is no column as it was sent: stacks are large and different each time, and what is
/// derived of them stands in the place of what was sent.
fn is_bulky(key: &str) -> bool {
    key == errors::LIST_PROPERTY || key == errors::STACK_PROPERTY || ERROR_PROPERTIES.contains(&key)
}

#[cfg(test)]
mod tests {
    use observe_core::ProjectId;

    use super::super::sealing::sort;
    use super::*;
    use crate::query::Scope;

    #[test]
    fn values_are_written_to_their_rows_and_the_last_of_a_key_counts() {
        let mut properties = PropertySet::new(ProjectId::new(uuid::Uuid::nil()), Scope::Event);
        let (a, b) = (properties.key("a").expect("few"), properties.key("b").expect("few"));
        let mut tail = Tail::new();
        let mut gathered = Gathered::default();
        let rows: Vec<u32> = (0..3).map(|n| tail.push(0, n, 0, 0)).collect();
        for (key, row, value) in [(b, 0, "x"), (a, 0, "1"), (b, 1, "y"), (b, 1, "x"), (a, 2, "1")] {
            gathered.add(key, rows[row], value.into());
        }
        gathered.write_to(&mut tail, &mut properties);
        let row = tail.push(0, 3, 0, 0);
        gathered.add(b, row, "z".into());
        gathered.write_to(&mut tail, &mut properties);
        let sorted = sort(&tail);
        let texts = |key| -> Vec<String> {
            let codes = sorted[0].codes(key, 0).expect("it occurs");
            let text =
                |row| properties.of(key).1.value(codes.get(row)).map(|(text, _)| text.to_owned());
            (0..4).map(|row| text(row).unwrap_or_default()).collect()
        };
        assert_eq!(
            (texts(a), texts(b)),
            (
                ["1", "", "1", ""].map(str::to_owned).to_vec(),
                ["x", "x", "", "z"].map(str::to_owned).to_vec(),
            )
        );
        assert_eq!(tail.values(), 6);
    }
}
