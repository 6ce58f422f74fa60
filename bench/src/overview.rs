//! The overview: how long it takes to answer on the demo's month, and how long something broken takes to reach a viewer, beside
//! what is meant to hold.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use observe_core::{Clock as _, SystemClock};
use observe_proto::reports::v1::overview_service_client::OverviewServiceClient;
use observe_proto::reports::v1::{
    GetOverviewRequest, GetOverviewResponse, WatchOverviewRequest, WatchOverviewResponse,
};
use observe_testkit::TestCommand;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::bed::{Bed, SECRET_KEY, asked, binary};
use crate::http::{Capture, Wire};
use crate::load::Target as _;
use crate::table::{Table, say, short};

/// How long the demo may take.
const DEMO_TIMEOUT: Duration = Duration::from_secs(300);
/// Calls that are not counted, and calls one after the other that are.
const WARM_UP: usize = 20;
const CALLS: usize = 300;
/// Calls that find nothing kept, and the pause before each: an overview is kept for a second, its numbers for five.
const FRESH_CALLS: usize = 30;
const FRESH_PAUSE: Duration = Duration::from_millis(5_200);
/// How often something breaks, of each kind.
const SIGNALS: usize = 5;
/// How long a signal may take.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(60);
/// Events of one signal, and people they come from.
const SIGNAL_EVENTS: usize = 12;
const SIGNAL_PEOPLE: usize = 6;
/// What is meant to hold.
const CALL_GOAL_MS: f64 = 50.0;
const SIGNAL_GOAL_S: f64 = 5.0;

/// Measures and prints.
///
/// # Errors
/// When the project cannot be filled, or a signal does not come.
pub(crate) async fn run() -> anyhow::Result<()> {
    let bed = Bed::start().await?;
    let demo = fill(&bed).await?;
    let mut client = OverviewServiceClient::new(bed.address.channel());
    let first = overview(&mut client).await?;
    let mut kept = times(&mut client, WARM_UP + CALLS, Duration::ZERO).await?;
    let mut kept = kept.split_off(WARM_UP);
    let mut fresh = times(&mut client, FRESH_CALLS, FRESH_PAUSE).await?;
    let title = format!(
        "GetOverview on the demo's month (filled in {} s, {} items are broken)",
        short(demo.as_secs_f64()),
        first.items.len()
    );
    let mut table = Table::new(title, &["", "calls", "p50 ms", "p95 ms", "max ms", "goal p95"]);
    table.row("one after the other", row(&mut kept));
    table.row("nothing kept from the call before", row(&mut fresh));
    say(&table);

    let mut signals = Table::new(
        "from the request that brings it until WatchOverview tells of it",
        &["", "signals", "median s", "max s", "goal"],
    );
    signals.row("a new error", signal_row(&mut break_often(&bed, Breakage::Error).await?));
    signals
        .row("a failing endpoint", signal_row(&mut break_often(&bed, Breakage::Endpoint).await?));
    say(&signals);
    Ok(())
}

/// Fills the project by `observe demo` and returns how long that took.
async fn fill(bed: &Bed) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let demo = TestCommand::new("demo", binary()?)
        .arg("demo")
        .arg("--url")
        .arg(format!("http://{}", bed.address.socket))
        .arg("--secret-key")
        .arg(SECRET_KEY);
    let mut process = demo.start(bed.stores.dir());
    let ended = process.exit(DEMO_TIMEOUT).await;
    ensure!(ended.success(), "the demo ended with {ended}:\n{}", process.log_tail());
    Ok(began.elapsed())
}

async fn overview(
    client: &mut OverviewServiceClient<Channel>,
) -> anyhow::Result<GetOverviewResponse> {
    let answer = client.get_overview(asked(GetOverviewRequest::default())?).await;
    Ok(answer.context("GetOverview")?.into_inner())
}

