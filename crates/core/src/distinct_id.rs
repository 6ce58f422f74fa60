//! Distinct ids that name nobody: what broken integrations send for "not signed in".
//!
//! Merging by such an id would join strangers, so identify and alias refuse it, and an event with it counts in totals but
//! never as a person. One list serves the edge, identity and reports. It is the union of the two lists of PostHog's
//! capture and person merge, with our additions (`nil`, `unknown`, `(null)`, `n/a`, `-1`, the largest UUID).

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// The longest distinct id, in characters.
pub const MAX_CHARS: usize = 200;

/// Characters other than white space of the longest entry below, with its quotes. A character stands for one character or
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

/// Returns whether a distinct id names nobody. Compared after NFKC, trimming, one layer of quotes taken off, and in lower
/// case.
#[must_use]
pub fn is_illegal(distinct_id: &str) -> bool {
    if distinct_id.contains('\0') {
        return true;
    }
    // Skipping what is too long keeps long ids free of allocation.
    let mut visible = distinct_id.chars().filter(|character| !character.is_whitespace());
    if visible.nth(LISTED_CHARS_MAX).is_some() {
        return false;
    }
    let normal: String = distinct_id.nfkc().collect();
    let bare = strip_quotes(normal.trim()).trim().to_lowercase();
    ILLEGAL.contains(&bare.as_str())
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
