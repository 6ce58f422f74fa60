//! Looking into JSON text without building a tree of it: a body of 20 MB would take many times that.

pub(super) use super::super::fields::{each_field, fields};
use super::super::json::{Scanner, decode_string};
use super::super::properties::number_text;

/// Hands out the texts of a list's elements; of what is no list, none.
pub(super) fn each_element<'a>(list: Option<&'a str>, each: impl FnMut(&'a str)) {
    if let Some(list) = list.filter(|list| list.starts_with('[')) {
        let _ = Scanner::new(list).elements(each);
    }
}

/// Returns a value as text of at most `max` characters: a string, a number or a truth value; empty for anything else.
pub(super) fn text(value: Option<&str>, max: usize) -> String {
    let Some(value) = value else { return String::new() };
    match value.as_bytes().first() {
        Some(b'"') => {
            let whole = decode_string(value);
            let whole = whole.trim();
            match whole.char_indices().nth(max) {
                None => whole.to_owned(),
                Some((at, _)) => whole[..at].to_owned(),
            }
        }
        Some(b'-' | b'0'..=b'9') => match value.parse::<i64>() {
            Ok(_) => value.to_owned(),
            Err(_) => value
                .parse()
                .ok()
                .filter(|n: &f64| n.is_finite())
                .map(number_text)
                .unwrap_or_default(),
        },
        Some(b't' | b'f') => value.to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_what_is_of_another_kind_is_missing() {
        let object = Some(r#"{"a": {"b": 1}, "c": null, "\u0061": "x", "d": [1, 2]}"#);
        let [a, c, d, e] = fields(object, ["a", "c", "d", "e"]);
        assert_eq!((a, c, e), (Some("\"x\""), None, None));
        let mut elements = Vec::new();
        each_element(d, |element| elements.push(element));
        assert_eq!(elements, ["1", "2"]);
        assert_eq!(fields(Some("5"), ["a"]), [None]);
        each_element(Some("{}"), |_| panic!("no list"));
    }

    #[test]
    fn values_become_text_within_a_bound() {
        for (value, expected) in [
            ("\" a\\u00e4\\ud800 \"", "aä\u{fffd}"),
            ("17", "17"),
            ("1.50", "1.5"),
            ("true", "true"),
            ("{}", ""),
            ("1e999", ""),
        ] {
            assert_eq!(text(Some(value), 10), expected, "{value}");
        }
        assert_eq!(text(Some("\"äöü\""), 2), "äö");
        assert_eq!(text(None, 2), "");
    }
}
