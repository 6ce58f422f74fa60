//! lz-string's base64 form, which PostHog's oldest browser clients send. Written here because it has to be bounded: a few
//! kilobytes of it can stand for gigabytes, and the crates that read it return all of them.

use crate::error::Error;

/// The alphabet of base64, whose 6-bit values are read from the highest bit down.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The codes that mean something else than an earlier piece.
const BYTE: usize = 0;
const UNIT: usize = 1;
const END: usize = 2;
/// Bytes of compressed text, and UTF-16 units of what it stands for. Those clients sent no more at once.
const LENGTH_MAX: usize = 1024 * 1024;
/// Bytes of memory that it takes to read it: units, pieces, and the text made of the units.
pub(super) const MEMORY_BYTES_MAX: usize = 24 * LENGTH_MAX;
/// The first code that stands for an earlier piece.
const FIRST_PIECE: usize = 3;

/// Returns the text.
///
/// # Errors
/// `TooLarge` for more of it than those clients send, `Malformed` for what lz-string did not write.
pub(super) fn decompress(text: &[u8]) -> Result<String, Error> {
    if text.len() > LENGTH_MAX {
        return Err(Error::TooLarge(LENGTH_MAX));
    }
    match read(text, LENGTH_MAX) {
        Some(units) if units.len() > LENGTH_MAX => Err(Error::TooLarge(LENGTH_MAX)),
        Some(units) => Ok(String::from_utf16_lossy(&units)),
        None => Err(Error::Malformed("the body is not compressed with lz-string".to_owned())),
    }
}

/// Returns the UTF-16 units that a text stands for, or more than `limit` of them if there are more; `None` for what is cut short
/// or was never written by lz-string.
fn read(text: &[u8], limit: usize) -> Option<Vec<u16>> {
    let mut bits = Bits { text, at: 0, left: 0, value: 0 };
    let first = match bits.read(2)? {
        code @ (BYTE | UNIT) => bits.unit(code)?,
        END => return Some(Vec::new()),
        _ => return None,
    };
    let mut out = vec![first];
    // Pieces are ranges of what was written; those before the first one stand for nothing.
    let mut pieces = vec![0..0; FIRST_PIECE];
    pieces.push(0..1);
    let mut before = 0..1;
    let mut width = Width { bits: 3, room: 4 };
    loop {
        let start = out.len();
        match bits.read(width.bits)? {
            END => return Some(out),
            code @ (BYTE | UNIT) => {
                out.push(bits.unit(code)?);
                pieces.push(start..start + 1);
                width.count();
            }
            code if code < pieces.len() => out.extend_from_within(pieces[code].clone()),
            // The piece that this very step makes: the one before and its own first unit.
            code if code == pieces.len() => {
                out.extend_from_within(before.clone());
                out.push(out[before.start]);
            }
            _ => return None,
        }
        if out.len() > limit {
            return Some(out);
        }
        // The piece before and the first unit of this one, which stands right behind it.
        pieces.push(before.start..before.end + 1);
        width.count();
        before = start..out.len();
    }
}

/// How many bits a code has: one more whenever there are twice as many pieces.
struct Width {
    bits: u32,
    room: usize,
}

impl Width {
    /// Counts a new piece.
    fn count(&mut self) {
        self.room -= 1;
        if self.room == 0 {
            self.room = 1 << self.bits;
            self.bits += 1;
        }
    }
}

/// Reads bits, the lowest of each number first.
struct Bits<'a> {
    text: &'a [u8],
    at: usize,
    left: u32,
    value: u8,
}

impl Bits<'_> {
    fn read(&mut self, count: u32) -> Option<usize> {
        let mut number = 0;
        for place in 0..count {
            if self.left == 0 {
                let letter = *self.text.get(self.at)?;
                // Padding ends what was written.
                let value = ALPHABET.iter().position(|known| *known == letter)?;
                self.value = u8::try_from(value).ok()?;
                self.at += 1;
                self.left = 6;
            }
            self.left -= 1;
            number |= usize::from(self.value >> self.left & 1) << place;
        }
        Some(number)
    }

    fn unit(&mut self, code: usize) -> Option<u16> {
        u16::try_from(self.read(if code == BYTE { 8 } else { 16 })?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by lz-string 1.5.0, `compressToBase64`.
    const SAMPLES: [(&str, &str); 5] = [
        ("", "Q==="),
        ("a", "IZA="),
        (
            "{\"event\":\"$pageview\",\"properties\":{\"token\":\"obs_pub_x\",\"distinct_id\":\"visitor-1\"}}",
            "N4IgpgbmB2AuIC4QBIAOBDA5pAlmA7iADQioBOA9qmGbHgM6KiwUDWMiIFARvQPqoArtz4APYiAAmOenWgBjWHxyTOEGThZkAtAEYQAXwNA=",
        ),
        ("ababababababababababababababababab", "IYI17SOrYo=="),
        ("héllo wörld ☃ 😀 😀", "BYS4NmD2AEDuBvAnMATahgMmoXg3AAe9nQA="),
    ];

    #[test]
    fn what_lz_string_wrote_is_read() {
        for (text, compressed) in SAMPLES {
            assert_eq!(decompress(compressed.as_bytes()).expect("read"), text);
        }
    }

    #[test]
    fn what_is_cut_short_or_never_was_is_refused() {
        for (_, compressed) in SAMPLES.into_iter().filter(|(text, _)| text.len() > 2) {
            let cut = decompress(&compressed.as_bytes()[..compressed.len() / 2]);
            assert!(matches!(cut, Err(Error::Malformed(_))));
        }
        assert!(matches!(decompress(b"{\"not\":\"it\"}"), Err(Error::Malformed(_))));
    }

    #[test]
    fn reading_stops_where_it_becomes_too_much() {
        for (text, compressed) in SAMPLES.into_iter().filter(|(text, _)| text.len() > 2) {
            let units = text.encode_utf16().count();
            assert_eq!(read(compressed.as_bytes(), units).map(|read| read.len()), Some(units));
            let stopped = read(compressed.as_bytes(), 1).expect("begun");
            assert!(stopped.len() > 1 && stopped.len() <= units);
        }
        let long = vec![b'A'; LENGTH_MAX + 1];
        assert!(matches!(decompress(&long), Err(Error::TooLarge(_))));
    }
}
