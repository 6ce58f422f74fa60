//! Properties as they are kept: compact JSON that PostgreSQL's jsonb accepts, whatever form they came in.

mod from_json;
mod from_struct;

pub(crate) use from_json::from_json;
pub(crate) use from_struct::from_struct;

use super::limits::{DEPTH_MAX, EVENT_BYTES_MAX, PROPERTIES_MAX, PROPERTY_KEY_BYTES_MAX};
use super::reject::{Code, Reject};

/// The largest whole number up to which a double holds every whole number.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;
/// Keys at the top whose value is another id of the person. As the ids of an event do, it becomes text when it is a number.
const ID_KEYS: [&str; 3] = ["alias", "$anonymous_id", "$anon_distinct_id"];

/// An event's properties, checked and sanitised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Properties {
    json: String,
    changes_person: bool,
    replaced: usize,
}

impl Default for Properties {
    fn default() -> Self {
        Self { json: "{}".to_owned(), changes_person: false, replaced: 0 }
    }
}

impl Properties {
    /// Returns whether `$set`, `$set_once` or `$unset` is among them.
    pub(crate) fn changes_person(&self) -> bool {
        self.changes_person
    }

    /// Returns how many characters were replaced because no store can hold them.
    pub(crate) fn replaced(&self) -> usize {
        self.replaced
    }

    /// Adds a property of ours. When the sender gave the same key, the later one counts, here as in jsonb.
    pub(crate) fn add(&mut self, key: &str, value: &serde_json::Value) {
        self.json.pop();
        if self.json.len() > 1 {
            self.json.push(',');
        }
        write_string(key, &mut self.json, &mut self.replaced);
        self.json.push(':');
        self.json.push_str(&value.to_string());
        self.json.push('}');
    }

    /// Returns the JSON object.
    pub(crate) fn into_json(self) -> String {
        self.json
    }
}

/// Writes properties and keeps to the limits.
struct Writer {
    json: String,
    depth: usize,
    keys: usize,
    changes_person: bool,
    replaced: usize,
    /// Whether the latest key at the top is one of [`ID_KEYS`].
    names_id: bool,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        Self {
            json: String::with_capacity(capacity),
            depth: 0,
            keys: 0,
            changes_person: false,
            replaced: 0,
            names_id: false,
        }
    }

    fn open(&mut self, bracket: char) -> Result<(), Reject> {
        self.enter()?;
        self.json.push(bracket);
        Ok(())
    }

    /// Notes an opening bracket; writing it is the caller's.
    fn enter(&mut self) -> Result<(), Reject> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("properties may be at most {DEPTH_MAX} levels deep");
            return Err(Reject::new(Code::TooDeep, message));
        }
        Ok(())
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        self.json.push(bracket);
    }

    /// Notes a key, decoded; writing it is the caller's.
    fn key(&mut self, key: &str) -> Result<(), Reject> {
        if key.len() > PROPERTY_KEY_BYTES_MAX {
            let message =
                format!("a property's key may have at most {PROPERTY_KEY_BYTES_MAX} bytes");
            return Err(Reject::new(Code::PropertyKeyTooLong, message));
        }
        if self.depth == 1 {
            self.keys += 1;
            if self.keys > PROPERTIES_MAX {
                let message = format!("an event may have at most {PROPERTIES_MAX} properties");
                return Err(Reject::new(Code::TooManyProperties, message));
            }
            self.changes_person |= matches!(key, "$set" | "$set_once" | "$unset");
            self.names_id = ID_KEYS.contains(&key);
        }
        Ok(())
    }

    fn number(&mut self, number: f64) -> Result<(), Reject> {
        if !number.is_finite() {
            let message = "numbers must be finite and fit a double";
            return Err(Reject::new(Code::NonFiniteNumber, message));
        }
        let text = number_text(number);
        if self.is_at_id() {
            self.quote(&text);
        } else {
            self.json.push_str(&text);
        }
        Ok(())
    }

    /// Returns whether what is written next is a person's id.
    fn is_at_id(&self) -> bool {
        self.depth == 1 && self.names_id
    }

    /// Writes a number's text as a string.
    fn quote(&mut self, number: &str) {
        self.json.push('"');
        self.json.push_str(number);
        self.json.push('"');
    }

    fn finish(self) -> Result<Properties, Reject> {
        if self.json.len() > EVENT_BYTES_MAX {
            return Err(too_large());
        }
        let Self { json, changes_person, replaced, .. } = self;
        Ok(Properties { json, changes_person, replaced })
    }
}

/// Returns the refusal of an event of too many bytes.
pub(crate) fn too_large() -> Reject {
    Reject::new(Code::EventTooLarge, format!("an event may have at most {EVENT_BYTES_MAX} bytes"))
}

/// Returns a finite number's canonical text: whole numbers without a fraction, so that 5 and 5.0 are the same value.
pub(crate) fn number_text(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER_MAX {
        (number as i64).to_string()
    } else {
        serde_json::Number::from_f64(number).map_or_else(String::new, |number| number.to_string())
    }
}

/// Writes a string with its quotes; NUL, which jsonb refuses, becomes U+FFFD and is counted.
fn write_string(text: &str, json: &mut String, replaced: &mut usize) {
    let clean = super::text::without_nul_counting(text, replaced);
    json.push_str(&serde_json::Value::from(clean.as_ref()).to_string());
}
