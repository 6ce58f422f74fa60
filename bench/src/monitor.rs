//! Monitors: how punctual checks are, whether a slot is left out, and what they cost, beside what is meant to hold.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::{CallContext, Clock as _, KeyId, Principal, ProjectId, Secret, SystemClock};
use observe_proto::common::v1::KeyKind;
use observe_proto::monitor::v1::monitor::Target;
use observe_proto::monitor::v1::monitor_service_client::MonitorServiceClient;
use observe_proto::monitor::v1::{CreateMonitorRequest, HttpTarget, ListMonitorsRequest, Monitor};
use observe_testkit::{TestProcess, TestStores, eventually, free_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::bed::{START_TIMEOUT, command};
use crate::processes::{Group, Meter};
use crate::table::{Table, say, short, whole};

/// Monitors, and how often each is checked, in seconds.
const MONITORS: u32 = 200;
const INTERVAL_S: i64 = 10;
/// How long they run before anything is counted, and how long they are counted.
const SETTLE: Duration = Duration::from_secs(15);
const WATCH: Duration = Duration::from_secs(60);
/// How long the last results may take to be written.
const WRITTEN: Duration = Duration::from_secs(5);
/// Bytes of the target's answer.
const BODY_BYTES: usize = 2_048;
/// What signs calls to a monitor of our own.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Measures and prints.
///
/// # Errors
/// When it does not start, or a slot has two results.
pub(crate) async fn run() -> anyhow::Result<()> {
    let target = serve().await?;
    let stores = TestStores::start().await;
    let port = free_port();
    let migrate = command("migrate", port)?.env("OBSERVE_DATABASE_URL", &stores.database_url);
    ensure!(migrate.start(stores.dir()).exit(START_TIMEOUT).await.success(), "no schema");
    let monitor = command("monitor", port)?
        .env("OBSERVE_DATABASE_URL", &stores.database_url)
        .env("OBSERVE_SECRET", SECRET)
        .env("OBSERVE_EGRESS_ALLOW", "127.0.0.1");
    let process: TestProcess = monitor.start(stores.dir());
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.connect_lazy();
    create(&channel, target).await?;
    tokio::time::sleep(SETTLE).await;

    let postgres = Group::store(stores.data_dir(), "postgres")?;
    let groups = [("monitor", Group::process(process.id())), ("postgres", postgres)];
    let sql = sqlx::PgPool::connect(&stores.database_url).await?;
    let began: f64 = now(&sql).await?;
    let meter = Meter::start(groups);
    tokio::time::sleep(WATCH).await;
    let cpu = meter.read();
    let ended: f64 = now(&sql).await?;
    tokio::time::sleep(WRITTEN).await;
    let found = Found::read(&sql, began, ended).await?;
    let list = list(&channel).await?;
    print(&found, &cpu, ended - began, list, groups[0].1.memory().0);
    Ok(())
}

/// Answers every request with the same.
async fn serve() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let body = "x".repeat(BODY_BYTES);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY_BYTES}\r\n\r\n{body}");
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            spawn(async move { answer_one(stream, &answer).await.unwrap_or(()) });
        }
    });
    Ok(address)
}

async fn answer_one(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let mut head = [0; 1024];
    // What is asked does not matter; that something is asked does.
    let _ = stream.read(&mut head).await?;
    stream.write_all(answer.as_bytes()).await
}

#[expect(clippy::disallowed_methods, reason = "the program ends when the figures are printed")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// Signs a request as a project's key.
fn signed<T>(message: T) -> Request<T> {
    let principal = Principal::Key {
        key: KeyId::new(Uuid::from_u128(1)),
        project: ProjectId::new(Uuid::from_u128(1)),
        kind: KeyKind::Secret,
    };
    let context =
        CallContext { request_id: "bench".into(), client_address: String::new(), principal };
    let signer = ContextSigner::new(&Secret::new(SECRET));
    let value = MetadataValue::from_bytes(&signer.sign_bytes(&context, SystemClock.now()));
    let mut request = Request::new(message);
    request.metadata_mut().insert_bin(METADATA_KEY, value);
    request
}

