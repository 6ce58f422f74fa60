-- How many shards there are. It changes only with the queue drained: replicas that disagree would send one uuid to two locks.
create table shard_layout (
    singleton boolean primary key default true constraint shard_layout_one_row check (singleton),
    shards int not null
);
insert into shard_layout (shards) values (4);

-- One row a shard: its lease (for liveness), its fence (for safety) and the end of its log. The row's lock is what makes the
-- log gapless and the dedupe exact.
create table shard (
    id int primary key,
    owner uuid,
    fence bigint not null default 0,
    lease_until timestamptz not null default '-infinity',
    next_sequence bigint not null default 1,
    -- How far identity has been told; 0 for nothing yet.
    relayed_sequence bigint not null default 0,
    -- Why the shard stands still, if it does.
    failure text,
    failed_at timestamptz
);
insert into shard (id) select generate_series(0, 3);

-- The week in which keys are being stored, for all shards: one row, so that no two shards can disagree. It never goes back.
create table key_clock (
    singleton boolean primary key default true constraint key_clock_one_row check (singleton),
    week date not null
);
insert into key_clock (week) values (date_trunc('week', now() at time zone 'UTC')::date);

-- Entries whose events are stored and that may still be in the queue.
create table consumed_entry (
    entry_id uuid primary key,
    shard int not null,
    consumed_at timestamptz not null default now()
);

-- What happened to accepted events, by shard so that shards do not wait for each other. `taken` is what left the queue.
create table counter (
    shard int not null,
    project_id uuid not null,
    taken bigint not null default 0,
    stored bigint not null default 0,
    duplicates bigint not null default 0,
    dead_lettered bigint not null default 0,
    primary key (project_id, shard)
);

grant select on shard_layout to observe_events_app, observe_events_worker;
grant select, update on shard, key_clock to observe_events_worker;
grant select, insert, delete on consumed_entry to observe_events_worker;
grant select, insert, update on counter to observe_events_worker;
grant select on counter to observe_events_app;

alter table counter enable row level security;
alter table counter force row level security;
create policy counter_app on counter to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy counter_worker on counter to observe_events_worker using (true) with check (true);
