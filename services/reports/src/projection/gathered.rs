//! Values of properties on their way into the tail.

use std::borrow::Cow;

use super::property_set::PropertySet;
use super::tail::Tail;

/// How many values are gathered before they are written: about what the processor's nearest cache holds.
const VALUES_MAX: usize = 4_096;

/// Values of rows that were just added to a piece of the tail, by key. All values of one key get their codes together, which
/// takes less than half the time that it takes one by one.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// By the code of the key: rows with their values, in the order of rows.
    of_key: Vec<Vec<(u32, Cow<'a, str>)>>,
    /// The keys that have any.
    keys: Vec<u32>,
    count: usize,
}

impl<'a> Gathered<'a> {
    /// Adds a value of a row that is not before the last one of the key.
    pub(super) fn add(&mut self, key: u32, row: u32, value: Cow<'a, str>) {
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
