//! Inflating what came compressed, within a limit.

use std::io::Read;

use crate::error::Error;

/// How much is inflated at one go.
const PIECE_BYTES: usize = 16 * 1024;
/// Bytes up to which a body is inflated in one pass.
pub(super) const INFLATED_AT_ONCE_BYTES: usize = 1024 * 1024;
/// The largest window of brotli (its logarithm) that is served: the one that encoders take unless they are told otherwise.
/// Whoever inflates holds a window's bytes beside what comes out of it, here 4 MiB; the format allows 16.
const BROTLI_WINDOW_BITS_MAX: u8 = 22;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    /// With or without the frame of zlib: senders disagree on what the word means.
    Deflate,
    Brotli,
}

impl Coding {
    /// Returns the coding of this name, else the name.
    pub(super) fn named(name: &str) -> Result<Self, &str> {
        match name {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            other => Err(other),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "plain",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "brotli",
        }
    }

    fn reader(self, wire: &[u8]) -> Box<dyn Read + '_> {
        match self {
            Self::Identity => Box::new(wire),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(wire)),
            Self::Deflate if is_zlib(wire) => Box::new(flate2::read::ZlibDecoder::new(wire)),
            Self::Deflate => Box::new(flate2::read::DeflateDecoder::new(wire)),
            Self::Brotli => Box::new(brotli_decompressor::Decompressor::new(wire, PIECE_BYTES)),
        }
    }
}

/// Returns whether bytes begin as zlib's frame does (RFC 1950): the method is deflate, and the check bits fit.
fn is_zlib(wire: &[u8]) -> bool {
    matches!(wire, [method, flags, ..] if method & 0x0f == 8
        && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31))
}

/// Returns the logarithm of the window that a stream of brotli names in its first bits (RFC 7932, section 9.1), where that is
/// a large one. Large are 17 and three more bits, unless these are zero, which stands for the small ones.
fn large_brotli_window(wire: &[u8]) -> Option<u8> {
    let first = wire.first()?;
    let more = first >> 1 & 0b111;
    (first & 1 == 1 && more > 0).then_some(17 + more)
}

/// Inflates gzip that was found inside a body. `grow` is told how many bytes there are so far.
///
/// # Errors
/// `TooLarge` beyond `limit` bytes, `Malformed` for what is no gzip, and those of `grow`.
pub(crate) fn gunzip(
    wire: &[u8],
    limit: usize,
    grow: impl FnMut(usize) -> Result<(), Error>,
) -> Result<Vec<u8>, Error> {
    inflate(Coding::Gzip, wire, limit, grow)
}

/// Inflates a body. One that turns out to be large is measured to its end before memory is taken for it, so that a bomb takes
/// none; whoever sends that much pays by being inflated twice.
pub(super) fn inflate(
    coding: Coding,
    wire: &[u8],
    limit: usize,
    mut grow: impl FnMut(usize) -> Result<(), Error>,
) -> Result<Vec<u8>, Error> {
    if coding == Coding::Brotli
        && large_brotli_window(wire).is_some_and(|bits| bits > BROTLI_WINDOW_BITS_MAX)
    {
        return Err(Error::BrotliWindow(BROTLI_WINDOW_BITS_MAX));
    }
    let broken = |_| Error::Malformed(format!("the body is not {}", coding.name()));
    let mut inflater = coding.reader(wire);
    let mut bytes = Vec::new();
    let mut length = 0;
    let mut piece = [0; PIECE_BYTES];
    loop {
        let count = inflater.read(&mut piece).map_err(broken)?;
        if count == 0 {
            break;
        }
        length += count;
        if length > limit {
            return Err(Error::TooLarge(limit));
        }
        if length <= INFLATED_AT_ONCE_BYTES {
            grow(length)?;
            bytes.extend_from_slice(&piece[..count]);
        }
    }
    if length > INFLATED_AT_ONCE_BYTES {
        drop((inflater, bytes));
        grow(length)?;
        bytes = vec![0; length];
        coding.reader(wire).read_exact(&mut bytes).map_err(broken)?;
    }
    Ok(bytes)
}