async fn create(channel: &Channel, target: SocketAddr) -> anyhow::Result<()> {
    let client = MonitorServiceClient::new(channel.clone());
    eventually(START_TIMEOUT, "monitor to answer", async || {
        let request = signed(ListMonitorsRequest::default());
        client.clone().list_monitors(request).await.is_ok()
    })
    .await;
    for n in 0..MONITORS {
        let http = HttpTarget { url: format!("http://{target}/{n}"), ..Default::default() };
        let monitor = Monitor {
            name: format!("Monitor {n}"),
            interval: Some(prost_types::Duration { seconds: INTERVAL_S, nanos: 0 }),
            target: Some(Target::Http(http)),
            ..Default::default()
        };
        let request = CreateMonitorRequest { monitor: Some(monitor), ..Default::default() };
        client.clone().create_monitor(signed(request)).await.context("CreateMonitor")?;
    }
    Ok(())
}

/// Returns how long a list of all monitors with their bars takes, in milliseconds: the fastest of five.
async fn list(channel: &Channel) -> anyhow::Result<f64> {
    let mut client = MonitorServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    let mut fastest = f64::INFINITY;
    for _ in 0..5 {
        let began = std::time::Instant::now();
        client.list_monitors(signed(ListMonitorsRequest::default())).await?;
        fastest = fastest.min(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(fastest)
}

async fn now(sql: &sqlx::PgPool) -> anyhow::Result<f64> {
    Ok(sqlx::query_scalar("select extract(epoch from now())::float8").fetch_one(sql).await?)
}

/// What was recorded of the slots of the time watched.
struct Found {
    slots: i64,
    /// Slots that should have a row and have none, by the gaps between neighbours.
    left_out: i64,
    missed: i64,
    open: i64,
    /// How late checks began, in milliseconds.
    p50: f64,
    p99: f64,
    max: f64,
    /// The busiest second.
    busiest: i64,
}

impl Found {
    async fn read(sql: &sqlx::PgPool, began: f64, ended: f64) -> anyhow::Result<Self> {
        let (slots, missed, open, p50, p99, max): (i64, i64, i64, f64, f64, f64) = sqlx::query_as(
            "select count(*), count(*) filter (where outcome = 3), count(*) filter (where outcome = 0),
                    percentile_disc(0.5) within group (order by skew), percentile_disc(0.99) within group (order by skew),
                    max(skew)
             from (select outcome, extract(epoch from started_at - slot)::float8 * 1000 as skew from monitor.check_slot
                   where slot >= to_timestamp($1) and slot < to_timestamp($2)) as slot",
        )
        .bind(began)
        .bind(ended)
        .fetch_one(sql)
        .await?;
        let left_out: i64 = sqlx::query_scalar(
            "select coalesce(sum(round(extract(epoch from slot - before) / $3) - 1), 0)::bigint
             from (select slot, lag(slot) over (partition by monitor_id order by slot) as before from monitor.check_slot
                   where slot >= to_timestamp($1) and slot < to_timestamp($2)) as pair
             where before is not null",
        )
        .bind(began)
        .bind(ended)
        .bind(INTERVAL_S)
        .fetch_one(sql)
        .await?;
        let busiest: i64 = sqlx::query_scalar(
            "select max(checks) from (
                 select count(*) as checks from monitor.check_slot
                 where slot >= to_timestamp($1) and slot < to_timestamp($2)
                 group by date_trunc('second', started_at)) as second",
        )
        .bind(began)
        .bind(ended)
        .fetch_one(sql)
        .await?;
        Ok(Self { slots, left_out, missed, open, p50, p99, max, busiest })
    }
}

fn print(found: &Found, cpu: &[(&'static str, f64)], seconds: f64, list: f64, memory: f64) {
    let expected = f64::from(MONITORS) * seconds / INTERVAL_S as f64;
    let title = format!("{MONITORS} monitors every {INTERVAL_S} s, {seconds:.0} s watched");
    let mut table = Table::new(title, &["", "found", "meant to hold"]);
    let mut row = |name: &str, found: String, goal: &str| table.row(name, [found, goal.to_owned()]);
    row("slots with a row", whole(found.slots as f64), &whole(expected));
    row("slots left out", whole(found.left_out as f64), "0");
    row("slots missed or open", whole((found.missed + found.open) as f64), "0");
    row("start skew p50, ms", short(found.p50), "");
    row("start skew p99, ms", short(found.p99), "1,000");
    row("start skew max, ms", short(found.max), "");
    let mean = f64::from(MONITORS) / INTERVAL_S as f64;
    row("busiest second, checks", whole(found.busiest as f64), &whole(mean * 1.5 + 5.0));
    for (name, spent) in cpu {
        let goal = if *name == "monitor" { "15" } else { "" };
        row(&format!("{name}, % of a core"), short(spent / seconds * 100.0), goal);
    }
    row("monitor, PSS MiB", short(memory), "");
    row("ListMonitors, ms", short(list), "100");
    say(&table);
}
