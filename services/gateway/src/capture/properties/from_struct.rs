//! Properties that came as `google.protobuf.Struct`.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::super::reject::Reject;
use super::super::text::without_nul_counting;
use super::{Properties, Writer, write_string};

/// Checks and sanitises a struct.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn from_struct(properties: &Struct) -> Result<Properties, Reject> {
    let mut writer = Writer::new(64);
    object(properties, &mut writer)?;
    writer.finish()
}

// Recursion ends at the writer's limit of depth.
fn object(object: &Struct, writer: &mut Writer) -> Result<(), Reject> {
    writer.open('{')?;
    for (index, (key, member)) in object.fields.iter().enumerate() {
        if index > 0 {
            writer.json.push(',');
        }
        let key = without_nul_counting(key, &mut writer.replaced);
        writer.key(&key)?;
        write_string(&key, &mut writer.json, &mut writer.replaced);
        writer.json.push(':');
        value(member, writer)?;
    }
    writer.close('}');
    Ok(())
}

fn value(value: &Value, writer: &mut Writer) -> Result<(), Reject> {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => writer.json.push_str("null"),
        Some(Kind::BoolValue(flag)) => writer.json.push_str(if *flag { "true" } else { "false" }),
        Some(Kind::NumberValue(number)) => writer.number(*number)?,
        Some(Kind::StringValue(text)) => {
            write_string(text, &mut writer.json, &mut writer.replaced);
        }
        Some(Kind::StructValue(inner)) => object(inner, writer)?,
        Some(Kind::ListValue(list)) => {
            writer.open('[')?;
            for (index, element) in list.values.iter().enumerate() {
                if index > 0 {
                    writer.json.push(',');
                }
                self::value(element, writer)?;
            }
            writer.close(']');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::DEPTH_MAX;
    use super::super::super::reject::Code;
    use super::*;

    fn one(key: &str, kind: Kind) -> Struct {
        Struct { fields: [(key.to_owned(), Value { kind: Some(kind) })].into() }
    }

    #[test]
    fn every_kind_of_value_is_kept() {
        let list = prost_types::ListValue {
            values: [
                Kind::NumberValue(5.0),
                Kind::NumberValue(1.5),
                Kind::BoolValue(true),
                Kind::NullValue(0),
            ]
            .map(|kind| Value { kind: Some(kind) })
            .into(),
        };
        let clean = from_struct(&one("a\0", Kind::ListValue(list))).expect("fine");
        assert_eq!(clean.into_json(), "{\"a\u{fffd}\":[5,1.5,true,null]}");
        let text = from_struct(&one("$set", Kind::StringValue("b\0\"".into()))).expect("fine");
        assert!(text.changes_person());
        assert_eq!(text.into_json(), "{\"$set\":\"b\u{fffd}\\\"\"}");
    }

    #[test]
    fn a_number_that_is_an_id_becomes_text() {
        let clean = from_struct(&one("alias", Kind::NumberValue(42.0))).expect("fine");
        assert_eq!(clean.into_json(), r#"{"alias":"42"}"#);
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let refused =
                from_struct(&one("a", Kind::NumberValue(number))).expect_err("not finite");
            assert_eq!(refused.code, Code::NonFiniteNumber);
        }
    }

    #[test]
    fn depth_is_limited() {
        let deep = |depth: usize| {
            (1..depth).fold(Struct::default(), |inner, _| one("a", Kind::StructValue(inner)))
        };
        assert!(from_struct(&deep(DEPTH_MAX)).is_ok());
        assert_eq!(from_struct(&deep(DEPTH_MAX + 1)).expect_err("too deep").code, Code::TooDeep);
    }
}
