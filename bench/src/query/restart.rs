//! A start on what was kept, until the first answer: the store's part of it, in this process, without the services that are asked
//! what came since.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use observe_core::{PersonId, Secret};
use observe_proto::identity::v1::{Change, PersonChange, ProjectChanges, change};
use observe_reports::engine::{ColumnarEngine, Slots};
use observe_reports::projection::Projection;
use observe_reports::start::ProjectionKeeper;
use observe_testkit::TestStores;
use sqlx::{Connection as _, PgConnection};

use super::ask::ask;
use super::frames::{self, Texts};
use super::history::{History, Shape};
use super::question::Question;
use crate::table::{Table, float, say, short, whole};

/// Starts for each question.
const RUNS: usize = 5;
/// What is asked first: of the whole 90 days, so that everything is loaded for it.
const QUESTIONS: [Question; 3] = [Question::Total, Question::Persons, Question::Funnel];
/// Of so many visitors, one has properties.
const WITH_PROPERTIES: usize = 3;
/// Changes in an answer of identity's.
const CHANGES: usize = 5_000;
const SIZES: [(&str, &str); 3] = [
    ("segments", "pg_total_relation_size('reports.projection_segment_part')"),
    ("visitors", "pg_total_relation_size('reports.projection_visitors')"),
    ("persons", "pg_total_relation_size('reports.projection_persons')"),
];

/// Measures and prints.
///
/// # Errors
/// When an answer is another one after the start.
pub(crate) async fn run(events: u64, shape: Shape) -> anyhow::Result<()> {
    let history = History::new(events, shape);
    let texts = Texts::new(&history);
    let stores = TestStores::start().await;
    let url = Secret::new(&stores.database_url);
    observe_reports::migrate(&url).await?;
    let keeper = ProjectionKeeper::open(&url)?;
    let projection = Arc::new(Projection::new());
    let changes = changes(&history, &texts);
    let applied = tokio::task::block_in_place(|| fill(&projection, &history, &texts, &changes))?;
    let began = Instant::now();
    keeper.keep(&projection).await?;
    let kept = began.elapsed().as_secs_f64();
    let mut table = Table::new(
        format!(
            "a start on what was kept of {} events, {} visitors and {} changes of persons: ms (medians of {RUNS})",
            whole(float(events)),
            whole(float(history.person_of.len() as u64)),
            whole(float(changes.iter().map(|page| page.changes.len() as u64).sum())),
        ),
        &["first question, of 90 days", "until it can be asked", "until it is answered", "then"],
    );
    let published = Arc::new(observe_reports::published::Published::new());
    published.publish(projection);
    let engine = ColumnarEngine::new(published, Slots::default());
    for question in QUESTIONS {
        let expected = ask(&engine, frames::project(), question).await?;
        let mut found = Vec::new();
        for _ in 0..RUNS {
            let began = Instant::now();
            let published = keeper.restore().await?;
            let restored = began.elapsed();
            let engine = ColumnarEngine::new(published, Slots::default());
            let answer = ask(&engine, frames::project(), question).await?;
            let answered = began.elapsed();
            ask(&engine, frames::project(), question).await?;
            ensure!(answer == expected, "{} is another one after a start", question.title());
            found.push([restored, answered, began.elapsed() - answered]);
        }
        let median = |at: usize| {
            let mut times: Vec<_> = found.iter().map(|times| times[at].as_secs_f64()).collect();
            times.sort_by(f64::total_cmp);
            short(times[RUNS / 2] * 1e3)
        };
        table.row(question.title(), [median(0), median(1), median(2)]);
    }
    say(&table);
    say(&format!(
        "  kept in {} s; applying the changes from the first one takes {} ms more at each start where persons are not kept",
        short(kept),
        short(applied * 1e3)
    ));
    let mut connection = PgConnection::connect(&stores.database_url).await?;
    for (name, size) in SIZES {
        let statement = sqlx::AssertSqlSafe(format!("select {size}"));
        let bytes: i64 = sqlx::query_scalar(statement).fetch_one(&mut connection).await?;
        say(&format!("  {name}: {} MiB", short(float(u64::try_from(bytes)?) / float(1 << 20))));
    }
    Ok(())
}

/// Applies both logs; returns how long the changes took, in seconds.
fn fill(
    projection: &Projection,
    history: &History,
    texts: &Texts,
    changes: &[ProjectChanges],
) -> anyhow::Result<f64> {
    for row in frames::rows(history, texts) {
        projection.apply_log_row(0, &row?)?;
    }
    let began = Instant::now();
    for page in changes {
        projection.apply_changes(page)?;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Returns identity's changes: the merges, and of every third visitor, properties.
fn changes(history: &History, texts: &Texts) -> Vec<ProjectChanges> {
    let merges = frames::changes(history, texts).into_iter().flat_map(|page| page.changes);
    let profiles = (0_u32..).zip(&history.person_of).step_by(WITH_PROPERTIES).map(|(visitor, of)| {
        let (country, plan, width) = History::of_visitor(visitor);
        let id = texts.visitor(*of);
        let person = PersonChange {
            person_id: PersonId::of_distinct_id(frames::project(), id).to_bytes(),
            properties_json: format!(
                r#"{{"email":"{id}@example.com","country":{country},"plan":{plan},"width":{width}}}"#
            ),
            ..PersonChange::default()
        };
        Change { number: 0, kind: Some(change::Kind::Person(person)) }
    });
    let all = merges.chain(profiles).zip(1..);
    let all: Vec<_> = all.map(|(change, number)| Change { number, ..change }).collect();
    frames::pages(&all, CHANGES)
}
