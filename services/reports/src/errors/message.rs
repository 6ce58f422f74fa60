//! Messages without their parameters.

use std::sync::LazyLock;

use regex::Regex;

/// How much of a message takes part in grouping, in characters.
const CHARS_MAX: usize = 1_000;

/// What is a parameter, the longest forms first: the first branch that matches counts. Texts in quotes must stand alone,
/// so that the apostrophe of a contraction begins none.
static PARAMETERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?P<url> [a-z][a-z0-9+.-]*://[^\s"'<>`)\]}]+ )
        | (?P<email> [\w.+-]+@[\w-]+(?:\.[\w-]+)+ )
        | (?P<uuid> \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b )
        | (?P<text> \B"[^"\n]*"\B | \B'[^'\n]*'\B | \B`[^`\n]*`\B )
        | (?P<hex> \b0[xX][0-9a-fA-F]+\b | \b[0-9a-fA-F]{8,}\b )
        | (?P<number> \b[0-9]+(?:[.,:/_T+-]?[0-9]+)*(?:[eE][+-]?[0-9]+)?(?:ms|us|ns|s|%|Z|[kKMG]i?B|B|px)?\b
            | \B[-+][0-9]+(?:\.[0-9]+)?\b )
        "#,
    )
    .expect("a pattern of ours")
});

/// Returns the message with URLs, addresses, UUIDs, quoted texts, hexadecimal and other numbers replaced by what they are,
/// and white space made one space.
pub(crate) fn without_parameters(message: &str) -> String {
    let line = super::one_line(message, CHARS_MAX);
    let replaced = PARAMETERS.replace_all(&line, |found: &regex::Captures<'_>| {
        let kinds = ["url", "email", "uuid", "text", "hex", "number"];
        let kind = kinds.iter().find(|kind| found.name(kind).is_some());
        match *kind.expect("one branch matched") {
            "hex" => hex(&found[0]),
            kind => format!("<{kind}>"),
        }
    });
    replaced.into_owned()
}

/// What only has hexadecimal digits may be a number or a word, too.
fn hex(found: &str) -> String {
    let has_digits = found.bytes().any(|byte| byte.is_ascii_digit());
    let has_letters = found.bytes().any(|byte| byte.is_ascii_alphabetic());
    match (has_digits, has_letters) {
        (true, true) => "<hex>".to_owned(),
        (true, false) => "<number>".to_owned(),
        (false, _) => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_by_what_they_are() {
        for (message, without) in [
            ("Order 4711 not found", "Order <number> not found"),
            ("GET https://api.example/v1/orders/7?x=1 failed", "GET <url> failed"),
            (
                "Can't read properties of undefined (reading 'name')",
                "Can't read properties of undefined (reading <text>)",
            ),
            ("user ada@example.com is locked", "user <email> is locked"),
            ("no row 0191f3a0-0000-7000-8000-000000000001 here", "no row <uuid> here"),
            ("segfault at 0x7ffee4c0", "segfault at <hex>"),
            ("commit 3f2a1c9d0e missing", "commit <hex> missing"),
            ("timeout of 30000ms exceeded", "timeout of <number> exceeded"),
            ("took 1.5 s, 99% of 12MB", "took <number> s, <number>% of <number>"),
            ("at 2026-11-27T23:15:00.123Z", "at <number>"),
            ("key \"a b\" is missing", "key <text> is missing"),
            ("balance is -12.50", "balance is <number>"),
            ("line one\n  line  two", "line one line two"),
            ("division by zero", "division by zero"),
            ("utf8 and h264 stay", "utf8 and h264 stay"),
        ] {
            assert_eq!(without_parameters(message), without, "{message}");
        }
    }

    #[test]
    fn a_very_long_message_takes_part_by_its_beginning() {
        let long = format!("failed {}", "x".repeat(2_000_000));
        assert_eq!(without_parameters(&long).chars().count(), CHARS_MAX);
    }
}
