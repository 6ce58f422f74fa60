//! The beginning of what was sent, for the developer who sent it: short, and without credentials.

use std::sync::LazyLock;

use regex::Regex;

/// Bytes of an excerpt.
pub(super) const EXCERPT_BYTES_MAX: usize = 1024;
/// Bytes that are looked at: what is cut out makes room for what follows.
const WINDOW_BYTES: usize = 4 * EXCERPT_BYTES_MAX;

/// Keys of ours, wherever they stand.
static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r"obs_(pub|sec)_[0-9A-Za-z]*"));
/// Values of JSON under a name that says that they are secret, also where JSON is quoted in JSON or cut off.
static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(\\?"[\w$ -]*(?:api_?key|write_?key|token|secret|password|passwd|authorization|cookie|credential)[\w$ -]*\\?"\s*:\s*)(?:\\"(?:[^"\\]|\\[^"])*(?:\\")?|"(?:[^"\\]|\\.)*"?|[-\d]+)"#,
    )
});
/// The same in forms and addresses.
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b((?:api_?key|write_?key|sentry_key|key|token|secret|password|passwd)=)[^&\s"'\\]+"#,
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours is a regular expression")
}

/// Returns the beginning of what was sent. Bytes that are no text become U+FFFD.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let window = &bytes[..bytes.len().min(WINDOW_BYTES)];
    let text = String::from_utf8_lossy(window).replace('\0', "\u{fffd}");
    let text = MEMBER.replace_all(&text, "$1\"***\"");
    let text = FIELD.replace_all(&text, "$1***");
    let text = KEY.replace_all(&text, "obs_${1}_***");
    text[..text.floor_char_boundary(EXCERPT_BYTES_MAX)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_cut_out_wherever_they_stand() {
        for (sent, shown) in [
            (r#"{"api_key":"abc","name":"n"}"#, r#"{"api_key":"***","name":"n"}"#),
            (r#"{"writeKey" : "a\"b","n":1}"#, r#"{"writeKey" : "***","n":1}"#),
            (r#"{"properties":{"token":"abc"#, r#"{"properties":{"token":"***""#),
            (r#"{"user_password":12345}"#, r#"{"user_password":"***"}"#),
            (r#"{"x":"obs_sec_0123abc!"}"#, r#"{"x":"obs_sec_***!"}"#),
            ("api_key=phc_x&data=1", "api_key=***&data=1"),
            (r#""{\"token\":\"abc\",\"a\":1}""#, r#""{\"token\":"***",\"a\":1}""#),
            (r#"{"secret":"a\\\"b"}"#, r#"{"secret":"***"}"#),
            ("monkey business", "monkey business"),
        ] {
            assert_eq!(excerpt(sent.as_bytes()), shown);
        }
    }

    #[test]
    fn no_more_is_kept_than_a_kibibyte() {
        let long = excerpt("é".repeat(10_000).as_bytes());
        assert_eq!(long.len(), EXCERPT_BYTES_MAX);
        let odd = excerpt(format!("a{}", "é".repeat(10_000)).as_bytes());
        assert_eq!(odd.len(), EXCERPT_BYTES_MAX - 1);
        // A key at the edge of what is shown is not shown in part.
        let key = format!("{}obs_sec_{}", " ".repeat(EXCERPT_BYTES_MAX - 20), "a".repeat(100));
        assert!(!excerpt(key.as_bytes()).contains("obs_sec_a"));
        assert_eq!(excerpt(b"\xff\0x"), "\u{fffd}\u{fffd}x");
    }
}
