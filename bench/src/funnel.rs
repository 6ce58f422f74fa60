//! Funnels and trends on stored events, beside the same questions in SQL on the event table; the answers are compared too.

mod ask;
mod sql;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{Clock as _, SystemClock};

use crate::bed::Bed;
use crate::http::{Capture, Wire};
use crate::load::{self, Limits};
use crate::processes::{Group, Meter};
use crate::table::{Table, float, ratio, say, short, whole};
use crate::world::World;
use ask::Asker;
use sql::Sql;

/// Events unless told otherwise.
pub(crate) const EVENTS: u64 = 1_000_000;
/// Over how many days.
const DAYS: i64 = 90;
const BATCH: u64 = 1_000;
const CONNECTIONS: usize = 8;
const LOAD_TIMEOUT: Duration = Duration::from_secs(300);
/// How long it may take until the last stored event is seen by questions.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(120);
const VISIBLE_INTERVAL: Duration = Duration::from_millis(20);
/// Times a question is asked: not counted, then counted.
const ASKED: (u16, u16) = (2, 9);
const ASKED_SQL: (u16, u16) = (1, 3);

/// The questions, with what is printed of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Funnel,
    FunnelByBrowser,
    Trends,
}

const QUESTIONS: [(Question, &str); 3] = [
    (Question::Funnel, "funnel, 3 steps, 14 days"),
    (Question::FunnelByBrowser, "the same by browser"),
    (Question::Trends, "unique persons a day"),
];

/// An answer: numbers by text, in a form that both sides can give.
type Answer = BTreeMap<String, Vec<i64>>;

/// Half-open.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Range {
    /// The same events, asked for a little differently, so that no kept answer is given.
    fn varied(self, by: u16) -> Self {
        Self { end: self.end + TimeDelta::milliseconds(by.into()), ..self }
    }
}

/// How one side answered.
struct Found {
    answer: Answer,
    median: Duration,
    cpu_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(events: u64) -> anyhow::Result<()> {
    let events = events.div_ceil(BATCH) * BATCH;
    let today = SystemClock.now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let range = Range { start: today - TimeDelta::days(DAYS), end: today };
    let spacing = u64::try_from(DAYS * 86_400_000)? / events;
    let world = Arc::new(World::new(4, range.start.timestamp_millis(), spacing));
    let bed = Bed::start().await?;
    fill(&bed, &world, range, events).await?;
    let mut sql = Sql::connect(&bed.stores.database_url).await?;
    let mut asker = Asker::new(&bed.address);
    let mut found = Vec::new();
    for (question, name) in QUESTIONS {
        let observe = ask(&mut asker, bed.observe(), question, range).await?;
        let postgres = ask_sql(&mut sql, question, range, &bed).await?;
        found.push((name, observe, postgres));
    }
    print(events, &found);
    Ok(())
}

/// Captures the events and waits until questions see them all.
async fn fill(bed: &Bed, world: &Arc<World>, range: Range, events: u64) -> anyhow::Result<()> {
    let targets = Capture::connect_all(bed.address.socket, Wire::OBSERVE, CONNECTIONS).await?;
    let limits = Limits { batch: BATCH, events, time: LOAD_TIMEOUT };
    let began = Instant::now();
    let sent = load::send(targets, world, 0, limits).await?;
    ensure!(sent.events == events, "only {} of {events} events were accepted", sent.events);
    let captured = began.elapsed();
    bed.address.at_rest(events).await?;
    let stored = began.elapsed();
    let mut asker = Asker::new(&bed.address);
    while asker.total(range).await? != i64::try_from(events)? {
        ensure!(began.elapsed() < stored + VISIBLE_TIMEOUT, "not all events became visible");
        tokio::time::sleep(VISIBLE_INTERVAL).await;
    }
    let visible = began.elapsed();
    let (mib, _) = bed.observe().memory();
    say(&format!(
        "\nfunnel, loading {} events: captured in {:.1} s, stored after {:.1} s ({} rows/s), visible to queries {:.2} s \
         later; observe {mib:.0} MiB PSS",
        whole(float(events)),
        captured.as_secs_f64(),
        stored.as_secs_f64(),
        whole(float(events) / stored.as_secs_f64()),
        (visible - stored).as_secs_f64(),
    ));
    Ok(())
}

async fn ask(
    asker: &mut Asker,
    observe: Group,
    question: Question,
    range: Range,
) -> anyhow::Result<Found> {
    let mut times = Vec::new();
    let mut answer = Answer::new();
    let mut meter = None;
    for turn in 0..ASKED.0 + ASKED.1 {
        if turn == ASKED.0 {
            meter = Some(Meter::start([("observe", observe)]));
        }
        let began = Instant::now();
        let response = asker.ask(question, range.varied(turn)).await?;
        if turn >= ASKED.0 {
            times.push(began.elapsed());
        }
        answer = response;
    }
    finish(times, meter, answer)
}

async fn ask_sql(
    sql: &mut Sql,
    question: Question,
    range: Range,
    bed: &Bed,
) -> anyhow::Result<Found> {
    let postgres = Group::store(bed.stores.data_dir(), "postgres")?;
    let mut times = Vec::new();
    let mut answer = Answer::new();
    let mut meter = None;
    for turn in 0..ASKED_SQL.0 + ASKED_SQL.1 {
        if turn == ASKED_SQL.0 {
            meter = Some(Meter::start([("postgres", postgres)]));
        }
        let began = Instant::now();
        let response = sql.ask(question, range.varied(turn)).await?;
        if turn >= ASKED_SQL.0 {
            times.push(began.elapsed());
        }
        answer = response;
    }
    finish(times, meter, answer)
}

fn finish(mut times: Vec<Duration>, meter: Option<Meter>, answer: Answer) -> anyhow::Result<Found> {
    let Some(meter) = meter else { bail!("nothing was asked") };
    let cpu: f64 = meter.read().iter().map(|(_, seconds)| seconds).sum();
    times.sort_unstable();
    let cpu_ms = cpu * 1e3 / float(times.len() as u64);
    Ok(Found { answer, median: times[times.len() / 2], cpu_ms })
}

fn print(events: u64, found: &[(&str, Found, Found)]) {
    let columns =
        ["", "observe ms", "CPU ms", "SQL ms", "CPU ms", "SQL/observe", "by CPU", "answers"];
    let title = format!(
        "queries over gRPC, {} events of {DAYS} days, baseline: SQL on the event table (medians of {} and {})",
        whole(float(events)),
        ASKED.1,
        ASKED_SQL.1
    );
    let mut table = Table::new(title, &columns);
    for (name, observe, sql) in found {
        let millis = [observe, sql].map(|found| found.median.as_secs_f64() * 1e3);
        let equal = if observe.answer == sql.answer { "equal" } else { "DIFFERENT" };
        table.row(
            name,
            [
                short(millis[0]),
                short(observe.cpu_ms),
                short(millis[1]),
                short(sql.cpu_ms),
                ratio(millis[1], millis[0]),
                ratio(sql.cpu_ms, observe.cpu_ms),
                equal.to_owned(),
            ],
        );
    }
    say(&table);
    for (name, observe, sql) in found {
        if observe.answer != sql.answer {
            say(&format!("  {name}: observe {:?}\n  SQL {:?}", observe.answer, sql.answer));
        }
    }
    if let Some((_, observe, _)) = found.first() {
        say(&format!("  persons by step: {:?}", observe.answer.values().next()));
    }
}
