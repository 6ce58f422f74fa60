//! A history as the event log and identity's change log hold it.

use std::fmt::Write as _;
use std::io::Write as _;

use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
use observe_core::{PersonId, ProjectId};
use observe_proto::events::v1::{AcceptedEvent, LogRow, LoggedEvents};
use observe_proto::identity::v1::{Change, MappingChange, ProjectChanges, change};
use prost::Message as _;
use uuid::Uuid;

use super::history::{self, History};
use crate::world::Random;

/// Events in a row of the log: as many as Observe's writers put into one at most.
const ROW_EVENTS: usize = 5_000;
/// How long clients gather events before they send them, at most, in microseconds.
const SENT_WITHIN_US: u64 = 3_000_000;
/// Changes in an answer of identity's.
const CHANGES: usize = 1_000;

/// The project whose events they are.
pub(super) fn project() -> ProjectId {
    ProjectId::new(Uuid::from_u128(1))
}

/// Texts of a history, by their codes.
pub(super) struct Texts {
    names: Vec<String>,
    paths: Vec<String>,
    browsers: Vec<String>,
    countries: Vec<String>,
    plans: Vec<String>,
    /// Distinct ids, by visitor.
    visitors: Vec<String>,
}

impl Texts {
    pub(super) fn new(history: &History) -> Self {
        let visitors = 0..history.person_of.len() as u64;
        Self {
            names: history::names(),
            paths: history::paths(),
            browsers: history::browsers(history.shape),
            countries: history::countries(),
            plans: history::plans(),
            visitors: visitors.map(|visitor| uuid(visitor).to_string()).collect(),
        }
    }

    /// Returns the distinct id of a visitor.
    pub(super) fn visitor(&self, visitor: u32) -> &str {
        &self.visitors[visitor as usize]
    }
}

/// Returns an id that looks like those that the SDK makes.
fn uuid(number: u64) -> Uuid {
    let mut random = Random(number << 8);
    let bytes = (u128::from(random.next()) << 64) | u128::from(random.next());
    uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
}

/// Iterates over the rows of the log, in the order in which the events arrived.
pub(super) fn rows<'a>(
    history: &'a History,
    texts: &'a Texts,
) -> impl Iterator<Item = anyhow::Result<LogRow>> + 'a {
    let mut first_sequence = 1;
    history.arrivals.chunks(ROW_EVENTS).map(move |events| {
        // What is late arrives when the newest of its row does.
        let newest = events.iter().max().copied().unwrap_or(0);
        let events = events.iter().map(|event| logged(history, texts, *event, newest));
        let events: Vec<_> = events.collect();
        let count = u32::try_from(events.len())?;
        // As Observe writes frames of more than one block.
        let frame = FrameInfo::new().block_size(BlockSize::Max256KB);
        let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
        encoder.write_all(&LoggedEvents { events, erased: 0 }.encode_to_vec())?;
        let payload = encoder.finish()?.into();
        let row = LogRow { project_id: project().to_bytes(), first_sequence, count, payload };
        first_sequence += i64::from(count);
        Ok(row)
    })
}

/// Returns when an event is received if it is not late: some time after it happened, since clients send a few together.
fn received_us(history: &History, event: u32) -> i64 {
    let waited = Random(u64::from(event) << 12).below(SENT_WITHIN_US);
    (history.time_ms[event as usize] * 1_000).saturating_add_unsigned(waited)
}

fn logged(history: &History, texts: &Texts, event: u32, newest: u32) -> AcceptedEvent {
    let at = event as usize;
    let is_late = (newest - event) as usize > ROW_EVENTS;
    let visitor = history.visitor[at];
    let (country, plan, width) = History::of_visitor(visitor);
    let mut properties = String::with_capacity(160);
    // Writing to memory does not fail.
    let _ = write!(
        properties,
        r#"{{"path":"{}","browser":"{}","country":"{}","plan":"{}","screen_width":{width}"#,
        texts.paths[usize::from(history.path[at])],
        texts.browsers[history.browser[at] as usize],
        texts.countries[usize::from(country)],
        texts.plans[usize::from(plan)],
    );
    for key in 0..history.shape.keys {
        if let Some(value) = History::value_of_key(at, key) {
            let _ = write!(properties, r#","key {key}":{value}"#);
        }
    }
    properties.push('}');
    AcceptedEvent {
        uuid: uuid(u64::from(event) | 1 << 40).into_bytes().to_vec(),
        name: texts.names[usize::from(history.name[at])].clone(),
        distinct_id: texts.visitors[visitor as usize].clone(),
        time_ms: history.time_ms[at],
        received_us: received_us(history, if is_late { newest } else { event }),
        properties_json: properties,
        ..AcceptedEvent::default()
    }
}

/// Returns identity's changes: every visitor who is another one's person.
pub(super) fn changes(history: &History, texts: &Texts) -> Vec<ProjectChanges> {
    let joined = (0_u32..).zip(&history.person_of).filter(|(visitor, person)| visitor != *person);
    let changes = (1..).zip(joined).map(|(number, (visitor, person))| {
        let person = PersonId::of_distinct_id(project(), &texts.visitors[*person as usize]);
        let mapping = MappingChange {
            distinct_id: texts.visitors[visitor as usize].clone(),
            person_id: person.to_bytes(),
        };
        Change { number, kind: Some(change::Kind::Mapping(mapping)) }
    });
    pages(&changes.collect::<Vec<_>>(), CHANGES)
}

/// Returns changes in answers of so many each, as identity gives them.
pub(super) fn pages(changes: &[Change], length: usize) -> Vec<ProjectChanges> {
    let head_number = i64::try_from(changes.len()).unwrap_or(0);
    let page = |some: &[Change]| ProjectChanges {
        project_id: project().to_bytes(),
        changes: some.to_vec(),
        head_number,
    };
    changes.chunks(length).map(page).collect()
}
