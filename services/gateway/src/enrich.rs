//! What the edge adds to events, from what their senders said and from the connection they came on: where the visitor is,
//! with which browser, and what led there. `docs/SEMANTICS.md` ("What the edge adds") writes the rules down.
//!
//! All of it is pure but for the look-ups in tables that were read at start. Nothing here refuses an event, and nothing but
//! `$ip` and, where a project wants no place, `$geoip_*` is taken from what a sender said.

mod address;
mod agent;
mod campaign;
mod channel;
mod given;
mod key;
mod place;
mod sites;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::Arc;

use observe_proto::events::v1::AcceptedEvent;

use crate::capture::delivery::Delivery;
use crate::capture::sender::Sender;
pub(crate) use agent::ready;
use agent::{Agent, Agents};
use given::{Additions, Given};
use key::Key;
use place::Place;
pub use place::Places;

/// Events that tell nothing of a visit: what a server did, and how ids belong together.
const WITHOUT_VISIT: [&str; 3] = ["$request", "$create_alias", "$merge_dangerously"];

/// The tables that events are enriched from.
#[derive(Clone)]
pub(crate) struct Enricher {
    agents: Arc<Agents>,
    places: Option<Places>,
}

/// One request: what its connection says counts for all of its events, and is looked up once.
struct Request<'a> {
    tables: &'a Enricher,
    sender: &'a Sender,
    delivery: &'a Delivery<'a>,
    agent: OnceCell<Option<Arc<Agent>>>,
    place: OnceCell<Option<Place>>,
}

impl Enricher {
    pub(crate) fn new(places: Option<Places>) -> Self {
        Self { agents: Arc::new(Agents::new()), places }
    }

    /// Adds to the events of one request what can be told of them.
    pub(crate) fn enrich(
        &self,
        sender: &Sender,
        delivery: &Delivery<'_>,
        events: &mut [AcceptedEvent],
    ) {
        let (agent, place) = (OnceCell::new(), OnceCell::new());
        let request = Request { tables: self, sender, delivery, agent, place };
        for event in events {
            request.enrich(event);
        }
    }
}

impl Request<'_> {
    fn enrich(&self, event: &mut AcceptedEvent) {
        let privacy = self.sender.privacy;
        let given = Given::read(&event.properties_json);
        let mut added = Additions::new(&given);
        let is_visit = !WITHOUT_VISIT.contains(&event.name.as_str());
        let is_own = is_visit && self.is_visitors_own(&given);
        let connection = self.delivery.visitor.address.filter(|_| is_own);
        let told = given.text(Key::Ip);
        let told_address = told.as_deref().and_then(address::parse);
        let shown = if given.has(Key::Ip) { told_address } else { connection };
        address::add(shown, privacy.client_address, &given, &mut added);
        if is_visit {
            self.add_agent(is_own, &given, &mut added);
            channel::add(&given, &mut added);
            if !privacy.without_place {
                self.add_place(told_address, shown, &given, &mut added);
            }
        }
        if let Some(json) = added.apply(privacy.without_place) {
            event.properties_json = json;
        }
    }

    /// Returns whether address and user agent of the connection are those of the visitor that the event is about.
    fn is_visitors_own(&self, given: &Given<'_>) -> bool {
        !self.sender.trusted
            && (self.delivery.visitor.is_device
                || given.text(Key::Lib).is_some_and(|lib| agent::is_device_library(&lib)))
    }

    fn add_agent(&self, is_own: bool, given: &Given<'_>, added: &mut Additions<'_>) {
        let told = [Key::RawUserAgent, Key::UserAgent].into_iter().find_map(|key| given.text(key));
        let agent = match told {
            Some(told) => self.tables.agents.get(&told),
            None if is_own => {
                let shown = || self.tables.agents.get(&self.delivery.visitor.user_agent);
                self.agent.get_or_init(shown).clone()
            }
            None => None,
        };
        if let Some(agent) = agent {
            agent.add(given, added);
        }
    }

    fn add_place(
        &self,
        told: Option<IpAddr>,
        shown: Option<IpAddr>,
        given: &Given<'_>,
        added: &mut Additions<'_>,
    ) {
        let (Some(places), Some(address)) = (&self.tables.places, shown) else { return };
        if given.has_place() || given.is_true(Key::GeoipDisable) {
            return;
        }
        if told.is_some() {
            if let Some(place) = places.find(address) {
                place.add(added);
            }
        } else if let Some(place) = self.place.get_or_init(|| places.find(address)) {
            place.add(added);
        }
    }
}
