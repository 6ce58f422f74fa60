//! The table in `docs/SECURITY.md`: made from `table.txt`, and renewed by this test where it is asked to.

use std::path::PathBuf;

use super::table::{self, Row, Verdict};

const BEGIN: &str = "<!-- access table: begin -->";
const END: &str = "<!-- access table: end -->";
/// Bytes of a line of text.
const LINE_BYTES_MAX: usize = 128;
const COMMAND: &str = "OBSERVE_UPDATE_DOCS=1 cargo test --test e2e access";

#[test]
fn the_table_in_the_docs_is_the_one_that_is_tested() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/SECURITY.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the mark where the table begins");
    let (shown, after) = rest.split_once(END).expect("the mark where the table ends");
    let wanted = format!("\n{}\n", markdown(&table::read()));
    if shown == wanted {
        return;
    }
    if std::env::var_os("OBSERVE_UPDATE_DOCS").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        panic!("the table in docs/SECURITY.md is out of date; renew it with `{COMMAND}`");
    }
}

/// RPCs of one service that answer all callers alike, in the order in which the first of them is written.
pub(crate) fn groups(rows: &[Row]) -> Vec<Vec<&Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let same = |group: &&mut Vec<&Row>| {
            group[0].service == row.service && group[0].verdicts == row.verdicts
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

fn markdown(rows: &[Row]) -> String {
    let mut lines = vec![
        "| RPC | stranger | other session | other key | viewer | member | admin | owner | write key | secret key |"
            .to_owned(),
        "| --- | :-: | :-: | :-: | :-: | :-: | :-: | :-: | :-: | :-: |".to_owned(),
    ];
    let mut internal = Vec::new();
    let mut shown = "";
    for group in groups(rows) {
        let service = group[0].service.rsplit('.').next().unwrap_or_default();
        let methods: Vec<_> = group.iter().map(|row| row.method.as_str()).collect();
        if group[0].is_internal() {
            internal.push(format!("{service} ({})", methods.join(", ")));
            continue;
        }
        let title = if service == shown { String::new() } else { format!("**{service}** ") };
        shown = service;
        let marks: Vec<_> = group[0].verdicts.into_iter().map(mark).collect();
        lines.push(format!("| {title}{} | {} |", methods.join(", "), marks.join(" | ")));
    }
    lines.push(String::new());
    let internal = internal.join(", ");
    wrap(
        &format!(
            "Between services alone, and UNIMPLEMENTED to everybody from outside: {internal}."
        ),
        &mut lines,
    );
    lines.join("\n")
}

/// Adds a paragraph as lines of the width that the page has.
fn wrap(paragraph: &str, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in paragraph.split(' ') {
        if line.len() + 1 + word.len() > LINE_BYTES_MAX {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "✓",
        Verdict::Own => "own",
        Verdict::Unauthenticated => "401",
        Verdict::Denied => "403",
        Verdict::Hidden => "404",
        Verdict::Internal => "501",
    }
}
