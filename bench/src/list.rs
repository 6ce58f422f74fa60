//! Lists of events on a large table: the latest of a project, of a name, of a person.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::Condition;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::{EventFilter, ListEventsRequest};
use sqlx::{Connection as _, PgConnection};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::baseline::copy::{BATCH_ROWS, encode};
use crate::bed::{Bed, asked};
use crate::table::{Table, say, short, whole};
use crate::world::{FUNNEL, VISITORS, World};

/// Events unless told otherwise.
pub(crate) const EVENTS: u64 = 1_000_000;
/// Over how long they are spread.
const SPAN: Duration = Duration::from_secs(16 * 7 * 24 * 3_600);
/// Events of a name that is rare.
const RARE: i32 = 10;
/// Calls that are not counted, and calls one after the other that are.
const WARM_UP: u32 = 20;
const CALLS: u32 = 300;
/// Events of a page.
const PAGE: i32 = 100;
/// What is meant to hold.
const GOAL_MS: f64 = 10.0;

/// Measures and prints.
///
/// # Errors
/// When the table cannot be filled, or a list is not answered.
pub(crate) async fn run(events: u64) -> anyhow::Result<()> {
    let bed = Bed::start().await?;
    let filled = fill(&bed.stores.database_url, events).await?;
    let title = format!(
        "ListEvents, {PAGE} a page, {} events (COPY took {} s)",
        whole(events as f64),
        short(filled.as_secs_f64())
    );
    let mut table = Table::new(title, &["", "events", "p50 ms", "p95 ms", "max ms", "goal ms"]);
    let mut client = EventServiceClient::new(bed.address.channel());
    for (name, filter) in questions() {
        for call in 0..WARM_UP {
            ask(&mut client, filter(call)).await?;
        }
        let (mut times, mut found) = (Vec::new(), 0);
        for call in WARM_UP..WARM_UP + CALLS {
            let began = Instant::now();
            found = ask(&mut client, filter(call)).await?;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        let at = |of_100: usize| short(times[(times.len() - 1) * of_100 / 100].as_secs_f64() * 1e3);
        table.row(name, [found.to_string(), at(50), at(95), at(100), short(GOAL_MS)]);
    }
    say(&table);
    Ok(())
}

type Question = fn(u32) -> EventFilter;

/// What is asked; each call asks for somebody else.
fn questions() -> [(&'static str, Question); 8] {
    fn named(names: &[&str]) -> EventFilter {
        let names = names.iter().map(ToString::to_string).collect();
        EventFilter { names, ..EventFilter::default() }
    }
    fn somebody(call: u32) -> Vec<String> {
        vec![format!("visitor-{:06}", call.wrapping_mul(7_919) % VISITORS)]
    }
    [
        ("latest of the project", |_| EventFilter::default()),
        ("of a frequent name", |_| named(&["page_viewed"])),
        ("of a rare name", |_| named(&["rare"])),
        ("of a name that is not there", |_| named(&["never"])),
        ("of three names", |_| named(&["rare", FUNNEL[2], "page_viewed"])),
        ("with a property", |_| {
            let condition = Condition {
                property: "browser".into(),
                values: vec!["Vivaldi".into()],
                ..Condition::default()
            };
            EventFilter { properties: vec![condition], ..EventFilter::default() }
        }),
        ("latest of a person", |call| EventFilter {
            distinct_ids: somebody(call),
            ..EventFilter::default()
        }),
        ("of a person and a name", |call| EventFilter {
            distinct_ids: somebody(call),
            ..named(&[FUNNEL[2]])
        }),
    ]
}

async fn ask(
    client: &mut EventServiceClient<Channel>,
    filter: EventFilter,
) -> anyhow::Result<usize> {
    let request = ListEventsRequest { filter: Some(filter), page_size: PAGE, ..Default::default() };
    let answer = client.list_events(asked(request)?).await.context("ListEvents")?;
    Ok(answer.into_inner().events.len())
}

/// Puts rows of the first project into the event table, written past the product, and returns how long that took.
async fn fill(database_url: &str, events: u64) -> anyhow::Result<Duration> {
    let mut connection = PgConnection::connect(database_url).await?;
    let projects: Vec<Uuid> =
        sqlx::query_scalar("select id from identity.project").fetch_all(&mut connection).await?;
    let [project] = projects[..] else { anyhow::bail!("there must be one project") };
    let span_ms = i64::try_from(SPAN.as_millis())?;
    let start_ms = SystemClock.now().timestamp_millis() - span_ms;
    let world = World::new(5, start_ms, u64::try_from(span_ms)? / events);
    sqlx::query(
        "select events.ensure_event_week((date_trunc('week', now()) - n * interval '1 week')::date)
         from generate_series(0, $1) n",
    )
    .bind(i32::try_from(SPAN.as_secs() / (7 * 24 * 3_600))? + 1)
    .execute(&mut connection)
    .await?;
    let began = Instant::now();
    for first in (0..events).step_by(usize::try_from(BATCH_ROWS)?) {
        let rows = encode(&world, project, first, BATCH_ROWS.min(events - first));
        let mut copy =
            connection.copy_in_raw("copy events.event from stdin (format binary)").await?;
        copy.send(rows.as_slice()).await?;
        copy.finish().await?;
    }
    let time = began.elapsed();
    let rare = sqlx::query(
        "insert into events.event select project_id, gen_random_uuid(), 'rare', distinct_id, time, arrival, received_at,
             session_id, properties, shard, sequence
         from events.event order by time limit $1",
    )
    .bind(RARE)
    .execute(&mut connection)
    .await?;
    ensure!(rare.rows_affected() == u64::from(RARE.unsigned_abs()), "the table is nearly empty");
    sqlx::query("vacuum analyze events.event").execute(&mut connection).await?;
    Ok(time)
}
