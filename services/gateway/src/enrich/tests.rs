//! What becomes of whole events, through the one door.

#[path = "../../tests/it/support/places.rs"]
mod places;

use chrono::DateTime;
use http::{Extensions, HeaderMap, HeaderValue, header};
use observe_core::{KeyId, ProjectId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::auth::{ClientAddress, Privacy, Retention};
use crate::capture::delivery::Visitor;
use crate::capture::time::{Received, SentTime};
use crate::edge::Origin;

const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1";

/// A request that can be bent.
struct Case {
    client_address: ClientAddress,
    without_place: bool,
    trusted: bool,
    agent: &'static str,
    origin: Option<&'static str>,
    address: &'static str,
    name: &'static str,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            client_address: ClientAddress::Truncated,
            without_place: false,
            trusted: false,
            agent: BROWSER,
            origin: None,
            address: places::KNOWN_ADDRESS,
            name: "$pageview",
        }
    }
}

fn enricher() -> &'static Enricher {
    static ENRICHER: std::sync::LazyLock<Enricher> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("places.mmdb");
        places::write(&path, "GeoLite2-City");
        Enricher::new(Some(Places::open(&path).expect("a database")))
    });
    &ENRICHER
}

impl Case {
    fn of(self, properties: &Value) -> Value {
        let (sender, delivery) = self.request();
        let mut events = [AcceptedEvent {
            name: self.name.to_owned(),
            properties_json: properties.to_string(),
            ..AcceptedEvent::default()
        }];
        enricher().enrich(&sender, &delivery, &mut events);
        serde_json::from_str(&events[0].properties_json).expect("JSON")
    }

    fn request(&self) -> (Sender, Delivery<'static>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(self.agent));
        if let Some(origin) = self.origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        let mut extensions = Extensions::new();
        let client = Some(self.address.parse().expect("an address"));
        extensions.insert(Origin { request_id: String::new(), client });
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let received = Received::new(now, SentTime::Absent);
        let delivery = Delivery::new("/v1/events", received, Visitor::of(&headers, &extensions));
        let (client_address, without_place) = (self.client_address, self.without_place);
        let sender = Sender {
            key: KeyId::new(Uuid::nil()),
            project: ProjectId::new(Uuid::from_u128(1)),
            trusted: self.trusted,
            privacy: Privacy { client_address, without_place },
            retention: Retention::default(),
        };
        (sender, delivery)
    }
}

fn place_of(event: &Value) -> [&Value; 5] {
    [
        &event["$geoip_country_code"],
        &event["$geoip_country_name"],
        &event["$geoip_subdivision_1_name"],
        &event["$geoip_city_name"],
        &event["$geoip_time_zone"],
    ]
}

#[test]
fn an_event_from_a_browser_gets_address_agent_and_place() {
    let event = Case::default().of(&json!({}));
    assert_eq!(event["$ip"], "203.0.113.0");
    assert_eq!((&event["$browser"], &event["$browser_version"]), (&json!("Chrome"), &json!("131")));
    assert_eq!((&event["$os"], &event["$os_version"]), (&json!("Windows"), &json!("10")));
    assert_eq!(event["$device_type"], "Desktop");
    assert_eq!(event.get("$bot"), None);
    assert_eq!(place_of(&event), ["IT", "Italy", "Lazio", "Rome", "Europe/Rome"]);
}

#[test]
fn the_privacy_setting_decides_what_is_kept_of_every_address() {
    for (client_address, connection, told) in [
        (ClientAddress::Kept, json!("203.0.113.77"), json!("198.51.100.9")),
        (ClientAddress::Truncated, json!("203.0.113.0"), json!("198.51.100.0")),
        (ClientAddress::Dropped, Value::Null, Value::Null),
    ] {
        let case = || Case { client_address, ..Case::default() };
        let event = case().of(&json!({}));
        assert_eq!(event["$ip"], connection);
        assert_eq!(event["$geoip_city_name"], "Rome", "the place is told before it is forgotten");
        for trusted in [false, true] {
            let case = Case { trusted, ..case() };
            let event = case.of(&json!({"$ip": "198.51.100.9"}));
            assert_eq!(event["$ip"], told);
            assert_eq!(event.get("$geoip_city_name"), None, "of the address that was told");
        }
        // Also of events that get nothing else.
        let case = Case { name: "$request", ..case() };
        assert_eq!(case.of(&json!({"$ip": "198.51.100.9"}))["$ip"], told);
    }
}

