//! What Observe costs when nothing happens: its start, its memory, its processor time.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use observe_testkit::{TestCommand, TestDir, TestProcess, free_port, http_get};

use crate::bed::{START_TIMEOUT, command, with_keys};
use crate::processes::{Group, Meter};
use crate::table::{Table, ratio, say, short};

/// How often a start is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// How long it stands idle before its processor time is counted, and then until its memory is.
const SETTLE: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(15);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const STORES: [&str; 3] = ["postgres", "queue", "cache"];

/// Measures and prints.
///
/// # Errors
/// When it does not start or stop.
pub(crate) async fn run() -> anyhow::Result<()> {
    let dir = TestDir::new();
    let data = dir.path().join("data");
    let port = free_port();
    let command = with_keys(command("up", port)?).env("OBSERVE_DATA_DIR", &data);
    let ready = format!("http://127.0.0.1:{port}/readyz");
    let (mut first, fresh) = start(&command, &dir, &ready).await?;
    let began = Instant::now();
    let ended = first.terminate(STOP_TIMEOUT).await;
    ensure!(ended.success(), "it ended with {ended}");
    let stop = began.elapsed();
    let (second, existing) = start(&command, &dir, &ready).await?;

    tokio::time::sleep(SETTLE).await;
    let mut groups = vec![("observe", Group::process(second.id()))];
    for name in STORES {
        groups.push((name, Group::store(&data, name)?));
    }
    let meter = Meter::start(groups.clone());
    tokio::time::sleep(WATCH).await;
    print_start(fresh, existing, stop);
    print_idle(&groups, &meter);
    Ok(())
}

async fn start(
    command: &TestCommand,
    dir: &TestDir,
    ready: &str,
) -> anyhow::Result<(TestProcess, Duration)> {
    let began = Instant::now();
    let mut process = command.start(dir);
    while began.elapsed() < START_TIMEOUT {
        if matches!(http_get(ready).await, Some((200, _))) {
            return Ok((process, began.elapsed()));
        }
        ensure!(process.is_running(), "it ended before it was ready:\n{}", process.log_tail());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    bail!("it was not ready in {START_TIMEOUT:?}:\n{}", process.log_tail())
}

fn print_start(fresh: Duration, existing: Duration, stop: Duration) {
    let [fresh, existing, stop] = [fresh, existing, stop].map(|time| time.as_secs_f64());
    let mut table = Table::new(
        "start of `observe up` with private stores, until /readyz is 200",
        &["", "s", "ratio"],
    );
    table.row(
        "a fresh data folder: database made, schemas made",
        [short(fresh), ratio(fresh, existing)],
    );
    table.row("baseline: an existing data folder", [short(existing), ratio(existing, existing)]);
    table.row("stop, for comparison", [short(stop), ratio(stop, existing)]);
    say(&table);
}

fn print_idle(groups: &[(&'static str, Group)], meter: &Meter) {
    let title = format!("idle for {} s (memory: PSS)", (SETTLE + WATCH).as_secs());
    let mut table = Table::new(title, &["", "MiB", "processes", "CPU ms/s", "MiB ratio"]);
    let memory: Vec<(f64, usize)> = groups.iter().map(|(_, group)| group.memory()).collect();
    let per_second = |seconds: f64| seconds * 1e3 / WATCH.as_secs_f64();
    let cpu: Vec<f64> = meter.read().iter().map(|(_, seconds)| per_second(*seconds)).collect();
    let mut add = |name: &str, from: usize, to: usize, stores: f64| {
        let mib = memory[from..to].iter().map(|(mib, _)| mib).sum::<f64>();
        let processes = memory[from..to].iter().map(|(_, count)| count).sum::<usize>();
        let cpu = cpu[from..to].iter().sum::<f64>();
        table.row(name, [short(mib), processes.to_string(), short(cpu), ratio(mib, stores)]);
    };
    let stores = memory[1..].iter().map(|(mib, _)| mib).sum::<f64>();
    for (at, (name, _)) in groups.iter().enumerate() {
        add(name, at, at + 1, stores);
    }
    add("baseline: the stores alone", 1, groups.len(), stores);
    add("all", 0, groups.len(), stores);
    say(&table);
}
