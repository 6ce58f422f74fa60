//! Canonical text: the one form in which values are compared, and shown in breakdowns.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::Formatter;

/// The sizes of numbers that are written without an exponent; the others are written with one, as JavaScript does. Unlike
/// there, whole numbers that were written as such keep all their digits.
const PLAIN: std::ops::Range<f64> = 1e-6..1e21;

/// Returns a value's canonical text; `None` for null, which counts as not set.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(text_of_json(other))),
    }
}

/// Returns the canonical text of a number that is no whole one, or not written as such.
#[must_use]
pub fn text_of_float(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        // Negative zero is zero.
        "0".to_owned()
    } else if !PLAIN.contains(&size) {
        let text = format!("{value:e}");
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    } else {
        value.to_string()
    }
}

/// Returns a value as JSON, with its numbers as they are written alone.
///
/// # Panics
/// Never: a JSON value can be written to memory, and JSON is UTF-8.
#[must_use]
pub fn text_of_json(value: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, CanonicalNumbers);
    value.serialize(&mut serializer).expect("a JSON value is written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Returns the number that a canonical text is; NaN if it is none.
#[must_use]
pub fn number_of(text: &str) -> f64 {
    let number = text.parse().unwrap_or(f64::NAN);
    // "inf" and "1e999" are no numbers.
    if number.is_finite() { number } else { f64::NAN }
}

struct CanonicalNumbers;

impl Formatter for CanonicalNumbers {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(text_of_float(value).as_bytes())
    }
}
