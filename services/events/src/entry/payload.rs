//! The formats of a payload: plain in format 1, compressed in format 2.

use std::borrow::Cow;

use super::EntryError;

/// The payload as it was encoded.
pub(super) const PLAIN: u32 = 1;
/// An LZ4 block of it, with its length before it.
pub(super) const LZ4: u32 = 2;

/// From how many bytes on a payload is compressed: below, the time goes into setting up.
const COMPRESSED_FROM_BYTES: usize = 4 * 1024;
/// Bytes of a payload once it is decompressed; what is said to have more is damaged. No call that brings events has as many.
const PLAIN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Returns an encoded payload as it goes into the queue, and its format.
pub(super) fn packed(plain: Vec<u8>) -> (u32, Vec<u8>) {
    if plain.len() < COMPRESSED_FROM_BYTES || plain.len() > PLAIN_BYTES_MAX {
        return (PLAIN, plain);
    }
    (LZ4, lz4_flex::block::compress_prepend_size(&plain))
}

/// Returns a payload of the queue as it was encoded.
///
/// # Errors
/// If it is damaged, or its format unknown.
pub(super) fn plain(format: u32, payload: &[u8]) -> Result<Cow<'_, [u8]>, EntryError> {
    match format {
        PLAIN => Ok(Cow::Borrowed(payload)),
        LZ4 => decompressed(payload).map(Cow::Owned).ok_or(EntryError::Damaged("payload")),
        unknown => Err(EntryError::UnknownFormat(unknown)),
    }
}

fn decompressed(payload: &[u8]) -> Option<Vec<u8>> {
    let (length, block) = lz4_flex::block::uncompressed_size(payload).ok()?;
    // Whoever damaged the length must not make the reader ask for gigabytes.
    (length <= PLAIN_BYTES_MAX).then(|| lz4_flex::block::decompress(block, length).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_back_as_it_was_and_only_large_ones_are_compressed() {
        for (length, expected) in [(0, PLAIN), (4_095, PLAIN), (4_096, LZ4), (600_000, LZ4)] {
            let payload: Vec<u8> = b"abcdefg".iter().copied().cycle().take(length).collect();
            let (format, packed) = packed(payload.clone());
            assert_eq!(format, expected, "{length}");
            assert_eq!(plain(format, &packed).expect("whole"), payload);
        }
    }

    #[test]
    fn damage_is_told_and_costs_no_memory() {
        let (format, whole) = packed(vec![7; 10_000]);
        let longer = [&u32::MAX.to_le_bytes()[..], &whole[4..]].concat();
        for damaged in [&[][..], &whole[..3], &whole[..whole.len() - 1], &longer] {
            assert_eq!(plain(format, damaged), Err(EntryError::Damaged("payload")));
        }
        assert_eq!(plain(3, &whole), Err(EntryError::UnknownFormat(3)));
    }
}
