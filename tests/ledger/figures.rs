//! The figures of a run, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::book::Verdict;
use crate::compare::Tally;
use crate::timeline::{Fault, Timeline};

/// What happened while one kind of part was killed.
#[derive(Clone, Debug, Default)]
struct Row {
    kills: usize,
    /// From each kill to when it was up again, in sum.
    down: Duration,
    /// Requests that ended while this, and nothing else, was down; and those of them that failed.
    requests: usize,
    failed: usize,
    /// From the start to the first acknowledgement, and to when every shard had stored something; the worst of each.
    captured: Duration,
    stored: Duration,
}

/// Writes all figures of one run.
pub(crate) fn table(
    name: &str,
    seed: u64,
    loaded: Duration,
    drained: Duration,
    tally: &Tally,
    timeline: &Timeline,
) -> String {
    let attempts = timeline.attempts();
    let failed = attempts.iter().filter(|attempt| attempt.verdict != Verdict::Acknowledged).count();
    let kills = timeline.faults().len();
    let mut text = format!("\n### {name} (seed {seed})\n\n");
    let mut line = |what: &str, figure: String| {
        let _ = writeln!(text, "| {what} | {figure} |");
    };
    line("what", "figure".into());
    line("---", "---".into());
    line("under load, s", format!("{:.0}", loaded.as_secs_f64()));
    line("events sent", tally.sent.to_string());
    line("events a second", format!("{:.0}", tally.sent as f64 / loaded.as_secs_f64()));
    line("acknowledged", tally.acknowledged.to_string());
    line("rejected, as they should be", tally.rejected.to_string());
    line("never acknowledged (given up by the sender)", tally.open.to_string());
    line("sendings refused with a time to come again", tally.refusals.to_string());
    line("sendings without an answer", tally.unknowns.to_string());
    line("sendings again", tally.retried.to_string());
    line("stored", tally.stored.to_string());
    line("duplicates left out", tally.duplicates.to_string());
    line("dead letters, all poisoned on purpose", tally.dead_lettered.to_string());
    line("**lost**", format!("**{}**", tally.lost));
    line("**stored twice**", format!("**{}**", tally.doubled));
    line("requests that failed", format!("{failed} of {}", attempts.len()));
    line(
        "from the end of the load to rest and compared, s",
        format!("{:.1}", drained.as_secs_f64()),
    );
    if kills > 0 {
        let bound = 300.0 / kills as f64;
        line("kills", kills.to_string());
        line("loss per kill, at most (95 %)", format!("{bound:.1} %"));
        text.push_str(&by_part(timeline));
    }
    text
}

fn by_part(timeline: &Timeline) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut bits: BTreeMap<&str, u32> = BTreeMap::new();
    let attempts = timeline.attempts();
    let sequences = timeline.sequences();
    for fault in timeline.faults() {
        let row = rows.entry(fault.part.label()).or_default();
        *bits.entry(fault.part.label()).or_default() |= fault.part.bit();
        row.kills += 1;
        row.down += fault.up - fault.began;
        let after = attempts.partition_point(|attempt| attempt.at < fault.restarted);
        let acknowledged =
            attempts[after..].iter().find(|attempt| attempt.verdict == Verdict::Acknowledged);
        if let Some(first) = acknowledged {
            row.captured = row.captured.max(first.at - fault.restarted);
        }
        if let Some(time) = stored_again(&fault, &sequences) {
            row.stored = row.stored.max(time);
        }
    }
    for (label, row) in &mut rows {
        let mask = bits[label];
        let during =
            attempts.iter().filter(|attempt| attempt.down & mask != 0 && attempt.down & !mask == 0);
        for attempt in during {
            row.requests += 1;
            row.failed += usize::from(attempt.verdict != Verdict::Acknowledged);
        }
    }
    let mut text = String::from(
        "\n| killed | kills | down, s, on average | requests while it alone was down | of them failed | capture answers again after, s | all shards store again after, s |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (label, row) in rows {
        let _ = writeln!(
            text,
            "| {label} | {} | {:.1} | {} | {} | {:.1} | {:.1} |",
            row.kills,
            row.down.as_secs_f64() / row.kills as f64,
            row.requests,
            row.failed,
            row.captured.as_secs_f64(),
            row.stored.as_secs_f64()
        );
    }
    text
}

/// Returns how long after it was started again every shard had moved on.
fn stored_again(fault: &Fault, sequences: &[(Instant, Vec<i64>)]) -> Option<Duration> {
    let after = sequences.partition_point(|(at, _)| *at < fault.restarted);
    let before = &sequences.get(after.checked_sub(1)?)?.1;
    let moved =
        sequences[after..].iter().find(|(_, now)| now.iter().zip(before).all(|(n, b)| n > b));
    moved.map(|(at, _)| *at - fault.restarted)
}
