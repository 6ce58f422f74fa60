//! Text that every store of ours can hold.

use std::borrow::Cow;

/// Replaces NUL, which PostgreSQL refuses in text and jsonb, by U+FFFD.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns whether the text has more characters than `max`.
pub(crate) fn is_longer(text: &str, max: usize) -> bool {
    // A character has at least one byte, so that short texts need no counting.
    text.len() > max && text.chars().nth(max).is_some()
}
