//! What was filled already. The project itself keeps it, as events named `demo_run`: so a second run knows that there is nothing to
//! do, and one that was cut short is taken up where it stopped, with the same data.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::{Event, EventFilter, ListEventsRequest};
use observe_runtime::StartError;
use prost_types::value::Kind;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::connection::{Connection, call, failed};
use super::rhythm::DAY;
use super::send::{Target, captured, post};
use super::world::{Scale, World};

/// The name of the events that keep it.
const NAME: &str = "demo_run";
/// Their distinct id, which counts as nobody.
const NOBODY: &str = "system";
/// How long a mark may take until it can be read.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How often it is looked for.
const VISIBLE_INTERVAL: Duration = Duration::from_millis(200);
/// Marks there can be, with room.
const MARKS_MAX: i32 = 100;

/// Where events go.
pub(super) const CAPTURE: Target =
    Target { path: "/v1/events", content_type: "application/json", rejected: captured };

/// A part of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Events,
    Requests,
    Monitors,
}

impl Part {
    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Requests => "requests",
            Self::Monitors => "monitors",
        }
    }

    /// Returns for how long the server knows what was sent before, with a margin; beyond, sending again would count twice.
    /// Monitors are known by name and checks by slot, for ever.
    pub(super) fn remembered(self) -> Option<TimeDelta> {
        match self {
            Self::Events => Some(TimeDelta::days(27)),
            Self::Requests => Some(TimeDelta::hours(44)),
            Self::Monitors => None,
        }
    }
}

/// Something that was noted.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    part: String,
    done: bool,
    /// When it was noted.
    time: DateTime<Utc>,
    scale: Scale,
    items: u64,
}

/// All that was noted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ledger(Vec<Mark>);

impl Ledger {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence if it cannot be read.
    pub(super) async fn read(connection: &Connection) -> Result<Self, StartError> {
        let filter = EventFilter {
            names: vec![NAME.to_owned()],
            distinct_ids: vec![NOBODY.to_owned()],
            ..EventFilter::default()
        };
        let events = list(connection, filter, MARKS_MAX).await?;
        Ok(Self(events.iter().filter_map(mark).collect()))
    }

    /// Returns which world was begun here, if one was.
    pub(super) fn scale(&self) -> Option<Scale> {
        // The newest is first: of two worlds, the older one counts.
        self.0.last().map(|mark| mark.scale)
    }

    /// Returns how many items the part has, if it is complete.
    pub(super) fn done(&self, part: Part) -> Option<u64> {
        self.0.iter().find(|mark| mark.part == part.name() && mark.done).map(|mark| mark.items)
    }

    /// Returns when the part was begun, if it was.
    pub(super) fn begun(&self, part: Part) -> Option<DateTime<Utc>> {
        let begun = self.0.iter().find(|mark| mark.part == part.name() && !mark.done);
        begun.map(|mark| mark.time)
    }
}

/// Notes that a part is begun, and returns the world that counts: of two runs at once, the first one's.
///
/// # Errors
/// A sentence if it cannot be noted.
pub(super) async fn begin(
    connection: &Connection,
    world: &World,
    part: Part,
) -> Result<Scale, StartError> {
    note(connection, world, part, false, 0).await?;
    let began = Instant::now();
    while began.elapsed() < VISIBLE_TIMEOUT {
        let ledger = Ledger::read(connection).await?;
        if let (Some(scale), Some(_)) = (ledger.scale(), ledger.begun(part)) {
            return Ok(scale);
        }
        tokio::time::sleep(VISIBLE_INTERVAL).await;
    }
    Err(StartError::new(
        "events are accepted, but are not stored within a minute; run the demo again when they are",
    ))
}

/// Notes that a part is complete.
///
/// # Errors
/// A sentence if it cannot be noted.
pub(super) async fn complete(
    connection: &Connection,
    world: &World,
    part: Part,
    items: u64,
) -> Result<(), StartError> {
    note(connection, world, part, true, items).await
}

async fn note(
    connection: &Connection,
    world: &World,
    part: Part,
    done: bool,
    items: u64,
) -> Result<(), StartError> {
    let Scale { seed, people, days, now } = world.scale();
    let uuid: Uuid = world.id(&format!("mark:{}:{done}", part.name()));
    let event = json!({
        "uuid": uuid,
        "name": NAME,
        "distinct_id": NOBODY,
        "properties": {
            "part": part.name(),
            "done": done,
            "items": items,
            "seed": seed,
            "people": people,
            "days": days,
            "now_ms": now,
        },
    });
    post(connection, CAPTURE, event.to_string().as_bytes()).await
}

/// Returns whether the project has no event at all.
///
/// # Errors
/// A sentence if that cannot be found out.
pub(super) async fn is_fresh(connection: &Connection) -> Result<bool, StartError> {
    Ok(list(connection, EventFilter::default(), 1).await?.is_empty())
}

async fn list(
    connection: &Connection,
    filter: EventFilter,
    page_size: i32,
) -> Result<Vec<Event>, StartError> {
    let mut events = EventServiceClient::new(connection.channel.clone());
    let request =
        ListEventsRequest { filter: Some(filter), page_size, ..ListEventsRequest::default() };
    let answer = call(async || events.list_events(connection.ask(request.clone())).await).await;
    let answer = answer.map_err(|status| failed("the project's events cannot be read", &status))?;
    Ok(answer.events)
}

/// Reads a mark; `None` for an event that somebody else named so.
fn mark(event: &Event) -> Option<Mark> {
    let fields = &event.properties.as_ref()?.fields;
    let kind = |name: &str| fields.get(name)?.kind.as_ref();
    let number = |name: &str| match kind(name)? {
        Kind::NumberValue(number) => Some(*number),
        _ => None,
    };
    // Every number here was written by this file and is a whole one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let whole = |name: &str| number(name).map(|number| number as u64);
    let time = event.time.as_ref()?;
    let scale = Scale {
        seed: whole("seed")?,
        people: u32::try_from(whole("people")?).ok()?,
        days: u32::try_from(whole("days")?).ok()?,
        now: i64::try_from(whole("now_ms")?).ok().filter(|now| *now > DAY)?,
    };
    Some(Mark {
        part: match kind("part")? {
            Kind::StringValue(part) => part.clone(),
            _ => return None,
        },
        done: matches!(kind("done")?, Kind::BoolValue(true)),
        time: DateTime::from_timestamp(time.seconds, 0)?,
        scale,
        items: whole("items")?,
    })
}
