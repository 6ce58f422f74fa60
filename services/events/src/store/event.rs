//! Reading stored events.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::event::{Condition, EventQuery, Position, Test};

/// A stored event.
#[derive(Debug, sqlx::FromRow)]
pub struct EventRow {
    /// The event's id.
    pub uuid: Uuid,
    /// What happened.
    pub name: String,
    /// Who did it.
    pub distinct_id: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Its place among events of equal time.
    pub arrival: i64,
    /// The session, if any.
    pub session_id: Option<String>,
    /// What else is known, as JSON.
    pub properties: serde_json::Value,
    /// Events that the page could hold, had it no limit of bytes.
    total: i64,
}

/// Bytes of properties on one page; the first event is on it in any case.
const PAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;

/// A page of events.
pub struct Page {
    /// Newest first.
    pub rows: Vec<EventRow>,
    /// Whether there are further ones.
    pub more: bool,
}

/// Returns up to `size` of a project's events, newest first, strictly below `query.after`; fewer when they are large.
///
/// # Errors
/// When the database is away, or a pattern is none to PostgreSQL.
pub async fn list(
    database: &Database,
    project: ProjectId,
    query: &EventQuery,
    size: i64,
) -> sqlx::Result<Page> {
    let mut sql = QueryBuilder::new(
        "select uuid, name, distinct_id, time, arrival, session_id, properties, total from (
             select uuid, name, distinct_id, time, arrival, session_id, properties, count(*) over () as total,
                 sum(octet_length(properties::text)) over (order by time desc, arrival desc, uuid desc)
                     - octet_length(properties::text) as before
             from (select uuid, name, distinct_id, time, arrival, session_id, properties
                   from event where project_id = ",
    );
    sql.push_bind(project.uuid());
    if !query.names.is_empty() {
        sql.push(" and name = any(").push_bind(&query.names).push(")");
    }
    if let Some(distinct_ids) = &query.distinct_ids {
        sql.push(" and distinct_id = any(").push_bind(distinct_ids).push(")");
    }
    if let Some((start, end)) = query.range {
        sql.push(" and time >= ").push_bind(start).push(" and time < ").push_bind(end);
    }
    for condition in &query.conditions {
        push_condition(&mut sql, condition);
    }
    if let Some(Position { time, arrival, uuid }) = query.after {
        sql.push(" and time <= ").push_bind(time);
        sql.push(" and (time, arrival, uuid) < (").push_bind(time);
        sql.push(", ").push_bind(arrival).push(", ").push_bind(uuid).push(")");
    }
    // One more than asked for tells whether there is another page.
    sql.push(" order by time desc, arrival desc, uuid desc limit ")
        .push_bind(size.saturating_add(1));
    sql.push(") found) page where before < ").push_bind(PAGE_BYTES_MAX);
    sql.push(" order by time desc, arrival desc, uuid desc");
    let mut tx = database.tenant(project).await?;
    let mut rows: Vec<EventRow> = sql.build_query_as().fetch_all(&mut *tx).await?;
    rows.truncate(usize::try_from(size).unwrap_or(0));
    let more =
        rows.first().is_some_and(|row| row.total > i64::try_from(rows.len()).unwrap_or(i64::MAX));
    Ok(Page { rows, more })
}

/// Adds a condition on a property's canonical text; every value is bound, none becomes part of the statement.
fn push_condition(sql: &mut QueryBuilder<Postgres>, condition: &Condition) {
    match &condition.test {
        Test::IsSet => {
            push_text(sql.push(" and "), &condition.property);
            sql.push(" is not null");
        }
        Test::IsNotSet => {
            push_text(sql.push(" and "), &condition.property);
            sql.push(" is null");
        }
        Test::OneOf { values, negated } => {
            push_negation(sql, *negated);
            push_text(sql, &condition.property);
            sql.push(" = any(").push_bind(values.clone()).push("), false)");
        }
        Test::Contains { values, negated } => {
            push_negation(sql, *negated);
            sql.push("exists (select from unnest(").push_bind(values.clone());
            sql.push("::text[]) as part where strpos(lower(");
            push_text(sql, &condition.property);
            sql.push("), lower(part)) > 0), false)");
        }
        Test::Matches(patterns) => {
            push_negation(sql, false);
            push_text(sql, &condition.property);
            sql.push(" ~ any(").push_bind(patterns.clone()).push("), false)");
        }
        Test::Compare { operator, value } => {
            // As numeric, which any text of this form fits; float8 refuses 1e999, and its message would quote it.
            sql.push(" and case when ");
            push_text(sql, &condition.property);
            sql.push(
                r" ~ '^\s*[+-]?(\d{1,250}\.?\d{0,250}|\.\d{1,250})([eE][+-]?\d{1,3})?\s*$' then (",
            );
            push_text(sql, &condition.property);
            sql.push(")::numeric ").push(operator.sql()).push(" ").push_bind(*value);
            sql.push("::float8::numeric else false end");
        }
    }
}

fn push_negation(sql: &mut QueryBuilder<Postgres>, negated: bool) {
    sql.push(if negated { " and not coalesce(" } else { " and coalesce(" });
}

/// The property's canonical text: numbers without trailing zeros, null as not set.
fn push_text(sql: &mut QueryBuilder<Postgres>, property: &str) {
    sql.push("(case jsonb_typeof(properties -> ").push_bind(property.to_owned());
    sql.push(") when 'number' then trim_scale((properties ->> ").push_bind(property.to_owned());
    sql.push(")::numeric)::text when 'null' then null else properties ->> ")
        .push_bind(property.to_owned());
    sql.push(" end)");
}
