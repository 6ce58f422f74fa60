//! The world in batches, a person after the other.

use prost::Message as _;

use super::event::Event;
use super::otlp;
use super::request::Request;
use super::send::Batch;
use super::world::World;

/// Items of a batch.
const ITEMS_MAX: usize = 500;
/// Bytes of a batch of events; stacks make some events long. The edge takes 1 MiB from any key.
const BYTES_MAX: usize = 768 * 1024;

/// Makes all events.
pub(super) fn events(world: &World) -> impl Iterator<Item = Batch> {
    let mut open = OpenEvents::default();
    let people = world.scale().people;
    (0..people).flat_map(move |person| {
        let mut full: Vec<Batch> =
            world.traces(person).events.iter().filter_map(|event| open.add(event)).collect();
        open.people += 1;
        if person + 1 == people {
            full.extend(open.close());
        }
        full
    })
}

/// A batch that is not full yet.
#[derive(Default)]
struct OpenEvents {
    body: Vec<u8>,
    items: usize,
    people: u32,
}

impl OpenEvents {
    /// Adds an event; returns the batch that had no room for it.
    fn add(&mut self, event: &Event) -> Option<Batch> {
        let text = serde_json::to_vec(event).expect("an event has text keys only");
        let is_full = self.items == ITEMS_MAX || self.body.len() + text.len() > BYTES_MAX;
        let full = if is_full { self.close() } else { None };
        self.body.push(if self.items == 0 { b'[' } else { b',' });
        self.body.extend(text);
        self.items += 1;
        full
    }

    fn close(&mut self) -> Option<Batch> {
        let Self { mut body, items, people } = std::mem::take(self);
        if items == 0 {
            return None;
        }
        body.push(b']');
        Some(Batch { body, items: count(items), people })
    }
}

/// Makes all requests, as OTLP has them.
pub(super) fn requests(world: &World) -> impl Iterator<Item = Batch> {
    let mut waiting: Vec<Request> = Vec::new();
    let mut finished = 0;
    let people = world.scale().people;
    (0..people).flat_map(move |person| {
        waiting.extend(world.traces(person).requests);
        finished += 1;
        let mut full = Vec::new();
        while waiting.len() >= ITEMS_MAX || (person + 1 == people && !waiting.is_empty()) {
            let part: Vec<Request> = waiting.drain(..waiting.len().min(ITEMS_MAX)).collect();
            full.push(Batch { people: std::mem::take(&mut finished), ..spans(&part) });
        }
        full
    })
}

/// Makes a batch of events.
pub(super) fn captured(events: &[Event]) -> Batch {
    let body = serde_json::to_vec(events).expect("an event has text keys only");
    Batch { body, items: count(events.len()), people: 0 }
}

/// Makes a batch of requests.
pub(super) fn spans(requests: &[Request]) -> Batch {
    let body = otlp::export(requests).encode_to_vec();
    Batch { body, items: count(requests.len()), people: 0 }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