#[test]
fn an_address_that_cannot_be_read_is_kept_only_where_addresses_are() {
    let of = |client_address, told: Value| {
        Case { client_address, ..Case::default() }.of(&json!({ "$ip": told }))
    };
    assert_eq!(of(ClientAddress::Kept, json!("somewhere"))["$ip"], "somewhere");
    for told in [json!("somewhere"), json!(""), json!(null), json!(5)] {
        for setting in [ClientAddress::Truncated, ClientAddress::Dropped] {
            let event = of(setting, told.clone());
            assert_eq!(event.get("$ip"), None, "{told}");
            assert_eq!(event.get("$geoip_city_name"), None, "the sender said that it knows none");
        }
    }
}

#[test]
fn a_server_that_speaks_for_its_visitors_is_not_taken_for_one() {
    let server = || Case { agent: "python-requests/2.32", ..Case::default() };
    for case in [server(), Case { trusted: true, ..Case::default() }] {
        assert_eq!(case.of(&json!({"plan": "pro"})), json!({"plan": "pro"}));
    }
    // What it says of its visitor counts.
    let event = server().of(&json!({"$ip": places::KNOWN_ADDRESS, "$raw_user_agent": IPHONE}));
    assert_eq!((&event["$browser"], &event["$os"]), (&json!("Mobile Safari"), &json!("iOS")));
    assert_eq!(event["$device_type"], "Mobile");
    assert_eq!(event["$geoip_city_name"], "Rome");
    // A browser names the page, and libraries on a device name themselves.
    let page = Case { origin: Some("https://example.com"), ..server() };
    assert_eq!(page.of(&json!({}))["$ip"], "203.0.113.0");
    assert_eq!(server().of(&json!({"$lib": "posthog-ios"}))["$ip"], "203.0.113.0");
    assert_eq!(server().of(&json!({"$lib": "posthog-python"})).get("$ip"), None);
}

#[test]
fn what_the_sender_said_is_never_overwritten() {
    let given = json!({
        "$browser": "Mine", "$os": "Mine OS", "$device_type": "Watch", "$bot": false,
        "$referring_domain": "mine.example", "$channel": "Mine", "utm_source": "mine",
        "$geoip_country_code": "FR", "$current_url": "https://example.com/?utm_source=theirs",
        "$referrer": "https://www.google.com/", "$raw_user_agent": "Googlebot/2.1",
    });
    let event = Case::default().of(&given);
    for (key, value) in given.as_object().expect("an object") {
        assert_eq!(&event[key], value, "{key}");
    }
    // What belongs together stays whole.
    for key in ["$browser_version", "$os_version", "$geoip_city_name", "$bot_name"] {
        assert_eq!(event.get(key), None, "{key}");
    }
}

#[test]
fn a_place_can_be_refused_by_the_project_and_by_the_sender() {
    let event = Case::default().of(&json!({"$geoip_disable": true}));
    assert_eq!((&event["$ip"], event.get("$geoip_city_name")), (&json!("203.0.113.0"), None));
    let case = || Case { without_place: true, ..Case::default() };
    assert_eq!(case().of(&json!({})).get("$geoip_country_code"), None);
    let told = case().of(&json!({"$geoip_city_name": "Oslo", "$geoip_disable": false, "a": 1}));
    assert_eq!(told.get("$geoip_city_name"), None, "nor is that of the sender kept");
    assert_eq!((&told["a"], &told["$geoip_disable"]), (&json!(1), &json!(false)));
    let elsewhere = Case { address: "198.51.100.9", ..Case::default() };
    assert_eq!(elsewhere.of(&json!({})).get("$geoip_country_code"), None);
}

#[test]
fn bots_are_marked_and_kept() {
    let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let event = Case { agent, ..Case::default() }.of(&json!({}));
    assert_eq!((&event["$bot"], &event["$bot_name"]), (&json!(true), &json!("Googlebot")));
}

#[test]
fn events_that_tell_of_no_visit_get_nothing() {
    for name in WITHOUT_VISIT {
        let case = Case { name, ..Case::default() };
        assert_eq!(
            case.of(&json!({"$raw_user_agent": IPHONE})),
            json!({"$raw_user_agent": IPHONE})
        );
    }
    let case = Case { name: "$identify", ..Case::default() };
    assert_eq!(case.of(&json!({}))["$browser"], "Chrome");
}

#[test]
fn only_databases_of_places_are_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("places.mmdb");
    assert!(Places::open(&path).is_err(), "there is no file");
    std::fs::write(&path, "no database").expect("written");
    assert!(Places::open(&path).is_err());
    places::write(&path, "GeoLite2-ASN");
    let refused = Places::open(&path).expect_err("of networks' owners");
    assert!(refused.contains("GeoLite2-ASN"), "{refused}");
    for kind in ["GeoLite2-City", "GeoIP2-Country", "DBIP-City-Lite"] {
        places::write(&path, kind);
        let found = Places::open(&path).expect(kind);
        assert!(found.find(places::KNOWN_ADDRESS.parse().expect("one")).is_some());
        assert_eq!(found.find("::1".parse().expect("one")), None, "of IPv4 alone");
    }
}
