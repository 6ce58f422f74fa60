//! Columns in blocks: packed for good, unpacked while questions read them and there is room.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwapOption;

use super::pack::{self, BLOCK_ROWS, Unpacked};

/// How many bytes of unpacked blocks are kept: about what twenty columns of ten million events take.
const UNPACKED_BYTES_MAX: usize = 512 << 20;

/// Keeps unpacked blocks, up to a number of bytes. Of those that are kept, the ones go first that were not read since it was
/// last looked at them. Copies share the room.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    bytes_max: usize,
    bytes: AtomicUsize,
    /// In the order in which they are looked at.
    blocks: Mutex<VecDeque<Weak<Block>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(UNPACKED_BYTES_MAX)
    }
}

impl Room {
    /// Makes room for so many bytes; with 0, nothing is kept.
    pub(crate) fn of(bytes_max: usize) -> Self {
        Self(Arc::new(Kept { bytes_max, bytes: AtomicUsize::new(0), blocks: Mutex::default() }))
    }

    /// Returns how many bytes are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Keeps a block that was just unpacked, and lets others go where that takes too much.
    fn keep(&self, block: &Arc<Block>, unpacked: &Arc<Unpacked>) {
        let bytes = unpacked.bytes();
        if bytes > self.0.bytes_max {
            return;
        }
        let mut blocks = self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if block.unpacked.load().is_some() {
            return;
        }
        // Each is looked at twice at most: the first look takes away that it was read.
        for _ in 0..blocks.len() * 2 {
            if self.bytes() + bytes <= self.0.bytes_max {
                break;
            }
            let Some(oldest) = blocks.pop_front() else { break };
            // What is gone has given its bytes back when it went.
            let Some(one) = oldest.upgrade() else { continue };
            if one.was_read.swap(false, Ordering::Relaxed) {
                blocks.push_back(oldest);
            } else {
                one.let_go();
            }
        }
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        block.unpacked.store(Some(Arc::clone(unpacked)));
        blocks.push_back(Arc::downgrade(block));
    }
}

/// What a column holds, which says how it is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Value codes; [`super::dictionary::NOT_SET`] where there is none.
    Codes,
    /// Visitor codes, or milliseconds since the segment's base.
    Wide,
    /// Microseconds since 1970.
    Arrivals,
}

/// At most [`BLOCK_ROWS`] numbers of a column.
#[derive(Debug)]
struct Block {
    /// With the room that it is unpacked in; `None` for one that never was packed.
    packed: Option<(Box<[u8]>, Room)>,
    unpacked: ArcSwapOption<Unpacked>,
    was_read: AtomicBool,
}

