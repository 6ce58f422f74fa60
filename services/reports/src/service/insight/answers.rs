//! Answers that were computed already: the same question about the same data is computed once.
//!
//! An answer is kept under its question and the version of the data it is about, so what is kept is never old. While one is
//! computed, whoever asks the same waits for it. Answers about cohorts are not kept beyond that: who is in one may be told as
//! of a moment before that version of the data.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use observe_core::{Clock, ProjectId};
use observe_runtime::redis::{CacheRedis, RedisUnavailable};
use prost::Message;
use redis::AsyncCommands as _;
use sha2::{Digest as _, Sha256};

use crate::error::ReportsError;
use crate::published::Published;

/// How long an answer is kept. Questions about the last minutes are asked anew after it, though nothing may have come since.
const KEPT: Duration = Duration::from_secs(60);
/// The largest answer that is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long the cache may take; after it the answer is computed.
const PATIENCE: Duration = Duration::from_millis(100);
/// Changes whenever answers come out otherwise than they did, so that none of an older version is given.
const FORMAT: u8 = 1;

type Key = [u8; 32];
type Slot = tokio::sync::Mutex<Option<Bytes>>;

/// What is asked.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) project: ProjectId,
    /// The RPC.
    pub(super) rpc: &'static str,
    /// The request, encoded.
    pub(super) request: &'a [u8],
    /// The cohorts that it names, and of which revision they are; empty if it names none.
    pub(super) cohorts: &'a [u8],
}

/// Keeps answers in the cache Redis, if there is one.
pub(crate) struct Answers {
    cache: Option<CacheRedis>,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    /// What is being computed.
    slots: Mutex<HashMap<Key, Weak<Slot>>>,
}

impl Answers {
    pub(crate) fn new(
        cache: Option<CacheRedis>,
        published: Arc<Published>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { cache, published, clock, slots: Mutex::default() }
    }

    /// Returns the answer that is kept, or computes it.
    ///
    /// # Errors
    /// `Loading`, and those of the computation.
    pub(super) async fn of<A: Message + Default>(
        &self,
        question: Question<'_>,
        compute: impl Future<Output = Result<A, ReportsError>>,
    ) -> Result<A, ReportsError> {
        let key = self.key(&question)?;
        let slot = self.slot(key);
        let cache = self.cache.as_ref().filter(|_| question.cohorts.is_empty());
        let mut answer = slot.lock().await;
        if answer.is_none() {
            *answer = kept(cache, &key).await;
        }
        if let Some(bytes) = &*answer
            && let Ok(kept) = A::decode(bytes.clone())
        {
            return Ok(kept);
        }
        let computed = compute.await?;
        let bytes = Bytes::from(computed.encode_to_vec());
        *answer = Some(bytes.clone());
        drop(answer);
        keep(cache, &key, bytes).await;
        Ok(computed)
    }

    fn key(&self, question: &Question<'_>) -> Result<Key, ReportsError> {
        let version = self.published.projection()?.project(question.project).version();
        let minute = self.clock.now().timestamp() / 60;
        let mut hash = Sha256::new();
        hash.update([FORMAT]);
        for part in [
            env!("CARGO_PKG_VERSION").as_bytes(),
            question.rpc.as_bytes(),
            question.request,
            question.cohorts,
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.update(question.project.to_bytes());
        hash.update(version.to_le_bytes());
        hash.update(minute.to_le_bytes());
        Ok(hash.finalize().into())
    }

    fn slot(&self, key: Key) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody waits for any more goes, so that this is as large as there are questions.
        slots.retain(|_, slot| slot.strong_count() > 0);
        let known = slots.get(&key).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let new = Arc::default();
            slots.insert(key, Arc::downgrade(&new));
            new
        })
    }
}

async fn kept(cache: Option<&CacheRedis>, key: &Key) -> Option<Bytes> {
    let cache = cache?;
    let asked = async {
        let kept: Option<Vec<u8>> = cache.connection().await?.get(name(key)).await?;
        Ok::<_, RedisUnavailable>(kept)
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(kept)) => kept.map(Bytes::from),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the cache of answers is away");
            None
        }
        Err(_) => None,
    }
}

async fn keep(cache: Option<&CacheRedis>, key: &Key, answer: Bytes) {
    let Some(cache) = cache.filter(|_| answer.len() <= ANSWER_BYTES_MAX) else {
        return;
    };
    let kept = async {
        let seconds = KEPT.as_secs();
        let _: () = cache.connection().await?.set_ex(name(key), answer.as_ref(), seconds).await?;
        Ok::<_, RedisUnavailable>(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, kept).await {
        tracing::debug!(%error, "an answer is not kept");
    }
}

fn name(key: &Key) -> Vec<u8> {
    [b"observe:answer:".as_slice(), key].concat()
}
