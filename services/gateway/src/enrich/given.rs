//! What a sender said, and what is added to it. Both are on the JSON text of properties as capture writes it: an object
//! without white space between its parts, whose keys hold no `\u` escapes.

use std::borrow::Cow;

use super::key::Key;
use crate::capture::json::walk;
use crate::capture::limits::{EVENT_BYTES_MAX, PROPERTIES_MAX};
use crate::capture::text::without_nul;

/// What the keys of a place begin with.
const PLACE_PREFIX: &str = "$geoip_";

/// The properties of an event that matter here, as their sender gave them.
pub(super) struct Given<'a> {
    json: &'a str,
    values: [Option<&'a str>; Key::COUNT],
    members: usize,
    has_place: bool,
}

/// Properties that are added, and those that are taken away.
pub(super) struct Additions<'a> {
    given: &'a Given<'a>,
    json: String,
    members: usize,
    without_ip: bool,
}

impl<'a> Given<'a> {
    pub(super) fn read(json: &'a str) -> Self {
        let mut given = Self { json, values: [None; Key::COUNT], members: 0, has_place: false };
        for (key, value) in members(json) {
            given.members += 1;
            if let Some(key) = Key::of(key) {
                // Of two with one key the later one counts, here as in jsonb.
                given.values[key as usize] = Some(value);
            }
            given.has_place |= is_place(key);
        }
        given
    }

    /// Returns whether the sender gave it, be it as `null`.
    pub(super) fn has(&self, key: Key) -> bool {
        self.values[key as usize].is_some()
    }

    /// Returns whether the sender told where the visitor is.
    pub(super) fn has_place(&self) -> bool {
        self.has_place
    }

    /// Returns its text, if it is one.
    pub(super) fn text(&self, key: Key) -> Option<Cow<'a, str>> {
        let value = self.values[key as usize]?;
        let inner = value.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(value).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// Returns whether it is `true`.
    pub(super) fn is_true(&self, key: Key) -> bool {
        self.values[key as usize] == Some("true")
    }
}

impl<'a> Additions<'a> {
    pub(super) fn new(given: &'a Given<'a>) -> Self {
        Self { given, json: String::new(), members: 0, without_ip: false }
    }

    /// Adds a text that the sender did not give, if it is not empty and there is room.
    pub(super) fn add(&mut self, key: Key, text: &str) {
        if text.is_empty() || self.is_given(key) {
            return;
        }
        if text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
            // Nearly always: nothing is to be escaped.
            self.push(key, ["\"", text, "\""]);
        } else {
            let text = without_nul(text);
            let quoted = serde_json::Value::from(text.as_ref()).to_string();
            self.push(key, ["", &quoted, ""]);
        }
    }

    /// Adds `true`, if the sender did not give it and there is room.
    pub(super) fn add_true(&mut self, key: Key) {
        self.push(key, ["", "true", ""]);
    }

    /// Takes the sender's `$ip` away; one that is added from here on takes its place.
    pub(super) fn remove_ip(&mut self) {
        self.without_ip = self.given.has(Key::Ip);
    }

    fn is_given(&self, key: Key) -> bool {
        self.given.has(key) && !(key == Key::Ip && self.without_ip)
    }

    fn push(&mut self, key: Key, [open, value, close]: [&str; 3]) {
        let bytes = self.given.json.len() + self.json.len() + key.text().len() + value.len() + 6;
        let has_room = self.given.members + self.members - usize::from(self.without_ip)
            < PROPERTIES_MAX
            && bytes <= EVENT_BYTES_MAX;
        if self.is_given(key) || !has_room {
            return;
        }
        self.members += 1;
        for part in [",\"", key.text(), "\":", open, value, close] {
            self.json.push_str(part);
        }
    }

    /// Returns the properties as they are now; `None` if nothing changed. `without_place` takes the sender's place away.
    pub(super) fn apply(self, without_place: bool) -> Option<String> {
        let without_place = without_place && self.given.has_place;
        if self.json.is_empty() && !self.without_ip && !without_place {
            return None;
        }
        let given = self.given.json;
        let mut all = String::with_capacity(given.len() + self.json.len());
        if self.without_ip || without_place {
            all.push('{');
            for (key, value) in members(given) {
                let is_gone =
                    (self.without_ip && key == Key::Ip.text()) || (without_place && is_place(key));
                if !is_gone {
                    if all.len() > 1 {
                        all.push(',');
                    }
                    for part in ["\"", key, "\":", value] {
                        all.push_str(part);
                    }
                }
            }
        } else {
            all.push_str(given.strip_suffix('}').unwrap_or(given));
        }
        let added = self.json.as_str();
        let added = if all.len() > 1 { added } else { added.trim_start_matches(',') };
        all.push_str(added);
        all.push('}');
        Some(all)
    }
}

fn is_place(key: &str) -> bool {
    key.starts_with(PLACE_PREFIX) && key != Key::GeoipDisable.text()
}

/// Returns the members of an object: each key without its quotes, and the text of its value.
fn members(json: &str) -> impl Iterator<Item = (&str, &str)> {
    walk::members(json).map_while(|(key, value)| Some((key.get(1..key.len() - 1)?, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sender_gave_stays_and_the_rest_is_added() {
        let given = Given::read(r#"{"$browser":"Mine","$os":null}"#);
        let mut added = Additions::new(&given);
        added.add(Key::Browser, "Ours");
        added.add(Key::Os, "Ours");
        added.add(Key::City, "");
        added.add(Key::Channel, "a\"\0");
        let json = added.apply(false).expect("changed");
        assert_eq!(json, "{\"$browser\":\"Mine\",\"$os\":null,\"$channel\":\"a\\\"\u{fffd}\"}");
        assert_eq!(Additions::new(&Given::read("{}")).apply(true), None);
    }

    #[test]
    fn what_is_taken_away_is_gone_from_the_text() {
        let given =
            Given::read(r#"{"$ip":"1.2.3.4","a":1,"$ip":"1.2.3.5","$geoip_city_name":"Rome"}"#);
        assert_eq!(given.text(Key::Ip).as_deref(), Some("1.2.3.5"));
        let mut added = Additions::new(&given);
        added.remove_ip();
        added.add(Key::Ip, "1.2.3.0");
        assert_eq!(added.apply(true).expect("changed"), r#"{"a":1,"$ip":"1.2.3.0"}"#);
        let only = Given::read(r#"{"$ip":"1.2.3.4"}"#);
        let mut added = Additions::new(&only);
        added.remove_ip();
        assert_eq!(added.apply(false).expect("changed"), "{}");
        let mut added = Additions::new(&only);
        added.remove_ip();
        added.add(Key::Os, "b");
        assert_eq!(added.apply(false).expect("changed"), r#"{"$os":"b"}"#);
    }

    #[test]
    fn additions_keep_to_the_limits_of_an_event() {
        let full: Vec<_> = (1..PROPERTIES_MAX).map(|n| format!("\"k{n}\":1")).collect();
        let full = format!("{{{}}}", full.join(","));
        let given = Given::read(&full);
        let mut added = Additions::new(&given);
        added.add(Key::Browser, "fits");
        added.add(Key::Os, "does not");
        let json = added.apply(false).expect("changed");
        assert!(json.ends_with(r#","$browser":"fits"}"#));
        assert_eq!(members(&json).count(), PROPERTIES_MAX);

        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(EVENT_BYTES_MAX - 20));
        let given = Given::read(&large);
        let mut added = Additions::new(&given);
        added.add(Key::Browser, "does not fit");
        assert_eq!(added.apply(false), None);
    }
}