impl Block {
    fn let_go(&self) {
        let Some((_, room)) = &self.packed else { return };
        if let Some(unpacked) = self.unpacked.swap(None) {
            room.0.bytes.fetch_sub(unpacked.bytes(), Ordering::Relaxed);
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// One column of a segment.
#[derive(Debug)]
pub(crate) struct Blocks {
    kind: Kind,
    /// What value codes of the segment's own become when they are unpacked; empty where they stay as they are.
    table: Box<[u32]>,
    rows: usize,
    blocks: Vec<Arc<Block>>,
}

impl Blocks {
    /// Takes value codes: packed if there is a room to unpack them in, else as they are.
    pub(crate) fn of_codes(numbers: Vec<u32>, room: Option<&Room>) -> Self {
        match room {
            None => Self::loose(Kind::Codes, Unpacked::U32, numbers),
            Some(room) => {
                let packed = numbers.chunks(BLOCK_ROWS).map(pack::codes);
                Self::packed(Kind::Codes, numbers.len(), packed, room)
            }
        }
    }

    /// Takes visitor codes or times, likewise.
    pub(crate) fn of_wide(numbers: Vec<u32>, room: Option<&Room>) -> Self {
        match room {
            None => Self::loose(Kind::Wide, Unpacked::U32, numbers),
            Some(room) => {
                let packed = numbers.chunks(BLOCK_ROWS).map(pack::wide);
                Self::packed(Kind::Wide, numbers.len(), packed, room)
            }
        }
    }

    /// Takes arrivals, likewise, beside the times of their rows in microseconds since 1970.
    pub(crate) fn of_arrivals(numbers: Vec<i64>, times_us: &[i64], room: Option<&Room>) -> Self {
        match room {
            None => Self::loose(Kind::Arrivals, Unpacked::I64, numbers),
            Some(room) => {
                let both = numbers.chunks(BLOCK_ROWS).zip(times_us.chunks(BLOCK_ROWS));
                let packed = both.map(|(numbers, times_us)| pack::arrivals(numbers, times_us));
                Self::packed(Kind::Arrivals, numbers.len(), packed, room)
            }
        }
    }

    fn packed(kind: Kind, rows: usize, packed: impl Iterator<Item = Vec<u8>>, room: &Room) -> Self {
        let block = |bytes: Vec<u8>| {
            let packed = Some((bytes.into(), room.clone()));
            Arc::new(Block {
                packed,
                unpacked: ArcSwapOption::empty(),
                was_read: AtomicBool::new(false),
            })
        };
        Self { kind, table: Box::default(), rows, blocks: packed.map(block).collect() }
    }

    /// Keeps numbers as they are.
    fn loose<T: Clone>(kind: Kind, of: impl Fn(Vec<T>) -> Unpacked, numbers: Vec<T>) -> Self {
        let rows = numbers.len();
        let block = |numbers: Vec<T>| {
            let unpacked = ArcSwapOption::from_pointee(of(numbers));
            Arc::new(Block { packed: None, unpacked, was_read: AtomicBool::new(false) })
        };
        let blocks = if rows <= BLOCK_ROWS {
            vec![block(numbers)]
        } else {
            numbers.chunks(BLOCK_ROWS).map(|some| block(some.to_vec())).collect()
        };
        Self { kind, table: Box::default(), rows, blocks }
    }

    /// Takes packed blocks as they were stored. `table` says what value codes become.
    pub(crate) fn stored(
        kind: Kind,
        rows: usize,
        packed: Vec<Vec<u8>>,
        table: Box<[u32]>,
        room: &Room,
    ) -> Self {
        Self::packed(kind, rows, packed.into_iter(), room).with_table(table)
    }

    /// Returns the largest number; of packed columns.
    pub(crate) fn largest(&self) -> u32 {
        let of_block = |block| match &*self.unpacked_once(block, Vec::new) {
            Unpacked::Same(number) => *number,
            Unpacked::U8(numbers) => numbers.iter().copied().max().unwrap_or(0).into(),
            Unpacked::U16(numbers) => numbers.iter().copied().max().unwrap_or(0).into(),
            Unpacked::U32(numbers) => numbers.iter().copied().max().unwrap_or(0),
            Unpacked::I64(_) => 0,
        };
        (0..self.blocks.len()).map(of_block).max().unwrap_or(0)
    }

    /// Says what value codes become when they are unpacked.
    pub(crate) fn with_table(self, table: Box<[u32]>) -> Self {
        let is_same = (0..).zip(&table).all(|(code, becomes)| code == *becomes);
        Self { table: if is_same { Box::default() } else { table }, ..self }
    }

    /// Returns the packed blocks, to be stored; none if they never were packed.
    pub(crate) fn to_store(&self) -> Vec<Vec<u8>> {
        self.blocks
            .iter()
            .flat_map(|block| &block.packed)
            .map(|(bytes, _)| bytes.to_vec())
            .collect()
    }

    /// Returns how many blocks a column of so many rows has.
    pub(crate) fn count(rows: usize) -> usize {
        rows.div_ceil(BLOCK_ROWS)
    }

    /// Returns what value codes become when they are unpacked; empty where they stay as they are.
    pub(crate) fn table(&self) -> &[u32] {
        &self.table
    }

    /// Returns how many bytes the packed blocks take.
    pub(crate) fn packed_bytes(&self) -> usize {
        self.blocks.iter().flat_map(|block| &block.packed).map(|(bytes, _)| bytes.len()).sum()
    }

    /// Returns a block, unpacked. `times_us` gives the times of its rows, which arrivals are packed beside.
    pub(crate) fn unpacked(
        &self,
        block: usize,
        times_us: impl FnOnce() -> Vec<i64>,
    ) -> Arc<Unpacked> {
        let one = &self.blocks[block];
        if let Some(unpacked) = &*one.unpacked.load() {
            if !one.was_read.load(Ordering::Relaxed) {
                one.was_read.store(true, Ordering::Relaxed);
            }
            return Arc::clone(unpacked);
        }
        let (packed, room) = one.packed.as_ref().expect("what is not packed stays unpacked");
        let unpacked = Arc::new(self.unpack(block, packed, times_us));
        room.keep(one, &unpacked);
        unpacked
    }

    /// Returns a block like [`Self::unpacked`], but lets nothing else go for it: for one who reads it once.
    pub(super) fn unpacked_once(
        &self,
        block: usize,
        times_us: impl FnOnce() -> Vec<i64>,
    ) -> Arc<Unpacked> {
        let one = &self.blocks[block];
        if let Some(unpacked) = &*one.unpacked.load() {
            return Arc::clone(unpacked);
        }
        let (packed, _) = one.packed.as_ref().expect("what is not packed stays unpacked");
        Arc::new(self.unpack(block, packed, times_us))
    }

    fn unpack(&self, block: usize, packed: &[u8], times_us: impl FnOnce() -> Vec<i64>) -> Unpacked {
        let rows = (self.rows - block * BLOCK_ROWS).min(BLOCK_ROWS);
        match self.kind {
            Kind::Codes if self.table.is_empty() => pack::unpack_codes(packed, rows),
            Kind::Codes => pack::unpack_codes(packed, rows).mapped(&self.table),
            Kind::Wide => pack::unpack_wide(packed, rows),
            Kind::Arrivals => pack::unpack_arrivals(packed, times_us().into_iter(), rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(room: &Room) -> Blocks {
        let numbers: Vec<u32> = (0..).take(BLOCK_ROWS * 3 + 5).collect();
        Blocks::of_wide(numbers, Some(room))
    }

    fn read(column: &Blocks, block: usize) -> u32 {
        column.unpacked(block, Vec::new).as_u32()[0]
    }

    #[test]
    fn no_more_is_kept_unpacked_than_there_is_room_for() {
        let block = BLOCK_ROWS * 4;
        let room = Room::of(block * 2);
        let column = column(&room);
        for (at, first) in [(0, 0), (1, 16_384), (2, 32_768), (3, 49_152), (0, 0)] {
            assert_eq!(read(&column, at), first);
            assert!(room.bytes() <= block * 2, "{}", room.bytes());
        }
        assert!(room.bytes() > 0);
        drop(column);
        assert_eq!(room.bytes(), 0, "what goes gives its room back");
    }

    #[test]
    fn what_is_read_again_and_again_stays() {
        let room = Room::of(BLOCK_ROWS * 4 * 2);
        let column = column(&room);
        read(&column, 0);
        for other in [1, 2, 1, 2] {
            read(&column, 0);
            read(&column, other);
        }
        assert!(column.blocks[0].unpacked.load().is_some());
    }

    #[test]
    fn what_is_read_once_is_not_kept() {
        let room = Room::default();
        let column = column(&room);
        assert_eq!(column.unpacked_once(1, Vec::new).as_u32()[0], 16_384);
        assert_eq!(column.largest(), 49_156);
        assert_eq!(room.bytes(), 0);
    }

    #[test]
    fn without_room_everything_is_unpacked_each_time() {
        let column = column(&Room::of(0));
        assert_eq!(read(&column, 1), 16_384);
        assert!(column.blocks[1].unpacked.load().is_none());
    }
}
