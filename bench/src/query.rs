//! Questions to the engine of reports, beside `ClickHouse`, `DuckDB` and `PostgreSQL` on the same events. All answers are
//! compared number by number before anything is printed.

mod answer;
mod ask;
mod compare;
mod files;
mod found;
mod frames;
mod history;
mod observe;
mod postgres;
mod python;
mod question;
pub(crate) mod restart;

use observe_reports::projection::Projection;
use observe_testkit::TestDir;

use crate::table::{float, say, short, whole};
use found::Found;
use history::History;
pub(crate) use history::Shape;
use observe::Measured;
use question::Question;

/// Events unless told otherwise.
pub(crate) const EVENTS: u64 = 1_000_000;

/// Measures and prints.
///
/// # Errors
/// When contestants disagree, or one cannot be asked.
pub(crate) async fn run(events: u64, shape: Shape) -> anyhow::Result<()> {
    let questions = Question::all(shape);
    let history = History::new(events, shape);
    let hot = observe::run("observe hot", Projection::new(), &history, &questions).await?;
    let packed = Projection::with_room(0);
    let packed = observe::run("observe packed", packed, &history, &questions).await?;
    if shape.alone {
        compare::agree(&[&hot.found, &packed.found], &questions)?;
        print(events, &questions, &hot, &packed, &[]);
        return Ok(());
    }
    let folder = TestDir::new();
    files::write(&history, folder.path())?;
    let mut others = Vec::new();
    for contestant in python::CONTESTANTS {
        others.push(python::run(contestant, folder.path(), &history, &questions)?);
    }
    others.push(postgres::run(folder.path(), &history, &questions).await?);
    let all: Vec<&Found> = [&hot.found, &packed.found].into_iter().chain(&others).collect();
    compare::agree(&all, &questions)?;
    print(events, &questions, &hot, &packed, &others);
    Ok(())
}

fn print(events: u64, questions: &[Question], hot: &Measured, packed: &Measured, others: &[Found]) {
    let all: Vec<&Found> = [&hot.found, &packed.found].into_iter().chain(others).collect();
    let title = format!(
        "query, {} events of {} days, all answers equal: wall ms (medians of 5 or more)",
        whole(float(events)),
        history::DAYS
    );
    say(&compare::figures(&title, &all, questions, |asked| asked.wall_ms));
    say(&compare::figures("CPU ms, all threads", &all, questions, |asked| asked.cpu_ms));
    if let [day, visitor, duck, postgres] = others {
        let rivals = [
            ("ClickHouse", vec![day, visitor]),
            ("DuckDB", vec![duck]),
            ("Postgres", vec![postgres]),
        ];
        say(&compare::ratios(&hot.found, &rivals, questions));
        say(&compare::ratios(&packed.found, &rivals, questions));
    }
    say(&compare::storage(&all, events));
    say(&compare::loads(&all, events));
    for one in [hot, packed] {
        say(&format!(
            "  {}: filled with {} events/s a core, from the log's bytes to sealed columns",
            one.found.name,
            whole(float(events) / one.fill_cpu),
        ));
    }
    // The second one is filled with memory that the first one left behind.
    say(&format!(
        "  {}: {} bytes of memory an event after all questions",
        hot.found.name,
        short(hot.resident / float(events)),
    ));
    for (part, bytes) in &hot.parts {
        say(&format!("    {}: {part}", short(float(*bytes) / float(events))));
    }
}
