//! Packing one block of a column: at most [`BLOCK_ROWS`] whole numbers, and back.
//!
//! A block begins with a byte that says how it is packed: the way that takes least, but LZ4 only where it takes clearly less,
//! since it takes longer to unpack. Numbers come back in the narrowest type that holds them, since what a question reads is
//! bound by how many bytes it is.

use bitpacking::{BitPacker as _, BitPacker4x};

/// How many rows a block has, but for the last one of a segment.
pub(crate) const BLOCK_ROWS: usize = 16_384;

/// All numbers are the same: the number follows.
const SAME: u8 = 0;
/// Differences from the smallest, with as many bits as the largest needs: that count of bits and the smallest number.
const BITS: u8 = 1;
/// Likewise the differences from one number to the next, folded so that small negative ones are small.
const STEPS: u8 = 2;
/// The bytes, compressed by LZ4; in the width that follows.
const LZ4: u8 = 3;

/// How many of a hundred bytes that bits take LZ4 may take.
const LZ4_PERCENT_MAX: usize = 80;
/// What LZ4 is tried on first: so many pieces of a block,
const SAMPLE_PIECES: usize = 8;
/// of so many numbers each.
const SAMPLE_ROWS: usize = 256;

/// Unpacked numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// So many times the same.
    Same(u32),
    /// Up to 255.
    U8(Vec<u8>),
    /// Up to 65,535.
    U16(Vec<u16>),
    /// Others.
    U32(Vec<u32>),
    /// Arrivals.
    I64(Vec<i64>),
}

impl Unpacked {
    /// Returns how many bytes the numbers take.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::U8(numbers) => numbers.len(),
            Self::U16(numbers) => numbers.len() * 2,
            Self::U32(numbers) => numbers.len() * 4,
            Self::I64(numbers) => numbers.len() * 8,
        }
    }

    /// Puts another number in the place of each, as a table says, in the narrowest type that holds them; not for arrivals.
    pub(crate) fn mapped(self, table: &[u32]) -> Self {
        match self {
            Self::Same(number) => Self::Same(table[number as usize]),
            Self::U8(numbers) => mapped(&numbers, table),
            Self::U16(numbers) => mapped(&numbers, table),
            Self::U32(numbers) => mapped(&numbers, table),
            Self::I64(_) => unreachable!("arrivals are no codes"),
        }
    }

    /// Returns the number of a row; not for arrivals.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> u32 {
        match self {
            Self::Same(number) => *number,
            Self::U8(numbers) => numbers[row].into(),
            Self::U16(numbers) => numbers[row].into(),
            Self::U32(numbers) => numbers[row],
            Self::I64(_) => unreachable!("arrivals are read as such"),
        }
    }

    /// Returns the numbers of a column that is always unpacked as 32 bits: visitors and times.
    #[inline]
    pub(crate) fn as_u32(&self) -> &[u32] {
        let Self::U32(numbers) = self else { unreachable!("packed by `wide`") };
        numbers
    }

    /// Returns arrivals.
    #[inline]
    pub(crate) fn as_i64(&self) -> &[i64] {
        let Self::I64(numbers) = self else { unreachable!("packed by `arrivals`") };
        numbers
    }
}

/// Puts another number in the place of each, in the narrowest type that holds all of the table.
fn mapped<T: Copy + Into<u32>>(numbers: &[T], table: &[u32]) -> Unpacked {
    let becomes = |number: &T| table[(*number).into() as usize];
    #[expect(clippy::cast_possible_truncation, reason = "the largest of the table is looked at")]
    match width_of(table.iter().copied().max().unwrap_or(0)) {
        1 => Unpacked::U8(numbers.iter().map(|number| becomes(number) as u8).collect()),
        2 => Unpacked::U16(numbers.iter().map(|number| becomes(number) as u16).collect()),
        _ => Unpacked::U32(numbers.iter().map(becomes).collect()),
    }
}

/// Packs value codes.
pub(crate) fn codes(numbers: &[u32]) -> Vec<u8> {
    let Some((smallest, largest)) = ends(numbers) else { return same(0) };
    if smallest == largest {
        return same(smallest);
    }
    let count = bits_of(largest - smallest);
    lz4_if_small(numbers, largest, bits_length(numbers.len(), count)).unwrap_or_else(|| {
        let mut bytes = bits_head(BITS, numbers.len(), count, smallest, width_of(largest));
        pack_bits(numbers.iter().map(|number| number - smallest), count, &mut bytes);
        bytes
    })
}

