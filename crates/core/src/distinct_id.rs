//! Distinct ids that name nobody: what broken integrations send for "not signed in".
//!
//! Merging by such an id would join strangers, so identify and alias refuse it, and an event with it counts in totals but
//! never as a person. One list serves the edge, identity and reports. It is the union of the two lists of PostHog's
//! capture and person merge, with our additions (`nil`, `unknown`, `(null)`, `n/a`, `-1`, the largest UUID).

use unicode_normalization::UnicodeNormalization as _;

/// The longest distinct id, in characters.
pub const MAX_CHARS: usize = 200;

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
    // A longer id is on no list; skipping it keeps the common case free of allocation.
    if distinct_id.len() > 64 {
        return distinct_id.trim().is_empty();
    }
    let normal: String = distinct_id.nfkc().collect();
    let bare = strip_quotes(normal.trim()).trim().to_lowercase();
    ILLEGAL.contains(&bare.as_str())
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
    use super::is_illegal;

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
    fn ordinary_ids_are_legal() {
        for id in ["usr_abc123", "nullable", "user@example.com", "1", "Annie Null"] {
            assert!(!is_illegal(id), "{id:?} should be legal");
        }
    }
}
