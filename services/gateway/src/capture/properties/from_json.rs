//! Properties that came as JSON text: one pass over the text, which copies what is clean.

use std::ops::Range;

use super::super::json::{decode_counting, decode_string, plain_length};
use super::super::reject::{Code, Reject};
use super::{Properties, Writer, write_string};

/// Checks and sanitises the text of a JSON value. `null` counts as no properties.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn from_json(text: &str) -> Result<Properties, Reject> {
    if text == "null" {
        return Ok(Properties::default());
    }
    if !text.starts_with('{') {
        return Err(Reject::new(Code::InvalidProperties, "`properties` must be an object"));
    }
    let mut copy = Copy { text, copied: 0, writer: Writer::new(text.len() + 2) };
    let bytes = text.as_bytes();
    let mut at = 0;
    // The text is known to be JSON, so that each token can be taken by its first byte.
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => copy.writer.enter()?,
            b'}' | b']' => copy.writer.depth -= 1,
            b' ' | b'\t' | b'\n' | b'\r' => copy.skip(at..at + 1),
            b'"' => {
                at = string(at, &mut copy)?;
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let is_part =
                    |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                number(at..at + length, &mut copy)?;
                at += length;
                continue;
            }
            // Commas, colons, and the letters of `true`, `false` and `null`.
            _ => {}
        }
        at += 1;
    }
    copy.up_to(text.len());
    copy.writer.finish()
}

/// Copies the text in long stretches: most of it stays as it is.
struct Copy<'a> {
    text: &'a str,
    /// How much of it is written, as it is or otherwise.
    copied: usize,
    writer: Writer,
}

impl Copy<'_> {
    fn up_to(&mut self, end: usize) {
        self.writer.json.push_str(&self.text[self.copied..end]);
        self.copied = end;
    }

    /// Leaves a part out; what stands for it is written next.
    fn skip(&mut self, part: Range<usize>) {
        self.up_to(part.start);
        self.copied = part.end;
    }
}

/// Checks the string that begins at `start` and returns where it ends.
fn string(start: usize, copy: &mut Copy<'_>) -> Result<usize, Reject> {
    let bytes = copy.text.as_bytes();
    let (mut end, mut escaped, mut unicode) = (start + 1, false, false);
    loop {
        end += bytes.get(end..).map_or(0, plain_length);
        match bytes.get(end) {
            Some(b'\\') => {
                escaped = true;
                unicode |= bytes.get(end + 1) == Some(&b'u');
                end += 2;
            }
            _ => break,
        }
    }
    let quoted = &copy.text[start..=end];
    end += 1;
    let follows = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace());
    if follows == Some(&b':') {
        if escaped {
            copy.writer.key(&decode_string(quoted))?;
        } else {
            copy.writer.key(&quoted[1..quoted.len() - 1])?;
        }
    }
    if unicode {
        // It may hold NUL or half of a surrogate pair; the decoded text never does.
        copy.skip(start..end);
        let writer = &mut copy.writer;
        let decoded = decode_counting(quoted, &mut writer.replaced);
        write_string(&decoded, &mut writer.json, &mut writer.replaced);
    }
    Ok(end)
}

