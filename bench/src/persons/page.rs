//! The data of a person's page: the person, its latest events with their sessions, and its merges, asked for at the same time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use observe_core::PersonId;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{GetPersonRequest, ListMergesRequest};
use observe_proto::reports::v1::list_person_events_request::Id as ListId;
use observe_proto::reports::v1::person_activity_service_client::PersonActivityServiceClient;
use observe_proto::reports::v1::{ListPersonEventsRequest, PreviewMergeRequest};
use tonic::transport::Channel;

use super::{Site, connect, send, times_row};
use crate::bed::asked;
use crate::table::{Table, float, say, whole};

/// Pages that are not counted, and pages one after the other that are; each of somebody else.
const WARM_UP: u32 = 20;
const PAGES: u32 = 300;
/// Every which visitor becomes one of these users.
const VISITOR_STEP: u32 = 3;
/// How long it may take until the visitors are users.
const TIMEOUT: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// What is meant to hold.
const GOAL_MS: f64 = 50.0;

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(super) async fn run(site: &Site, events: u64) -> anyhow::Result<()> {
    users(site).await?;
    let (mut pages, mut previews, mut listed) = (Vec::new(), Vec::new(), 0);
    for number in 0..WARM_UP + PAGES {
        let began = Instant::now();
        let found = page(site, number).await?;
        let took = began.elapsed();
        let began = Instant::now();
        preview(site, number).await?;
        if number >= WARM_UP {
            pages.push(took);
            previews.push(began.elapsed());
            listed += found;
        }
    }
    let title = format!(
        "a person's page, {} events, {} on a page on average",
        whole(float(events)),
        listed / pages.len().max(1)
    );
    let mut table = Table::new(title, &["", "pages", "p50 ms", "p95 ms", "max ms", "goal p95"]);
    table.row("GetPerson, ListPersonEvents and ListMerges at once", times_row(&mut pages, GOAL_MS));
    table.row("PreviewMerge of two of them", times_row(&mut previews, GOAL_MS));
    say(&table);
    Ok(())
}

fn user(number: u32) -> String {
    format!("page-user-{number}")
}

/// Makes visitors users, and waits until identity knows the last of them.
async fn users(site: &Site) -> anyhow::Result<()> {
    let mut capture = connect(site, 1).await?.pop().context("a connection")?;
    let events: Vec<_> = (0..=WARM_UP + PAGES)
        .map(|number| {
            // Those who come most, so that pages are full.
            let visitor = number * VISITOR_STEP;
            let user = user(number);
            format!(
                r#"{{"name":"$identify","user_id":"{user}","anonymous_id":"visitor-{visitor:06}","properties":{{"$set":{{"plan":"pro"}}}}}}"#
            )
        })
        .collect();
    send(&mut capture, &events).await?;
    let began = Instant::now();
    let mut client = PersonServiceClient::new(site.bed.address.channel());
    loop {
        let id = Some(Id::DistinctId(user(WARM_UP + PAGES)));
        let request = GetPersonRequest { id, ..Default::default() };
        let person = client.get_person(asked(request)?).await.context("GetPerson")?.into_inner();
        if person.person.unwrap_or_default().distinct_ids.len() == 2 {
            return Ok(());
        }
        ensure!(began.elapsed() < TIMEOUT, "the visitors did not become users");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn id(site: &Site, number: u32) -> String {
    PersonId::of_distinct_id(site.project, &user(number)).to_string()
}

/// Asks for all that the page shows first, and returns how many events that were.
async fn page(site: &Site, number: u32) -> anyhow::Result<usize> {
    let channel: Channel = site.bed.address.channel();
    let mut persons = PersonServiceClient::new(channel.clone());
    let mut ledger = PersonServiceClient::new(channel.clone());
    let mut activity = PersonActivityServiceClient::new(channel);
    let person_id = id(site, number);
    let person =
        GetPersonRequest { id: Some(Id::PersonId(person_id.clone())), ..Default::default() };
    let events = ListPersonEventsRequest {
        id: Some(ListId::PersonId(person_id.clone())),
        ..Default::default()
    };
    let merges = ListMergesRequest { person_id, ..Default::default() };
    let (person, events, merges) = tokio::try_join!(
        persons.get_person(asked(person)?),
        activity.list_person_events(asked(events)?),
        ledger.list_merges(asked(merges)?),
    )?;
    let ids = person.into_inner().person.unwrap_or_default().distinct_ids.len();
    ensure!(ids == 2 && merges.into_inner().merges.len() == 1, "the visitor did not join");
    Ok(events.into_inner().events.len())
}

async fn preview(site: &Site, number: u32) -> anyhow::Result<()> {
    let mut activity = PersonActivityServiceClient::new(site.bed.address.channel());
    let request = PreviewMergeRequest {
        source_person_id: id(site, number),
        target_person_id: id(site, number + 1),
        ..Default::default()
    };
    let preview = activity.preview_merge(asked(request)?).await.context("PreviewMerge")?;
    ensure!(preview.into_inner().trouble.is_empty(), "two users could not be merged");
    Ok(())
}
