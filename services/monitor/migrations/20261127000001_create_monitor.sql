-- Runs as observe_monitor_owner with search_path = monitor. Forward only.

-- What is watched. It changes when somebody changes it; what changes with each check is in monitor_state.
create table monitor (
    id uuid constraint monitor_pkey primary key,
    project_id uuid not null,
    name text not null constraint monitor_name_length check (char_length(name) between 1 and 200),
    kind text not null constraint monitor_kind_known check (kind in ('http', 'heartbeat')),
    interval_s int not null constraint monitor_interval_range check (interval_s between 10 and 86400),
    timeout_ms int not null,
    retries int not null,
    retry_interval_ms int not null,
    -- How late a heartbeat may be.
    grace_s int not null,
    -- An encoded observe.monitor.v1.HttpTarget or HeartbeatTarget, without what is secret.
    target bytea not null,
    -- What is secret of it, sealed: header values, or a heartbeat's token (see src/seal.rs).
    sealed bytea not null,
    -- The host of the URL; empty for a heartbeat.
    host text not null,
    -- SHA-256 of a heartbeat's token.
    token_hash bytea null constraint monitor_token_hash_key unique,
    created_at timestamptz not null
);
create index monitor_by_project on monitor (project_id);

-- How it is, and when it is looked at next. The row's lock orders all that happens to a monitor: it is taken before that of
-- a slot.
create table monitor_state (
    monitor_id uuid constraint monitor_state_pkey primary key,
    project_id uuid not null,
    heartbeat boolean not null,
    -- observe.monitor.v1.Monitor.State
    state smallint not null,
    state_since timestamptz not null,
    -- Failed attempts in a row, and when the first of them was due.
    failures int not null default 0,
    failing_since timestamptz null,
    -- The next slot of a check, the deadline of a heartbeat; infinity while there is none.
    next_at timestamptz not null,
    -- When a heartbeat's program said that it begins, and has not ended since.
    begun_at timestamptz null
) with (fillfactor = 70);
create index monitor_state_due on monitor_state (next_at);

-- One row a slot: the primary key is what makes a recorded result the only one.
create table check_slot (
    monitor_id uuid not null,
    slot timestamptz not null,
    project_id uuid not null,
    -- 0 while it is open, else observe.monitor.v1.Check.Outcome.
    outcome smallint not null,
    attempt smallint not null default 0,
    -- While it is open: when the next attempt is due, who may write its result, and until when nobody else tries.
    due_at timestamptz not null,
    lease_token uuid null,
    lease_until timestamptz not null default '-infinity',
    started_at timestamptz null,
    reason text null,
    message text null,
    status_code smallint not null default 0,
    total_us bigint null,
    dns_us bigint null,
    connect_us bigint null,
    tls_us bigint null,
    first_byte_us bigint null,
    transfer_us bigint null,
    constraint check_slot_pkey primary key (monitor_id, slot)
);
create index check_slot_open on check_slot (due_at) where outcome = 0;

-- Hours and days of a monitor. The counts are exact and written with each result; percentiles follow (workers/fold.rs).
create table check_bucket (
    monitor_id uuid not null,
    -- 1 for an hour, 2 for a day, in UTC.
    width smallint not null,
    start_at timestamptz not null,
    project_id uuid not null,
    up int not null default 0,
    down int not null default 0,
    missed int not null default 0,
    -- Of good checks, in microseconds; an encoded observe-sketch.
    sketch bytea null,
    p50_us bigint null,
    p95_us bigint null,
    p99_us bigint null,
    -- Whether the percentiles are behind the counts.
    stale boolean not null default true,
    -- Whether the single checks of the hour are gone.
    closed boolean not null default false,
    touched_at timestamptz not null default now(),
    constraint check_bucket_pkey primary key (monitor_id, width, start_at)
) with (fillfactor = 70);
create index check_bucket_stale on check_bucket (width, start_at) where stale;
create index check_bucket_open on check_bucket (start_at) where width = 1 and not closed;

-- When schedulers were last at work: a longer pause means that nobody looked, and nothing can be said of it.
create table scheduler (
    singleton boolean constraint scheduler_pkey primary key default true constraint scheduler_one_row check (singleton),
    seen_at timestamptz not null
);
insert into scheduler (seen_at) values (now());

do $$
declare
    name text;
begin
    foreach name in array array['monitor', 'monitor_state', 'check_slot', 'check_bucket'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy %I on %I to observe_monitor_worker using (true) with check (true)',
            name || '_worker', name
        );
        execute format(
            $policy$
                create policy %I on %I to observe_monitor_app
                using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
                with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;
end $$;

grant select, insert, delete on monitor, monitor_state to observe_monitor_app;
grant update (name, interval_s, timeout_ms, retries, retry_interval_ms, grace_s, target, sealed, host) on monitor
    to observe_monitor_app;
grant update (state, state_since, failures, failing_since, next_at, begun_at) on monitor_state to observe_monitor_app;
grant select, insert, delete on check_slot, check_bucket to observe_monitor_app;
grant update (up, down, missed, stale, touched_at) on check_bucket to observe_monitor_app;

grant select on monitor to observe_monitor_worker;
grant select, update on monitor_state to observe_monitor_worker;
grant select, insert, update, delete on check_slot, check_bucket to observe_monitor_worker;
grant select, update on scheduler to observe_monitor_worker;
