//! Reading stored events.

use std::collections::BTreeSet;

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
    /// In the order of the query.
    pub rows: Vec<EventRow>,
    /// Whether there are further ones.
    pub more: bool,
}

/// The columns of an event.
const COLUMNS: &str = "uuid, name, distinct_id, time, arrival, session_id, properties";
/// Distinct ids of which each one's first events in the order are looked for by itself.
const IDS_APART_MAX: usize = 100;

/// Returns up to `size` of a project's events in the query's order, strictly beyond `query.after`; fewer when they are large.
///
/// # Errors
/// When the database is away, or a pattern is none to PostgreSQL.
pub async fn list(
    database: &Database,
    project: ProjectId,
    query: &EventQuery,
    size: i64,
) -> sqlx::Result<Page> {
    // One more than asked for tells whether there is another page.
    let mut sql = page(project, query, size.saturating_add(1));
    let mut tx = database.tenant(project).await?;
    // Planned for these very values each time: what is a good plan for a frequent name is a bad one for a rare one.
    let mut rows: Vec<EventRow> =
        sql.build_query_as().persistent(false).fetch_all(&mut *tx).await?;
    rows.truncate(usize::try_from(size).unwrap_or(0));
    let more =
        rows.first().is_some_and(|row| row.total > i64::try_from(rows.len()).unwrap_or(i64::MAX));
    Ok(Page { rows, more })
}

/// The events that are found, cut where the page is full.
fn page(project: ProjectId, query: &EventQuery, limit: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select ");
    sql.push(COLUMNS).push(", total from (select ").push(COLUMNS);
    sql.push(", count(*) over () as total, sum(octet_length(properties::text)) over (");
    sql.push(query.order.sql()).push(") - octet_length(properties::text) as before from (");
    push_found(&mut sql, project, query, limit);
    sql.push(") found) page where before < ").push_bind(PAGE_BYTES_MAX).push(query.order.sql());
    sql
}

/// The first events in the order that satisfy the query. An index has them in order for one name or one distinct id; for
/// several, the first of each are found so, and the first of those are the first of all.
fn push_found(
    sql: &mut QueryBuilder<Postgres>,
    project: ProjectId,
    query: &EventQuery,
    limit: i64,
) {
    let ids = query.distinct_ids.as_deref().filter(|ids| (2..=IDS_APART_MAX).contains(&ids.len()));
    let names = (query.distinct_ids.is_none() && query.names.len() > 1).then_some(&query.names[..]);
    let (column, values) = match (ids, names) {
        (Some(ids), _) => ("distinct_id", ids),
        (None, Some(names)) => ("name", names),
        (None, None) => return push_first(sql, project, query, None, limit),
    };
    // One that is given twice must not give its events twice.
    let values: BTreeSet<&String> = values.iter().collect();
    let values: Vec<String> = values.into_iter().cloned().collect();
    sql.push("select its_first.* from unnest(").push_bind(values);
    sql.push("::text[]) as one (value) cross join lateral (");
    push_first(sql, project, query, Some(column), limit);
    sql.push(") its_first").push(query.order.sql()).push(" limit ").push_bind(limit);
}

/// The first events in the order that satisfy the query; with `apart`, those whose column is `one.value`.
fn push_first(
    sql: &mut QueryBuilder<Postgres>,
    project: ProjectId,
    query: &EventQuery,
    apart: Option<&'static str>,
    limit: i64,
) {
    sql.push("select ").push(COLUMNS).push(" from event where project_id = ");
    sql.push_bind(project.uuid());
    if let Some(column) = apart {
        sql.push(" and event.").push(column).push(" = one.value");
    }
    if apart != Some("name") && !query.names.is_empty() {
        push_one_of(sql, "name", &query.names);
    }
    if apart != Some("distinct_id")
        && let Some(distinct_ids) = &query.distinct_ids
    {
        push_one_of(sql, "distinct_id", distinct_ids);
    }
    if let Some((start, end)) = query.range {
        sql.push(" and time >= ").push_bind(start).push(" and time < ").push_bind(end);
    }
    for condition in &query.conditions {
        push_condition(sql, condition);
    }
    if let Some(Position { time, arrival, uuid }) = query.after {
        let beyond = query.order.beyond();
        sql.push(" and time ").push(beyond).push("= ").push_bind(time);
        sql.push(" and (time, arrival, uuid) ").push(beyond).push(" (").push_bind(time);
        sql.push(", ").push_bind(arrival).push(", ").push_bind(uuid).push(")");
    }
    sql.push(query.order.sql()).push(" limit ").push_bind(limit);
}

fn push_one_of(sql: &mut QueryBuilder<Postgres>, column: &'static str, values: &[String]) {
    sql.push(" and ").push(column).push(" = ");
    match values {
        // An index is in order behind one value.
        [only] => sql.push_bind(only.clone()),
        _ => sql.push("any(").push_bind(values.to_vec()).push(")"),
    };
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
