use ::parquet::basic::{Compression, ConvertedType, LogicalType};
use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;
use observe_core::PersonId;
use observe_proto::events::v1::StoredEvent;
use observe_proto::identity::v1::StoredPerson;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::export::event_row::EventRow;
use crate::export::parquet::{ROW_GROUP_BYTES_MAX, ROW_GROUP_ROWS_MAX};
use crate::export::person_row::PersonRow;

/// 2026-01-02T03:04:05.678Z in microseconds since 1970.
const AT_US: i64 = 1_767_323_045_678_000;

fn stored(n: u128, properties: &str) -> StoredEvent {
    StoredEvent {
        uuid: Uuid::from_u128(n).as_bytes().to_vec(),
        name: "paid".into(),
        distinct_id: "ada".into(),
        time_us: AT_US,
        received_us: AT_US + 9,
        session_id: String::new(),
        properties_json: properties.into(),
    }
}

fn event(n: u128, properties: &str) -> EventRow {
    EventRow::new(stored(n, properties), None).expect("an event")
}

/// Writes rows, a page after the other, taking what there is after each.
fn written<R: Row>(format: Format, pages: Vec<Vec<R>>) -> Bytes {
    let mut file = File::new(format).expect("a file");
    let mut bytes = Vec::new();
    for page in pages {
        page.into_iter().for_each(|row| file.push(row).expect("it is written"));
        bytes.extend(file.take());
    }
    bytes.extend(file.finish().expect("it is whole"));
    bytes.into()
}

fn reader(bytes: Bytes) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(bytes).expect("a file of Parquet")
}

/// All rows of a file, by the names of their columns.
fn rows(bytes: Bytes) -> Vec<Vec<(String, Field)>> {
    let reader = reader(bytes);
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    })
    .collect()
}

fn field<'a>(row: &'a [(String, Field)], name: &str) -> &'a Field {
    &row.iter().find(|(column, _)| column == name).expect("the column").1
}

#[test]
fn without_rows_both_files_are_valid() {
    assert_eq!(written::<EventRow>(Format::Ndjson, vec![]).len(), 0);
    let empty = written::<EventRow>(Format::Parquet, vec![]);
    let metadata = reader(empty.clone()).metadata().clone();
    assert_eq!((metadata.file_metadata().num_rows(), metadata.num_row_groups()), (0, 0));
    let columns = metadata.file_metadata().schema_descr().columns().to_vec();
    let names: Vec<_> = columns.iter().map(|column| column.name().to_owned()).collect();
    assert_eq!(
        names,
        [
            "uuid",
            "name",
            "distinct_id",
            "person_id",
            "timestamp",
            "received_at",
            "session_id",
            "properties"
        ]
    );
    assert_eq!(rows(empty).len(), 0);
    assert_eq!(reader(written::<PersonRow>(Format::Parquet, vec![])).num_row_groups(), 0);
}

#[test]
fn times_are_instants_in_utc_and_properties_are_json() {
    let metadata = reader(written(Format::Parquet, vec![vec![event(1, "{}")]])).metadata().clone();
    let columns = metadata.file_metadata().schema_descr().columns().to_vec();
    let logical = |name: &str| {
        let column = columns.iter().find(|column| column.name() == name).expect("it is there");
        (column.logical_type_ref().cloned(), column.converted_type())
    };
    let (time, converted) = logical("timestamp");
    assert!(
        matches!(time, Some(LogicalType::Timestamp(ref time)) if time.is_adjusted_to_u_t_c),
        "{time:?}"
    );
    assert_eq!(converted, ConvertedType::TIMESTAMP_MICROS);
    assert!(matches!(logical("properties").0, Some(LogicalType::Json)));
    assert!(matches!(logical("person_id").0, Some(LogicalType::String)));
    let chunk = metadata.row_group(0).column(0);
    assert_eq!(chunk.compression(), Compression::SNAPPY);
}

