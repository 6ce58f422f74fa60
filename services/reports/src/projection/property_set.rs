//! The property keys of a project's events, or of its persons, with the values of each.

use observe_core::ProjectId;

use super::dictionary::{Dictionary, ValueDictionary};
use crate::query::{PROPERTY_BYTES_MAX, Scope};

/// How many different keys become columns, for the events of a project and for its persons. Keys come through public keys
/// and are never forgotten, so without a limit anybody could fill the memory with them.
pub(crate) const KEYS_MAX: usize = 10_000;

/// Keys as codes, and for each key its values as codes.
#[derive(Clone, Debug)]
pub(crate) struct PropertySet {
    project: ProjectId,
    scope: Scope,
    keys: Dictionary,
    /// By key code.
    values: Vec<ValueDictionary>,
    /// By key code, the key that came after it the last time: objects of one sender have the same keys in the same order, and
    /// to compare a text is cheaper than to look it up.
    next: Vec<u32>,
    /// The key that came last.
    last: u32,
    /// How many values were left out because their key came when there were [`KEYS_MAX`] others.
    left_out: u64,
}

impl PropertySet {
    /// Starts without keys; project and scope are for the log.
    pub(crate) fn new(project: ProjectId, scope: Scope) -> Self {
        let (keys, values, next) = (Dictionary::default(), Vec::new(), Vec::new());
        Self { project, scope, keys, values, next, last: 0, left_out: 0 }
    }

    /// Starts with keys that are columns whatever comes.
    pub(crate) fn with_keys(project: ProjectId, scope: Scope, keys: &[&str]) -> Self {
        let mut set = Self::new(project, scope);
        for key in keys {
            set.add(key);
        }
        set
    }

    /// Returns the codes of a key and of one of its values; `None` for a key that is no column, because there are too many
    /// or because it is longer than a question may name.
    pub(crate) fn intern(&mut self, key: &str, value: &str) -> Option<(u32, u32)> {
        let key = self.key(key)?;
        Some((key, self.value(key, value)))
    }

    /// Returns the code of a key; `None` for one that is no column, likewise.
    pub(crate) fn key(&mut self, key: &str) -> Option<u32> {
        if key.len() > PROPERTY_BYTES_MAX {
            return None;
        }
        let last = self.last as usize;
        let expected = self.next.get(last).copied();
        if let Some(code) = expected.filter(|code| self.keys.text(*code) == key) {
            self.last = code;
            return Some(code);
        }
        let code = match self.keys.code(key) {
            Some(code) => code,
            None if self.values.len() < KEYS_MAX => self.add(key),
            None => {
                self.leave_out();
                return None;
            }
        };
        if let Some(next) = self.next.get_mut(last) {
            *next = code;
        }
        self.last = code;
        Some(code)
    }

    fn add(&mut self, key: &str) -> u32 {
        let (code, _) = self.keys.intern(key);
        self.values.push(ValueDictionary::default());
        // Itself, until another one comes after it.
        self.next.push(code);
        code
    }

    /// Returns the code of a value of the key with this code.
    pub(crate) fn value(&mut self, key: u32, value: &str) -> u32 {
        self.values[key as usize].intern(value)
    }

    /// Returns the codes of values of the key with this code; see [`ValueDictionary::intern_all`].
    pub(super) fn values<'a>(
        &mut self,
        key: u32,
        values: impl ExactSizeIterator<Item = &'a str> + Clone,
    ) -> impl Iterator<Item = u32> {
        self.values[key as usize].intern_all(values)
    }

    /// Returns the key with this code, and its values.
    pub(crate) fn of(&self, key: u32) -> (&str, &ValueDictionary) {
        (self.keys.text(key), &self.values[key as usize])
    }

    /// Returns the code and the values of a key, if it ever occurred.
    pub(crate) fn find(&self, key: &str) -> Option<(u32, &ValueDictionary)> {
        let code = self.keys.code(key)?;
        Some((code, &self.values[code as usize]))
    }

    /// Returns the key of a code that was given out.
    pub(crate) fn key_text(&self, code: u32) -> &str {
        self.keys.text(code)
    }

    /// Returns the keys that ever occurred.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.texts()
    }

    /// Returns how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.keys.bytes() + self.values.iter().map(ValueDictionary::bytes).sum::<usize>()
    }

    /// Counts a value that is left out, and says so in the log the first time.
    fn leave_out(&mut self) {
        if self.left_out == 0 {
            let (project, scope) = (self.project, self.scope);
            tracing::warn!(%project, ?scope, limit = KEYS_MAX, "further property keys are no columns");
        }
        self.left_out += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_beyond_the_limit_are_no_columns_and_known_ones_go_on() {
        let mut set = PropertySet::new(ProjectId::new(uuid::Uuid::nil()), Scope::Event);
        for n in 0..KEYS_MAX {
            assert!(set.intern(&format!("key {n}"), "x").is_some());
        }
        assert_eq!(set.intern("one more", "x"), None);
        assert_eq!(set.intern("another", "x"), None);
        assert_eq!((set.find("one more").is_none(), set.left_out), (true, 2));
        assert_eq!(set.intern("key 0", "y"), Some((0, 2)));
    }

    #[test]
    fn keys_have_their_codes_in_whatever_order_they_come() {
        let mut set = PropertySet::new(ProjectId::new(uuid::Uuid::nil()), Scope::Event);
        let order = ["a", "b", "c", "a", "b", "c", "b", "a", "a", "c", "d", "b", "d", "c"];
        for key in order {
            let code = set.key(key).expect("few keys");
            assert_eq!(set.key_text(code), key);
        }
        assert_eq!(set.keys().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_key_that_no_question_may_name_is_no_column() {
        let mut set = PropertySet::new(ProjectId::new(uuid::Uuid::nil()), Scope::Person);
        assert_eq!(set.intern(&"k".repeat(PROPERTY_BYTES_MAX + 1), "x"), None);
        assert!(set.intern(&"k".repeat(PROPERTY_BYTES_MAX), "x").is_some());
    }
}
