//! How soon the next funnel knows of a merge, and of its undo.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use observe_core::{Clock as _, PersonId, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{
    GetPersonRequest, MergePersonsRequest, SplitPersonRequest, get_person_request,
};
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::{FunnelStep, QueryFunnelRequest};
use prost_types::Timestamp;
use tonic::Code;
use tonic::transport::Channel;

use super::{Site, connect, send, times_row};
use crate::bed::asked;
use crate::table::{Table, say};

/// Pairs of users that are merged, one after the other, and taken apart again.
const PAIRS: usize = 100;
/// How long a merge may take to be seen.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait before a person is looked for again.
const PAUSE: Duration = Duration::from_millis(20);
/// What is meant to hold.
const GOAL_MS: f64 = 2_000.0;

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(super) async fn run(site: &Site) -> anyhow::Result<()> {
    let mut asker = Asker::new(site);
    pairs(site).await?;
    asker.until(0).await.context("the pairs")?;
    let mut persons = PersonServiceClient::new(site.bed.address.channel());
    let id = |who: &str| PersonId::of_distinct_id(site.project, who).to_string();
    until_known(&mut persons, &id(&format!("pair-{}-b", PAIRS - 1))).await?;
    let (mut merged, mut undone, mut ledger) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let request = MergePersonsRequest {
            source_person_id: id(&format!("pair-{pair}-b")),
            target_person_id: id(&format!("pair-{pair}-a")),
            ..Default::default()
        };
        let done = persons.merge_persons(asked(request)?).await.context("MergePersons")?;
        ledger.push(done.into_inner().merge_id);
        merged.push(asker.until(pair + 1).await?);
    }
    for (pair, merge_id) in ledger.into_iter().enumerate() {
        let request = SplitPersonRequest { merge_id, ..Default::default() };
        persons.split_person(asked(request)?).await.context("SplitPerson")?;
        undone.push(asker.until(PAIRS - pair - 1).await?);
    }
    let title = "from the answer of a merge to the answer of a funnel that knows of it, asked again and again";
    let mut table = Table::new(title, &["", "times", "p50 ms", "p95 ms", "max ms", "goal p95"]);
    table.row("MergePersons", times_row(&mut merged, GOAL_MS));
    table.row("SplitPerson", times_row(&mut undone, GOAL_MS));
    say(&table);
    Ok(())
}

/// Waits until a person has its row: what identifies may be applied after a funnel has seen the events.
async fn until_known(
    persons: &mut PersonServiceClient<Channel>,
    person_id: &str,
) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let id = Some(get_person_request::Id::PersonId(person_id.to_owned()));
        let request = GetPersonRequest { id, ..Default::default() };
        match persons.get_person(asked(request)?).await {
            Ok(_) => return Ok(()),
            Err(status) if status.code() == Code::NotFound && began.elapsed() < TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(status) => return Err(status).context("GetPerson"),
        }
    }
}

/// Of each pair, one did the first step and the other the second.
async fn pairs(site: &Site) -> anyhow::Result<()> {
    let mut capture = connect(site, 1).await?.pop().context("a connection")?;
    let now = SystemClock.now().timestamp_millis();
    let events: Vec<_> = (0..PAIRS)
        .flat_map(|pair| {
            ["a", "b"].into_iter().flat_map(move |side| {
                let event = move |name: &str, time| {
                    format!(
                        r#"{{"name":"{name}","user_id":"pair-{pair}-{side}","timestamp":{time}}}"#
                    )
                };
                let step = if side == "a" {
                    event("pair_began", now)
                } else {
                    event("pair_ended", now + 1)
                };
                [event("$identify", now), step]
            })
        })
        .collect();
    send(&mut capture, &events).await
}

/// Asks the same funnel again and again.
struct Asker(InsightServiceClient<Channel>, QueryFunnelRequest);

impl Asker {
    fn new(site: &Site) -> Self {
        let step = |event: &str| FunnelStep { event: event.into(), ..FunnelStep::default() };
        let now = SystemClock.now().timestamp();
        let time = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let range = TimeRange { start_time: time(now - 91 * 86_400), end_time: time(now + 86_400) };
        let request = QueryFunnelRequest {
            range: Some(range),
            steps: vec![step("pair_began"), step("pair_ended")],
            ..Default::default()
        };
        Self(InsightServiceClient::new(site.bed.address.channel()), request)
    }

    /// Asks until so many persons took both steps, and returns how long that took.
    async fn until(&mut self, both: usize) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let wanted = [i64::try_from(PAIRS)?, i64::try_from(both)?];
        loop {
            let answer =
                self.0.query_funnel(asked(self.1.clone())?).await.context("QueryFunnel")?;
            let steps: Vec<_> = answer.into_inner().steps.iter().map(|step| step.persons).collect();
            if steps == wanted {
                return Ok(began.elapsed());
            }
            ensure!(steps.len() == 2, "two steps have {} answers", steps.len());
            if began.elapsed() > TIMEOUT {
                bail!("{wanted:?} persons were not seen in {TIMEOUT:?}, but {steps:?}");
            }
        }
    }
}
