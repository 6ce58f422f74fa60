//! Errors: `$exception` events, read, grouped, counted and judged.
//!
//! An event becomes an [`Occurrence`] when it is appended to the projection; its group is a property of its row from then
//! on ([`GROUP_PROPERTY`]), so that every question can filter and break down by it. What is decided here is pure; what the
//! columns hold is in [`crate::projection`].

pub(crate) mod assess;
pub(crate) mod detail;
mod file_name;
pub(crate) mod fingerprint;
pub(crate) mod group;
pub(crate) mod list;
mod message;
pub(crate) mod occurrence;
pub(crate) mod rows;
pub(crate) mod spike;
mod stack_text;
pub(crate) mod status;

use serde::{Deserialize, Serialize};

pub(crate) use occurrence::Occurrence;

/// The name of the events that are errors.
pub(crate) const EVENT: &str = "$exception";
/// The property that holds an event's group: 32 hexadecimal digits. It is ours: a sender's is not taken.
pub(crate) const GROUP_PROPERTY: &str = "$exception_group";
/// The property that holds the type of the exception that was thrown last.
pub(crate) const TYPE_PROPERTY: &str = "$exception_type";
/// The property that holds its message, on one line.
pub(crate) const MESSAGE_PROPERTY: &str = "$exception_message";
/// The property that says whether the program went on by itself.
pub(crate) const HANDLED_PROPERTY: &str = "$exception_handled";
/// The exceptions as they are sent. It is large and different each time, so it is no column.
pub(crate) const LIST_PROPERTY: &str = "$exception_list";
/// A stack as text. It is no column either.
pub(crate) const STACK_PROPERTY: &str = "$exception_stack";

/// One exception of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exception {
    /// Its type, such as `TypeError`; may be empty.
    pub(crate) kind: String,
    /// Its message; may be empty.
    pub(crate) value: String,
    /// Its calls, the one that threw first.
    pub(crate) frames: Vec<Frame>,
}

/// One call of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// May be empty.
    pub(crate) function: String,
    /// The module, where the language has them; may be empty.
    pub(crate) module: String,
    /// The file as it was sent; may be empty.
    pub(crate) file: String,
    /// From 1; 0 when not known.
    pub(crate) line: u32,
    /// From 1; 0 when not known.
    pub(crate) column: u32,
    /// Whether it is of the application, not of a library.
    pub(crate) in_app: bool,
    /// The source line, when the sender gave it.
    pub(crate) context_line: String,
}

impl Frame {
    /// Returns where the call is, as people are told: the file without host, query and hashes, else the module.
    pub(crate) fn place(&self) -> String {
        if self.file.is_empty() { self.module.clone() } else { file_name::normalized(&self.file) }
    }
}

/// Returns a text on one line, of at most `max` characters; what was cut ends in `…`.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    // A text is looked at only so far: what comes later would be cut, unless white space is most of it.
    for word in text[..text.floor_char_boundary(max.saturating_mul(8))].split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    cut(&line, max)
}

/// Returns a text of at most `max` characters; what was cut ends in `…`.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => {
            let kept = text[..at].char_indices().last().map_or(0, |(last, _)| last);
            format!("{}…", &text[..kept])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_say_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(one_line(" a\n\tb  c ", 10), "a b c");
        assert_eq!(one_line(&"x ".repeat(1_000_000), 5), "x x …");
    }
}
