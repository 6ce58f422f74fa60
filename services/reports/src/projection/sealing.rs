//! Making segments: of the tail, of other segments, and of what is left of one.
//!
//! Columns are copied one after the other, so that at most one of them lies unpacked, whatever number of keys there is.

mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::block::{Blocks, Room};
use super::dictionary::NOT_SET;
use super::first_seen::FirstSeen;
use super::rows::NameRun;
use super::segment::{Columns, Head, Segment, micros, week_of};
use super::tail::Tail;
use source::{Loose, Source};

/// How many weeks fit into one segment: its times are kept as milliseconds from its first one, in 32 bits.
const SPAN_WEEKS: i64 = 7;
/// With so many times as many codes as rows, the codes that occur are sorted instead of looked up in a table of all codes.
const CODES_A_ROW_MAX: usize = 8;

/// Seals the tail: one segment for each week that occurs in it.
pub(crate) fn seal(tail: &Tail, room: &Room) -> Vec<Segment> {
    sorted(tail, week_of, Some(room))
}

/// Sorts a piece of the tail, to be read beside segments until it is sealed. Most pieces become one.
pub(crate) fn sort(tail: &Tail) -> Vec<Segment> {
    sorted(tail, |time_ms| week_of(time_ms).div_euclid(SPAN_WEEKS), None)
}

fn sorted(tail: &Tail, span_of: impl Fn(i64) -> i64, room: Option<&Room>) -> Vec<Segment> {
    let mut spans: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (row, time_ms) in (0..).zip(&tail.rows.time_ms) {
        spans.entry(span_of(*time_ms)).or_default().push(row);
    }
    let orders: Vec<_> = spans.into_values().map(|rows| in_order(tail, rows)).collect();
    gather(tail, &orders, room)
}

/// Joins segments of one week into one.
pub(crate) fn merge(segments: &[Arc<Segment>], room: &Room) -> Segment {
    let all = Loose::of(segments.iter().map(Arc::as_ref).collect());
    let rows = (0..).take(all.names().len()).collect();
    let joined = gather(&all, &[in_order(&all, rows)], Some(room)).pop();
    joined.expect("one order makes one segment")
}

/// Returns a segment with those rows alone of which `is_kept` says so, given time, visitor, arrival and name; `None` if
/// nothing is left.
pub(super) fn retain(
    segment: &Segment,
    is_kept: impl Fn(i64, u32, i64, u32) -> bool,
    room: &Room,
) -> Option<Segment> {
    let all = Loose::of(vec![segment]);
    let is_kept = |row: &u32| {
        let row = *row as usize;
        is_kept(all.times_ms()[row], all.visitors()[row], all.arrivals()[row], all.names()[row])
    };
    let order: Vec<u32> = (0..).take(segment.len()).filter(is_kept).collect();
    if order.is_empty() {
        return None;
    }
    gather(&all, &[order], Some(room)).pop()
}

/// Sorts rows by (name, visitor, time, arrival). Their times lie within 32 bits.
fn in_order(source: &impl Source, mut rows: Vec<u32>) -> Vec<u32> {
    let (names, visitors) = (source.names(), source.visitors());
    let (times_ms, arrivals) = (source.times_ms(), source.arrivals());
    let first_ms = rows.iter().map(|row| times_ms[*row as usize]).min().unwrap_or(0);
    // One number a row, the row itself at its end: to compare rows takes no look at the columns.
    let key = |row: &u32| {
        let at = *row as usize;
        let parts = [names[at], visitors[at], since(times_ms[at], first_ms), *row];
        parts.into_iter().fold(0_u128, |key, part| key << 32 | u128::from(part))
    };
    let mut keys: Vec<u128> = rows.iter().map(key).collect();
    // The stable sort is fast on what consists of sorted runs, as segments that are joined do.
    keys.sort();
    rows.clear();
    rows.extend(keys.iter().map(|key| {
        let [a, b, c, d, ..] = key.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }));
    let mut rest = rows.as_mut_slice();
    for of_one_time in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
        let (some, others) = rest.split_at_mut(of_one_time.len());
        rest = others;
        if some.len() > 1 {
            some.sort_by_key(|row| arrivals[*row as usize]);
        }
    }
    rows
}

fn since(time_ms: i64, first_ms: i64) -> u32 {
    u32::try_from(time_ms - first_ms).expect("a segment is no longer than seven weeks")
}

