//! Putting things in order by whose they are, in time linear in their number.

use std::cmp::Ordering;

/// Things as they come, then by owner. Its memory is used again and again.
pub(super) struct Heap<T> {
    owners: Vec<u32>,
    things: Vec<T>,
    /// By owner, where its next thing goes.
    next: Vec<u32>,
    sorted: Vec<T>,
}

impl<T: Copy> Heap<T> {
    /// Starts without anything.
    pub(super) fn new() -> Self {
        Self { owners: Vec::new(), things: Vec::new(), next: Vec::new(), sorted: Vec::new() }
    }

    /// Puts a thing on it, with the number of its owner.
    #[inline]
    pub(super) fn push(&mut self, owner: u32, thing: T) {
        self.owners.push(owner);
        self.things.push(thing);
    }

    /// Returns how many things are on it.
    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    /// Takes all things off, and hands out each owner below a number with its things in their order.
    pub(super) fn each(
        &mut self,
        owners: usize,
        order: impl Fn(&T, &T) -> Ordering,
        mut each: impl FnMut(u32, &[T]),
    ) {
        let Some(any) = self.things.first() else { return };
        self.next.clear();
        self.next.resize(owners + 1, 0);
        for owner in &self.owners {
            self.next[*owner as usize + 1] += 1;
        }
        for owner in 0..owners {
            self.next[owner + 1] += self.next[owner];
        }
        // What is left of before is written over.
        self.sorted.resize(self.things.len(), *any);
        for (owner, thing) in self.owners.drain(..).zip(self.things.drain(..)) {
            let place = &mut self.next[owner as usize];
            self.sorted[*place as usize] = thing;
            *place += 1;
        }
        // Now each place is where the next owner's things begin.
        let mut from = 0;
        for (owner, end) in (0_u32..).zip(&self.next[..owners]) {
            let own = &mut self.sorted[from..*end as usize];
            from = *end as usize;
            if own.is_empty() {
                continue;
            }
            if !own.is_sorted_by(|a, b| order(a, b).is_le()) {
                own.sort_unstable_by(&order);
            }
            each(owner, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_has_its_things_in_their_order() {
        let mut heap = Heap::new();
        for _ in 0..2 {
            for (owner, thing) in [(2, (5, 1)), (0, (9, 9)), (2, (3, 7)), (2, (5, 0))] {
                heap.push(owner, thing);
            }
            assert_eq!(heap.len(), 4);
            let mut seen = Vec::new();
            heap.each(4, Ord::cmp, |owner, things| seen.push((owner, things.to_vec())));
            assert_eq!(seen, [(0, vec![(9, 9)]), (2, vec![(3, 7), (5, 0), (5, 1)])]);
        }
        heap.push(1, (1, 1));
        let mut seen = Vec::new();
        heap.each(2, Ord::cmp, |owner, things| seen.push((owner, things.to_vec())));
        assert_eq!(seen, [(1, vec![(1, 1)])]);
    }
}
