//! One visit while it goes on: the page that is open, the clock, and what is written down.

use serde_json::{Map, Value, json};

use super::event::{Event, Page, object, page_properties};
use super::fault::{CART, CHUNK, Fault, NETWORK, POOL, POPUP};
use super::person::{Person, Visit};
use super::random::Random;
use super::request::{self, CREATE_PAYMENT, Endpoint, Request};
use super::rhythm::{MINUTE, SECOND};
use super::shop::{Channel, Device};
use super::world::{Traces, World};

/// For so long after a release, pages that were open before it cannot load their parts.
const CHUNK_TROUBLE: i64 = 40 * MINUTE;
/// Nobody looks longer at one page.
const DWELL_MAX: f64 = 600.0;

/// What a person has by now, over all visits.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    pub(super) has_account: bool,
    /// Which devices know their user.
    pub(super) signed_in: [bool; 2],
}

/// A visit.
pub(super) struct Walk<'a> {
    pub(super) world: &'a World,
    pub(super) person: &'a Person,
    pub(super) life: &'a mut Life,
    pub(super) random: Random,
    traces: &'a mut Traces,
    visit: Visit,
    session_id: String,
    /// Now.
    time: i64,
    page: Page,
}

impl<'a> Walk<'a> {
    /// Begins a visit.
    pub(super) fn begin(
        world: &'a World,
        person: &'a Person,
        life: &'a mut Life,
        (number, visit): (usize, Visit),
        traces: &'a mut Traces,
    ) -> Self {
        let name = format!("session:{}:{number}", person.number);
        let stream = u64::from(person.number) << 16 | u64::try_from(number).unwrap_or(0);
        Self {
            world,
            person,
            life,
            random: world.random("visit", stream),
            traces,
            visit,
            session_id: world.id(&name).to_string(),
            time: visit.start,
            page: Page {
                path: String::new(),
                title: String::new(),
                referrer: String::new(),
                utm: ["", "", ""],
            },
        }
    }

