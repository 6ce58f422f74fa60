//! The stream of `WatchEvents`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use observe_proto::events::v1::{AcceptedEvent, WatchEventsResponse};
use observe_runtime::Lifecycle;
use tonic::Status;

use crate::convert::logged_event;
use crate::live::{Next, Viewer};
use crate::matching::Matcher;

/// How often a message comes while nothing happens, so that both ends know the other is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events in one message.
const MESSAGE_EVENTS_MAX: usize = 200;
/// Bytes of properties in one message.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// See the contract.
pub(crate) type WatchStream =
    Pin<Box<dyn Stream<Item = Result<WatchEventsResponse, Status>> + Send + 'static>>;

/// Streams what a viewer gets, as far as it matches, until the viewer leaves or the process stops.
pub(crate) fn stream(viewer: Viewer, matcher: Matcher, life: Lifecycle) -> WatchStream {
    Box::pin(unfold((viewer, matcher, life), |(mut viewer, matcher, life)| async move {
        let message = tokio::select! {
            message = next_message(&mut viewer, &matcher) => message?,
            () = tokio::time::sleep(HEARTBEAT) => WatchEventsResponse::default(),
            () = life.stopping() => return None,
        };
        Some((Ok(message), (viewer, matcher, life)))
    }))
}

/// Waits for the next event that matches, and takes with it what is there already.
async fn next_message(viewer: &mut Viewer, matcher: &Matcher) -> Option<WatchEventsResponse> {
    let mut message = WatchEventsResponse::default();
    while message.events.is_empty() && message.dropped == 0 {
        add(&mut message, viewer.next().await?, matcher);
    }
    let mut bytes = 0;
    while message.events.len() < MESSAGE_EVENTS_MAX && bytes < MESSAGE_BYTES_MAX {
        let Some(next) = viewer.try_next() else { break };
        bytes += add(&mut message, next, matcher);
    }
    Some(message)
}

/// Adds what matches to the message; returns how many bytes that were.
fn add(message: &mut WatchEventsResponse, next: Next, matcher: &Matcher) -> usize {
    match next {
        Next::Dropped(events) => {
            message.dropped += i64::try_from(events).unwrap_or(i64::MAX);
            0
        }
        Next::Event(event) => {
            let Some(members) = matching_members(&event, matcher) else { return 0 };
            message.events.push(logged_event(&event, members));
            event.properties_json.len()
        }
    }
}

fn matching_members(
    event: &Arc<AcceptedEvent>,
    matcher: &Matcher,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    // The edge made this text from an object.
    let members = serde_json::from_str(&event.properties_json).unwrap_or_default();
    matcher.matches(event, &members).then_some(members)
}
