//! Whether an erasure has reached something, asked under the lock of its shard: a cut is inserted under the locks of all.

use std::collections::HashSet;

use observe_core::ProjectId;
use observe_core::distinct_id::{self, Hash};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::erasure::{Cuts, Named};
use crate::event::arrival;
use crate::spans::Span;
use crate::store::consume::letters::Letter;
use crate::store::consume::lock::LockedShard;
use crate::store::consume::stage::Staged;

/// Returns those of the events with the given ordinals that are erased. Almost always all arrived after the latest cut, and
/// nothing is looked up.
///
/// # Errors
/// When the database is away.
pub async fn reached(
    tx: &mut PgConnection,
    locked: &LockedShard,
    events: &[Staged],
    ordinals: &[usize],
) -> sqlx::Result<HashSet<usize>> {
    let old: Vec<usize> = ordinals
        .iter()
        .copied()
        .filter(|ordinal| arrival(&events[*ordinal].2) <= locked.latest_cut_us)
        .collect();
    let named = old.iter().map(|ordinal| {
        let (project, _, event) = &events[*ordinal];
        (*project, event.distinct_id.as_str())
    });
    let cuts = find(tx, named).await?;
    let is_erased = |ordinal: &usize| {
        let (project, _, event) = &events[*ordinal];
        cuts.is_erased(*project, &event.distinct_id, arrival(event))
    };
    Ok(old.into_iter().filter(is_erased).collect())
}

/// Returns the places of those letters that are erased. One that stands for an entry that cannot be read is not: nobody knows
/// whose events it holds, until it is redriven.
///
/// # Errors
/// When the database is away.
pub async fn reached_letters(
    tx: &mut PgConnection,
    locked: &LockedShard,
    letters: &[(ProjectId, Letter)],
) -> sqlx::Result<HashSet<usize>> {
    let read = |(place, (project, letter)): (usize, &(ProjectId, Letter))| {
        let named = letter.entry_id.is_none().then(|| Named::read(&letter.payload)).flatten()?;
        (named.arrival() <= locked.latest_cut_us).then_some((place, *project, named))
    };
    let old: Vec<(usize, ProjectId, Named)> = letters.iter().enumerate().filter_map(read).collect();
    let named = old.iter().map(|(_, project, named)| (*project, named.distinct_id.as_str()));
    let cuts = find(tx, named).await?;
    let is_erased = |(_, project, named): &&(usize, ProjectId, Named)| {
        cuts.is_erased(*project, &named.distinct_id, named.arrival())
    };
    Ok(old.iter().filter(is_erased).map(|(place, _, _)| *place).collect())
}

/// Takes out of erased spans what tells whose they were and what they asked for. They are counted as requests all the same.
///
/// # Errors
/// When the database is away.
pub async fn blank_spans(
    tx: &mut PgConnection,
    latest_cut_us: i64,
    spans: &mut [Span],
) -> sqlx::Result<()> {
    let is_old =
        |span: &Span| !span.2.distinct_id.is_empty() && span.2.received_us <= latest_cut_us;
    let named = spans.iter().filter(|span| is_old(span));
    let named = named.map(|(project, _, span)| (*project, span.distinct_id.as_str()));
    let cuts = find(tx, named).await?;
    for (project, _, span) in spans {
        if cuts.is_erased(*project, &span.distinct_id, span.received_us) {
            for text in
                [&mut span.distinct_id, &mut span.trace_id, &mut span.error_message, &mut span.path]
            {
                text.clear();
            }
        }
    }
    Ok(())
}

/// Looks up the cuts of distinct ids; asks nothing if there are none.
async fn find(
    tx: &mut PgConnection,
    named: impl Iterator<Item = (ProjectId, &str)>,
) -> sqlx::Result<Cuts> {
    let hashes: HashSet<(ProjectId, Hash)> =
        named.map(|(project, id)| (project, distinct_id::hash(id))).collect();
    if hashes.is_empty() {
        return Ok(Cuts::default());
    }
    let (projects, hashes): (Vec<Uuid>, Vec<Vec<u8>>) =
        hashes.iter().map(|(project, hash)| (project.uuid(), hash.to_vec())).unzip();
    let found: Vec<(Uuid, Vec<u8>, i64)> = sqlx::query_as(
        "select e.project_id, e.id_hash, e.cut_us from unnest($1::uuid[], $2::bytea[]) as n (project_id, id_hash)
         join erased_id e on e.project_id = n.project_id and e.id_hash = n.id_hash",
    )
    .bind(&projects)
    .bind(&hashes)
    .fetch_all(tx)
    .await?;
    // A check constraint says that each hash has its length.
    let cut = |(project, hash, cut_us): (Uuid, Vec<u8>, i64)| {
        Some(((ProjectId::new(project), Hash::try_from(hash).ok()?), cut_us))
    };
    Ok(Cuts::new(found.into_iter().filter_map(cut)))
}
