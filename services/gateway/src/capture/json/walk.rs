//! Walking JSON that was checked before: where things end, and no question of whether they may stand there. That takes a
//! fraction of checking, and each event is walked through several times. What is no JSON ends early, and never panics.

use super::plain_length;

/// Returns the members of an object: each key with its quotes, and the text of its value.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = object.as_bytes();
    let mut at = 1;
    std::iter::from_fn(move || {
        at = skip(bytes, at, |byte| byte == b',');
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, at);
        let start = skip(bytes, key_end, |byte| byte == b':');
        let end = value_end(bytes, start);
        let member = (object.get(at..key_end)?, object.get(start..end)?);
        at = end;
        Some(member)
    })
}

/// Returns where the first byte is, from `at` on, that is neither white space nor to be skipped.
fn skip(bytes: &[u8], mut at: usize, also: impl Fn(u8) -> bool) -> usize {
    let is_skipped = |byte: u8| also(byte) || matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    while bytes.get(at).is_some_and(|byte| is_skipped(*byte)) {
        at += 1;
    }
    at
}

/// Returns where the string that begins at `start` is over, its closing quote included.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(rest) = bytes.get(at..) {
        at += plain_length(rest);
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => break,
        }
    }
    bytes.len()
}

/// Returns where the value that begins at `start` is over.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::super::Scanner;
    use super::*;

    #[test]
    fn members_are_told_apart_whatever_they_hold() {
        for json in [
            r#"{"a":"}\",{","b\"":{"$ip":[1,"]"]},"c":[],"$ip":"1.2.3.4","d":-1.5e3}"#,
            " {}",
            "{ }",
            "{}",
            "{\"a\" : 1 , \"b\"\n:\t[ 1 , {\"c\":[]} ]\r,\"\":null}",
            r#"{"long enough to be looked at in words \\":"so is this, \"\u00e9\"","e":"","f":true}"#,
            r#"{"é":"ü","":"","x":{}}"#,
        ] {
            let json = json.trim_start();
            let mut expected = Vec::new();
            Scanner::new(json)
                .members(|key, value| expected.push((key, value)))
                .expect("it is JSON");
            assert_eq!(members(json).collect::<Vec<_>>(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_ends_early() {
        let whole = r#"{"a":"b\"c","d":{"e":[1,2]},"f":"é"}"#;
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            assert!(members(&whole[..end]).count() <= 3);
        }
        for text in ["", "{", "x", "{\"a", "{\"a\\", "{\"a\":", "{\"a\"}}}", "{,,", "[1,2]"] {
            assert!(members(text).count() <= 1, "{text}");
        }
    }
}
