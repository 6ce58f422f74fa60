//! Attributes of spans and resources, read with care: they are whatever somebody's program put there.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::limits::ATTRIBUTES_MAX;
use crate::capture::text::without_nul;

/// Some attributes.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(&'a [KeyValue]);

impl<'a> Attributes<'a> {
    /// Looks at the first ones.
    pub(super) fn new(all: &'a [KeyValue]) -> Self {
        Self(&all[..all.len().min(ATTRIBUTES_MAX)])
    }

    /// Returns the first of the keys that holds text, or a number as text; empty if none does.
    pub(super) fn text(self, keys: &[&str]) -> Cow<'a, str> {
        let found = keys.iter().find_map(|key| match self.value(key)? {
            Value::StringValue(text) if !text.trim().is_empty() => Some(without_nul(text.trim())),
            Value::IntValue(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Returns the first of the keys that holds a whole number, also as text.
    pub(super) fn number(self, keys: &[&str]) -> Option<i64> {
        keys.iter().find_map(|key| match self.value(key)? {
            Value::IntValue(number) => Some(*number),
            Value::StringValue(text) => text.trim().parse().ok(),
            Value::DoubleValue(number) if number.fract() == 0.0 && number.abs() < 1e9 => {
                Some(*number as i64)
            }
            _ => None,
        })
    }

    fn value(self, key: &str) -> Option<&'a Value> {
        let found = self.0.iter().find(|attribute| attribute.key == key)?;
        found.value.as_ref()?.value.as_ref()
    }
}

/// Cuts text to at most `max` bytes, at a character.
pub(super) fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}
