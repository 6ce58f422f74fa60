//! The baseline: the same operations as plain upserts into two tables, with neither rules nor history nor a way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Executor as _, PgPool};
use tokio::task::JoinSet;

use super::fill::user;
use super::identify::{Measured, OPERATIONS, pick};
use crate::processes::{Group, Meter};

/// Connections, and operations in a transaction, of the two ways.
const WAYS: [(&str, usize, u64); 2] = [
    ("plain SQL: one operation a transaction, 8 connections", 8, 1),
    ("plain SQL: 1,000 operations a transaction, 4 connections", 4, 1_000),
];
const TABLES: &str = "
    create schema plain;
    create table plain.person (id bigint primary key, properties jsonb not null, created_at timestamptz not null);
    create table plain.person_distinct_id (
        distinct_id text primary key, person_id bigint not null references plain.person (id)
    );";
/// The user gets properties, and the visitor becomes the user.
const UPSERT: &str = r#"
    with operation as (select * from unnest($1::text[], $2::text[]) as one (user_id, visitor)),
    known as (
        select d.person_id, o.visitor from operation o join plain.person_distinct_id d on d.distinct_id = o.user_id
    ),
    told as (
        insert into plain.person (id, properties, created_at)
        select distinct person_id, '{"plan": "pro"}'::jsonb, now() from known order by person_id
        on conflict (id) do update set properties = plain.person.properties || excluded.properties
    )
    insert into plain.person_distinct_id (distinct_id, person_id)
    select distinct on (visitor) visitor, person_id from known order by visitor
    on conflict (distinct_id) do update set person_id = excluded.person_id"#;

/// Measures both ways on as many persons.
///
/// # Errors
/// When the database refuses.
pub(super) async fn run(
    database_url: &str,
    postgres: Group,
    persons: u64,
    time: Duration,
) -> anyhow::Result<Vec<(&'static str, Measured)>> {
    let pool = PgPool::connect(database_url).await?;
    pool.execute(TABLES).await?;
    let fill = "with number as (select generate_series(0, $1::int8 - 1) as n),
        person as (
            insert into plain.person select n, '{\"plan\": \"free\", \"name\": \"Ada\", \"email\": \"ada@example.com\"}', now()
            from number
        )
        insert into plain.person_distinct_id select 'user-' || lpad(n::text, 7, '0'), n from number";
    sqlx::query(fill).bind(i64::try_from(persons)?).execute(&pool).await?;
    sqlx::query("vacuum analyze plain.person, plain.person_distinct_id").execute(&pool).await?;
    let mut found = Vec::new();
    for (name, connections, batch) in WAYS {
        let next = Arc::new(AtomicU64::new(0));
        let mut writers = JoinSet::new();
        let meter = Meter::start([("postgres", postgres)]);
        let began = Instant::now();
        for _ in 0..connections {
            let (pool, next) = (pool.clone(), next.clone());
            writers.spawn(async move {
                let mut done = 0;
                while began.elapsed() < time {
                    let first = next.fetch_add(batch, Ordering::Relaxed);
                    if first >= OPERATIONS {
                        break;
                    }
                    let numbers = first..first + batch;
                    let visitors: Vec<_> =
                        numbers.clone().map(|n| format!("{batch}-{n}")).collect();
                    let users: Vec<_> = numbers.map(|n| user(pick(n, persons))).collect();
                    sqlx::query(UPSERT).bind(users).bind(visitors).execute(&pool).await?;
                    done += batch;
                }
                anyhow::Ok(done)
            });
        }
        let mut done = 0;
        while let Some(written) = writers.join_next().await {
            done += written??;
        }
        found.push((name, Measured::new(done, began.elapsed(), &meter)));
    }
    pool.close().await;
    Ok(found)
}
