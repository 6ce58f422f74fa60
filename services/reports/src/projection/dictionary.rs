//! Texts as dense integer codes.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::{HashTable, hash_table};
use observe_filter::canonical::number_of;

use super::chunked::Chunked;
use super::keyed_hash::{KeyedHash, spread};
use super::texts::Texts;

/// The longest property value that is kept whole, in bytes; of a longer one, so much is kept and [`CUT_MARK`] added. The
/// texts come through public keys and stay in memory for good.
pub(crate) const VALUE_BYTES_MAX: usize = 1_024;
/// What ends a value that was cut.
pub(crate) const CUT_MARK: char = '…';

/// Gives each different text a code: 0, 1, 2 and so on, in the order they came. Codes are never reused.
///
/// A copy costs little and stays as it was; only the original may be given new texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    /// Shared with all copies, which look past the codes they do not know yet; locked for the time of one look.
    codes: Arc<RwLock<Codes>>,
    texts: Texts,
}

/// The codes of texts, found by the hash of the text, which itself is not in here.
#[derive(Debug, Default)]
struct Codes {
    hash: KeyedHash,
    entries: HashTable<Entry>,
}

/// The code of one text.
#[derive(Debug)]
struct Entry {
    /// Half of the hash of its text, so that the table grows without a look at texts.
    hash: u32,
    code: u32,
}

impl Dictionary {
    /// Returns the code of the text, and whether it is a new one.
    pub(crate) fn intern(&mut self, text: &str) -> (u32, bool) {
        let Self { codes, texts } = self;
        let mut codes = codes.write().unwrap_or_else(PoisonError::into_inner);
        let hash = codes.hash.of(text);
        let is_it = |entry: &Entry| entry.hash == hash && texts.get(entry.code as usize) == text;
        match codes.entries.entry(spread(hash), is_it, |entry| spread(entry.hash)) {
            hash_table::Entry::Occupied(known) => (known.get().code, false),
            hash_table::Entry::Vacant(free) => {
                let code = u32::try_from(texts.len()).expect("fewer than 2^32 different texts");
                texts.push(text);
                free.insert(Entry { hash, code });
                (code, true)
            }
        }
    }

    /// Returns the code of each text as [`Self::intern`] does one after the other, and hands out those texts that are new.
    ///
    /// Most texts of a large dictionary are in no cache of the processor's. So they are looked at in passes in which none waits
    /// for the one before, and the processor fetches several at once.
    pub(crate) fn intern_all<'a>(
        &mut self,
        texts: impl ExactSizeIterator<Item = &'a str> + Clone,
        mut is_new: impl FnMut(&'a str),
    ) -> Vec<u32> {
        let mut likely: Vec<Option<u32>> = {
            let codes = self.codes.read().unwrap_or_else(PoisonError::into_inner);
            let hashes: Vec<u32> = texts.clone().map(|text| codes.hash.of(text)).collect();
            let of_hash = |hash: &u32| codes.entries.find(spread(*hash), |one| one.hash == *hash);
            hashes.iter().map(|hash| of_hash(hash).map(|entry| entry.code)).collect()
        };
        for (code, text) in likely.iter_mut().zip(texts.clone()) {
            *code = code.filter(|code| self.text(*code) == text);
        }
        let mut intern = |text: &'a str| {
            let (code, added) = self.intern(text);
            if added {
                is_new(text);
            }
            code
        };
        likely.iter().zip(texts).map(|(code, text)| code.unwrap_or_else(|| intern(text))).collect()
    }

    /// Forgets the text of a code, which stays given out: whoever has the text next gets another one.
    pub(crate) fn forget(&mut self, code: u32) {
        let mut codes = self.codes.write().unwrap_or_else(PoisonError::into_inner);
        let hash = codes.hash.of(self.text(code));
        if let Ok(known) = codes.entries.find_entry(spread(hash), |entry| entry.code == code) {
            known.remove();
        }
        drop(codes);
        self.texts.clear(code as usize);
    }

    /// Gives out the next code for a text that was forgotten.
    pub(crate) fn skip(&mut self) {
        self.texts.push("");
    }

    /// Returns the code of the text, if it has one.
    pub(crate) fn code(&self, text: &str) -> Option<u32> {
        let codes = self.codes.read().unwrap_or_else(PoisonError::into_inner);
        let hash = codes.hash.of(text);
        let is_it = |entry: &Entry| {
            let code = entry.code as usize;
            entry.hash == hash && code < self.len() && self.texts.get(code) == text
        };
        codes.entries.find(spread(hash), is_it).map(|entry| entry.code)
    }

    /// Returns the text of a code that was given out.
    pub(crate) fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize)
    }

    /// Returns the texts of all codes that were given out, in their order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.texts.get(place))
    }

    /// Returns how many codes were given out.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let codes = self.codes.read().unwrap_or_else(PoisonError::into_inner);
        self.texts.bytes() + codes.entries.allocation_size()
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

    /// Returns the value code of each text as [`Self::intern`] does one after the other, of texts that are [`kept`] whole.
    pub(crate) fn intern_all<'a>(
        &mut self,
        texts: impl ExactSizeIterator<Item = &'a str> + Clone,
    ) -> impl Iterator<Item = u32> {
        let codes = self.texts.intern_all(texts, |new| self.numbers.push(number_of(new)));
        codes.into_iter().map(|code| code + 1)
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

    /// Returns how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.texts.bytes() + self.texts.len() * size_of::<f64>()
    }
}

/// Returns what is kept of a value.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
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
    fn many_texts_are_found_and_forgotten_ones_are_not() {
        let mut dictionary = Dictionary::default();
        let text = |n: u32| format!("visitor {n}");
        for n in 0..5_000 {
            assert_eq!(dictionary.intern(&text(n)), (n, true));
        }
        (0..5_000).step_by(7).for_each(|code| dictionary.forget(code));
        for n in 0..5_000 {
            let expected = (n % 7 != 0).then_some(n);
            assert_eq!(dictionary.code(&text(n)), expected);
            assert_eq!(dictionary.text(n), expected.map(text).unwrap_or_default());
        }
        dictionary.forget(0);
        assert_eq!(dictionary.intern(""), (5_000, true), "what was forgotten is no empty text");
    }

    #[test]
    fn texts_have_the_same_codes_whether_they_come_alone_or_together() {
        let text = |n: u32| format!("visitor {}", n.wrapping_mul(2_654_435_761) % 900);
        let texts: Vec<String> = (0..3_000).map(text).collect();
        let (mut one_by_one, mut together) = (Dictionary::default(), Dictionary::default());
        let (mut expected_new, mut new) = (Vec::new(), Vec::new());
        for some in texts.chunks(700) {
            let mut expected = Vec::new();
            for text in some {
                let (code, is_new) = one_by_one.intern(text);
                expected.push(code);
                expected_new.extend(is_new.then_some(text.as_str()));
            }
            let all = some.iter().map(String::as_str);
            assert_eq!(together.intern_all(all, |text| new.push(text)), expected);
        }
        assert_eq!(new, expected_new);
        together.forget(5);
        let again = together.text(6).to_owned();
        let codes = together.intern_all([again.as_str(), new[5], new[5]].into_iter(), |_| ());
        assert_eq!(codes, [6, one_by_one.len() as u32, one_by_one.len() as u32]);
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
