//! Property JSON as canonical texts: the form in which filters compare and breakdowns show values.

use std::borrow::Cow;
use std::fmt;

use observe_filter::canonical::{text_of_float, text_of_json};
use serde::Deserializer as _;
use serde::de::{self, Deserialize, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Calls `each` with every top-level key and the canonical text of its value; null values are left out.
///
/// # Errors
/// The parser's, if the text is no JSON object. Pairs before the fault have been handed out by then.
pub(crate) fn for_each_property(
    json: &str,
    mut each: impl FnMut(&str, &str),
) -> Result<(), serde_json::Error> {
    for_each_value(json, |key, value| each(key, &value))
}

/// Likewise, with the text borrowed from the JSON where it is there as it is.
///
/// # Errors
/// As [`for_each_property`].
pub(super) fn for_each_value<'a>(
    json: &'a str,
    each: impl FnMut(&str, Cow<'a, str>),
) -> Result<(), serde_json::Error> {
    if json.is_empty() {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(ObjectVisitor(each))?;
    deserializer.end()
}

struct ObjectVisitor<F>(F);

impl<'de, F: FnMut(&str, Cow<'de, str>)> Visitor<'de> for ObjectVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Text)? {
            if let Some(value) = map.next_value::<Canonical<'de>>()?.0 {
                (self.0)(&key, value);
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
