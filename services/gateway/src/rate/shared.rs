//! Sharing buckets with the other gateways, beside all requests.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use observe_core::Clock;
use observe_runtime::Lifecycle;
use observe_runtime::redis::{CacheRedis, RedisUnavailable};

use super::Waiting;
use super::bucket::{Bucket, Rate, Use};

/// How often Redis is told.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long to wait when it does not answer.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Buckets in one call: Redis does nothing else meanwhile.
const BUCKETS_MAX: usize = 500;
/// How long Redis remembers a bucket that nobody uses; by then it would be full.
const KEPT: Duration = Duration::from_secs(60);

/// For each bucket: fills it by Redis's clock, takes out what was used, and answers what is left. Of a bucket that Redis does
/// not know, a new one or one that it lost, the gateway's own count is taken.
const SCRIPT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, burst, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local left = {}
for i, key in ipairs(KEYS) do
  local used, balance = tonumber(ARGV[2 + 2 * i]), tonumber(ARGV[3 + 2 * i])
  local known = redis.call('HMGET', key, 'balance', 'at')
  if known[1] and known[2] then
    local elapsed = math.max(0, now - tonumber(known[2]))
    balance = math.min(burst, tonumber(known[1]) + elapsed * rate / 1000000) - used
  end
  balance = math.max(-burst, math.min(burst, balance))
  redis.call('HSET', key, 'balance', balance, 'at', now)
  redis.call('PEXPIRE', key, kept)
  left[i] = tostring(balance)
end
return left
";

/// The buckets of one limit, for whoever shares them.
pub(crate) struct Sharing {
    rate: Rate,
    waiting: Waiting,
}

impl Sharing {
    pub(super) fn new(rate: Rate, waiting: Waiting) -> Self {
        Self { rate, waiting }
    }

    fn take(&self) -> Vec<Arc<Bucket>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Shares until shutdown.
///
/// # Errors
/// None.
pub(crate) async fn share(
    redis: CacheRedis,
    limits: Vec<Sharing>,
    clock: Arc<dyn Clock>,
    life: Lifecycle,
) -> anyhow::Result<()> {
    let script = redis::Script::new(SCRIPT);
    let mut outage = false;
    loop {
        let shared = all(&redis, &script, &limits, clock.as_ref()).await;
        match &shared {
            Ok(()) if std::mem::take(&mut outage) => {
                tracing::info!("rate limits are shared again");
            }
            Err(error) if !std::mem::replace(&mut outage, true) => {
                tracing::warn!(%error, "the cache Redis is away, each gateway counts by itself");
            }
            _ => {}
        }
        if !life.sleep(if outage { RETRY_PAUSE } else { INTERVAL }).await {
            return Ok(());
        }
    }
}

async fn all(
    redis: &CacheRedis,
    script: &redis::Script,
    limits: &[Sharing],
    clock: &dyn Clock,
) -> Result<(), RedisUnavailable> {
    for limit in limits {
        let buckets = limit.take();
        for some in buckets.chunks(BUCKETS_MAX) {
            let uses: Vec<Use> =
                some.iter().map(|bucket| bucket.take_use(limit.rate, clock.now())).collect();
            let left = tokio::time::timeout(TIMEOUT, tell(redis, script, limit.rate, some, &uses));
            let late = |_| RedisUnavailable::Policy("no answer in time".to_owned());
            let left = left.await.map_err(late)??;
            for (bucket, left) in some.iter().zip(left) {
                bucket.learn(left, clock.now());
            }
        }
    }
    Ok(())
}

async fn tell(
    redis: &CacheRedis,
    script: &redis::Script,
    rate: Rate,
    buckets: &[Arc<Bucket>],
    uses: &[Use],
) -> Result<Vec<f64>, RedisUnavailable> {
    let mut connection = redis.connection().await?;
    let mut call = script.prepare_invoke();
    call.arg(rate.per_second).arg(rate.burst).arg(u64::try_from(KEPT.as_millis()).unwrap_or(0));
    for (bucket, used) in buckets.iter().zip(uses) {
        call.key(&bucket.name).arg(used.used).arg(used.balance);
    }
    Ok(call.invoke_async(&mut connection).await?)
}