/// Asks so often, with a pause before each call, and returns how long each took.
async fn times(
    client: &mut OverviewServiceClient<Channel>,
    calls: usize,
    pause: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        tokio::time::sleep(pause).await;
        let began = Instant::now();
        overview(client).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// What breaks.
#[derive(Clone, Copy, Debug)]
enum Breakage {
    Error,
    Endpoint,
}

impl Breakage {
    /// Returns the name that the overview's item will have in its title.
    fn name(self, number: usize) -> String {
        match self {
            Self::Error => format!("BrokenPart{number}Error"),
            Self::Endpoint => format!("/broken-{number}"),
        }
    }

    /// Writes the events that bring it, as `POST /v1/events` takes them.
    fn events(self, number: usize) -> String {
        let name = self.name(number);
        let now = SystemClock.now().timestamp_millis();
        let event = |at: usize| {
            let who = format!("customer-{}", at % SIGNAL_PEOPLE);
            let properties = match self {
                Self::Error => format!(
                    r#"{{"$exception_list":[{{"type":"{name}","value":"it broke","stacktrace":{{"frames":[{{"filename":"{name}.js","function":"part{number}","lineno":1,"in_app":true}}]}}}}]}}"#
                ),
                Self::Endpoint => format!(
                    r#"{{"service":"bench","method":"POST","route":"{name}","status":500,"duration_ms":20}}"#
                ),
            };
            let kind = if matches!(self, Self::Error) { "$exception" } else { "$request" };
            format!(
                r#"{{"name":"{kind}","distinct_id":"{who}","timestamp":{now},"properties":{properties}}}"#
            )
        };
        let events: Vec<String> = (0..SIGNAL_EVENTS).map(event).collect();
        format!("[{}]", events.join(","))
    }
}

/// Breaks something new again and again, and returns how long each took to be told.
async fn break_often(bed: &Bed, breakage: Breakage) -> anyhow::Result<Vec<Duration>> {
    let mut capture = Capture::connect(bed.address.socket, Wire::OBSERVE).await?;
    let mut client = OverviewServiceClient::new(bed.address.channel());
    let watch = client.watch_overview(asked(WatchOverviewRequest::default())?).await;
    let mut watched = watch.context("WatchOverview")?.into_inner();
    let mut times = Vec::new();
    for number in 0..SIGNALS {
        let body = breakage.events(number);
        let began = Instant::now();
        capture.send(body.as_bytes(), SIGNAL_EVENTS as u64).await?;
        let name = breakage.name(number);
        let told = tells(&mut watched, &name);
        match tokio::time::timeout(SIGNAL_TIMEOUT, told).await {
            Ok(told) => told?,
            Err(_) => bail!("{breakage:?} {number} was not told in {SIGNAL_TIMEOUT:?}"),
        }
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Waits until an overview has an item with this name in its title.
async fn tells(watched: &mut Streaming<WatchOverviewResponse>, name: &str) -> anyhow::Result<()> {
    while let Some(message) = watched.message().await.context("WatchOverview")? {
        let overview = message.overview.unwrap_or_default();
        if overview.items.iter().any(|item| item.title.contains(name)) {
            return Ok(());
        }
    }
    bail!("the overview's stream ended")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns the time within which so many of 100 calls were answered.
fn percentile(sorted: &[Duration], of_100: usize) -> f64 {
    let place = (sorted.len() * of_100 / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().map_or(f64::NAN, millis)
}

fn row(times: &mut [Duration]) -> [String; 5] {
    times.sort_unstable();
    [
        times.len().to_string(),
        short(percentile(times, 50)),
        short(percentile(times, 95)),
        short(percentile(times, 100)),
        short(CALL_GOAL_MS),
    ]
}

fn signal_row(times: &mut [Duration]) -> [String; 4] {
    times.sort_unstable();
    [
        times.len().to_string(),
        short(percentile(times, 50) / 1e3),
        short(percentile(times, 100) / 1e3),
        short(SIGNAL_GOAL_S),
    ]
}
