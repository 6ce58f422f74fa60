//! Exports through all services: events with the persons they are of, and persons, as files that are read back.

use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{GetPersonRequest, Person};
use observe_proto::reports::v1::export_service_client::ExportServiceClient;
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::trends_series::Math;
use observe_proto::reports::v1::{
    ExportEventsRequest, ExportFormat, ExportPersonsRequest, QueryTrendsRequest, TrendsSeries,
};
use observe_testkit::{TestCommand, eventually};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use prost_types::Timestamp;
use serde_json::{Value, json};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::cluster::{BINARY, Cluster, DEADLINE, SECRET_KEY, WRITE_KEY};

/// So many seconds after an hour ago, the same for the whole test: events far from now would be clamped.
fn at(second: i64) -> i64 {
    static START: OnceLock<i64> = OnceLock::new();
    *START.get_or_init(|| SystemClock.now().timestamp() - 3_600) + second
}

fn range(start: i64, end: i64) -> Option<TimeRange> {
    let time = |second| Some(Timestamp { seconds: at(second), nanos: 0 });
    Some(TimeRange { start_time: time(start), end_time: time(end) })
}

fn properties() -> Value {
    json!({"path": "/pricing", "odd": "a \"b\"\nc ü 🎉", "list": [1, {"deep": null}], "n": 0.5})
}

