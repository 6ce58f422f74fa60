//! Looking for persons by a text: the rules.

use serde_json::Value;

use crate::properties::Properties;

/// The longest text to look for, in characters.
pub(crate) const MAX_SEARCH_CHARS: usize = 200;

/// A text to look for, in the forms in which the database and we look.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    lower: String,
    /// An `ilike` pattern for distinct ids that begin with the text; `None` for a text that no distinct id can hold.
    pub(crate) id_pattern: Option<String>,
    /// An `ilike` pattern that the stored JSON of every person matches that has the text in a property's value. Others
    /// match, too: keys and history are in there, and letters outside of ASCII are left open, because how the database
    /// compares these depends on its locale. [`Search::finds`] decides.
    pub(crate) json_pattern: String,
}

impl Search {
    /// Prepares to look for a text that is not empty.
    pub(crate) fn new(text: &str) -> Self {
        let id_pattern = (!text.contains('\0')).then(|| format!("{}%", like_literal(text)));
        Self { lower: text.to_lowercase(), id_pattern, json_pattern: json_pattern(text) }
    }

    /// Returns whether the text is in a property's value, ignoring case.
    pub(crate) fn finds(&self, properties: &Properties) -> bool {
        properties.values().any(|value| self.is_in(value))
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => text.to_lowercase().contains(&self.lower),
            Value::Number(number) => number.to_string().contains(&self.lower),
            Value::Bool(flag) => flag.to_string().contains(&self.lower),
            Value::Array(values) => values.iter().any(|value| self.is_in(value)),
            Value::Object(fields) => fields.values().any(|value| self.is_in(value)),
            Value::Null => false,
        }
    }
}

/// Returns a pattern that matches the text alone.
fn like_literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn json_pattern(text: &str) -> String {
    // As JSON escapes it, without the quotation marks.
    let json = Value::from(text).to_string();
    let inside = &json[1..json.len() - 1];
    let mut pattern = String::from("%");
    for part in inside.split(|c: char| !c.is_ascii()).filter(|part| !part.is_empty()) {
        pattern.push_str(&like_literal(part));
        pattern.push('%');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::{PropertyChanges, Version};
    use serde_json::json;
    use uuid::Uuid;

    fn finds(text: &str, values: &Value) -> bool {
        let mut properties = Properties::default();
        let set = values.as_object().expect("an object").clone();
        let changes = PropertyChanges { set, ..PropertyChanges::default() };
        properties.apply(&changes, Version(1, 1, Uuid::nil()), &[]);
        Search::new(text).finds(&properties)
    }

    #[test]
    fn values_are_found_at_any_depth_without_case_and_keys_are_not() {
        let values = json!({"Email": "Ada@Example.com", "n": [12.5, {"deep": "ÜBER"}], "b": true});
        for text in ["ada@", "EXAMPLE", "12.5", "über", "TRUE"] {
            assert!(finds(text, &values), "{text}");
        }
        for text in ["email", "deep", "nobody", "null"] {
            assert!(!finds(text, &values), "{text}");
        }
    }

    #[test]
    fn patterns_take_wildcards_as_they_are_and_leave_other_letters_open() {
        let search = Search::new("50%_\\");
        assert_eq!(search.id_pattern.as_deref(), Some("50\\%\\_\\\\%"));
        assert_eq!(search.json_pattern, "%50\\%\\_\\\\\\\\%", "JSON doubles the backslash");
        assert_eq!(Search::new("aüb\"").json_pattern, "%a%b\\\\\"%");
        assert_eq!(Search::new("ü").json_pattern, "%");
        assert_eq!(Search::new("a\0").id_pattern, None);
        assert_eq!(Search::new("a\0").json_pattern, "%a\\\\u0000%");
    }
}