#[test]
fn rows_come_back_as_they_were_odd_ones_too() {
    let odd = r#"{"a": "line\nfeed \"quoted\" \u0001 ünï 🎉", "b": [1, {"c": null}], "n": 1e300, "": -0.5}"#;
    let person = PersonId::new(Uuid::from_u128(7));
    let mut whole = stored(1, odd);
    whole.session_id = "s-1".into();
    whole.name = "with \"quotes\"\nand a line".into();
    let events = || {
        let whole = EventRow::new(whole.clone(), Some(person)).expect("an event");
        vec![vec![whole], vec![event(2, "{}")]]
    };
    let found = rows(written(Format::Parquet, events()));
    assert_eq!(found.len(), 2);
    assert_eq!(field(&found[0], "properties"), &Field::Str(odd.into()));
    assert_eq!(field(&found[0], "person_id"), &Field::Str(person.to_string()));
    assert_eq!(field(&found[0], "timestamp"), &Field::TimestampMicros(AT_US));
    assert_eq!(field(&found[0], "received_at"), &Field::TimestampMicros(AT_US + 9));
    assert_eq!(field(&found[0], "session_id"), &Field::Str("s-1".into()));
    assert_eq!(field(&found[0], "uuid"), &Field::Str(Uuid::from_u128(1).to_string()));
    assert_eq!(field(&found[1], "person_id"), &Field::Null);
    assert_eq!(field(&found[1], "session_id"), &Field::Null);

    let text = String::from_utf8(written(Format::Ndjson, events()).to_vec()).expect("text");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(text.ends_with("}\n"));
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0],
        json!({
            "uuid": Uuid::from_u128(1), "name": "with \"quotes\"\nand a line", "distinct_id": "ada",
            "person_id": person.to_string(), "timestamp": "2026-01-02T03:04:05.678000Z",
            "received_at": "2026-01-02T03:04:05.678009Z", "session_id": "s-1",
            "properties": serde_json::from_str::<Value>(odd).expect("JSON"),
        })
    );
    assert_eq!((&lines[1]["person_id"], &lines[1]["session_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn persons_have_lists_of_ids_empty_ones_too() {
    let person = |n: u128, ids: &[&str]| StoredPerson {
        person_id: Uuid::from_u128(n).as_bytes().to_vec(),
        distinct_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        properties_json: r#"{"plan":"pro"}"#.into(),
        identified: n == 1,
        created_us: AT_US,
    };
    let persons = || {
        let all = [person(1, &["ada", "anon"]), person(2, &[]), person(3, &["eve"])];
        vec![all.map(|person| PersonRow::new(person).expect("a person")).to_vec()]
    };
    let found = rows(written(Format::Parquet, persons()));
    let ids = |row: &[(String, Field)]| match field(row, "distinct_ids") {
        Field::ListInternal(list) => list.elements().to_vec(),
        other => panic!("no list: {other:?}"),
    };
    let text = |text: &str| Field::Str(text.into());
    assert_eq!(ids(&found[0]), [text("ada"), text("anon")]);
    assert_eq!(ids(&found[1]), []);
    assert_eq!(ids(&found[2]), [text("eve")]);
    assert_eq!(field(&found[0], "identified"), &Field::Bool(true));
    assert_eq!(field(&found[1], "identified"), &Field::Bool(false));
    let lines = String::from_utf8(written(Format::Ndjson, persons()).to_vec()).expect("text");
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["distinct_ids"], json!(["ada", "anon"]));
    assert_eq!(first["properties"], json!({"plan": "pro"}));
}

#[test]
fn row_groups_are_written_as_they_fill_by_rows_and_by_bytes() {
    let many = (0..ROW_GROUP_ROWS_MAX as u128 + 1).map(|n| event(n, "{}")).collect();
    let metadata = reader(written(Format::Parquet, vec![many])).metadata().clone();
    let in_groups = |metadata: &::parquet::file::metadata::ParquetMetaData| {
        metadata.row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>()
    };
    let by_bytes = in_groups(&metadata);
    assert_eq!(by_bytes.iter().sum::<i64>(), ROW_GROUP_ROWS_MAX as i64 + 1);
    assert!(by_bytes.len() >= 2, "{by_bytes:?}");

    let large = format!(r#"{{"filler":"{}"}}"#, "x".repeat(ROW_GROUP_BYTES_MAX / 4));
    let mut file = File::new(Format::Parquet).expect("a file");
    let mut taken = Vec::new();
    for n in 0..10 {
        file.push(event(n, &large)).expect("it is written");
        taken.push(file.take());
    }
    let full = taken.iter().filter(|bytes| !bytes.is_empty()).count();
    assert!(full >= 2, "what is full can be taken before the end");
    let last = file.finish().expect("it is whole");
    let whole: Vec<u8> = taken.into_iter().flatten().chain(last).collect();
    let cut = Bytes::from(whole[..whole.len() - 8].to_vec());
    assert_eq!(in_groups(reader(whole.into()).metadata()), [4, 4, 2]);
    assert!(SerializedFileReader::new(cut).is_err(), "a file that was cut off is none");
}

#[test]
fn what_is_no_json_is_a_fault_and_no_line() {
    let mut file = File::new(Format::Ndjson).expect("a file");
    assert!(file.push(event(1, "{")).is_err());
}