/// Two visitors who turn out to be one user, and somebody who is nobody.
async fn visit(cluster: &Cluster) {
    let http = reqwest::Client::new();
    let events = [
        json!({"uuid": Uuid::from_u128(1), "name": "page_viewed", "anonymous_id": "anon-1", "timestamp": at(0),
            "session_id": "s-1", "properties": properties()}),
        json!({"uuid": Uuid::from_u128(2), "name": "page_viewed", "anonymous_id": "anon-2", "timestamp": at(10)}),
        json!({"uuid": Uuid::from_u128(3), "name": "$identify", "user_id": "user-1", "anonymous_id": "anon-1",
            "timestamp": at(20), "properties": {"$set": {"plan": "pro", "seats": 3}}}),
        json!({"uuid": Uuid::from_u128(4), "name": "page_viewed", "distinct_id": "null", "timestamp": at(30)}),
        json!({"uuid": Uuid::from_u128(5), "name": "paid", "user_id": "user-1", "timestamp": at(40)}),
    ];
    let answer = cluster.post(&http, Value::from(events.to_vec()).to_string()).await.unwrap();
    assert_eq!(answer.status(), 202);
    cluster.at_rest(5).await;
    // The second visitor is merged when its event is stored long since.
    let merge = json!({"uuid": Uuid::from_u128(6), "name": "$identify", "user_id": "user-1", "anonymous_id": "anon-2",
        "timestamp": at(50)});
    assert_eq!(cluster.post(&http, merge.to_string()).await.unwrap().status(), 202);
    cluster.at_rest(6).await;
    let mut insights = InsightServiceClient::new(cluster.client(SECRET_KEY));
    eventually(DEADLINE, "both visitors to be one person", async || {
        let request = QueryTrendsRequest {
            range: range(-3_600, 86_400),
            series: vec![TrendsSeries { math: Math::UniquePersons.into(), ..Default::default() }],
            ..Default::default()
        };
        let answer = insights.query_trends(request).await.ok()?.into_inner();
        ((answer.series.first()?.total - 1.0).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

async fn user(cluster: &Cluster) -> Person {
    let mut persons = PersonServiceClient::new(cluster.client(SECRET_KEY));
    let id = Some(Id::DistinctId("anon-2".into()));
    let request = GetPersonRequest { id, ..Default::default() };
    persons.get_person(request).await.unwrap().into_inner().person.unwrap()
}

/// Exports events with a key. Returns the whole file.
async fn events(
    cluster: &Cluster,
    key: &str,
    request: ExportEventsRequest,
) -> Result<Bytes, Status> {
    let mut client = ExportServiceClient::new(cluster.client(key));
    let mut pieces = client.export_events(request).await?.into_inner();
    let (mut file, mut done) = (Vec::new(), None);
    while let Some(piece) = pieces.message().await? {
        file.extend(piece.chunk);
        done = piece.progress;
    }
    let done = done.unwrap();
    assert_eq!(usize::try_from(done.bytes_done).unwrap(), file.len());
    Ok(file.into())
}

async fn persons(cluster: &Cluster, format: ExportFormat) -> Bytes {
    let mut client = ExportServiceClient::new(cluster.client(SECRET_KEY));
    let request = ExportPersonsRequest { format: format.into(), ..Default::default() };
    let mut pieces = client.export_persons(request).await.unwrap().into_inner();
    let mut file = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        file.extend(piece.chunk);
    }
    file.into()
}

/// The lines of a file of NDJSON.
fn lines(file: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of a Parquet file, as a line of NDJSON says them.
fn rows(file: Bytes) -> Vec<Value> {
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let row = |row: Result<parquet::record::Row, _>| {
        let row = row.unwrap();
        let columns = row.get_column_iter();
        columns.map(|(name, field)| (name.clone(), plain(name, field))).collect()
    };
    rows.map(row).collect()
}

fn plain(name: &str, field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => json!(flag),
        Field::Str(text) if name == "properties" => serde_json::from_str(text).unwrap(),
        Field::Str(text) => json!(text),
        Field::TimestampMicros(us) => {
            let time = chrono::DateTime::from_timestamp_micros(*us).unwrap();
            json!(time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        }
        Field::ListInternal(list) => list.elements().iter().map(|one| plain("", one)).collect(),
        other => unreachable!("no such column: {other:?}"),
    }
}

fn uuids(rows: &[Value]) -> Vec<u128> {
    rows.iter()
        .map(|row| row["uuid"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_persons_are_exported_with_merges_applied_in_both_formats_alike() {
    let cluster = Cluster::start().await;
    visit(&cluster).await;
    let user = user(&cluster).await;
    let all =
        |format: ExportFormat| ExportEventsRequest { format: format.into(), ..Default::default() };
    let found = lines(&events(&cluster, SECRET_KEY, all(ExportFormat::Ndjson)).await.unwrap());
    assert_eq!(uuids(&found), [1, 2, 3, 4, 5, 6], "the oldest first");
    let persons_of =
        |rows: &[Value]| rows.iter().map(|row| row["person_id"].clone()).collect::<Vec<_>>();
    let same = json!(user.id);
    let expected = [&same, &same, &same, &Value::Null, &same, &same].map(Clone::clone);
    assert_eq!(persons_of(&found), expected, "merges hold for all history; nobody is no person");
    let time = chrono::DateTime::from_timestamp(at(0), 0).unwrap();
    let time = time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    assert_eq!(
        (
            &found[0]["timestamp"],
            &found[0]["name"],
            &found[0]["distinct_id"],
            &found[0]["session_id"]
        ),
        (&json!(time), &json!("page_viewed"), &json!("anon-1"), &json!("s-1"))
    );
    for (key, value) in properties().as_object().unwrap() {
        assert_eq!(&found[0]["properties"][key], value);
    }
    let parquet = rows(events(&cluster, SECRET_KEY, all(ExportFormat::Parquet)).await.unwrap());
    assert_eq!(parquet, found);

    let some = ExportEventsRequest { range: range(10, 40), ..all(ExportFormat::Parquet) };
    let some = rows(events(&cluster, SECRET_KEY, some).await.unwrap());
    assert_eq!(uuids(&some), [2, 3, 4], "with its start, without its end");
    let named = ["paid".to_owned(), "$identify".to_owned()].to_vec();
    let named = ExportEventsRequest { names: named, ..all(ExportFormat::Ndjson) };
    assert_eq!(uuids(&lines(&events(&cluster, SECRET_KEY, named).await.unwrap())), [3, 5, 6]);
    let none = ExportEventsRequest { names: vec!["no such".into()], ..all(ExportFormat::Parquet) };
    assert_eq!(
        rows(events(&cluster, SECRET_KEY, none).await.unwrap()).len(),
        0,
        "and a valid file"
    );

    let found = lines(&persons(&cluster, ExportFormat::Ndjson).await);
    assert_eq!(found.len(), 1, "visitors who were never identified have no row: {found:?}");
    assert_eq!((&found[0]["person_id"], &found[0]["identified"]), (&same, &json!(true)));
    assert_eq!(found[0]["distinct_ids"], json!(["user-1", "anon-1", "anon-2"]));
    assert_eq!(found[0]["properties"], json!({"plan": "pro", "seats": 3}));
    assert_eq!(rows(persons(&cluster, ExportFormat::Parquet).await), found);

    the_command_line_writes_the_same(&cluster, &parquet, &found).await;
    only_who_may_gets_anything(&cluster).await;
}

/// Runs the binary to its end. Returns whether it ended well, and what it said.
async fn run(cluster: &Cluster, name: &str, key: &str, given: &[&str]) -> (bool, String) {
    let command = TestCommand::new(name, BINARY).args(given).args(["--url", &cluster.base]);
    let mut process = command.env("OBSERVE_BOOTSTRAP_SECRET_KEY", key).start(cluster.stores.dir());
    let ended = process.exit(DEADLINE).await.success();
    (ended, process.log())
}

async fn the_command_line_writes_the_same(cluster: &Cluster, all: &[Value], persons: &[Value]) {
    let folder = cluster.stores.dir().path().to_owned();
    let path = |name: &str| folder.join(name).display().to_string();
    let read = |name: &str| Bytes::from(std::fs::read(Path::new(&path(name))).unwrap());
    let (ended, log) =
        run(cluster, "all", SECRET_KEY, &["export-events", "--output", &path("all.parquet")]).await;
    assert!(ended && log.contains("6 events in"), "{log}");
    assert_eq!(rows(read("all.parquet")), all);
    let mode = std::fs::metadata(path("all.parquet")).unwrap().permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600,
        "it is people's data"
    );

    let time = |second| chrono::DateTime::from_timestamp(at(second), 0).unwrap().to_rfc3339();
    let (from, to, output) = (time(0), time(50), path("some.ndjson"));
    let given =
        ["export-events", "--from", &from, "--to", &to, "--event", "page_viewed", "-o", &output];
    let (ended, log) = run(cluster, "some", SECRET_KEY, &given).await;
    assert!(ended, "{log}");
    assert_eq!(uuids(&lines(&read("some.ndjson"))), [1, 2, 4]);
    let output = path("persons.parquet");
    let (ended, log) =
        run(cluster, "persons", SECRET_KEY, &["export-persons", "-o", &output]).await;
    assert!(ended && log.contains("1 persons in"), "{log}");
    assert_eq!(rows(read("persons.parquet")), persons);

    let output = path("none.parquet");
    let given = ["export-events", "--output", &output];
    let (ended, log) = run(cluster, "refused", "obs_sec_zzzzzzzzzzzzzzzzzzzzzz", &given).await;
    assert!(!ended && log.contains("does not know this secret key"), "{log}");
    let (ended, log) = run(cluster, "write", WRITE_KEY, &given).await;
    assert!(!ended && log.contains("may only send events"), "{log}");
    let left: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("none")), "{left:?}");
}

async fn only_who_may_gets_anything(cluster: &Cluster) {
    let good = ExportEventsRequest { format: ExportFormat::Ndjson.into(), ..Default::default() };
    let elsewhere =
        ExportEventsRequest { project_id: Uuid::from_u128(7).to_string(), ..good.clone() };
    let wrong = ExportEventsRequest { range: range(1, 1), ..Default::default() };
    for (key, request, code) in [
        (SECRET_KEY, elsewhere, Code::NotFound),
        (WRITE_KEY, good.clone(), Code::PermissionDenied),
        ("", good, Code::Unauthenticated),
        (SECRET_KEY, wrong, Code::InvalidArgument),
    ] {
        assert_eq!(events(cluster, key, request).await.unwrap_err().code(), code, "{key:?}");
    }
    let mut client = ExportServiceClient::new(cluster.client(SECRET_KEY));
    let elsewhere = ExportPersonsRequest {
        project_id: Uuid::from_u128(7).to_string(),
        format: ExportFormat::Parquet.into(),
    };
    assert_eq!(client.export_persons(elsewhere).await.unwrap_err().code(), Code::NotFound);
}
