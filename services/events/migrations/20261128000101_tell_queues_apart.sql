-- Which queue a shard's accepted counters are of, and when it was last found to be another one, or not what it had been.
alter table shard
    add column queue_id text,
    add column queue_replaced_at timestamptz;

alter table counter
    -- Events that were accepted without the queue: stored at once while it was away.
    add column direct bigint not null default 0,
    -- What the queue's own count of accepted events lacks, because it began anew or was put back: pending is
    -- accepted in the queue + queue_offset - taken.
    add column queue_offset bigint not null default 0;
