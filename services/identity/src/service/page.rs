//! Pages of what is numbered, the latest first.

use observe_core::page::PageTokens;
use observe_core::{ProjectId, Violations};

/// How many lines a page has when the request does not say.
pub(crate) const DEFAULT_PAGE_SIZE: i32 = 50;
/// The most lines of a page.
pub(crate) const MAX_PAGE_SIZE: i32 = 200;

/// The page that is asked for.
pub(crate) struct Page {
    scope: Vec<u8>,
    /// Lines below this number.
    pub(crate) before: i64,
    size: usize,
}

impl Page {
    /// Reads the page asked for; notes what is wrong with it. `kind` and `about` are what a token is bound to, beside the
    /// project.
    pub(crate) fn read(
        tokens: &PageTokens,
        (kind, project, about): (&str, ProjectId, &[&str]),
        (size, token): (i32, &str),
        violations: &mut Violations,
    ) -> Self {
        let fits = (0..=MAX_PAGE_SIZE).contains(&size);
        violations.require(fits, "page_size", "must be 1-200, or 0 for 50");
        let mut scope = kind.as_bytes().to_vec();
        scope.push(0);
        scope.extend_from_slice(&project.to_bytes());
        for text in about {
            scope.extend_from_slice(text.as_bytes());
            scope.push(0);
        }
        let before = if token.is_empty() {
            Some(i64::MAX)
        } else {
            let bytes = tokens.open(&scope, token);
            bytes.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes)
        };
        violations.require(before.is_some(), "page_token", "must be of the same request");
        let size = if size == 0 { DEFAULT_PAGE_SIZE } else { size }.unsigned_abs() as usize;
        Self { scope, before: before.unwrap_or(i64::MAX), size }
    }

    /// Returns how many lines to read: one more than there is room for tells whether there is a next page.
    pub(crate) fn limit(&self) -> usize {
        self.size + 1
    }

    /// Cuts what was read to the page, and returns the token of the next one; empty if there is none.
    pub(crate) fn finish<T>(
        &self,
        tokens: &PageTokens,
        rows: &mut Vec<T>,
        number: impl Fn(&T) -> i64,
    ) -> String {
        if rows.len() <= self.size {
            return String::new();
        }
        rows.truncate(self.size);
        let last = rows.last().map_or(0, number);
        tokens.seal(&self.scope, &last.to_be_bytes())
    }
}
