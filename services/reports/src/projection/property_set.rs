//! The property keys of a project's events, or of its persons, with the values of each.

use super::dictionary::{Dictionary, ValueDictionary};

/// Keys as codes, and for each key its values as codes.
#[derive(Debug, Default)]
pub(crate) struct PropertySet {
    keys: Dictionary,
    /// By key code.
    values: Vec<ValueDictionary>,
}

impl PropertySet {
    /// Returns the codes of a key and of one of its values.
    pub(crate) fn intern(&mut self, key: &str, value: &str) -> (u32, u32) {
        let (key, is_new) = self.keys.intern(key);
        if is_new {
            self.values.push(ValueDictionary::default());
        }
        (key, self.values[key as usize].intern(value))
    }

    /// Returns the code and the values of a key, if it ever occurred.
    pub(crate) fn find(&self, key: &str) -> Option<(u32, &ValueDictionary)> {
        let code = self.keys.code(key)?;
        Some((code, &self.values[code as usize]))
    }
}
