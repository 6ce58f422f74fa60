//! JSON values and their protobuf form, `google.protobuf.Struct`.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::Value as Json;

/// Returns the protobuf form of a JSON object's members. Integers beyond 2^53 lose precision, as they do in JavaScript.
pub fn to_struct(members: serde_json::Map<String, Json>) -> Struct {
    Struct { fields: members.into_iter().map(|(key, value)| (key, to_value(value))).collect() }
}

/// Returns the protobuf form of a JSON value.
pub fn to_value(json: Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        // Without `arbitrary_precision` every JSON number is an i64, a u64 or an f64.
        Json::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or(0.0)),
        Json::String(value) => Kind::StringValue(value),
        Json::Array(items) => {
            Kind::ListValue(ListValue { values: items.into_iter().map(to_value).collect() })
        }
        Json::Object(members) => Kind::StructValue(to_struct(members)),
    };
    Value { kind: Some(kind) }
}

/// Returns the JSON members of a struct; `None` if a number in it is not finite. Whole numbers that a double holds exactly
/// are written as such, since the protobuf form knows only doubles.
pub fn from_struct(from: Struct) -> Option<serde_json::Map<String, Json>> {
    from.fields.into_iter().map(|(key, value)| Some((key, from_value(value)?))).collect()
}

fn from_value(value: Value) -> Option<Json> {
    Some(match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => Json::Bool(value),
        Some(Kind::NumberValue(value)) => from_number(value)?,
        Some(Kind::StringValue(value)) => Json::String(value),
        Some(Kind::ListValue(list)) => {
            Json::Array(list.values.into_iter().map(from_value).collect::<Option<_>>()?)
        }
        Some(Kind::StructValue(members)) => Json::Object(from_struct(members)?),
    })
}

fn from_number(value: f64) -> Option<Json> {
    /// Up to here every whole number is a double.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= WHOLE {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and in range")]
        let whole = value as i64;
        return Some(whole.into());
    }
    serde_json::Number::from_f64(value).map(Json::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let text = r#"{"a":[1,-2.5,null,true,"x",{"b":9007199254740992}]}"#;
        let members: serde_json::Map<String, Json> = serde_json::from_str(text).expect("JSON");
        assert_eq!(from_struct(to_struct(members.clone())), Some(members));
        let infinite = Value { kind: Some(Kind::NumberValue(f64::INFINITY)) };
        let fields = [("a".to_owned(), infinite)].into();
        assert_eq!(from_struct(Struct { fields }), None);
    }

    #[test]
    fn numbers_keep_their_last_bit() {
        // Without `float_roundtrip`, serde_json reads the first as 97.15.
        for text in ["97.14999999999999", "95.36999999999998", "0.1", "1.7976931348623157e308"] {
            let members = serde_json::from_str(&format!("{{\"a\":{text}}}")).expect("JSON");
            let kind = to_struct(members).fields["a"].kind.clone();
            assert_eq!(kind, Some(Kind::NumberValue(text.parse().expect("a number"))), "{text}");
        }
    }
}
