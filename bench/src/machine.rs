//! What the figures were measured on.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How many fsyncs are timed.
const SYNCS: usize = 64;
/// What each of them writes, in bytes.
const SYNC_BYTES: usize = 4096;

/// Returns a line about processor, memory, and the disk that the stores' data is on.
///
/// # Errors
/// When the folder of the stores' data cannot be written.
pub(crate) fn describe() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let folder = std::env::temp_dir();
    let sync =
        median_sync(&folder).with_context(|| format!("{} cannot be used", folder.display()))?;
    let file_system = file_system(&folder).unwrap_or_else(|| "unknown".into());
    let mut text = format!(
        "machine: {cores} cores, {}, {} memory, load {}; data in {} ({file_system}, {:.2} ms a 4 KiB fdatasync)",
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.into()),
        memory().unwrap_or_else(|| "unknown".into()),
        load().unwrap_or_else(|| "unknown".into()),
        folder.display(),
        sync.as_secs_f64() * 1e3,
    );
    if ["tmpfs", "ramfs"].contains(&file_system.as_str()) {
        text.push_str("\nwarning: this folder is in memory, so fsync is free; choose one on a disk with --dir");
    }
    Ok(text)
}

/// Returns the value of the first `name: value` line of a file.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn memory() -> Option<String> {
    let kib: f64 = field("/proc/meminfo", "MemTotal")?.split(' ').next()?.parse().ok()?;
    Some(format!("{:.1} GiB", kib / f64::from(1 << 20)))
}

/// Returns the load of the last minute: what else ran when this began.
fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next().map(str::to_owned)
}

fn file_system(folder: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let folder = folder.canonicalize().ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let above = mounts.filter(|(place, _)| folder.starts_with(place));
    // Of mounts on one place the last one is seen.
    above.max_by_key(|(place, _)| place.len()).map(|(_, kind)| kind.to_owned())
}

fn median_sync(folder: &Path) -> std::io::Result<Duration> {
    let path = folder.join(format!("observe-bench-{}", std::process::id()));
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&[0; SYNC_BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}
