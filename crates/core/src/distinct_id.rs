//! Distinct ids that name nobody: what broken integrations send for "not signed in".
//!
//! Merging by such an id would join strangers, so identify and alias refuse it, and an event with it counts in totals but
//! never as a person. One list serves the edge, identity and reports. It is the union of the two lists of PostHog's
//! capture and person merge, with our additions (`nil`, `unknown`, `(null)`, `n/a`, `-1`, the largest UUID).

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// The longest distinct id, in characters.
pub const MAX_CHARS: usize = 200;

/// Characters that can be seen of the longest entry below, with its quotes. A character stands for one character or
/// more after NFKC, so that an id with more of them is on no list, however many bytes each has.
const LISTED_CHARS_MAX: usize = 38;

const ILLEGAL: [&str; 27] = [
    "(null)",
    "-1",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "[object object]",
    "anonymous",
    "anonymous-user",
    "backend",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "guest",
    "id",
    "n/a",
    "nan",
    "nil",
    "none",
    "not_authenticated",
    "null",
    "system",
    "true",
    "undefined",
    "unknown",
    "user",
    "",
];

/// Returns whether a distinct id names nobody. Compared without characters that cannot be seen, after NFKC, trimming, one
/// layer of quotes taken off, and in lower case.
#[must_use]
pub fn is_illegal(distinct_id: &str) -> bool {
    if distinct_id.contains('\0') {
        return true;
    }
    // Skipping what is too long keeps long ids free of allocation.
    let mut visible = distinct_id
        .chars()
        .filter(|character| !character.is_whitespace() && !is_invisible(*character));
    if visible.nth(LISTED_CHARS_MAX).is_some() {
        return false;
    }
    let normal: String = distinct_id.nfkc().filter(|character| !is_invisible(*character)).collect();
    let bare = strip_quotes(normal.trim()).trim().to_lowercase();
    ILLEGAL.contains(&bare.as_str())
}

/// Returns whether a character takes no room: those that Unicode calls default-ignorable, such as the zero-width space.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What is kept of a distinct id when its person is erased.
pub type Hash = [u8; 32];

/// Returns the SHA-256 of a distinct id. All services tell the ids of erased persons by it, since none keeps the ids.
#[must_use]
pub fn hash(distinct_id: &str) -> Hash {
    Sha256::digest(distinct_id.as_bytes()).into()
}

fn strip_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_integrations_send_for_nobody_is_illegal() {
        for id in [
            "",
            "  ",
            "null",
            " NULL ",
            "'undefined'",
            "\"None\"",
            "ＮＵＬＬ",
            "[object Object]",
            "-1",
            "a\0b",
        ] {
            assert!(is_illegal(id), "{id:?} should be illegal");
        }
    }

    #[test]
    fn neither_white_space_nor_wide_characters_hide_an_illegal_id() {
        let wide = |id: &str| -> String {
            let widen = |character: char| char::from_u32(u32::from(character) + 0xfee0);
            id.chars().map(|character| widen(character).expect("a wide form")).collect()
        };
        let zeros = "00000000-0000-0000-0000-000000000000";
        let pad = " ".repeat(100);
        for id in [
            format!("{pad}null{pad}"),
            format!("\"{pad}null{pad}\""),
            wide(zeros),
            format!("{pad}{}{pad}", wide(&format!("\"{zeros}\""))),
            pad.clone(),
        ] {
            assert!(is_illegal(&id), "{id:?} should be illegal");
        }
        assert!(!is_illegal(&format!("{pad}{}{pad}", wide("usr_abc123"))));
        assert!(!is_illegal(&format!("{zeros}{zeros}")));
    }

    /// Every entry, in every disguise that broken integrations put on it.
    #[test]
    fn no_disguise_makes_an_entry_legal() {
        let pad = "\u{200b}".repeat(100);
        for entry in ILLEGAL {
            let wide: String = entry
                .chars()
                .map(|c| {
                    let wide = char::from_u32(u32::from(c) + 0xfee0);
                    wide.filter(|_| c.is_ascii_graphic()).unwrap_or(c)
                })
                .collect();
            let inside: String = entry.chars().flat_map(|c| [c, '\u{2060}']).collect();
            for bare in [entry.to_owned(), entry.to_uppercase(), wide, inside] {
                for id in [
                    bare.clone(),
                    format!(" \t{bare}\u{a0}\n"),
                    format!("'{bare}'"),
                    format!("\"{bare}\""),
                    format!("\u{feff}{bare}\u{200d}"),
                    format!(" \u{200b}\" \u{ad}{bare} \" "),
                    format!("{pad}{bare}{pad}"),
                ] {
                    assert!(is_illegal(&id), "{id:?} should be illegal");
                }
            }
        }
        for id in ["\u{200b}1", "a\u{200d}b", "nul", "'null", "''null''"] {
            assert!(!is_illegal(id), "{id:?} should be legal");
        }
    }

    #[test]
    fn the_bound_is_that_of_the_longest_entry() {
        let longest = ILLEGAL.iter().map(|entry| entry.chars().count()).max();
        assert_eq!(longest.map(|longest| longest + 2), Some(LISTED_CHARS_MAX));
    }

    #[test]
    fn a_hash_is_the_sha_256_of_the_text() {
        let hex: String = hash("usr_abc123").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "e8fe27134e0c540615a3f375b35873715326f558184e0ddce23666e3be4de912");
    }

    #[test]
    fn ordinary_ids_are_legal() {
        for id in ["usr_abc123", "nullable", "user@example.com", "1", "Annie Null"] {
            assert!(!is_illegal(id), "{id:?} should be legal");
        }
    }
}
