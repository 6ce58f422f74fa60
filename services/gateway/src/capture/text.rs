//! Text that every store of ours can hold.

use std::borrow::Cow;

/// Replaces NUL, which PostgreSQL refuses in text and jsonb, by U+FFFD.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    without_nul_counting(text, &mut 0)
}

/// Replaces NUL as [`without_nul`] does, and adds to `replaced` how often.
pub(crate) fn without_nul_counting<'a>(text: &'a str, replaced: &mut usize) -> Cow<'a, str> {
    match text.bytes().filter(|byte| *byte == 0).count() {
        0 => Cow::Borrowed(text),
        count => {
            *replaced += count;
            Cow::Owned(text.replace('\0', "\u{fffd}"))
        }
    }
}

/// Returns whether the text has more characters than `max`.
pub(crate) fn is_longer(text: &str, max: usize) -> bool {
    // A character has at least one byte, so that short texts need no counting.
    text.len() > max && text.chars().nth(max).is_some()
}
