//! What the edge adds to events on every wire, by what the project set. The rules one by one are tested in `src/enrich`.

use observe_gateway::{Config, Network, Places};
use observe_proto::events::v1 as events;
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::privacy_settings::ClientAddress;
use serde_json::{Value, json};
use tonic::metadata::MetadataValue;

use crate::support::{SECRET_KEY, Stage, WRITE_KEY, answer, places};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

impl Stage {
    /// Starts an edge that knows places and trusts its neighbours as proxies.
    async fn start_with_places() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("places.mmdb");
        places::write(&path, "GeoLite2-City");
        let trusted_proxies = Network::parse("127.0.0.0/8").into_iter().collect();
        let places = Some(Places::open(&path).expect("a database"));
        Self::start_as(true, Config { trusted_proxies, places, ..Config::default() }).await
    }

    /// Posts an event as a visitor's browser behind a proxy does.
    async fn visit(&self, properties: Value) {
        let request = self
            .post("/v1/events")
            .bearer_auth(WRITE_KEY)
            .header("user-agent", BROWSER)
            .header("x-forwarded-for", places::KNOWN_ADDRESS)
            .body(json!({"name": "n", "anonymous_id": "a", "properties": properties}).to_string());
        assert_eq!(answer(request).await.0, 202);
    }

    fn properties(&self) -> Vec<Value> {
        let written = self.events.written();
        let properties = |event: &events::AcceptedEvent| {
            serde_json::from_str(&event.properties_json).expect("JSON")
        };
        written.iter().map(properties).collect()
    }
}

#[tokio::test]
async fn a_visitor_behind_a_trusted_proxy_is_told_by_the_address_that_it_forwards() {
    let stage = Stage::start_with_places().await;
    stage.visit(json!({"$current_url": "https://a.example/?utm_source=b", "$referrer": ""})).await;
    let event = stage.properties().remove(0);
    assert_eq!(event["$ip"], "203.0.113.0");
    assert_eq!((&event["$browser"], &event["$os"]), (&json!("Firefox"), &json!("Linux")));
    assert_eq!((&event["$geoip_country_code"], &event["utm_source"]), (&json!("IT"), &json!("b")));
    assert_eq!(event["$channel"], "Other campaign");
}

#[tokio::test]
async fn what_the_project_set_counts_within_a_minute() {
    let stage = Stage::start_with_places().await;
    stage.visit(json!({})).await;
    let dropped = ClientAddress::Dropped.into();
    *stage.identity.privacy.lock().expect("no test panicked") =
        Some(identity::PrivacySettings { client_address: dropped, without_place: true });
    *stage.identity.retention.lock().expect("no test panicked") =
        Some(identity::RetentionSettings { event_days: 30, exception_days: 0 });
    stage.advance(chrono::TimeDelta::seconds(61));
    stage.visit(json!({"$ip": "198.51.100.9"})).await;
    let [before, after] = &stage.properties()[..] else { panic!("two events") };
    assert_eq!(
        (&before["$ip"], &before["$geoip_city_name"]),
        (&json!("203.0.113.0"), &json!("Rome"))
    );
    assert_eq!((after.get("$ip"), after.get("$geoip_city_name")), (None, None));
    assert_eq!(after["$browser"], "Firefox");

    let days_ago = |days: i64| stage.clock_seconds() - days * 86_400;
    for (name, days, accepted) in
        [("n", 30, true), ("n", 31, false), ("$exception", 30, true), ("$exception", 31, false)]
    {
        let event = json!({"name": name, "user_id": "u", "timestamp": days_ago(days)});
        let (status, body) = stage.capture(event.to_string()).await;
        assert_eq!(status, 202);
        if accepted {
            assert_eq!(body["accepted"], 1, "{name} {days}");
        } else {
            assert_eq!(body["rejected"][0]["code"], "too_old", "{name} {days}");
        }
    }
}

impl Stage {
    fn clock_seconds(&self) -> i64 {
        observe_core::Clock::now(&*self.clock).timestamp()
    }
}

#[tokio::test]
async fn of_a_server_nothing_is_taken_for_the_visitors_whatever_key_it_has() {
    let stage = Stage::start_with_places().await;
    for key in [WRITE_KEY, SECRET_KEY] {
        let mut client = CaptureServiceClient::new(stage.channel().await);
        let event = events::CaptureEvent {
            name: "n".into(),
            distinct_id: "u".into(),
            ..events::CaptureEvent::default()
        };
        let mut request = tonic::Request::new(events::CaptureRequest {
            events: vec![event],
            ..events::CaptureRequest::default()
        });
        let bearer: MetadataValue<_> = format!("Bearer {key}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", bearer);
        client.capture(request).await.expect("accepted");
    }
    assert_eq!(stage.properties(), [json!({}), json!({})]);
}
