//! PostgreSQL: typed columns, two covering indexes, visibility known, two parallel workers.

use std::path::Path;
use std::time::Instant;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _, Row as _};

use observe_testkit::TestStores;

use super::answer::{Row, of_rows};
use super::files;
use super::found::{Asked, Found};
use super::history::{DAY_MS, DAYS, History, KEYS_READ, START_MS, WEEK_MS};
use super::question::{
    KEY_VALUE, PATHS_LIMIT, Question, STEP_PATH, STEPS, VALUES_LIMIT, WINDOW_MS,
};
use crate::processes::Group;
use crate::table::float;

/// Times a question is asked, after one that is not counted.
const RUNS: usize = 5;
const CHUNK: usize = 1 << 20;
/// What a careful operator would allow such queries, and this load.
const SESSION: &str = "
    set work_mem = '512MB'; set hash_mem_multiplier = 4; set maintenance_work_mem = '1GB';
    set max_parallel_workers_per_gather = 2; set max_parallel_maintenance_workers = 2;
    set synchronous_commit = off;";
const INDEXES: &str = "
    create index event_name on event (name, ts) include (visitor, path, browser, country);
    create index event_visitor on event (visitor, ts) include (name);
    create index on person_of (visitor) include (person);
    analyze value;";
const SIZE: &str = "select pg_table_size('event') + pg_indexes_size('event')";

/// Fills a PostgreSQL of its own and asks it.
///
/// # Errors
/// When it refuses.
pub(super) async fn run(
    folder: &Path,
    history: &History,
    questions: &[Question],
) -> anyhow::Result<Found> {
    let stores = TestStores::start().await;
    let mut connection = PgConnection::connect(&stores.database_url).await?;
    let began = Instant::now();
    load(&mut connection, folder, history).await?;
    let mut found = Found {
        name: "Postgres",
        load_seconds: began.elapsed().as_secs_f64(),
        peak_mib: f64::NAN,
        ..Found::default()
    };
    let bytes: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut connection).await?;
    found.bytes = u64::try_from(bytes)?;
    let server = Group::store(stores.data_dir(), "postgres")?;
    for question in questions {
        let asked = ask(&mut connection, server, *question, history).await?;
        found.answers.insert(*question, asked);
    }
    Ok(found)
}

async fn load(
    connection: &mut PgConnection,
    folder: &Path,
    history: &History,
) -> anyhow::Result<()> {
    let keys =
        (0..history.shape.keys.min(KEYS_READ)).map(|key| format!(", key{key} smallint not null"));
    let table = format!(
        "create unlogged table event (
            visitor int not null, ts bigint not null, name smallint not null, path smallint not null, browser int not null,
            country smallint not null, plan smallint not null, width smallint not null{}
        ) with (autovacuum_enabled = off);
        create unlogged table person_of (visitor int not null, person int not null);
        create unlogged table value (kind text not null, code int not null, text text not null);",
        keys.collect::<String>()
    );
    connection.execute(SESSION).await?;
    connection.execute(sqlx::AssertSqlSafe(table)).await?;
    for (table, file) in
        [("event", files::EVENTS), ("person_of", files::PERSONS), ("value", files::TEXTS)]
    {
        copy(connection, table, &folder.join(file)).await?;
    }
    connection.execute(INDEXES).await?;
    for table in ["vacuum analyze event", "vacuum analyze person_of"] {
        connection.execute(table).await?;
    }
    Ok(())
}

async fn copy(connection: &mut PgConnection, table: &str, file: &Path) -> anyhow::Result<()> {
    let mut copy = connection.copy_in_raw(&format!("copy {table} from stdin (format csv)")).await?;
    let mut file = std::fs::File::open(file)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = std::io::Read::read(&mut file, &mut chunk)?;
        if length == 0 {
            copy.finish().await?;
            return Ok(());
        }
        copy.send(&chunk[..length]).await?;
    }
}