/// Compresses value codes by LZ4 if that takes clearly less than so many bytes. It is tried on a sample first: most columns have
/// nothing that repeats, and to find that out of all of a block takes longer than all else that is done to seal it.
fn lz4_if_small(numbers: &[u32], largest: u32, bits_length: usize) -> Option<Vec<u8>> {
    let pays = |length: usize| length * 100 <= bits_length * LZ4_PERCENT_MAX;
    if numbers.len() > SAMPLE_PIECES * SAMPLE_ROWS * 2 {
        let stride = numbers.len() / SAMPLE_PIECES;
        let sample: Vec<u32> = numbers
            .chunks(stride)
            .flat_map(|piece| &piece[..SAMPLE_ROWS.min(piece.len())])
            .copied()
            .collect();
        if !pays(lz4_codes(&sample, largest).len() * numbers.len() / sample.len()) {
            return None;
        }
    }
    Some(lz4_codes(numbers, largest)).filter(|packed| pays(packed.len()))
}

fn lz4_codes(numbers: &[u32], largest: u32) -> Vec<u8> {
    match width_of(largest) {
        1 => lz4(1, numbers.iter().map(|number| number.to_le_bytes()[0])),
        2 => lz4(2, numbers.iter().flat_map(|number| low_bytes(*number))),
        _ => lz4(4, numbers.iter().flat_map(|number| number.to_le_bytes())),
    }
}

/// Packs numbers that are unpacked as 32 bits whatever they are.
pub(crate) fn wide(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    add_wide(numbers, &mut bytes);
    bytes
}

fn add_wide(numbers: &[u32], bytes: &mut Vec<u8>) {
    let Some((smallest, largest)) = ends(numbers) else {
        bytes.extend(same(0));
        return;
    };
    // All bits that any of them has: as many as the largest has.
    let of_steps = bits_of(folded_steps(numbers, smallest).fold(0, |all, step| all | step));
    let of_bits = bits_of(largest - smallest);
    if of_steps < of_bits {
        // The width is not read.
        bytes.extend(bits_head(STEPS, numbers.len(), of_steps, smallest, 4));
        pack_bits(folded_steps(numbers, smallest), of_steps, bytes);
    } else {
        bytes.extend(bits_head(BITS, numbers.len(), of_bits, smallest, width_of(largest)));
        pack_bits(numbers.iter().map(|number| number - smallest), of_bits, bytes);
    }
}

/// The differences from one number to the next, the sign in the lowest bit.
fn folded_steps(numbers: &[u32], mut last: u32) -> impl ExactSizeIterator<Item = u32> {
    numbers.iter().map(move |number| {
        let step = number.wrapping_sub(std::mem::replace(&mut last, *number)).cast_signed();
        (step.cast_unsigned() << 1) ^ (step >> 31).cast_unsigned()
    })
}

/// Packs arrivals, given beside the times of the rows in microseconds, which they mostly are close to.
pub(crate) fn arrivals(numbers: &[i64], times_us: &[i64]) -> Vec<u8> {
    let late = || numbers.iter().zip(times_us).map(|(at, time)| at.wrapping_sub(*time));
    let smallest = late().min().unwrap_or(0);
    let low: Option<Vec<u32>> =
        late().map(|late| u32::try_from(late.wrapping_sub(smallest)).ok()).collect();
    match low {
        Some(low) => {
            let mut bytes = vec![BITS];
            bytes.extend(smallest.to_le_bytes());
            add_wide(&low, &mut bytes);
            bytes
        }
        None => lz4(8, late().flat_map(i64::to_le_bytes)),
    }
}

/// Unpacks arrivals.
pub(crate) fn unpack_arrivals(
    bytes: &[u8],
    times_us: impl Iterator<Item = i64>,
    rows: usize,
) -> Unpacked {
    let late: Vec<i64> = match bytes.first() {
        Some(&BITS) => {
            let (smallest, rest) = bytes[1..].split_first_chunk().expect("packed here");
            let smallest = i64::from_le_bytes(*smallest);
            let Unpacked::U32(low) = unpack_wide(rest, rows) else { unreachable!("it is wide") };
            low.into_iter().map(|low| smallest.wrapping_add(low.into())).collect()
        }
        _ => {
            let bytes = unlz4(&bytes[2..], rows * 8);
            let (chunks, _) = bytes.as_chunks();
            chunks.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect()
        }
    };
    Unpacked::I64(
        late.into_iter().zip(times_us).map(|(late, time)| time.wrapping_add(late)).collect(),
    )
}

