//! Many persons, written past the product: copies of one that the product made.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context as _, bail};
use observe_core::PersonId;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{IdentifyRequest, PropertyUpdate};
use prost_types::{Struct, Value, value::Kind};

use super::Site;
use crate::bed::asked;
use crate::table::{float, say, whole};

/// Rows in a statement.
const COPY_ROWS: u64 = 10_000;

/// Returns the distinct id of a user.
pub(super) fn user(number: u64) -> String {
    format!("user-{number:07}")
}

/// Fills identity with so many users.
///
/// # Errors
/// When the database refuses.
pub(super) async fn run(site: &mut Site, persons: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    let template = template(site).await?;
    for first in (0..persons).step_by(usize::try_from(COPY_ROWS)?) {
        let (mut rows, mut ids) = (String::new(), String::new());
        for number in first..persons.min(first + COPY_ROWS) {
            let user = user(number);
            let id = PersonId::of_distinct_id(site.project, &user);
            let project = site.project;
            // Writing to memory does not fail.
            let _ = writeln!(rows, "{project}\t{id}\t{}", template.person);
            let _ = writeln!(ids, "{project}\t{user}\t{id}\t{}", template.distinct_id);
        }
        for (table, text) in [
            (format!("person (project_id, id, {PERSON})"), rows),
            (
                format!("person_distinct_id (project_id, distinct_id, person_id, {DISTINCT_ID})"),
                ids,
            ),
        ] {
            let statement = format!("copy identity.{table} from stdin");
            let mut copy = site.sql.copy_in_raw(&statement).await?;
            copy.send(text.as_bytes()).await?;
            copy.finish().await?;
        }
    }
    sqlx::query("vacuum analyze identity.person, identity.person_distinct_id")
        .execute(&mut site.sql)
        .await?;
    say(&format!(
        "\npersons: {} of them, copied in {:.1} s",
        whole(float(persons)),
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// The columns that are alike in all rows.
const PERSON: &str = "identified, created_at, properties, version";
const DISTINCT_ID: &str = "lineage, created_at, identified, seen_at";

/// Those columns, as `copy` takes them.
struct Template {
    person: String,
    distinct_id: String,
}

/// Has the product make a person, and reads its rows.
async fn template(site: &mut Site) -> anyhow::Result<Template> {
    let text = |text: &str| Value { kind: Some(Kind::StringValue(text.into())) };
    let fields = [("plan", "free"), ("name", "Ada"), ("email", "ada@example.com")]
        .map(|(key, value)| (key.to_owned(), text(value)));
    let request = IdentifyRequest {
        distinct_id: "template".into(),
        properties: Some(PropertyUpdate {
            set: Some(Struct { fields: fields.into() }),
            ..PropertyUpdate::default()
        }),
        ..IdentifyRequest::default()
    };
    let mut client = PersonServiceClient::new(site.bed.address.channel());
    client.identify(asked(request)?).await.context("Identify")?;
    let mut read = async |columns: &str, table: &str| -> anyhow::Result<String> {
        let columns: Vec<_> = columns.split(", ").map(|column| format!("{column}::text")).collect();
        let sql = format!("select array[{}] from identity.{table}", columns.join(", "));
        let rows: Vec<Vec<Option<String>>> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut site.sql).await?;
        let [row] = rows.as_slice() else { bail!("there must be one row in {table}") };
        let cells = row.iter().map(|cell| match cell {
            Some(cell) => cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"),
            None => "\\N".to_owned(),
        });
        Ok(cells.collect::<Vec<_>>().join("\t"))
    };
    Ok(Template {
        person: read(PERSON, "person").await?,
        distinct_id: read(DISTINCT_ID, "person_distinct_id").await?,
    })
}
