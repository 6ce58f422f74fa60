//! Both ways of counting, against sets.

use std::collections::BTreeSet;

use super::*;
use crate::engine::trends::numbers::Numbers;
use crate::query::Range;
use crate::trends::Measure;
use crate::trends::cells::Cells;
use crate::trends::grid::Grid;

fn grid(cells: i64) -> Grid {
    let count = usize::try_from(cells).expect("few");
    Grid {
        range: Range { start_ms: 0, end_ms: cells },
        cells: Cells::new((0..cells).collect(), cells),
        spans: (0..count).map(|cell| cell..cell + 1).collect(),
        buckets: count,
        is_rolling: false,
    }
}

#[test]
fn pairs_count_like_sets_whatever_order_they_come_in_and_however_often() {
    let (lines, cells, items) = (3, 5, 40);
    let grid = grid(5);
    let numbers = Numbers::default();
    let layout = Layout {
        lines,
        grid: &grid,
        stretches: &[],
        items,
        numbers: &numbers,
        measure: Measure::Sum,
    };
    let mut pairs = Pairs { pairs: Vec::new(), last_item: 0, max: 1_600, is_full: false };
    let mut other = Pairs { pairs: Vec::new(), last_item: 0, max: 1_600, is_full: false };
    let mut points = vec![BTreeSet::new(); lines * cells];
    let mut totals = vec![BTreeSet::new(); lines];
    let mut state = 88_172_645_463_325_252_u64;
    for n in 0..3_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let item = u32::try_from(state % items as u64).expect("small");
        let cell = usize::try_from((state >> 20) % 15).expect("small");
        if item % 7 == 0 && cell > 2 {
            continue;
        }
        let to = if n % 3 == 0 { &mut other } else { &mut pairs };
        to.add(item, cell);
        points[cell].insert(item);
        totals[cell / cells].insert(item);
    }
    assert!(!pairs.is_full);
    pairs.settle();
    other.settle();
    pairs.pairs.extend(other.pairs);
    let counted = pairs.finish(&layout);
    let sizes = |sets: &[BTreeSet<u32>]| -> Vec<f64> {
        sets.iter().map(|set| as_number(set.len() as u64)).collect()
    };
    assert_eq!(counted.points, sizes(&points));
    assert_eq!(counted.totals, sizes(&totals));
}

#[test]
fn pairs_that_are_too_many_say_so_instead_of_growing() {
    let mut pairs = Pairs { pairs: Vec::new(), last_item: 0, max: 64, is_full: false };
    for item in 0..1_000 {
        pairs.add(item, 0);
    }
    assert!(pairs.is_full && pairs.pairs.is_empty());
}

#[test]
fn shares_hold_everything_once() {
    for of in [1, 2, 8] {
        for key in 0..1_000_u64 {
            let holding = (0..of).filter(|at| Share { at: *at, of }.has(key)).count();
            assert_eq!(holding, 1);
        }
    }
    let grid = grid(2);
    let numbers = Numbers::default();
    let layout = Layout {
        lines: 1,
        grid: &grid,
        stretches: &[],
        items: 1_000,
        numbers: &numbers,
        measure: Measure::Sum,
    };
    for of in [1, 3, 7] {
        let starts: Vec<_> =
            (0..=of).map(|at| share_start(&layout, Share { at: 0, of }, at)).collect();
        assert_eq!((starts[0], starts[of]), (0, 1_000));
        let words = words_per_cell(&layout, Share { at: 0, of });
        assert!(starts.windows(2).all(|pair| (pair[1] - pair[0]) as usize <= words * 64));
    }
}
