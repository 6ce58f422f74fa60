//! `observe-bench`: load and queries on a private Observe, each beside a named baseline in the same run.
//!
//! It prints figures and fails on none of them; `README.md` says what each one means and does not show.

mod baseline;
mod bed;
mod capture;
mod drain;
mod funnel;
mod http;
mod idle;
mod lag;
mod list;
mod load;
mod machine;
mod monitor;
mod overload;
mod overview;
mod persons;
mod processes;
mod query;
mod roles;
mod seed;
mod table;
mod world;

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

/// The product's own, since its engine is measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Says where testkit puts the folders of stores.
const FOLDER_VARIABLE: &str = "TMPDIR";

/// Load and query benchmarks of Observe against named baselines.
#[derive(Debug, Parser)]
#[command(name = "observe-bench")]
struct Options {
    /// What to measure; all but `query` and `restart` when left out
    parts: Vec<Part>,
    /// How long each load of `capture`, `seed`, `lag`, `overload` and `persons` lasts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How many events `drain` (300,000), `funnel`, `list`, `persons`, `query` and `restart` (1,000,000) work with
    #[arg(long, value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    events: Option<u64>,
    /// How many persons there are before `persons`
    #[arg(long, default_value_t = persons::PERSONS, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    persons: u64,
    /// How many rows the event table holds before `drain`
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    preload: u64,
    #[command(flatten)]
    shape: query::Shape,
    /// The folder of the stores' data; one in memory makes fsync free
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Events over HTTP, beside raw XADD
    Capture,
    /// The queue into PostgreSQL, beside plain COPY
    Drain,
    /// Funnels and trends, beside the same in SQL
    Funnel,
    /// Start and memory
    Idle,
    /// Capture, beside what a small team builds first
    Seed,
    /// From acknowledgement to SQL
    Lag,
    /// Lists of events on a large table
    List,
    /// Five times what can be stored
    Overload,
    /// Checks: punctuality and cost
    Monitor,
    /// The overview on the demo's month, and how soon it tells of something broken
    Overview,
    /// Identifying, merging and a person's page, beside plain SQL
    Persons,
    /// The engine of reports alone, beside ClickHouse, DuckDB and PostgreSQL; `make bench-query` installs them
    Query,
    /// A start of reports on what it kept, until the first answer
    Restart,
}

const ALL: [Part; 11] = [
    Part::Idle,
    Part::Capture,
    Part::Seed,
    Part::Lag,
    Part::Overload,
    Part::List,
    Part::Drain,
    Part::Funnel,
    Part::Monitor,
    Part::Overview,
    Part::Persons,
];

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = std::env::var_os(FOLDER_VARIABLE);
    let wanted = options.dir.clone().map(PathBuf::into_os_string);
    if folder.is_none() || (wanted.is_some() && wanted != folder) {
        return Err(begin_again(options.dir.unwrap_or_else(std::env::temp_dir)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&options))
}

/// Starts this program anew with its folder chosen: testkit prefers one in memory, where fsync costs nothing. Returns only
/// when that fails.
fn begin_again(folder: PathBuf) -> anyhow::Error {
    let replaced = std::env::current_exe().map(|program| {
        let mut command = Command::new(program);
        command.args(std::env::args_os().skip(1)).env(FOLDER_VARIABLE, folder).exec()
    });
    match replaced {
        Ok(error) | Err(error) => {
            anyhow::Error::from(error).context("the benchmark could not begin")
        }
    }
}

async fn run(options: &Options) -> anyhow::Result<()> {
    table::say(&machine::describe()?);
    let parts = if options.parts.is_empty() { &ALL[..] } else { &options.parts[..] };
    for part in parts {
        match part {
            Part::Capture => capture::run(Duration::from_secs(options.seconds)).await,
            Part::Drain => {
                drain::run(options.events.unwrap_or(drain::EVENTS), options.preload).await
            }
            Part::Funnel => funnel::run(options.events.unwrap_or(funnel::EVENTS)).await,
            Part::Idle => idle::run().await,
            Part::List => list::run(options.events.unwrap_or(list::EVENTS)).await,
            Part::Seed => seed::run(Duration::from_secs(options.seconds)).await,
            Part::Lag => lag::run(Duration::from_secs(options.seconds)).await,
            Part::Overload => overload::run(Duration::from_secs(options.seconds)).await,
            Part::Monitor => monitor::run().await,
            Part::Overview => overview::run().await,
            Part::Persons => {
                let events = options.events.unwrap_or(persons::EVENTS);
                persons::run(events, options.persons, Duration::from_secs(options.seconds)).await
            }
            Part::Query => query::run(options.events.unwrap_or(query::EVENTS), options.shape).await,
            Part::Restart => {
                let events = options.events.unwrap_or(query::EVENTS);
                query::restart::run(events, options.shape).await
            }
        }
        .with_context(|| format!("{part:?} was not finished"))?;
    }
    Ok(())
}
