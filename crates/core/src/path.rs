//! Paths of requests as patterns: what differs from request to request becomes `:id`, so that requests of one kind have one
//! name, however many users and orders there are.

/// Parts of a pattern; what follows becomes [`REST`].
pub const PARTS_MAX: usize = 8;
/// Bytes of a path that are looked at.
const PATH_BYTES_MAX: usize = 2_048;
/// Bytes of a part that can be a word; what is longer is an id.
const WORD_BYTES_MAX: usize = 40;
/// Hexadecimal digits from which on a part is an id, if a digit is among them.
const HEX_DIGITS_MIN: usize = 8;
/// Characters from which on a mixture of capitals, small letters and digits is an id.
const MIXED_CHARS_MIN: usize = 16;
/// Digits in a row from which on a part is an id.
const DIGITS_MIN: usize = 4;
/// What stands for a part that differs.
const ID: &str = ":id";
/// What stands for all parts beyond [`PARTS_MAX`].
const REST: &str = "*";

/// Returns the path of an address or target, without host, query and fragment; it begins with a slash.
#[must_use]
pub fn path_of(target: &str) -> &str {
    let target = &target[..target.floor_char_boundary(PATH_BYTES_MAX)];
    let path = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let path = &path[..end];
    if path.starts_with('/') { path } else { "/" }
}

/// Returns the pattern of a path: `/users/42/orders` becomes `/users/:id/orders`.
#[must_use]
pub fn pattern(target: &str) -> String {
    let mut pattern = String::new();
    let mut parts = path_of(target).split('/').filter(|part| !part.is_empty());
    for part in parts.by_ref().take(PARTS_MAX) {
        pattern.push('/');
        pattern.push_str(if differs(part) { ID } else { part });
    }
    if parts.next().is_some() {
        pattern.push('/');
        pattern.push_str(REST);
    }
    if pattern.is_empty() {
        pattern.push('/');
    }
    pattern
}

/// Returns whether a part is an id rather than a word: a number, a UUID, a hash, a token, an address, an encoded text.
fn differs(part: &str) -> bool {
    let bytes = part.as_bytes();
    if bytes.len() > WORD_BYTES_MAX || part.contains(['%', '@']) || !part.is_ascii() {
        return true;
    }
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let has_digit = has(u8::is_ascii_digit);
    let digits_in_row =
        bytes.split(|byte| !byte.is_ascii_digit()).any(|run| run.len() >= DIGITS_MIN);
    let all_digits = bytes.iter().all(u8::is_ascii_digit);
    let hex = bytes.len() >= HEX_DIGITS_MIN
        && has_digit
        && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let mixed = bytes.len() >= MIXED_CHARS_MIN
        && has_digit
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase);
    all_digits || digits_in_row || hex || mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_becomes_an_id() {
        for (target, expected) in [
            ("/users/42/orders", "/users/:id/orders"),
            ("/users/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/users/:id"),
            ("/commit/9f86d081884c7d65", "/commit/:id"),
            ("/t/eyJhbGciOiJIUzI1NiIs.a", "/t/:id"),
            ("/people/ada@example.com", "/people/:id"),
            ("/search/caf%C3%A9", "/search/:id"),
            ("/orders/ord-20261", "/orders/:id"),
            ("/tags/a-very-long-slug-that-nobody-would-write-by-hand", "/tags/:id"),
        ] {
            assert_eq!(pattern(target), expected, "{target}");
        }
    }

    #[test]
    fn words_stay() {
        for path in ["/api/v1/checkout", "/oauth2/token", "/static/app.js", "/add/face", "/"] {
            assert_eq!(pattern(path), path);
        }
    }

    #[test]
    fn only_the_path_counts() {
        for (target, expected) in [
            ("https://shop.example.com/cart?id=7#top", "/cart"),
            ("https://shop.example.com", "/"),
            ("//cart//7/", "/cart/:id"),
            ("/login?next=https://x.example/", "/login"),
            ("", "/"),
            ("*", "/"),
            ("?a=b", "/"),
        ] {
            assert_eq!(pattern(target), expected, "{target}");
        }
    }

    #[test]
    fn a_pattern_has_a_bound_whatever_is_sent() {
        assert_eq!(pattern("/a/b/c/d/e/f/g/h/i/j"), "/a/b/c/d/e/f/g/h/*");
        let long = pattern(&"/ab".repeat(100_000));
        assert!(long.len() < PARTS_MAX * (WORD_BYTES_MAX + 1) + 3, "{long}");
        let odd = pattern(&"/é\u{0}\u{1f600}".repeat(1_000));
        assert_eq!(odd, "/:id/:id/:id/:id/:id/:id/:id/:id/*");
    }
}
