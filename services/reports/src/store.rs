//! The SQL of reports.

pub(crate) mod annotation;
pub(crate) mod cohort;
pub(crate) mod dashboard;
pub(crate) mod error_group;
pub(crate) mod ownership;
pub(crate) mod projection;
pub(crate) mod saved_insight;
pub(crate) mod usage;

use observe_core::ProjectId;
use sqlx::PgConnection;

/// Lets no two changes of what a project keeps of one kind meet, until the transaction ends: they look at all of it, and two
/// that count at once would both count one too few. `kind` is its name in the plural.
async fn lock(connection: &mut PgConnection, project: ProjectId, kind: &str) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || ' of ' || $2::text, 0))")
        .bind(kind)
        .bind(project.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

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
