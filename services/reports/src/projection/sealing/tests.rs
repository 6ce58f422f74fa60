use super::super::segment::WEEK_MS;
use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[test]
fn sealing_splits_by_week_and_sorts_within() {
    let mut tail = Tail::new();
    for (name, visitor, time) in [(2, 0, 5), (1, 1, 9), (1, 0, 4 * DAY_MS), (1, 1, 3)] {
        let row = tail.push(name, visitor, time, 0);
        tail.set(row, 0, row + 1);
    }
    let segments = seal(&tail, &Room::default());
    assert_eq!(segments.iter().map(|s| (s.week, s.len())).collect::<Vec<_>>(), [(0, 3), (1, 1)]);
    let first = &segments[0];
    assert_eq!(first.times(0).as_u32(), [0, 6, 2]);
    let codes = first.codes(0, 0).expect("it occurs");
    assert_eq!((0..3).map(|row| codes.get(row)).collect::<Vec<_>>(), [4, 2, 1]);
    assert_eq!(first.runs(Some(&[2])), [NameRun { name: 2, start: 2, end: 3 }]);
    assert_eq!((first.min_time_ms, first.max_time_ms), (3, 9));
}

#[test]
fn merging_equals_sealing_at_once() {
    let mut whole = Tail::new();
    let mut parts = Vec::new();
    for part in 0..3 {
        let mut tail = Tail::new();
        for n in 0..50_u32 {
            let (name, visitor, time) = (n % 3, (n * 7 + part) % 5, i64::from(n * 31 % 17));
            let arrival = i64::from(part * 100 + n);
            for to in [&mut whole, &mut tail] {
                let row = to.push(name, visitor, time, arrival);
                if n % 2 == 0 {
                    to.set(row, n % 4, n + 1);
                }
            }
        }
        parts.extend(seal(&tail, &Room::default()).into_iter().map(Arc::new));
    }
    let merged = merge(&parts, &Room::default());
    let sealed = seal(&whole, &Room::default());
    let [sealed] = sealed.as_slice() else { panic!("one week") };
    assert_eq!(merged.visitors(0), sealed.visitors(0));
    assert_eq!(merged.arrivals(0), sealed.arrivals(0));
    assert_eq!(merged.runs(None), sealed.runs(None));
    for key in [0, 2] {
        assert_eq!(merged.codes(key, 0), sealed.codes(key, 0));
    }
}

#[test]
fn a_piece_of_the_tail_is_read_as_it_would_be_sealed() {
    let mut tail = Tail::new();
    for (name, time) in [(2, 100), (1, 60 * WEEK_MS), (1, 3), (1, WEEK_MS)] {
        let row = tail.push(name, 0, time, 7);
        tail.set(row, 5, row + 1);
    }
    let sorted = sort(&tail);
    let rows: Vec<_> = sorted.iter().map(|one| (one.min_time_ms, one.len())).collect();
    assert_eq!(rows, [(3, 3), (60 * WEEK_MS, 1)], "seven weeks at most lie together");
    let first = &sorted[0];
    let parts: Vec<_> = first.parts(Some(&[1, 2])).map(|part| (part.name, part.rows)).collect();
    assert_eq!(parts, [(1, 0..2), (2, 2..3)]);
    assert_eq!(first.codes(5, 0).map(|codes| codes.get(2)), Some(1));
    assert_eq!(first.arrivals(0).as_i64(), [7, 7, 7]);
}

#[test]
fn rows_of_one_time_lie_by_their_arrival_and_the_rest_by_the_row() {
    let mut tail = Tail::new();
    for (value, arrival) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
        let row = tail.push(1, 1, 5, arrival);
        tail.set(row, 0, value);
    }
    let room = Room::default();
    let sealed: Vec<_> = seal(&tail, &room).into_iter().map(Arc::new).collect();
    for segment in [&*sealed[0], &merge(&sealed, &room)] {
        assert_eq!(segment.arrivals(0).as_i64(), [10, 10, 20, 30]);
        let codes = segment.codes(0, 0).expect("it occurs");
        assert_eq!((0..4).map(|row| codes.get(row)).collect::<Vec<_>>(), [2, 4, 3, 1]);
    }
}

#[test]
fn codes_become_numbers_without_gaps_however_large_they_are() {
    for far in [9, 1_000_000] {
        let mut codes = [far, 3, 0, far, 5];
        assert_eq!(number_anew(&mut codes, far), [0, 3, 5, far]);
        assert_eq!(codes, [3, 1, 0, 3, 2]);
        let mut codes = [far, far];
        assert_eq!((number_anew(&mut codes, far), codes), (vec![0, far], [1, 1]));
    }
}

#[test]
fn joining_keeps_no_block_unpacked() {
    let mut tail = Tail::new();
    for n in 0..20_000_u32 {
        let row = tail.push(n % 3, n % 7, i64::from(n), i64::from(n) * 5);
        tail.set(row, n % 2, 1 + n % 300);
    }
    let room = Room::default();
    let sealed: Vec<_> = seal(&tail, &room).into_iter().map(Arc::new).collect();
    let joined = merge(&[Arc::clone(&sealed[0]), Arc::clone(&sealed[0])], &room);
    assert_eq!(room.bytes(), 0);
    assert_eq!(joined.len(), 40_000);
    let left = retain(&joined, |_, visitor, _, _| visitor == 1, &room).expect("some");
    assert_eq!((left.len(), room.bytes()), (2 * 2_857, 0));
}