/// Checks a number.
fn number(part: Range<usize>, copy: &mut Copy<'_>) -> Result<(), Reject> {
    let text = &copy.text[part.clone()];
    let is_whole = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    if is_whole && copy.writer.is_at_id() {
        // An id of twenty digits is still an id: it keeps all of them.
        copy.skip(part);
        copy.writer.quote(text);
        return Ok(());
    }
    let fits = is_whole && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok());
    if fits && text != "-0" {
        return Ok(());
    }
    copy.skip(part);
    copy.writer.number(if fits { 0.0 } else { text.parse().unwrap_or(f64::NAN) })
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::{
        DEPTH_MAX, EVENT_BYTES_MAX, PROPERTIES_MAX, PROPERTY_KEY_BYTES_MAX,
    };
    use super::*;

    fn code(text: &str) -> Code {
        from_json(text).expect_err("refused").code
    }

    #[test]
    fn clean_properties_stay_as_they_are() {
        let clean =
            from_json("{ \"a\" : [ 1, -2.5, true, null ],\n \"b\":{\"c\":\"d \\\" \\\\\"} }")
                .expect("fine");
        assert_eq!(clean.into_json(), r#"{"a":[1,-2.5,true,null],"b":{"c":"d \" \\"}}"#);
        assert_eq!(from_json("null").expect("none").into_json(), "{}");
        assert_eq!(from_json("{}").expect("none").into_json(), "{}");
    }

    #[test]
    fn nul_and_half_surrogates_are_replaced_in_keys_and_values() {
        let clean = from_json(r#"{"a\u0000":"b\u0000","c\ud800":["\udc00","\ud83d\ude00"]}"#)
            .expect("fine");
        assert_eq!(
            clean.into_json(),
            "{\"a\u{fffd}\":\"b\u{fffd}\",\"c\u{fffd}\":[\"\u{fffd}\",\"\u{1f600}\"]}"
        );
    }

    #[test]
    fn numbers_are_those_a_double_or_a_64_bit_integer_holds() {
        for (given, kept) in [
            ("9223372036854775807", "9223372036854775807"),
            ("18446744073709551615", "18446744073709551615"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("5.0", "5"),
            ("1e2", "100"),
            ("-0", "0"),
            ("1e-400", "0"),
        ] {
            let clean = from_json(&format!("{{\"a\":{given}}}")).expect("finite").into_json();
            assert_eq!(clean, format!("{{\"a\":{kept}}}"), "{given}");
        }
        assert!(from_json("{\"a\":1.7976931348623157e308}").is_ok());
        assert_eq!(code("{\"a\":1e400}"), Code::NonFiniteNumber);
        assert_eq!(code("{\"a\":[-1e309]}"), Code::NonFiniteNumber);
    }

    #[test]
    fn numbers_that_are_ids_keep_their_digits_as_text() {
        for key in ["alias", "$anonymous_id", "$anon_distinct_id", "\\u0061lias"] {
            for (given, kept) in [
                ("12345678901234567890123", "\"12345678901234567890123\""),
                ("42", "\"42\""),
                ("1.50", "\"1.5\""),
                ("[42]", "[42]"),
                ("\"a\"", "\"a\""),
            ] {
                let clean = from_json(&format!("{{\"{key}\":{given},\"b\":1}}")).expect("fine");
                let (_, value) = clean.into_json().split_once(':').map(own).expect("a member");
                assert_eq!(value, format!("{kept},\"b\":1}}"), "{key}");
            }
        }
        let nested = from_json("{\"a\":{\"alias\":1},\"alias\":{\"b\":2}}").expect("fine");
        assert_eq!(nested.into_json(), r#"{"a":{"alias":1},"alias":{"b":2}}"#);
        assert_eq!(code("{\"alias\":1e400}"), Code::NonFiniteNumber);
    }

    fn own((key, value): (&str, &str)) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn the_limits_hold_to_the_last_unit() {
        let keys = |count: usize| {
            let members: Vec<_> = (0..count).map(|n| format!("\"k{n}\":{{\"inner\":1}}")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(from_json(&keys(PROPERTIES_MAX)).is_ok());
        assert_eq!(code(&keys(PROPERTIES_MAX + 1)), Code::TooManyProperties);

        let deep =
            |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(from_json(&deep(DEPTH_MAX)).is_ok());
        assert_eq!(code(&deep(DEPTH_MAX + 1)), Code::TooDeep);
        assert_eq!(code(&deep(100_000)), Code::TooDeep);

        let key = |length: usize| format!("{{\"{}\":1}}", "k".repeat(length));
        assert!(from_json(&key(PROPERTY_KEY_BYTES_MAX)).is_ok());
        assert_eq!(code(&key(PROPERTY_KEY_BYTES_MAX + 1)), Code::PropertyKeyTooLong);
        assert_eq!(
            code(&format!("{{\"a\":{}}}", key(PROPERTY_KEY_BYTES_MAX + 1))),
            Code::PropertyKeyTooLong
        );

        let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(from_json(&sized(EVENT_BYTES_MAX)).is_ok());
        assert_eq!(code(&sized(EVENT_BYTES_MAX + 1)), Code::EventTooLarge);
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        for text in ["[]", "1", "\"{}\"", "true"] {
            assert_eq!(code(text), Code::InvalidProperties, "{text}");
        }
    }

    #[test]
    fn changes_of_a_person_are_noticed_at_the_top_only() {
        for key in ["$set", "$set_once", "$unset", "\\u0024set"] {
            assert!(
                from_json(&format!("{{\"{key}\":{{}}}}")).expect("fine").changes_person(),
                "{key}"
            );
        }
        assert!(!from_json("{\"a\":{\"$set\":{}},\"b\":\"$set\"}").expect("fine").changes_person());
    }

    #[test]
    fn a_property_of_ours_comes_last() {
        let mut none = Properties::default();
        none.add("$time_clamped", &true.into());
        assert_eq!(none.into_json(), r#"{"$time_clamped":true}"#);
        let mut some = from_json("{\"a\":1}").expect("fine");
        some.add("$anonymous_id", &"x\"y".into());
        assert_eq!(some.into_json(), r#"{"a":1,"$anonymous_id":"x\"y"}"#);
    }
}
