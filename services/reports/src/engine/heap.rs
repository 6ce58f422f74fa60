//! Putting events in order by whose they are, in time linear in events.

use super::walk::Hit;

/// Events as they come, then by owner. Its memory is used again and again.
pub(super) struct Heap<const V: usize> {
    hits: Vec<(u32, Hit<V>)>,
    /// By owner, where its next event goes.
    next: Vec<u32>,
    sorted: Vec<Hit<V>>,
}

impl<const V: usize> Heap<V> {
    /// Starts without events.
    pub(super) fn new() -> Self {
        Self { hits: Vec::new(), next: Vec::new(), sorted: Vec::new() }
    }

    /// Puts an event on it, with the number of its owner.
    #[inline]
    pub(super) fn push(&mut self, owner: u32, hit: Hit<V>) {
        self.hits.push((owner, hit));
    }

    /// Takes all events off, and hands out each owner below a number with its events in the order of time and arrival.
    pub(super) fn each(&mut self, owners: usize, mut each: impl FnMut(u32, &[Hit<V>])) {
        let Some((_, any)) = self.hits.first() else { return };
        self.next.clear();
        self.next.resize(owners + 1, 0);
        for (owner, _) in &self.hits {
            self.next[*owner as usize + 1] += 1;
        }
        for owner in 0..owners {
            self.next[owner + 1] += self.next[owner];
        }
        self.sorted.clear();
        self.sorted.resize(self.hits.len(), *any);
        for (owner, hit) in self.hits.drain(..) {
            let place = &mut self.next[owner as usize];
            self.sorted[*place as usize] = hit;
            *place += 1;
        }
        // Now each place is where the next owner's events begin.
        let mut from = 0;
        for (owner, end) in (0_u32..).zip(&self.next[..owners]) {
            let own = &mut self.sorted[from..*end as usize];
            from = *end as usize;
            if own.is_empty() {
                continue;
            }
            let key = |hit: &Hit<V>| (hit.time_ms, hit.arrival);
            if !own.is_sorted_by_key(key) {
                own.sort_unstable_by_key(key);
            }
            each(owner, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_has_its_events_in_their_order() {
        let hit = |time_ms, arrival| Hit::<0> {
            time_ms,
            arrival,
            selectors: 1,
            name: 0,
            visitor: 0,
            values: [],
        };
        let mut heap = Heap::new();
        for _ in 0..2 {
            for (owner, time, arrival) in [(2, 5, 1), (0, 9, 9), (2, 3, 7), (2, 5, 0)] {
                heap.push(owner, hit(time, arrival));
            }
            let mut seen = Vec::new();
            heap.each(4, |owner, hits| {
                seen.push((owner, hits.iter().map(|hit| (hit.time_ms, hit.arrival)).collect()));
            });
            assert_eq!(seen, [(0, vec![(9, 9)]), (2, vec![(3, 7), (5, 0), (5, 1)])]);
        }
    }
}