/// Unpacks numbers as 32 bits.
pub(crate) fn unpack_wide(bytes: &[u8], rows: usize) -> Unpacked {
    match unpack(bytes, rows, true) {
        Unpacked::Same(number) => Unpacked::U32(vec![number; rows]),
        other => other,
    }
}

/// Unpacks value codes.
pub(crate) fn unpack_codes(bytes: &[u8], rows: usize) -> Unpacked {
    unpack(bytes, rows, false)
}

fn unpack(bytes: &[u8], rows: usize, is_wide: bool) -> Unpacked {
    let number = || u32::from_le_bytes(*bytes[2..].first_chunk().expect("packed here"));
    match bytes[0] {
        SAME => Unpacked::Same(number()),
        BITS => {
            let width = if is_wide { 4 } else { bytes[6] };
            narrow(unpacked_bits(&bytes[7..], bytes[1], rows, number()), width)
        }
        STEPS => {
            let mut numbers = unpacked_bits(&bytes[7..], bytes[1], rows, 0);
            let mut last = number();
            for number in &mut numbers {
                let step = (*number >> 1) ^ (*number & 1).wrapping_neg();
                last = last.wrapping_add(step);
                *number = last;
            }
            Unpacked::U32(numbers)
        }
        _ => {
            let width = bytes[1];
            let raw = unlz4(&bytes[2..], rows * usize::from(width));
            match width {
                1 => Unpacked::U8(raw),
                2 => Unpacked::U16(
                    raw.as_chunks().0.iter().map(|two| u16::from_le_bytes(*two)).collect(),
                ),
                _ => Unpacked::U32(
                    raw.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect(),
                ),
            }
        }
    }
}

/// Returns how many bytes hold a number.
fn width_of(largest: u32) -> u8 {
    match largest {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    }
}

fn ends(numbers: &[u32]) -> Option<(u32, u32)> {
    Some((*numbers.iter().min()?, *numbers.iter().max()?))
}

fn low_bytes(number: u32) -> [u8; 2] {
    let [a, b, ..] = number.to_le_bytes();
    [a, b]
}

fn same(number: u32) -> Vec<u8> {
    let mut bytes = vec![SAME, 0];
    bytes.extend(number.to_le_bytes());
    bytes
}

/// Returns how many bits a number has.
fn bits_of(largest: u32) -> u8 {
    u8::try_from(32 - largest.leading_zeros()).expect("at most 32")
}

/// Returns how many bytes so many numbers take.
fn bits_length(rows: usize, count: u8) -> usize {
    7 + rows.div_ceil(BitPacker4x::BLOCK_LEN) * usize::from(count) * BitPacker4x::BLOCK_LEN / 8
}

/// Writes the way, how many bits, the smallest, and the width in bytes that holds them all; what follows is the bits.
fn bits_head(way: u8, rows: usize, count: u8, smallest: u32, width: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bits_length(rows, count));
    bytes.extend([way, count]);
    bytes.extend(smallest.to_le_bytes());
    bytes.push(width);
    bytes
}

fn pack_bits(mut numbers: impl ExactSizeIterator<Item = u32>, count: u8, bytes: &mut Vec<u8>) {
    let packer = BitPacker4x::new();
    let mut block = [0_u32; BitPacker4x::BLOCK_LEN];
    let length = usize::from(count) * BitPacker4x::BLOCK_LEN / 8;
    while numbers.len() > 0 {
        if numbers.len() < block.len() {
            block.fill(0);
        }
        for (to, number) in block.iter_mut().zip(&mut numbers) {
            *to = number;
        }
        let start = bytes.len();
        bytes.resize(start + length, 0);
        packer.compress(&block, &mut bytes[start..], count);
    }
}

fn unpacked_bits(bytes: &[u8], count: u8, rows: usize, smallest: u32) -> Vec<u32> {
    let packer = BitPacker4x::new();
    let length = usize::from(count) * BitPacker4x::BLOCK_LEN / 8;
    let mut numbers = vec![0_u32; rows.next_multiple_of(BitPacker4x::BLOCK_LEN)];
    for (block, to) in numbers.chunks_exact_mut(BitPacker4x::BLOCK_LEN).enumerate() {
        packer.decompress(&bytes[block * length..], to, count);
    }
    numbers.truncate(rows);
    if smallest != 0 {
        for number in &mut numbers {
            *number += smallest;
        }
    }
    numbers
}

