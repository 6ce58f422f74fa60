//! The SQL of reports.

pub(crate) mod annotation;
pub(crate) mod cohort;
pub(crate) mod dashboard;
pub(crate) mod error_group;
pub(crate) mod projection;
pub(crate) mod saved_insight;
pub(crate) mod usage;

/// Returns the pattern of `like` for texts that contain this one.
fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::like_pattern;

    #[test]
    fn a_text_is_looked_for_as_it_is() {
        assert_eq!(like_pattern("50%_\\a"), "%50\\%\\_\\\\a%");
    }
}