/// Makes a segment of each list of rows, in the order given; packed if there is a room to unpack them in.
fn gather(source: &impl Source, orders: &[Vec<u32>], room: Option<&Room>) -> Vec<Segment> {
    let mut properties: Vec<_> = orders.iter().map(|_| FxHashMap::default()).collect();
    let mut codes = vec![NOT_SET; source.names().len()];
    for key in source.keys() {
        source.write_codes(key, &mut codes);
        for (order, of_order) in orders.iter().zip(&mut properties) {
            if let Some(column) = pick(&codes, order, room) {
                of_order.insert(key, column);
            }
        }
    }
    let both = orders.iter().zip(properties);
    both.map(|(order, properties)| with_properties(source, order, properties, room)).collect()
}

fn with_properties(
    source: &impl Source,
    order: &[u32],
    properties: FxHashMap<u32, Blocks>,
    room: Option<&Room>,
) -> Segment {
    let picked = |of: &[i64]| order.iter().map(|row| of[*row as usize]).collect::<Vec<_>>();
    let times_ms = picked(source.times_ms());
    let min_time_ms = times_ms.iter().copied().min().unwrap_or(i64::MAX);
    let max_time_ms = times_ms.iter().copied().max().unwrap_or(i64::MIN);
    let times = times_ms.iter().map(|time_ms| since(*time_ms, min_time_ms)).collect();
    let times_us: Vec<i64> = times_ms.into_iter().map(micros).collect();
    let visitors = order.iter().map(|row| source.visitors()[*row as usize]).collect();
    let columns = Columns {
        visitor: Blocks::of_wide(visitors, room),
        time: Blocks::of_wide(times, room),
        arrival: Blocks::of_arrivals(picked(source.arrivals()), &times_us, room),
        properties,
        first_seen: FirstSeen::default(),
    };
    let week = week_of(min_time_ms);
    let (len, runs) = (order.len(), runs(source.names(), order));
    Segment::of(Head { id: 0, week, min_time_ms, max_time_ms, len, runs }, columns)
}

fn runs(names: &[u32], order: &[u32]) -> Vec<NameRun> {
    let mut runs: Vec<NameRun> = Vec::new();
    for (row, old) in (0_u32..).zip(order) {
        let name = names[*old as usize];
        match runs.last_mut() {
            Some(run) if run.name == name => run.end += 1,
            _ => runs.push(NameRun { name, start: row, end: row + 1 }),
        }
    }
    runs
}

/// Copies value codes in the given order; `None` if no row of it has one. What is packed has value codes of its own,
/// without gaps, so that it can be stored with its own texts alone.
fn pick(codes: &[u32], order: &[u32], room: Option<&Room>) -> Option<Blocks> {
    let mut picked: Vec<u32> = order.iter().map(|row| codes[*row as usize]).collect();
    let largest = picked.iter().copied().max().filter(|largest| *largest != NOT_SET)?;
    let Some(room) = room else { return Some(Blocks::of_codes(picked, None)) };
    let table = number_anew(&mut picked, largest);
    Some(Blocks::of_codes(picked, Some(room)).with_table(table.into()))
}

/// Puts numbers without gaps in the places of codes, in their order, and returns which code each of them was. Code 0 stays 0,
/// whether a row has it or not.
fn number_anew(codes: &mut [u32], largest: u32) -> Vec<u32> {
    if largest as usize > codes.len().saturating_mul(CODES_A_ROW_MAX) {
        let mut table = codes.to_vec();
        table.push(NOT_SET);
        table.sort_unstable();
        table.dedup();
        for code in codes {
            let place = table.binary_search(code).expect("all that occur are in it");
            *code = u32::try_from(place).expect("codes have 32 bits");
        }
        return table;
    }
    let mut own = vec![0_u32; largest as usize + 1];
    for code in codes.iter() {
        own[*code as usize] = 1;
    }
    own[NOT_SET as usize] = 1;
    let mut table = Vec::new();
    for (code, number) in (0_u32..).zip(&mut own) {
        if *number == 1 {
            *number = u32::try_from(table.len()).expect("codes have 32 bits");
            table.push(code);
        }
    }
    for code in codes {
        *code = own[*code as usize];
    }
    table
}

#[cfg(test)]
mod tests;
