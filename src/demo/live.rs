//! `--live`: a sale that goes on, so that there is something to watch and what is broken stays broken for a while.

use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_runtime::StartError;

use super::TRACES;
use super::batches::{captured, spans};
use super::connection::Connection;
use super::event::Event;
use super::ledger::CAPTURE;
use super::progress::{grouped, say};
use super::request::Request;
use super::send::{is_served, post};
use super::world::{Scale, Traces, World};

/// How often it is looked at what has happened.
const TICK: Duration = Duration::from_secs(1);

/// Sends what happens when it happens, until the sale is over or somebody presses Ctrl-C.
///
/// # Errors
/// A sentence if the server refuses, or patience is over.
pub(super) async fn run(connection: &Connection, world: &World) -> Result<(), StartError> {
    let now = SystemClock.now().timestamp_millis();
    let sale = World::live(Scale { now, ..world.scale() });
    let mut coming = Coming::of(&sale);
    let takes_spans = is_served(connection, TRACES).await?;
    say(&format!(
        "\nThe sale goes on for an hour, {} events of it; Ctrl-C ends it.",
        grouped(u64::try_from(coming.events.len()).unwrap_or(u64::MAX))
    ));
    let mut ticks = tokio::time::interval(TICK);
    while !coming.is_over() {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        let Traces { events, requests } = coming.until(SystemClock.now().timestamp_millis());
        if !events.is_empty() {
            post(connection, CAPTURE, &captured(&events).body).await?;
        }
        if !requests.is_empty() && takes_spans {
            post(connection, TRACES, &spans(&requests).body).await?;
        }
    }
    say("The sale is over.");
    Ok(())
}

/// What is still to happen, the last first.
struct Coming {
    events: Vec<Event>,
    requests: Vec<Request>,
}

impl Coming {
    fn of(sale: &World) -> Self {
        let mut all = Self { events: Vec::new(), requests: Vec::new() };
        for number in 0..sale.scale().people {
            let Traces { events, requests } = sale.traces(number);
            all.events.extend(events);
            all.requests.extend(requests);
        }
        all.events.sort_by_key(|event| std::cmp::Reverse(event.time));
        all.requests.sort_by_key(|request| std::cmp::Reverse(request.end()));
        all
    }

    fn is_over(&self) -> bool {
        self.events.is_empty() && self.requests.is_empty()
    }

    /// Takes what has happened by now.
    fn until(&mut self, now: i64) -> Traces {
        let events = self.events.partition_point(|event| event.time > now);
        let requests = self.requests.partition_point(|request| request.end() > now);
        Traces {
            events: self.events.split_off(events).into_iter().rev().collect(),
            requests: self.requests.split_off(requests).into_iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_sent_once_and_in_the_order_of_time() {
        let sale = World::live(Scale { seed: 1, people: 50, days: 3, now: 1_795_824_000_000 });
        let mut coming = Coming::of(&sale);
        let (events, requests) = (coming.events.len(), coming.requests.len());
        let first = coming.until(1_795_824_000_000 + 20 * 60 * 1000);
        assert!(!first.events.is_empty() && first.events.is_sorted_by_key(|event| event.time));
        let rest = coming.until(i64::MAX);
        assert_eq!(first.events.len() + rest.events.len(), events);
        assert_eq!(first.requests.len() + rest.requests.len(), requests);
        assert!(coming.is_over());
    }
}
