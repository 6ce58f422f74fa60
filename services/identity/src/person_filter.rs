//! Which persons are meant: the rules of filters, as docs/SEMANTICS.md has them for all questions.

mod read;

use regex::RegexSet;
use serde::Serialize as _;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{self, Write};

pub(crate) use read::read;

use crate::properties::Properties;

/// The sizes of numbers that are written without an exponent.
const PLAIN: std::ops::Range<f64> = 1e-6..1e21;

/// Selects persons.
#[derive(Clone, Debug)]
pub(crate) enum PersonFilter {
    /// All parts must hold; without parts, everybody is selected.
    All(Vec<PersonFilter>),
    /// One part must hold; without parts, everybody is selected.
    Any(Vec<PersonFilter>),
    /// A property must pass.
    Property(String, ValueTest),
}

impl PersonFilter {
    /// Returns whether everybody is selected.
    pub(crate) fn is_everybody(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::is_everybody),
            Self::Any(parts) => parts.is_empty() || parts.iter().any(Self::is_everybody),
            Self::Property(..) => false,
        }
    }

    /// Returns whether a person of these properties is selected.
    pub(crate) fn selects(&self, properties: &Properties) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.selects(properties)),
            Self::Any(parts) => {
                parts.is_empty() || parts.iter().any(|part| part.selects(properties))
            }
            Self::Property(key, test) => {
                test.passes(properties.value(key).and_then(canonical_text).as_deref())
            }
        }
    }
}

/// What is asked of a value's canonical text.
#[derive(Clone, Debug)]
pub(crate) enum ValueTest {
    In(HashSet<String>),
    NotIn(HashSet<String>),
    /// In lower case, as in the next one.
    Contains(Vec<String>),
    NotContains(Vec<String>),
    Matches(RegexSet),
    IsSet,
    IsNotSet,
    Greater(f64),
    GreaterOrEqual(f64),
    Less(f64),
    LessOrEqual(f64),
}

impl ValueTest {
    /// Returns whether a text passes; `None` is a property that is not set.
    fn passes(&self, text: Option<&str>) -> bool {
        let Some(text) = text else {
            return matches!(self, Self::NotIn(_) | Self::NotContains(_) | Self::IsNotSet);
        };
        match self {
            Self::In(texts) => texts.contains(text),
            Self::NotIn(texts) => !texts.contains(text),
            Self::Contains(parts) => contains_any(text, parts),
            Self::NotContains(parts) => !contains_any(text, parts),
            Self::Matches(expressions) => expressions.is_match(text),
            Self::IsSet => true,
            Self::IsNotSet => false,
            // Text that is no number is NaN, which satisfies none of these.
            Self::Greater(bound) => number_of(text) > *bound,
            Self::GreaterOrEqual(bound) => number_of(text) >= *bound,
            Self::Less(bound) => number_of(text) < *bound,
            Self::LessOrEqual(bound) => number_of(text) <= *bound,
        }
    }
}

fn contains_any(text: &str, parts: &[String]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part.as_str()))
}

fn number_of(text: &str) -> f64 {
    text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(f64::NAN)
}

/// Returns a value's canonical text; `None` for null, which counts as not set.
fn canonical_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => {
            let mut text = Vec::new();
            let mut serializer = serde_json::Serializer::with_formatter(&mut text, Canonical);
            other.serialize(&mut serializer).expect("a JSON value is written to memory");
            Some(String::from_utf8(text).expect("JSON is UTF-8"))
        }
    }
}

/// Writes numbers in one way: without an exponent where that is short, and as JavaScript does elsewhere.
struct Canonical;

impl serde_json::ser::Formatter for Canonical {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size == 0.0 {
            // Negative zero is zero.
            return writer.write_all(b"0");
        }
        if PLAIN.contains(&size) {
            return write!(writer, "{value}");
        }
        let text = format!("{value:e}");
        let text = if text.contains("e-") { text } else { text.replace('e', "e+") };
        writer.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
