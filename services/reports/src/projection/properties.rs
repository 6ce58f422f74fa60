//! Property JSON as canonical texts: the form in which filters compare and breakdowns show values.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use serde::de::{self, Deserialize, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer as _, Serialize as _};
use serde_json::ser::Formatter;

/// The sizes of numbers that are written without an exponent; the others are written with one, as JavaScript does. Unlike
/// there, whole numbers that were written as such keep all their digits.
const PLAIN: std::ops::Range<f64> = 1e-6..1e21;

/// Calls `each` with every top-level key and the canonical text of its value; null values are left out.
///
/// # Errors
/// The parser's, if the text is no JSON object. Pairs before the fault have been handed out by then.
pub(crate) fn for_each_property(
    json: &str,
    each: impl FnMut(&str, &str),
) -> Result<(), serde_json::Error> {
    if json.is_empty() {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(ObjectVisitor(each))?;
    deserializer.end()
}

struct ObjectVisitor<F>(F);

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for ObjectVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Text)? {
            if let Some(value) = map.next_value::<Canonical<'de>>()?.0 {
                (self.0)(&key, &value);
            }
        }
        Ok(())
    }
}

/// A string that is borrowed from the input unless it has escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// The canonical text of a value; `None` for null.
struct Canonical<'de>(Option<Cow<'de, str>>);

impl<'de> Deserialize<'de> for Canonical<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CanonicalVisitor).map(Self)
    }
}

struct CanonicalVisitor;

impl<'de> Visitor<'de> for CanonicalVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text_of_float(value))))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let value = serde_json::Value::deserialize(de::value::SeqAccessDeserializer::new(seq))?;
        Ok(Some(Cow::Owned(text_of_json(&value))))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let value = serde_json::Value::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Some(Cow::Owned(text_of_json(&value))))
    }
}

fn text_of_float(value: f64) -> String {
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

/// Writes a list or an object with its numbers as they are written alone.
fn text_of_json(value: &serde_json::Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, CanonicalNumbers);
    value.serialize(&mut serializer).expect("a JSON value is written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

struct CanonicalNumbers;

impl Formatter for CanonicalNumbers {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(text_of_float(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(json: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for_each_property(json, |key, value| found.push((key.to_owned(), value.to_owned())))
            .expect("an object");
        found
    }

    #[test]
    fn every_kind_of_value_has_one_text() {
        let json = r#"{"s":"a\"b","i":1440,"w":1440.0,"f":1.5,"n":-7,"t":true,"z":-0.0,
            "big":1e300,"edge":1e21,"plain":1e20,"small":-1.5e-7,"none":null,"list":[1, "x", 2.0, 1e21],"map":{"k": [null]}}"#;
        let found = properties(json);
        let expected = [
            ("s", "a\"b"),
            ("i", "1440"),
            ("w", "1440"),
            ("f", "1.5"),
            ("n", "-7"),
            ("t", "true"),
            ("z", "0"),
            ("big", "1e+300"),
            ("edge", "1e+21"),
            ("plain", "100000000000000000000"),
            ("small", "-1.5e-7"),
            ("list", r#"[1,"x",2,1e+21]"#),
            ("map", r#"{"k":[null]}"#),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn no_text_is_no_property_and_other_json_is_an_error() {
        assert!(properties("").is_empty());
        assert!(properties("{}").is_empty());
        for json in ["[]", "1", "{", "{} {}"] {
            assert!(for_each_property(json, |_, _| ()).is_err(), "{json:?} is no object");
        }
    }
}
