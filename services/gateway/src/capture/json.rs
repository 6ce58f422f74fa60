//! JSON by grammar alone: finds where values begin and end without asking what they mean.
//!
//! A batch is cut into its elements before any of them is understood, so that a number no machine can hold, half of a
//! surrogate pair or a thousand brackets spoil one event and not its neighbours. Nothing here recurses.

pub(crate) mod walk;

use std::borrow::Cow;

/// Where a text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The byte at which it stops.
    pub(crate) offset: usize,
    /// What could have stood there.
    pub(crate) expected: &'static str,
}

impl SyntaxError {
    /// Says what is wrong and where, lines and columns counted from 1.
    pub(crate) fn describe(&self, text: &str) -> String {
        let before = text.get(..self.offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("the body is not JSON: expected {} at line {line}, column {column}", self.expected)
    }
}

/// Reads a text from left to right.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Skips white space and returns the byte that follows.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Checks that nothing follows.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end")),
        }
    }

    /// Reads one value of any kind and returns its text.
    pub(crate) fn value(&mut self) -> Result<&'a str, SyntaxError> {
        self.peek();
        let start = self.at;
        // The closing brackets still owed, innermost last.
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        open.push(b'}');
                        continue;
                    }
                    self.at += 1;
                }
                Some(b'[') => {
                    self.at += 1;
                    if self.peek() != Some(b']') {
                        open.push(b']');
                        continue;
                    }
                    self.at += 1;
                }
                _ => self.scalar()?,
            }
            if !self.close(&mut open)? {
                return Ok(&self.text[start..self.at]);
            }
        }
    }

    /// After a value: closes what ends here. Returns whether another value follows.
    fn close(&mut self, open: &mut Vec<u8>) -> Result<bool, SyntaxError> {
        while let Some(closing) = open.last().copied() {
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if closing == b'}' {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(byte) if byte == closing => {
                    self.at += 1;
                    open.pop();
                }
                _ if closing == b'}' => return Err(self.expected("`,` or `}`")),
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        Ok(false)
    }

    /// Reads a list and hands on the text of each element.
    pub(crate) fn elements(&mut self, mut each: impl FnMut(&'a str)) -> Result<(), SyntaxError> {
        self.byte(b'[', "`[`")?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self.value()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Reads an object and hands on the text of each key, with its quotes, and of its value.
    pub(crate) fn members(
        &mut self,
        mut each: impl FnMut(&'a str, &'a str),
    ) -> Result<(), SyntaxError> {
        self.byte(b'{', "`{`")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            each(key, self.value()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn key(&mut self) -> Result<&'a str, SyntaxError> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in quotes"));
        }
        let key = self.string()?;
        self.byte(b':', "`:`")?;
        Ok(key)
    }

    fn scalar(&mut self) -> Result<(), SyntaxError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.expected("a value"))
        }
    }

    fn string(&mut self) -> Result<&'a str, SyntaxError> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        loop {
            self.at += plain_length(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.expected("no control character")),
                None => return Err(self.expected("`\"`")),
            }
        }
        self.at += 1;
        Ok(&self.text[start..self.at])
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        match bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !bytes.get(self.at).is_some_and(u8::is_ascii_hexdigit) {
                        return Err(self.expected("four hexadecimal digits"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.expected("an escape of JSON's")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        if self.here() == Some(b'-') {
            self.at += 1;
        }
        if self.here() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.here() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.here() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.here() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn here(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), SyntaxError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.expected(expected))
        }
    }

    fn expected(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { offset: self.at, expected }
    }
}

/// Returns how many bytes come before the first one that means something inside a string: a quote, a backslash, a control
/// character. Strings are most of what is scanned, so eight bytes are looked at together: a byte that is one of these, and
/// no earlier one, gets its highest bit set.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = (equal(word, b'"') | equal(word, b'\\') | below(word, 0x20)) & HIGHEST;
        if found != 0 {
            return place * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    words.len() * 8 + rest.iter().position(special).unwrap_or(rest.len())
}

/// Returns what a string, given with its quotes, says. What no store of ours can hold, NUL and halves of surrogate pairs,
/// becomes U+FFFD.
pub(crate) fn decode_string(quoted: &str) -> Cow<'_, str> {
    decode_counting(quoted, &mut 0)
}

/// Returns what a string says, as [`decode_string`] does, and adds to `replaced` how many characters no store can hold.
pub(crate) fn decode_counting<'a>(quoted: &'a str, replaced: &mut usize) -> Cow<'a, str> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("");
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (decoded, length) = decode_escape(&rest[at..]);
        *replaced += usize::from(decoded.is_none());
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Returns the character of the escape that the text begins with, if a store can hold it, and the escape's length in bytes.
fn decode_escape(text: &str) -> (Option<char>, usize) {
    let simple = match text.as_bytes()[1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(text),
        other => char::from(other),
    };
    (Some(simple), 2)
}

fn decode_unicode_escape(text: &str) -> (Option<char>, usize) {
    let unit = |from: usize| {
        let escape = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(escape, 16).ok()
    };
    let first = unit(0).unwrap_or(0);
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = unit(6).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code), 12);
    }
    (char::from_u32(first).filter(|decoded| *decoded != '\0'), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text);
        scanner.value().is_ok() && scanner.end().is_ok()
    }

    #[test]
    fn the_first_byte_that_means_something_is_found_wherever_it_is() {
        for length in 0..20 {
            for filler in [b'a', b' ', 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xff] {
                let plain = vec![filler; length];
                assert_eq!(plain_length(&plain), length);
                for place in 0..length {
                    for special in (0..0x20).chain([b'"', b'\\']) {
                        let mut bytes = plain.clone();
                        bytes[place] = special;
                        assert_eq!(plain_length(&bytes), place, "{bytes:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for text in [
            "null",
            " true ",
            "false",
            "0",
            "-0",
            "10",
            "-1.5e+3",
            "1E9",
            "1e400",
            "\"\"",
            r#""\"\\\/\b\f\n\r\t\u00e9""#,
            r#""\ud800""#,
            "[]",
            "{}",
            "[ ]",
            "{ }",
            "[1,[2,{}],{\"a\":[]}]",
            "{\"a\":1,\"a\":2}",
        ] {
            assert!(accepts(text), "{text} is JSON");
            assert!(
                serde_json::from_str::<Box<serde_json::value::RawValue>>(text).is_ok()
                    || text.contains("ud800"),
                "{text}"
            );
        }
        for text in [
            "",
            " ",
            "nul",
            "True",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "NaN",
            "Infinity",
            "'a'",
            "\"a",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "[",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1]",
            "[1}",
            "1 2",
            "{}{}",
            "\u{feff}{}",
        ] {
            assert!(!accepts(text), "{text} is not JSON");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(accepts(&deep));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let text = "[\n  {\"a\": 1},\n  oops\n]";
        let error = Scanner::new(text).value().expect_err("not JSON");
        assert_eq!(
            error.describe(text),
            "the body is not JSON: expected a value at line 3, column 3"
        );
    }

    #[test]
    fn what_no_store_holds_is_replaced() {
        for (quoted, text) in [
            (r#""plain""#, "plain"),
            (r#""a\u0000b""#, "a\u{fffd}b"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00x""#, "\u{fffd}x"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""é\n\/\u00e9""#, "é\n/é"),
        ] {
            assert_eq!(decode_string(quoted), text, "{quoted}");
        }
    }
}
