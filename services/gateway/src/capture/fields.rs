//! Other products' events, member by member, and how ours is written of them: as text, so that one gate judges all.

use std::borrow::Cow;

use super::json::{decode_string, walk};

/// Returns the texts of the values of these keys; of a key given twice, the last one. Null is as good as missing, and so is
/// everything in what is no object. Nothing else of it is kept: a body of 20 MB may be millions of members.
pub(super) fn fields<'a, const N: usize>(
    object: Option<&'a str>,
    keys: [&str; N],
) -> [Option<&'a str>; N] {
    let mut found = [None; N];
    each_field(object, |key, value| {
        if let Some(at) = keys.iter().position(|wanted| *wanted == key) {
            found[at] = Some(value).filter(|value| *value != "null");
        }
    });
    found
}

/// Hands out the keys of an object and the texts of their values.
pub(super) fn each_field<'a>(object: Option<&'a str>, mut each: impl FnMut(&str, &'a str)) {
    if let Some(object) = object.filter(|object| object.starts_with('{')) {
        walk::members(object).for_each(|(key, value)| each(&decode_string(key), value));
    }
}

/// Returns what a value says that is text.
pub(super) fn said(value: Option<&str>) -> Option<Cow<'_, str>> {
    value.filter(|value| value.starts_with('"')).map(decode_string)
}

/// The members of a JSON object as text, in order. Of a key given twice the last one counts. Only for an event, whose size
/// has been looked at: each member takes more memory than its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// Reads an object; of anything else there are no members.
    pub(super) fn of(text: &'a str) -> Self {
        if text.starts_with('{') { Self(walk::members(text).collect()) } else { Self::default() }
    }

    /// Returns the text of a value that is not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(key, _)| decode_string(key) == name);
        found.map(|(_, value)| *value).filter(|value| *value != "null")
    }

    /// Returns a value that is an object, member by member.
    pub(super) fn object(&self, name: &str) -> Self {
        self.get(name).map(Self::of).unwrap_or_default()
    }

    /// Returns what a value that is text says.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        said(self.get(name))
    }

    /// Returns the members: keys with their quotes, values as they are.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }
}

/// A JSON object that is being written.
#[derive(Debug)]
pub(super) struct ObjectText(String);

impl ObjectText {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a member whose value is JSON.
    pub(super) fn json(&mut self, key: &str, value: &str) {
        let key = serde_json::Value::from(key).to_string();
        self.member(&key, value);
    }

    /// Adds a member whose key has its quotes and whose value is JSON.
    pub(super) fn member(&mut self, quoted: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(quoted);
        self.0.push(':');
        self.0.push_str(value);
    }

    /// Adds a member whose value is text.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.json(key, &serde_json::Value::from(value).to_string());
    }

    /// Returns the object.
    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Returns a time as those products write it as one that ours reads: where it names no zone, UTC is meant.
pub(super) fn zoned(value: &str) -> Cow<'_, str> {
    let text = if value.starts_with('"') { decode_string(value) } else { return value.into() };
    let text = text.trim();
    let clock = text.get(10..).unwrap_or("");
    let zone = if !text.is_ascii() || text.len() < 10 || clock.contains(['Z', 'z', '+', '-']) {
        ""
    } else if clock.is_empty() {
        "T00:00:00Z"
    } else {
        "Z"
    };
    serde_json::Value::from(format!("{text}{zone}")).to_string().into()
}

/// Returns two objects as one, in which the members of the second count where both have them; what is no object gives way.
pub(super) fn merged<'a>(first: Option<&'a str>, second: Option<&'a str>) -> Option<Cow<'a, str>> {
    let is_object = |value: &&str| value.starts_with('{');
    match (first.filter(is_object), second.filter(is_object)) {
        (Some(first), Some(second)) => {
            let mut out = ObjectText::new();
            for (key, value) in Fields::of(first).iter().chain(Fields::of(second).iter()) {
                out.member(key, value);
            }
            Some(out.finish().into())
        }
        (first_object, second_object) => {
            second_object.or(first_object).or(second).or(first).map(Into::into)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_objects_the_second_counts() {
        let join = |first, second| merged(first, second).map(Cow::into_owned);
        assert_eq!(
            join(Some(r#"{"a":1}"#), Some(r#"{"a":2,"b":3}"#)).as_deref(),
            Some(r#"{"a":1,"a":2,"b":3}"#),
            "of equal keys the last one counts wherever this is read"
        );
        assert_eq!(join(Some(r#"{"a":1}"#), Some("5")).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(join(None, Some("{}")).as_deref(), Some("{}"));
        assert_eq!(join(Some("5"), None).as_deref(), Some("5"), "for the judge to see");
        assert_eq!(join(None, None), None);
    }

    #[test]
    fn members_are_found_by_what_their_keys_say() {
        let fields = Fields::of(r#"{"a":1,"\u0062":{"c":"d\n"},"a":2,"n":null}"#);
        assert_eq!(fields.get("a"), Some("2"), "the last one counts");
        assert_eq!(fields.object("b").text("c").as_deref(), Some("d\n"));
        assert_eq!((fields.get("n"), fields.text("a")), (None, None));
        assert!(Fields::of("[1]").iter().next().is_none());
    }

    #[test]
    fn an_object_is_written_member_by_member() {
        assert_eq!(ObjectText::new().finish(), "{}");
        let mut object = ObjectText::new();
        object.text("a\"", "b\n");
        object.json("c", "[1]");
        object.member("\"d\"", "null");
        assert_eq!(object.finish(), r#"{"a\"":"b\n","c":[1],"d":null}"#);
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        for (given, read) in [
            (r#""2026-01-02T03:04:05""#, r#""2026-01-02T03:04:05Z""#),
            (r#""2026-01-02 03:04:05.5""#, r#""2026-01-02 03:04:05.5Z""#),
            (r#""2026-01-02""#, r#""2026-01-02T00:00:00Z""#),
            (r#""2026-01-02T03:04:05-01:00""#, r#""2026-01-02T03:04:05-01:00""#),
            (r#""2026-01-02T03:04:05Z""#, r#""2026-01-02T03:04:05Z""#),
            (r#""soon""#, r#""soon""#),
            ("1800000000000", "1800000000000"),
        ] {
            assert_eq!(zoned(given), read);
        }
    }
}
