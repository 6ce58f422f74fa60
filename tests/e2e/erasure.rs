//! A person is erased through all services: nothing but hashes is left, whichever of them dies on the way, and nothing brings
//! the person back.

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::{EventFilter, ListEventsRequest};
use observe_proto::identity::v1::delete_person_request::Id;
use observe_proto::identity::v1::erasure::State;
use observe_proto::identity::v1::erasure_service_client::ErasureServiceClient;
use observe_proto::identity::v1::get_person_request::Id as GetId;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{
    DeletePersonRequest, Erasure, GetErasureRequest, GetPersonRequest, Person,
};
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::{QueryTrendsRequest, TrendsSeries};
use observe_testkit::{TestCommand, eventually};
use prost_types::Timestamp;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::cluster::{BINARY, Cluster, DEADLINE, SECRET_KEY};

/// What is looked for after an erasure: in ids, properties, paths, messages.
const MARKER: &str = "zyxomma";

/// An event of somebody.
fn event(user: &str, name: &str, properties: &Value) -> Value {
    json!({"user_id": user, "name": name, "properties": properties})
}

/// All that Observe can come to know of somebody.
async fn visit(cluster: &Cluster) {
    let http = reqwest::Client::new();
    let (anonymous, user) = (format!("{MARKER}-anon"), format!("{MARKER}@example.com"));
    let marked = json!({"plan": format!("{MARKER} plan"), "list": [MARKER, {"deep": MARKER}]});
    let mut events = vec![
        json!({"anonymous_id": anonymous, "name": "page_viewed", "properties": marked}),
        json!({"anonymous_id": anonymous, "name": "$set", "properties": {"$set": {"city": MARKER}}}),
        json!({
            "user_id": user, "anonymous_id": anonymous, "name": "$identify",
            "properties": {"$set": {"email": user}, "$set_once": {"first": MARKER}},
        }),
        event(&user, "$create_alias", &json!({"alias": format!("{MARKER}-phone")})),
        event(
            &user,
            "$exception",
            &json!({"$exception_list": [{"type": "Error", "value": MARKER}]}),
        ),
        event(
            &user,
            "$request",
            &json!({
                "service": "shop", "method": "GET", "route": "/orders/:id", "status": 500,
                "duration_ms": 12, "path": format!("/orders/{MARKER}"), "error_message": MARKER,
            }),
        ),
        // Nameless, so that it is not accepted and kept as an example.
        json!({"user_id": user, "properties": marked}),
    ];
    for n in 0..400 {
        events.push(event(&user, "clicked", &json!({"n": n, "label": MARKER})));
        events.push(event("somebody else", "clicked", &json!({"n": n})));
    }
    for batch in events.chunks(100) {
        let answer = cluster.post(&http, Value::from(batch).to_string()).await;
        assert_eq!(answer.expect("an answer").status(), 202);
    }
}

async fn person(cluster: &Cluster, id: GetId) -> Option<Person> {
    let request = GetPersonRequest { project_id: String::new(), id: Some(id) };
    let answer = PersonServiceClient::new(cluster.client(SECRET_KEY)).get_person(request).await;
    answer.ok()?.into_inner().person
}

/// Columns of all schemas that hold a text: in clear, in bytes, or in a packed row of the log.
async fn columns_with(cluster: &Cluster, text: &str) -> Vec<String> {
    let sql = cluster.sql().await;
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select c.table_schema::text, c.table_name::text, c.column_name::text from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
         where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')
         order by 1, 2, 3",
    )
    .fetch_all(&sql)
    .await
    .unwrap();
    assert!(columns.len() > 100, "all tables are looked at");
    let mut found = Vec::new();
    for (schema, table, column) in columns {
        let statement = format!(
            "select exists (select from {schema}.{table} where position($1 in lower({column}::text)) > 0
                 or position(encode(convert_to($1, 'UTF8'), 'hex') in {column}::text) > 0)"
        );
        let is_in: bool =
            sqlx::query_scalar(AssertSqlSafe(statement)).bind(text).fetch_one(&sql).await.unwrap();
        if is_in {
            found.push(format!("{schema}.{table}.{column}"));
        }
    }
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("select payload from events.event_log where octet_length(payload) > 0")
            .fetch_all(&sql)
            .await
            .unwrap();
    for row in rows {
        let mut bytes = Vec::new();
        let mut frame = lz4_flex::frame::FrameDecoder::new(row.as_slice());
        std::io::Read::read_to_end(&mut frame, &mut bytes).unwrap();
        if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push("events.event_log, unpacked".to_owned());
        }
    }
    found
}

