//! JSON values and their protobuf form, `google.protobuf.Struct`.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::Value as Json;

/// Returns the protobuf form of a JSON object's members. Integers beyond 2^53 lose precision, as they do in JavaScript.
pub fn to_struct(members: serde_json::Map<String, Json>) -> Struct {
    Struct { fields: members.into_iter().map(|(key, value)| (key, to_value(value))).collect() }
}

fn to_value(json: Json) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

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
