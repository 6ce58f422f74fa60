//! The same questions in SQL, as well as we could write them, on the event table with the indexes it has.
//!
//! Nobody in the generated data has two distinct ids, so a distinct id is a person here and SQL is spared the mapping.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _, Row as _};

use super::{Answer, Question, Range};
use crate::world::FUNNEL;

/// What a careful operator would allow such a query.
const SESSION: &str = "
    set search_path = events;
    set work_mem = '256MB';
    set max_parallel_workers_per_gather = 2;
    set plan_cache_mode = force_custom_plan;";

/// For each event of a step, when the latest attempt that stands at the step before began: a running maximum, which is
/// what an ordered funnel with re-entry keeps. The first window pass is for step 2, the second for step 3.
macro_rules! funnel {
    ($select:literal, $group:literal, $extra:literal) => {
        concat!(
            "with matched as (
                 select distinct_id, time, name", $extra, "
                 from event where project_id = $1 and time >= $2 and time < $3 and name in ($4, $5, $6)
             ), first as (
                 select *, max(case when name = $4 then time end) over person as began
                 from matched window person as (partition by distinct_id order by time rows unbounded preceding)
             ), second as (
                 select *, max(case when name = $5 and time - began <= interval '14 days' then began end)
                     over person as carried
                 from first window person as (partition by distinct_id order by time rows unbounded preceding)
             ), person as (
                 select ", $group, "
                     bool_or(name = $4) as one,
                     bool_or(name = $5 and time - began <= interval '14 days') as two,
                     bool_or(name = $6 and time - carried <= interval '14 days') as three
                 from second group by distinct_id
             )
             select ", $select, "
                 count(*) filter (where one), count(*) filter (where two), count(*) filter (where three)
             from person"
        )
    };
}

const BY_STEP: &str = funnel!("'' as value,", "", "");
/// A person's value is that of the first event that matches a step. Persons without a first step are in no funnel.
const BY_BROWSER: &str = concat!(
    funnel!(
        "case when grouping(value) = 1 then '' else coalesce(value, '$none') end,",
        "(array_agg(browser order by time))[1] as value,",
        ", properties ->> 'browser' as browser"
    ),
    " where one group by grouping sets ((), (value))"
);
const BY_DAY: &str = "
    select day::date::text, count(*) from (
        select distinct date_trunc('day', time at time zone 'UTC') as day, distinct_id
        from event where project_id = $1 and time >= $2 and time < $3
    ) as seen group by day";

/// A connection of the database's owner, past row-level security.
pub(super) struct Sql {
    connection: PgConnection,
    project: uuid::Uuid,
}

impl Sql {
    pub(super) async fn connect(database_url: &str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(database_url).await?;
        connection.execute(SESSION).await?;
        connection.execute("analyze event").await?;
        let project = sqlx::query_scalar("select project_id from event limit 1");
        let project = project.fetch_one(&mut connection).await?;
        Ok(Self { connection, project })
    }

    /// Asks once.
    pub(super) async fn ask(&mut self, question: Question, range: Range) -> anyhow::Result<Answer> {
        let (text, names): (&'static str, &[&str]) = match question {
            Question::Funnel => (BY_STEP, &FUNNEL),
            Question::FunnelByBrowser => (BY_BROWSER, &FUNNEL),
            Question::Trends => (BY_DAY, &[]),
        };
        let mut query = sqlx::query(text).bind(self.project).bind(range.start).bind(range.end);
        for name in names {
            query = query.bind(*name);
        }
        let rows = query.fetch_all(&mut self.connection).await?;
        let mut answer = Answer::new();
        for row in rows {
            let counts = (1..row.len()).map(|column| row.try_get(column));
            answer.insert(row.try_get(0)?, counts.collect::<Result<_, _>>()?);
        }
        Ok(answer)
    }
}