/// How many clicks the projection counts.
async fn clicks(cluster: &Cluster) -> Option<f64> {
    let now = SystemClock.now().timestamp();
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let request = QueryTrendsRequest {
        range: Some(TimeRange { start_time: at(now - 86_400), end_time: at(now + 86_400) }),
        series: vec![TrendsSeries { event: "clicked".into(), ..TrendsSeries::default() }],
        ..QueryTrendsRequest::default()
    };
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    let answer = insights.query_trends(request).await.ok()?.into_inner();
    Some(answer.series.first()?.total)
}

async fn listed(cluster: &Cluster, id: &str) -> usize {
    let filter = EventFilter { distinct_ids: vec![id.to_owned()], ..EventFilter::default() };
    let request = ListEventsRequest {
        filter: Some(filter),
        page_size: 1_000,
        ..ListEventsRequest::default()
    };
    let mut events = EventServiceClient::new(cluster.client(SECRET_KEY));
    events.list_events(request).await.unwrap().into_inner().events.len()
}

/// Waits until all that was sent is everywhere.
async fn settled(cluster: &Cluster) -> Person {
    cluster.at_rest(806).await;
    eventually(DEADLINE, "the projection to count all clicks", async || {
        clicks(cluster).await == Some(800.0)
    })
    .await;
    eventually(DEADLINE, "the person to be joined", async || {
        let id = GetId::DistinctId(format!("{MARKER}@example.com"));
        person(cluster, id).await.filter(|person| person.distinct_ids.len() == 3)
    })
    .await
}

async fn begin(cluster: &Cluster, person: &Person) -> Erasure {
    let mut persons = PersonServiceClient::new(cluster.client(SECRET_KEY));
    eventually(DEADLINE, "the erasure to be begun", async || {
        let id = Some(Id::PersonId(person.id.clone()));
        let request = DeletePersonRequest { project_id: String::new(), id };
        persons.delete_person(request).await.ok()?.into_inner().erasure
    })
    .await
}

