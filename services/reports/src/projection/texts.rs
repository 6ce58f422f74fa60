//! Texts in the order they came, one after the other in a few allocations.
//!
//! An allocation for each text costs more than a short text itself does, and visitors alone are millions of them.

use std::sync::Arc;

/// How many texts share one allocation: the most that is copied when texts come while a copy is in use.
const CHUNK: usize = 1_024;

/// A list of texts whose copies share all of them. One that grows leaves its copies as they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// All full but the last.
    chunks: Vec<Arc<Chunk>>,
    len: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<u32>,
    all: String,
}

impl Chunk {
    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        let end = u32::try_from(self.all.len());
        self.ends.push(end.expect("a text is part of an event, which has a megabyte at most"));
        if self.ends.len() == CHUNK {
            self.ends.shrink_to_fit();
            self.all.shrink_to_fit();
        }
    }

    #[inline]
    fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.all[start as usize..self.ends[place] as usize]
    }
}

impl Texts {
    /// Returns how many texts there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a text at the end.
    pub(super) fn push(&mut self, text: &str) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::default());
        }
        let last = self.chunks.last_mut().expect("one was added when all were full");
        Arc::make_mut(last).push(text);
        self.len += 1;
    }

    /// Returns the text at a place below [`Self::len`].
    #[inline]
    pub(super) fn get(&self, place: usize) -> &str {
        self.chunks[place / CHUNK].get(place % CHUNK)
    }

    /// Puts the empty text in the place of one. Nothing of it is left here; copies keep what it was.
    pub(super) fn clear(&mut self, place: usize) {
        let chunk = &mut self.chunks[place / CHUNK];
        // Written anew, since what is cut off a text stays in the room behind its end.
        let mut left = Chunk::default();
        for at in 0..chunk.ends.len() {
            left.push(if at == place % CHUNK { "" } else { chunk.get(at) });
        }
        *chunk = Arc::new(left);
    }

    /// Returns how many bytes of memory the texts take.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.ends.capacity() * 4 + chunk.all.capacity()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Texts {
        let mut texts = Texts::default();
        (0..count).for_each(|n| texts.push(&"é".repeat(n % 5)));
        texts
    }

    #[test]
    fn a_copy_stays_as_it_was_while_the_original_grows() {
        let mut texts = numbered(CHUNK + 5);
        let copy = texts.clone();
        (CHUNK + 5..3 * CHUNK).for_each(|n| texts.push(&"é".repeat(n % 5)));
        assert_eq!((copy.len(), texts.len()), (CHUNK + 5, 3 * CHUNK));
        for all in [&copy, &texts] {
            assert!((0..all.len()).all(|n| all.get(n) == "é".repeat(n % 5)));
        }
        assert!(Arc::ptr_eq(&copy.chunks[0], &texts.chunks[0]), "full chunks are shared");
    }

    #[test]
    fn of_a_cleared_text_no_byte_stays() {
        for count in [1, 7, CHUNK, CHUNK + 1] {
            let mut texts = numbered(count - 1);
            texts.push("ada@example.com");
            texts.push("x");
            let copy = texts.clone();
            texts.clear(count - 1);
            assert_eq!((texts.get(count - 1), texts.get(count)), ("", "x"));
            assert_eq!(copy.get(count - 1), "ada@example.com");
            assert!((0..count - 1).all(|n| texts.get(n) == "é".repeat(n % 5)));
            assert!(texts.chunks.iter().all(|chunk| !chunk.all.contains("ada")));
            assert_eq!(texts.len(), count + 1);
        }
    }

    #[test]
    fn empty_texts_are_texts() {
        let mut texts = Texts::default();
        for text in ["", "", "a", ""] {
            texts.push(text);
        }
        assert_eq!((0..4).map(|n| texts.get(n)).collect::<Vec<_>>(), ["", "", "a", ""]);
    }
}