async fn ask(
    connection: &mut PgConnection,
    server: Group,
    question: Question,
    history: &History,
) -> anyhow::Result<Asked> {
    let sql = sql(question, history);
    let rows = rows(connection, &sql).await?;
    let mut walls = Vec::with_capacity(RUNS);
    let cpu = server.cpu();
    for _ in 0..RUNS {
        let began = Instant::now();
        connection.fetch_all(sqlx::AssertSqlSafe(sql.clone())).await?;
        walls.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let cpu_ms = (server.cpu() - cpu) * 1e3 / float(RUNS as u64);
    walls.sort_by(f64::total_cmp);
    Ok(Asked { answer: of_rows(question, &rows)?, wall_ms: walls[RUNS / 2], cpu_ms })
}

async fn rows(connection: &mut PgConnection, sql: &str) -> anyhow::Result<Vec<Row>> {
    let rows = connection.fetch_all(sqlx::AssertSqlSafe(sql.to_owned())).await?;
    let row = |row: &sqlx::postgres::PgRow| -> anyhow::Result<Row> {
        let numbers = (1..row.len()).map(|column| row.try_get(column));
        Ok((row.try_get(0)?, numbers.collect::<Result<_, _>>()?))
    };
    rows.iter().map(row).collect()
}

/// The first column is a text, the others are bigint.
fn sql(question: Question, history: &History) -> String {
    let person = "coalesce(p.person, e.visitor)";
    let source = "event e left join person_of p on p.visitor = e.visitor";
    let in_range = format!("ts >= {START_MS} and ts < {}", START_MS + DAYS * DAY_MS);
    let views = format!("name = 0 and {in_range}");
    let day = format!("(ts - {START_MS}) / {DAY_MS}");
    let week = format!("(ts - {START_MS}) / {WEEK_MS}");
    let steps = STEPS.map(|name| name.to_string()).join(", ");
    let of_steps = format!("name in ({steps}) and {in_range}");
    // What the person's bits of weeks are: those with a view, and those with anything.
    let lives = format!(
        "select {person} as who, bit_or(case when name = 0 then 1::bigint << ({week})::int end) as views,
            bit_or(1::bigint << ({week})::int) as weeks
        from {source} where {in_range} group by who having bool_or(name = 0)"
    );
    // The lowest of the bits.
    let lowest = |bits: &str| format!("log(2, ({bits} & -{bits})::numeric)::bigint");
    let distinct = |what: &str, bucket: &str| {
        format!(
            "select distinct {what}{bucket} as bucket, {person} as who from {source} where {views}"
        )
    };
    match question {
        Question::Total => {
            format!("select '', {day} as bucket, count(*) from event where {views} group by bucket")
        }
        Question::Keys => {
            let keys = (0..KEYS_READ).map(|key| format!("key{key} = {KEY_VALUE}"));
            let keys = keys.collect::<Vec<_>>().join(" or ");
            format!("select '', {day} as bucket, count(*) from event where {views} and ({keys}) group by bucket")
        }
        Question::Persons => {
            format!("select '', bucket, count(*) from ({}) seen group by bucket", distinct("", &day))
        }
        Question::ByBrowser if history.shape.browsers as usize > VALUES_LIMIT => format!(
            "with seen as materialized ({}), top as (
                select browser, text from (select distinct browser, who from seen) each
                join value on kind = 'browser' and code = browser
                group by browser, text order by count(*) desc, text collate \"C\" limit {VALUES_LIMIT}
            )
            select value, bucket, count(*) from (
                select distinct coalesce(text, '$other') as value, bucket, who from seen left join top using (browser)
            ) told group by value, bucket",
            distinct("browser, ", &day)
        ),
        Question::ByBrowser => by_text("browser", &distinct("browser, ", &day)),
        Question::ByCountry => by_text("country", &distinct("country, ", &week)),
        Question::TopPaths => format!(
            "select case when rank <= {PATHS_LIMIT} then text else '$other' end as label, sum(n)::bigint from (
                select text, n, row_number() over (order by n desc, text collate \"C\") as rank from (
                    select path, count(*) as n from event where {views} group by path
                ) counted join value on kind = 'path' and code = path
            ) ranked group by label"
        ),
        Question::Funnel => funnel(source, person, &of_steps, None),
        Question::FunnelByBrowser => funnel(source, person, &of_steps, Some("browser")),
        Question::FunnelOfPath => {
            let [first, others @ ..] = STEPS.map(|name| name.to_string());
            let others = others.join(", ");
            let matching =
                format!("(name in ({others}) or (name = {first} and path = {STEP_PATH})) and {in_range}");
            funnel(source, person, &matching, None)
        }
        Question::Retention => format!(
            "select '', {} as cohort, weeks, count(*) from ({lives}) lives group by cohort, weeks",
            lowest("views")
        ),
        Question::Lifecycle => format!(
            "select '', {} as first, views, count(*) from ({lives}) lives group by first, views",
            lowest("weeks")
        ),
    }
}

fn by_text(kind: &str, seen: &str) -> String {
    format!(
        "select text, bucket, n from (select {kind}, bucket, count(*) as n from ({seen}) seen group by {kind}, bucket) counted
        join value on kind = '{kind}' and code = {kind}"
    )
}

/// Two window passes: when the latest attempt began that stands at the step before, for step 2 and then for step 3.
fn funnel(source: &str, person: &str, matching: &str, value: Option<&str>) -> String {
    let [one, two, three] = STEPS.map(|name| format!("name = {name}"));
    let kept = value.map(|value| format!(", {value}")).unwrap_or_default();
    let first = value
        .map_or_else(|| "0".to_owned(), |value| format!("(array_agg({value} order by ts))[1]"));
    let (text, join) = match value {
        None => ("''", String::new()),
        Some(kind) => ("text", format!("join value on kind = '{kind}' and code = value")),
    };
    format!(
        "with matched as (
            select {person} as who, ts, name{kept} from {source} where {matching}
        ), first as (
            select *, max(case when {one} then ts end) over person as began
            from matched window person as (partition by who order by ts rows unbounded preceding)
        ), second as (
            select *, max(case when {two} and ts - began <= {WINDOW_MS} then began end) over person as carried
            from first window person as (partition by who order by ts rows unbounded preceding)
        ), person as (
            select {first} as value, case
                when bool_or({three} and ts - carried <= {WINDOW_MS}) then 3
                when bool_or({two} and ts - began <= {WINDOW_MS}) then 2
                when bool_or({one}) then 1 else 0 end::bigint as depth
            from second group by who
        )
        select {text}, depth, n from (select value, depth, count(*) as n from person group by value, depth) counted {join}"
    )
}
