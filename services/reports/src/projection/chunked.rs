//! A list that grows at its end and is copied without copying what is in it.

use std::sync::Arc;

/// How many elements share one allocation: the most that is copied when the list grows while a copy is in use.
const CHUNK: usize = 1_024;

/// A list whose copies share all elements. One that grows leaves its copies as they were.
#[derive(Clone, Debug)]
pub(super) struct Chunked<T> {
    /// All full but the last.
    chunks: Vec<Arc<Vec<T>>>,
    len: usize,
}

// By hand, since elements need no default.
impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Chunked<T> {
    /// Returns how many elements there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds an element at the end.
    pub(super) fn push(&mut self, element: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(element),
            _ => self.chunks.push(Arc::new(vec![element])),
        }
        self.len += 1;
    }

    /// Returns the element at a place below [`Self::len`].
    #[inline]
    pub(super) fn get(&self, place: usize) -> &T {
        &self.chunks[place / CHUNK][place % CHUNK]
    }

    /// Returns the element at a place below [`Self::len`], to be changed. Copies keep what it was.
    pub(super) fn get_mut(&mut self, place: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.chunks[place / CHUNK])[place % CHUNK]
    }

    /// Iterates over all elements.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was_while_the_original_grows() {
        let mut list = Chunked::default();
        (0..CHUNK + 5).for_each(|n| list.push(n));
        let copy = list.clone();
        (CHUNK + 5..3 * CHUNK).for_each(|n| list.push(n));
        assert_eq!((copy.len(), list.len()), (CHUNK + 5, 3 * CHUNK));
        assert!((0..list.len()).all(|n| *list.get(n) == n));
        assert!((0..copy.len()).all(|n| *copy.get(n) == n));
        assert!(Arc::ptr_eq(&copy.chunks[0], &list.chunks[0]), "full chunks are shared");
        *list.get_mut(5) = 0;
        assert_eq!((*list.get(5), *copy.get(5)), (0, 5));
        assert!(copy.iter().copied().eq(0..copy.len()));
    }
}