fn narrow(numbers: Vec<u32>, width: u8) -> Unpacked {
    match width {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the largest was looked at when they were packed"
        )]
        1 => Unpacked::U8(numbers.into_iter().map(|number| number as u8).collect()),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the largest was looked at when they were packed"
        )]
        2 => Unpacked::U16(numbers.into_iter().map(|number| number as u16).collect()),
        _ => Unpacked::U32(numbers),
    }
}

fn lz4(width: u8, bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let bytes: Vec<u8> = bytes.collect();
    let mut packed = vec![LZ4, width];
    packed.extend(lz4_flex::block::compress(&bytes));
    packed
}

fn unlz4(bytes: &[u8], length: usize) -> Vec<u8> {
    lz4_flex::block::decompress(bytes, length).expect("packed here")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator whose every run is the same.
    fn numbers(count: usize, below: u32) -> Vec<u32> {
        let mut state = 7_u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u32::try_from((state >> 33) % u64::from(below)).expect("below")
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn what_is_packed_comes_back_in_the_narrowest_type() {
        for count in [1, 127, 128, 129, BLOCK_ROWS] {
            for below in [2, 200, 256, 257, 60_000, 70_000, u32::MAX] {
                let numbers = numbers(count, below);
                let codes = unpack_codes(&codes(&numbers), count);
                assert!((0..count).all(|row| codes.get(row) == numbers[row]), "{count} {below}");
                let widest = numbers.iter().max().copied().unwrap_or(0);
                let fits = match codes {
                    Unpacked::Same(_) => true,
                    Unpacked::U8(_) => widest <= 0xff,
                    Unpacked::U16(_) => (0x100..=0xffff).contains(&widest),
                    _ => widest > 0xffff,
                };
                assert!(fits, "{count} {below}");
                assert_eq!(unpack_wide(&wide(&numbers), count).as_u32(), numbers);
            }
        }
    }

    #[test]
    fn sorted_numbers_take_the_room_of_their_steps() {
        let sorted: Vec<u32> = (0..).step_by(3).take(BLOCK_ROWS).collect();
        let packed = wide(&sorted);
        assert!(packed.len() < BLOCK_ROWS / 2, "{}", packed.len());
        assert_eq!(unpack_wide(&packed, BLOCK_ROWS).as_u32(), sorted);
        assert_eq!(unpack_codes(&codes(&[5; 100]), 100), Unpacked::Same(5));
        assert!(codes(&[5; 100]).len() < 10);
    }

    #[test]
    fn lz4_is_taken_where_it_takes_clearly_less_and_only_there() {
        let rare = |share| numbers(BLOCK_ROWS, 60_000).into_iter().zip(numbers(BLOCK_ROWS, share));
        let rare: Vec<u32> = rare(50).map(|(n, one)| if one == 0 { n } else { 0 }).collect();
        let some_names =
            (0..BLOCK_ROWS).map(|row| if row < BLOCK_ROWS / 2 { 0 } else { rare[row] + 1 });
        let some_names: Vec<u32> = some_names.collect();
        for repeating in [rare, some_names] {
            let packed = codes(&repeating);
            assert_eq!(packed[0], LZ4);
            assert!(packed.len() < BLOCK_ROWS, "{}", packed.len());
        }
        for below in [2, 8, 60, 2_000] {
            assert_eq!(codes(&numbers(BLOCK_ROWS, below))[0], BITS, "{below}");
        }
    }

    #[test]
    fn what_was_packed_by_an_earlier_version_is_read() {
        // The width of steps was that of the largest step.
        let steps = [&[STEPS, 2, 5, 0, 0, 0, 1][..], &[0b1010_1010; 32]].concat();
        let expected: Vec<u32> = (6..134).collect();
        assert_eq!(unpack_wide(&steps, 128).as_u32(), expected);
        let compressed = lz4_codes(&[3, 1, 2], 3);
        assert_eq!(unpack_codes(&compressed, 3), Unpacked::U8(vec![3, 1, 2]), "whatever it takes");
    }

    #[test]
    fn arrivals_come_back_whether_they_are_close_or_far() {
        let times: Vec<i64> = (0..1_000).map(|n| n * 1_000_000).collect();
        let close: Vec<i64> = times.iter().map(|time| time + 1_500).collect();
        let far: Vec<i64> = times.iter().map(|time| i64::MAX / 2 - time * 3).collect();
        for arrived in [close, far] {
            let packed = arrivals(&arrived, &times);
            let back = unpack_arrivals(&packed, times.iter().copied(), times.len());
            assert_eq!(back.as_i64(), arrived);
        }
    }
}