    /// Returns the device that is used.
    pub(super) fn device(&self) -> &'static Device {
        self.person.devices[self.visit.device]
    }

    /// Returns whether this device knows its user.
    pub(super) fn signed_in(&self) -> bool {
        self.life.signed_in[self.visit.device]
    }

    /// Comes from outside to the first page.
    pub(super) fn land(&mut self, channel: &Channel, path: &str, title: &str) {
        self.page = Page {
            path: path.to_owned(),
            title: format!("{title} · Kettle & Bean"),
            referrer: channel.referrer.to_owned(),
            utm: channel.utm,
        };
        self.see();
    }

    /// Goes on to another page.
    pub(super) fn open(&mut self, path: &str, title: &str) {
        let referrer = self.page.url();
        self.page = Page {
            path: path.to_owned(),
            title: format!("{title} · Kettle & Bean"),
            referrer,
            utm: ["", "", ""],
        };
        self.see();
    }

    /// Looks at the page; what is broken on it breaks.
    fn see(&mut self) {
        self.track("$pageview", json!({ "$release": self.world.release(self.time) }));
        let (time, device) = (self.time, self.device());
        let just_released = self
            .world
            .releases()
            .iter()
            .any(|(came, _)| (0..CHUNK_TROUBLE).contains(&time.saturating_sub(*came)));
        if just_released && self.random.chance(0.1) {
            self.fail(&CHUNK);
        }
        if self.random.chance(0.005) {
            self.fail(&POPUP);
        }
        if device.kind == "Mobile" && self.random.chance(0.004) {
            self.fail(&NETWORK);
        }
        if self.page.path == "/cart"
            && device.browser == "Safari"
            && time >= self.world.release_time()
            && self.random.chance(0.25)
        {
            self.fail(&CART);
        }
    }

    /// Reads for a while.
    pub(super) fn dwell(&mut self, median_seconds: f64) {
        let seconds = self.random.around(median_seconds, 0.8).clamp(1.0, DWELL_MAX);
        #[expect(clippy::cast_possible_truncation, reason = "ten minutes at most")]
        let millis = (seconds * 1_000.0) as i64;
        self.time += millis;
    }

    /// Writes an event down.
    pub(super) fn track(&mut self, name: &'static str, properties: Value) {
        self.record(name, object(properties));
    }

    /// Writes down that something went wrong on the page.
    pub(super) fn fail(&mut self, fault: &Fault) {
        self.record("$exception", fault.properties(self.world.release(self.time)));
    }

    fn record(&mut self, name: &'static str, more: Map<String, Value>) {
        // Things that happen on one page happen one after the other.
        self.time += 40;
        let number = self.traces.events.len();
        let mut properties = page_properties(&self.page, self.person, self.device());
        properties.extend(more);
        self.traces.events.push(Event {
            uuid: self.world.id(&format!("event:{}:{number}", self.person.number)),
            name,
            anonymous_id: self.anonymous_id(),
            user_id: self.signed_in().then(|| self.person.user_id.clone()),
            time: self.time,
            session_id: self.session_id.clone(),
            properties,
        });
    }

    fn anonymous_id(&self) -> String {
        self.person.anonymous_ids[self.visit.device].to_string()
    }

    /// The device learns who its user is.
    pub(super) fn identify(&mut self) {
        self.life.signed_in[self.visit.device] = true;
        let Person { name, email, country, .. } = self.person;
        let club = if self.person.interest > 0.6 { "club" } else { "basic" };
        self.track(
            "$identify",
            json!({
                "$set": { "name": name, "email": email, "plan": club, "country": country.code },
                "$set_once": { "first_channel": channel_name(self.person.channel) },
            }),
        );
    }

    /// Asks a service; returns the status.
    pub(super) fn call(&mut self, endpoint: &'static Endpoint, path: &str) -> u16 {
        let start = self.time + 60;
        let slow = *endpoint == request::SEARCH && self.world.search_is_slow(start);
        let (status, error) = self.outcome(endpoint, start);
        let slower = match (slow, status) {
            (true, _) => 9.0,
            (_, 503) => 8.0,
            _ => 1.0,
        };
        let number = self.traces.requests.len();
        let name = format!("request:{}:{number}", self.person.number);
        let request = Request {
            trace: self.world.id(&name).as_u128(),
            endpoint,
            start,
            duration: endpoint.duration(&mut self.random, slower),
            status,
            error,
            path: path.to_owned(),
            distinct_id: match self.signed_in() {
                true => self.person.user_id.clone(),
                false => self.anonymous_id(),
            },
        };
        // One waits for what one sends; what is loaded beside a page is loaded while one reads.
        if endpoint.method == "POST" {
            self.time = request.end();
        }
        self.traces.requests.push(request);
        if status == 500 {
            self.fail(&POOL);
        }
        status
    }

    fn outcome(&mut self, endpoint: &Endpoint, time: i64) -> (u16, &'static str) {
        let ok = if endpoint.method == "POST" { 201 } else { 200 };
        if *endpoint == CREATE_PAYMENT {
            let failing = if self.world.payments_fail(time) { 0.65 } else { 0.004 };
            return match self.random.fraction() {
                drawn if drawn < failing => (503, "upstream timed out after 3000 ms"),
                drawn if drawn > 0.95 => (402, ""),
                _ => (ok, ""),
            };
        }
        let unauthorized = *endpoint == request::SIGN_IN && self.random.chance(0.04);
        match self.random.fraction() {
            _ if unauthorized => (401, ""),
            drawn if drawn < 0.0012 => (500, "no connection became free within 2000 ms"),
            drawn if drawn < 0.004 && endpoint.route.contains(':') => (404, ""),
            _ => (ok, ""),
        }
    }

    /// Waits a little before something is tried again.
    pub(super) fn wait(&mut self, seconds: i64) {
        self.time += seconds * SECOND;
    }
}

/// Names a channel in a word.
fn channel_name(channel: &Channel) -> &'static str {
    match (channel.utm[0], channel.referrer) {
        ("", "") => "direct",
        ("", referrer) => {
            let host = referrer.trim_start_matches("https://").trim_start_matches("www.");
            host.split(['.', '/']).next().unwrap_or(host)
        }
        (source, _) => source,
    }
}
