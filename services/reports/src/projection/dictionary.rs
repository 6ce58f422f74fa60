//! Texts as dense integer codes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use observe_filter::canonical::number_of;

use super::chunked::Chunked;

/// The longest property value that is kept whole, in bytes; of a longer one, so much is kept and [`CUT_MARK`] added. The
/// texts come through public keys and stay in memory for good.
pub(crate) const VALUE_BYTES_MAX: usize = 1_024;
/// What ends a value that was cut.
pub(crate) const CUT_MARK: char = '…';

/// Gives each different text a code: 0, 1, 2 and so on, in the order they came. Codes are never reused.
///
/// A copy costs little and stays as it was; only the original may be given new texts. The texts come from the outside,
/// through keys that are public, so the map is hashed with a random seed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    /// Shared with all copies, which look past the codes they do not know yet; locked for the time of one look.
    codes: Arc<RwLock<HashMap<Arc<str>, u32>>>,
    texts: Chunked<Arc<str>>,
}

impl Dictionary {
    /// Returns the code of the text, and whether it is a new one.
    pub(crate) fn intern(&mut self, text: &str) -> (u32, bool) {
        if let Some(code) = self.code(text) {
            return (code, false);
        }
        let code = u32::try_from(self.texts.len()).expect("fewer than 2^32 different texts");
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.codes.write().unwrap_or_else(PoisonError::into_inner).insert(text, code);
        (code, true)
    }

    /// Forgets the text of a code, which stays given out: whoever has the text next gets another one.
    pub(crate) fn forget(&mut self, code: u32) {
        let text = std::mem::take(self.texts.get_mut(code as usize));
        let mut codes = self.codes.write().unwrap_or_else(PoisonError::into_inner);
        if codes.get(&text) == Some(&code) {
            codes.remove(&text);
        }
    }

    /// Gives out the next code for a text that was forgotten.
    pub(crate) fn skip(&mut self) {
        self.texts.push(Arc::default());
    }

    /// Returns the code of the text, if it has one.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        let codes = self.codes.read().unwrap_or_else(PoisonError::into_inner);
        codes.get(text).copied().filter(|code| (*code as usize) < self.len())
    }

    /// Returns the text of a code that was given out.
    pub(crate) fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize)
    }

    /// Returns the texts of all codes that were given out, in their order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        (0_u32..).take(self.len()).map(|code| self.text(code))
    }

    /// Returns how many codes were given out.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// The values of one property: their canonical texts, and what number each text is.
///
/// Value code 0 means "not set"; the text with dictionary code `c` has the value code `c + 1`.
/// Values longer than [`VALUE_BYTES_MAX`] are told apart by their beginnings alone. Copies are as those of [`Dictionary`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueDictionary {
    texts: Dictionary,
    /// By dictionary code; NaN where the text is no number, since NaN satisfies no comparison.
    numbers: Chunked<f64>,
}

/// The value code of a property that is not set.
pub(crate) const NOT_SET: u32 = 0;

impl ValueDictionary {
    /// Returns the value code of the text.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let text = kept(text);
        let (code, is_new) = self.texts.intern(&text);
        if is_new {
            self.numbers.push(number_of(&text));
        }
        code + 1
    }

    /// Returns the value code of the text, if any row ever had it.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        self.texts.code(&kept(text)).map(|code| code + 1)
    }

    /// Returns the text and the number of a value code; `None` for "not set".
    pub(crate) fn value(&self, value_code: u32) -> Option<(&str, f64)> {
        let code = value_code.checked_sub(1)?;
        Some((self.texts.text(code), *self.numbers.get(code as usize)))
    }

    /// Returns one more than the largest value code.
    pub(crate) fn value_codes(&self) -> usize {
        self.texts.len() + 1
    }
}

/// Returns what is kept of a value.
fn kept(text: &str) -> Cow<'_, str> {
    if text.len() <= VALUE_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let mut cut = text[..text.floor_char_boundary(VALUE_BYTES_MAX)].to_owned();
    cut.push(CUT_MARK);
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_code() {
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.intern("a"), (0, true));
        assert_eq!(dictionary.intern("b"), (1, true));
        assert_eq!(dictionary.intern("a"), (0, false));
        assert_eq!((dictionary.text(1), dictionary.code("c")), ("b", None));
    }

    #[test]
    fn a_copy_knows_only_what_was_there() {
        let mut dictionary = Dictionary::default();
        dictionary.intern("a");
        let copy = dictionary.clone();
        dictionary.intern("b");
        assert_eq!((copy.len(), copy.code("a"), copy.code("b")), (1, Some(0), None));
        assert_eq!(dictionary.code("b"), Some(1));
    }

    #[test]
    fn a_forgotten_text_gets_another_code() {
        let mut dictionary = Dictionary::default();
        dictionary.intern("a");
        let copy = dictionary.clone();
        dictionary.forget(0);
        assert_eq!((dictionary.text(0), copy.text(0)), ("", "a"));
        assert_eq!(dictionary.intern("a"), (1, true));
        dictionary.skip();
        assert_eq!(dictionary.intern("b"), (3, true));
    }

    #[test]
    fn a_long_value_is_kept_by_its_first_kibibyte() {
        let mut values = ValueDictionary::default();
        let long = "é".repeat(100_000);
        let code = values.intern(&long);
        let (text, _) = values.value(code).expect("set");
        assert_eq!(text, format!("{}…", "é".repeat(VALUE_BYTES_MAX / 2)));
        assert_eq!(values.code(&long), Some(code), "asked for whole, it is found");
        assert_eq!(values.intern(&(long + "x")), code, "only the beginning tells them apart");
        let whole = "x".repeat(VALUE_BYTES_MAX);
        let code = values.intern(&whole);
        assert_eq!(values.value(code).expect("set").0, whole);
    }

    #[test]
    fn a_value_knows_its_number_and_code_zero_is_not_set() {
        let mut values = ValueDictionary::default();
        let code = values.intern("1.5");
        assert_eq!(values.value(code), Some(("1.5", 1.5)));
        assert_eq!(values.value(NOT_SET), None);
        for word in ["inf", "NaN", "1e999", "0x10", "", "1 2"] {
            let code = values.intern(word);
            assert!(values.value(code).expect("set").1.is_nan(), "{word:?} is no number");
        }
    }
}
