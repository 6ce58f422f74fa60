//! Bodies that inflate without end: refused before they cost the gateway's process anything worth mentioning.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use observe_testkit::TestProcess;

use crate::cluster::{Cluster, WRITE_KEY};

/// Zeros in one piece of a bomb.
const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// Pieces of a bomb of ten gigabytes.
const PIECES: usize = 2_400;
/// What a refusal may cost in memory, beyond the limit of the body.
const SLACK_BYTES: u64 = 16 * 1024 * 1024;
/// What a refusal may cost in processor time. An unoptimised build inflates ten times as slowly.
const CPU_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 200 });
/// The processor time that the system counts by, in milliseconds.
const TICK_MS: u64 = 10;

/// A gibibyte of zeros, as Node.js's encoder writes it (quality 9, a window of 4 MiB).
const BROTLI: &[u8] = include_bytes!("bombs/gibibyte.br");
/// The same with a window of 16 MiB.
const BROTLI_WIDE: &[u8] = include_bytes!("bombs/gibibyte-wide.br");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Pieces of gzip one after the other are gzip.
fn gzip_bomb(pieces: usize) -> Vec<u8> {
    gzip(&vec![0; PIECE_BYTES]).repeat(pieces)
}

/// A block of deflate that was flushed does not look back, so that it can be repeated.
fn deflate_bomb(pieces: usize) -> Vec<u8> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![0; PIECE_BYTES], &mut piece, FlushCompress::Full).unwrap();
    piece.repeat(pieces)
}

/// What a process uses of the machine.
struct Usage {
    resident: u64,
    /// The most that was resident since it was last looked at.
    peak: u64,
    cpu: Duration,
}

fn usage(process: &TestProcess) -> Usage {
    let folder = format!("/proc/{}", process.id());
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let stat = std::fs::read_to_string(format!("{folder}/stat")).unwrap();
    // After the name, which is in brackets: the times are the twelfth and the thirteenth.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: u64 =
        fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // From now on, the peak is that of what comes.
    std::fs::write(format!("{folder}/clear_refs"), "5").unwrap();
    Usage {
        resident: kib("VmRSS:") * 1024,
        peak: kib("VmHWM:") * 1024,
        cpu: Duration::from_millis(ticks * TICK_MS),
    }
}

/// Where a bomb goes, what it says it is, what it is, the limit there and the answer.
struct Bomb {
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Bytes,
    limit: u64,
    status: u16,
}

fn bombs() -> Vec<Bomb> {
    let mebibyte = 1024 * 1024;
    let capture = || format!("/v1/events?key={WRITE_KEY}");
    let sentry = || format!("/api/1/envelope/?sentry_key={WRITE_KEY}");
    let traces = || "/v1/traces".to_owned();
    let whole = Bytes::from(gzip_bomb(PIECES));
    assert!((8..12).contains(&(whole.len() / mebibyte)), "{}", whole.len());
    let some = Bytes::from(gzip_bomb(200));
    assert!(some.len() < mebibyte);
    let deflated = Bytes::from(deflate_bomb(PIECES));
    let (nested, nested_once) = (Bytes::from(self::gzip(&whole)), Bytes::from(self::gzip(&some)));
    let bomb = |path, headers: &[_], body: &Bytes, limit: usize, status| Bomb {
        path,
        headers: headers.to_vec(),
        body: body.clone(),
        limit: (limit * mebibyte) as u64,
        status,
    };
    let gzip = ("content-encoding", "gzip");
    let protobuf = [gzip, ("content-type", "application/x-protobuf"), ("x-api-key", WRITE_KEY)];
    vec![
        bomb(capture(), &[gzip], &whole, 1, 413),
        bomb(capture(), &[gzip], &some, 1, 413),
        bomb(capture(), &[], &some, 1, 413),
        bomb(capture(), &[("content-encoding", "br")], &Bytes::from_static(BROTLI), 1, 413),
        bomb(capture(), &[("content-encoding", "br")], &Bytes::from_static(BROTLI_WIDE), 1, 413),
        bomb(capture(), &[("content-encoding", "deflate")], &deflated.slice(..mebibyte), 1, 413),
        bomb(capture(), &[("content-encoding", "zstd")], &some, 1, 415),
        bomb(capture(), &[("content-encoding", "gzip, gzip")], &nested, 1, 415),
        bomb(capture(), &[gzip], &nested, 1, 413),
        // What comes out of it fits and is no JSON: nobody inflates it again.
        bomb(capture(), &[gzip], &nested_once, 1, 400),
        bomb(sentry(), &[gzip], &whole, 20, 413),
        bomb(sentry(), &[("content-encoding", "deflate")], &deflated, 20, 413),
        bomb(sentry(), &[("content-encoding", "br")], &Bytes::from_static(BROTLI), 20, 413),
        bomb(traces(), &protobuf, &some, 4, 413),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_refused_before_it_costs_anything() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    // What the first requests of a process cost is not the bombs'.
    for size in [1, 500_000] {
        let event = format!(r#"{{"name":"n","user_id":"u","x":"{}"}}"#, "x".repeat(size));
        assert_eq!(cluster.post(&http, event).await.unwrap().status(), 202);
    }
    let mut told = Vec::new();
    for Bomb { path, headers, body, limit, status } in bombs() {
        let before = usage(&cluster.gateway);
        let mut post = http.post(format!("{}{path}", cluster.base)).body(body.clone());
        for (name, value) in &headers {
            post = post.header(*name, *value);
        }
        let answer = post.send().await.unwrap();
        let answered = answer.status().as_u16();
        let after = usage(&cluster.gateway);
        let (cpu, grown) = (after.cpu - before.cpu, after.peak.saturating_sub(before.resident));
        let path = path.split('?').next().unwrap_or_default();
        told.push(format!(
            "{path} {headers:?}: {} KiB in, {answered}, {cpu:?}, {} KiB more",
            body.len() / 1024,
            grown / 1024
        ));
        assert_eq!(answered, status, "{told:#?}");
        assert!(cpu <= CPU_MAX, "{told:#?}");
        assert!(grown < limit + SLACK_BYTES, "{told:#?}");
    }
    println!("{told:#?}");
    let event = r#"{"name":"n","user_id":"u"}"#.to_owned();
    assert_eq!(cluster.post(&http, event).await.unwrap().status(), 202);
}