async fn done(cluster: &Cluster, erasure: &Erasure) -> Erasure {
    let mut erasures = ErasureServiceClient::new(cluster.client(SECRET_KEY));
    eventually(DEADLINE, "the erasure to be done", async || {
        let erasure_id = erasure.id.clone();
        let request = GetErasureRequest { project_id: String::new(), erasure_id };
        let receipt = erasures.get_erasure(request).await.ok()?.into_inner().erasure?;
        (receipt.state() == State::Done).then_some(receipt)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_hashes_is_left_of_a_person_whichever_service_dies_on_the_way() {
    let mut cluster = Cluster::start().await;
    visit(&cluster).await;
    settled(&cluster).await;
    cluster.restart_reports().await;
    let person = settled(&cluster).await;
    let before = columns_with(&cluster, MARKER).await;
    for place in [
        "events.event_log, unpacked",
        "identity.change_log.payload",
        "identity.person.properties",
        "reports.projection_persons.bytes",
        "reports.projection_segment_part.bytes",
        "reports.projection_visitors.texts",
    ] {
        assert!(before.iter().any(|found| found == place), "{place} is looked at: {before:?}");
    }

    let erasure = begin(&cluster, &person).await;
    assert_eq!(erasure.distinct_id_count, 3);
    cluster.kill_and_restart_events();
    cluster.kill_and_restart_reports();
    cluster.kill_and_restart_identity();
    let receipt = done(&cluster, &erasure).await;
    let counts = |service: &str| {
        let part = receipt.parts.iter().find(|part| part.service == service);
        part.map(|part| part.removed.clone()).unwrap_or_default()
    };
    assert_eq!(counts("identity")["distinct_ids"], 3);
    let events = counts("events");
    assert_eq!((events["events"], events["requests"], events["rejected_events"]), (406, 1, 1));
    assert!(events["log_rows"] > 0);
    assert!(counts("reports").contains_key("rows"));
    assert_eq!(columns_with(&cluster, MARKER).await, Vec::<String>::new());

    let gone = async |cluster: &Cluster| {
        eventually(DEADLINE, "only the others' clicks to be counted", async || {
            clicks(cluster).await == Some(400.0)
        })
        .await;
    };
    gone(&cluster).await;
    assert_eq!(listed(&cluster, &format!("{MARKER}@example.com")).await, 0);
    // Both logs are read anew.
    cluster.kill_and_restart_reports();
    gone(&cluster).await;
    let status = cluster.at_rest(806).await;
    assert_eq!(status.stored, 806, "what was stored was stored");

    // What comes later starts afresh.
    let user = format!("{MARKER}@example.com");
    let http = reqwest::Client::new();
    let later = event(&user, "clicked", &json!({"$set": {"plan": "new"}}));
    assert_eq!(cluster.post(&http, later.to_string()).await.unwrap().status(), 202);
    let afresh = eventually(DEADLINE, "the person to come back as a new one", async || {
        let found = self::person(&cluster, GetId::DistinctId(user.clone())).await?;
        found.created_time.is_some().then_some(found)
    })
    .await;
    assert_eq!(afresh.distinct_ids, [user]);
    assert_eq!(afresh.properties.unwrap().fields.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_a_person_then_erases_it_and_prints_the_receipt() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let user = format!("{MARKER}@example.com");
    let events: Vec<Value> =
        (0..30).map(|n| event(&user, "clicked", &json!({"n": n, "$set": {"n": n}}))).collect();
    cluster.post(&http, Value::from(events).to_string()).await.unwrap();
    cluster.at_rest(30).await;
    eventually(DEADLINE, "the person to be known", async || {
        let found = person(&cluster, GetId::DistinctId(user.clone())).await;
        found.is_some_and(|person| person.created_time.is_some())
    })
    .await;
    let command = |name: &str, key: &str| {
        TestCommand::new(name, BINARY)
            .arg("erase-person")
            .args(["--url", &cluster.base, "--distinct-id", &user])
            .env("OBSERVE_BOOTSTRAP_SECRET_KEY", key)
    };
    let mut refused =
        command("refused", "obs_sec_zzzzzzzzzzzzzzzzzzzzzz").start(cluster.stores.dir());
    assert!(!refused.exit(DEADLINE).await.success());
    assert!(refused.log().contains("does not know this secret key"), "{}", refused.log());

    eventually(DEADLINE, "the projection to count all clicks", async || {
        clicks(&cluster).await == Some(30.0)
    })
    .await;
    let file = cluster.stores.dir().path().join("export.json");
    let mut exported = TestCommand::new("exported", BINARY)
        .arg("export-person")
        .args(["--url", &cluster.base, "--distinct-id", &user, "--output"])
        .arg(&file)
        .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY)
        .start(cluster.stores.dir());
    assert!(exported.exit(DEADLINE).await.success(), "{}", exported.log());
    let export: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(export["person"]["distinctIds"], json!([user]));
    assert_eq!(export["events"].as_array().map(Vec::len), Some(30));
    assert!(export["propertyChanges"].as_array().is_some_and(|changes| !changes.is_empty()));
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "it is somebody's data");

    let mut erased = command("erased", SECRET_KEY).start(cluster.stores.dir());
    assert!(erased.exit(DEADLINE).await.success(), "{}", erased.log());
    let log = erased.log();
    let receipt: Value = serde_json::from_str(&log[log.find('{').unwrap()..]).unwrap();
    assert_eq!(receipt["state"], "STATE_DONE");
    let parts = receipt["parts"].as_array().unwrap();
    let events = parts.iter().find(|part| part["service"] == "events").unwrap();
    assert_eq!(events["removed"]["events"], "30", "as proto3 JSON writes 64 bits");
    assert!(!log.contains(MARKER), "the receipt tells nobody: {log}");
    assert_eq!(columns_with(&cluster, MARKER).await, Vec::<String>::new());
}
