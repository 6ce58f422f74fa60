-- The span lane: how the requests that a project's services served went. It has one reader, whose lease and fence are here.
create table span_lane (
    singleton boolean primary key default true constraint span_lane_one_row check (singleton),
    owner uuid,
    fence bigint not null default 0,
    lease_until timestamptz not null default '-infinity',
    -- The day in which keys are being stored; it never goes back.
    key_day date not null,
    -- Why the lane stands still, if it does.
    failure text,
    failed_at timestamptz
);
insert into span_lane (key_day) values ((now() at time zone 'UTC')::date);

-- Entries whose spans are counted and that may still be in the queue.
create table span_consumed_entry (
    entry_id uuid primary key,
    consumed_at timestamptz not null default now()
);

-- What happened to accepted spans; `taken` is what left the queue.
create table span_counter (
    project_id uuid primary key,
    taken bigint not null default 0,
    counted bigint not null default 0,
    duplicates bigint not null default 0,
    -- When the latest span began.
    latest_at timestamptz not null default '-infinity'
);

-- The spans that were counted, a partition for each day of counting.
create table span_key (
    project_id uuid not null,
    uuid uuid not null,
    day date not null,
    primary key (project_id, uuid, day)
) partition by range (day);

-- The endpoints of a project by number, from 1. In what follows, 0 means all endpoints together, and -1 all that came when a
-- project had its 1,000 already.
create table span_endpoint (
    project_id uuid not null,
    id int not null constraint span_endpoint_number check (id > 0),
    service text not null,
    method text not null,
    route text not null,
    primary key (project_id, id),
    constraint span_endpoint_name unique (project_id, service, method, route)
);

-- Counts and latencies of one endpoint and class of status in one minute (level 0) or one hour (level 1). An hour holds all
-- of its spans, whether its minutes are there or not, and both are written in one transaction: a minute is the hour again,
-- finer, and goes after 48 hours.
create table span_cell (
    project_id uuid not null,
    level smallint not null constraint span_cell_level check (level in (0, 1)),
    at timestamptz not null,
    endpoint_id int not null,
    -- 1-5 for 1xx-5xx, 0 without a status.
    class smallint not null,
    count bigint not null,
    errors bigint not null,
    -- Of a minute: failed spans that are kept, and the slowest one that is kept for being it.
    kept_errors int not null default 0,
    slowest_us bigint not null default -1,
    slowest_uuid uuid,
    -- Durations in microseconds, as observe-sketch stores them.
    sketch bytea not null,
    primary key (project_id, level, at, endpoint_id, class)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
-- Sketches are compact already, and the largest do not fit a page beside others.
alter table span_cell alter column sketch set storage external;
-- The key is for all endpoints of a time, this one for all times of an endpoint.
create index span_cell_of_endpoint on span_cell (project_id, endpoint_id, level, at);
create index span_cell_age on span_cell using brin (at);

-- Single spans: failed ones, the slowest of each minute, and a sample.
create table span_kept (
    project_id uuid not null,
    uuid uuid not null,
    endpoint_id int not null,
    start_at timestamptz not null,
    duration_us bigint not null,
    is_error boolean not null,
    status_code int not null,
    received_us bigint not null,
    distinct_id text not null,
    trace_id text not null,
    error_message text not null,
    path text not null,
    primary key (project_id, uuid)
);
create index span_kept_of_endpoint on span_kept (project_id, endpoint_id, start_at desc);
create index span_kept_age on span_kept (start_at);

-- For whom an endpoint was served in an hour: its minutes as bits, those in which a request was served and those in which one
-- failed.
create table span_person (
    project_id uuid not null,
    endpoint_id int not null,
    hour timestamptz not null,
    distinct_id text not null,
    served bigint not null,
    failed bigint not null,
    primary key (project_id, endpoint_id, hour, distinct_id)
) with (fillfactor = 80);
create index span_person_age on span_person using brin (hour);

grant select, update on span_lane to observe_events_worker;
grant select, insert, delete on span_consumed_entry to observe_events_worker;
grant select, insert on span_key to observe_events_worker;
grant select, insert, update on span_counter to observe_events_worker;
grant select, insert, update, delete on span_endpoint, span_cell, span_kept, span_person to observe_events_worker;
grant select on span_counter, span_endpoint, span_cell, span_kept, span_person to observe_events_app;

alter table span_counter enable row level security;
alter table span_counter force row level security;
create policy span_counter_app on span_counter for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy span_counter_worker on span_counter to observe_events_worker using (true) with check (true);

alter table span_key enable row level security;
alter table span_key force row level security;
create policy span_key_worker on span_key to observe_events_worker using (true) with check (true);

alter table span_endpoint enable row level security;
alter table span_endpoint force row level security;
create policy span_endpoint_app on span_endpoint for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy span_endpoint_worker on span_endpoint to observe_events_worker using (true) with check (true);

alter table span_cell enable row level security;
alter table span_cell force row level security;
create policy span_cell_app on span_cell for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy span_cell_worker on span_cell to observe_events_worker using (true) with check (true);

alter table span_kept enable row level security;
alter table span_kept force row level security;
create policy span_kept_app on span_kept for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy span_kept_worker on span_kept to observe_events_worker using (true) with check (true);

alter table span_person enable row level security;
alter table span_person force row level security;
create policy span_person_app on span_person for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy span_person_worker on span_person to observe_events_worker using (true) with check (true);

-- As before, and for keys of spans too.
create or replace function ensure_partition(parent text, child text, low text, high text) returns boolean
language plpgsql security definer set search_path = events, pg_temp as $$
begin
    if parent not in ('event', 'event_key', 'span_key') or child !~ '^(event|event_key|span_key)_[a-z0-9]+$' then
        raise exception 'not a partition of ours: % of %', child, parent;
    end if;
    perform pg_advisory_xact_lock(hashtext('events.' || child));
    if exists (select from pg_inherits where inhrelid = to_regclass('events.' || child)) then
        return false;
    end if;
    perform set_config('lock_timeout', '2s', true);
    execute format('create table if not exists %I (like %I including defaults)', child, parent);
    execute format('alter table %I enable row level security', child);
    execute format('alter table %I force row level security', child);
    execute format('alter table %I attach partition %I for values from (%s) to (%s)', parent, child, low, high);
    return true;
end;
$$;

-- The partition of one day of counting.
create function ensure_span_key_day(key_day date) returns boolean
language sql security definer set search_path = events, pg_temp as $$
    select ensure_partition('span_key', 'span_key_' || to_char(key_day, 'YYYYMMDD'),
        quote_literal(key_day), quote_literal(key_day + 1));
$$;

-- Drops the keys of days before the given one.
create function drop_span_key_days_before(key_day date) returns int
language plpgsql security definer set search_path = events, pg_temp as $$
declare
    old record;
    dropped int := 0;
begin
    perform set_config('lock_timeout', '2s', true);
    for old in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'events.span_key'::regclass
            and c.relname < 'span_key_' || to_char(key_day, 'YYYYMMDD')
    loop
        execute format('drop table %I', old.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end;
$$;

revoke execute on function ensure_span_key_day(date), drop_span_key_days_before(date) from public;
grant execute on function ensure_span_key_day(date), drop_span_key_days_before(date) to observe_events_worker;

do $$
begin
    perform ensure_span_key_day((now() at time zone 'UTC')::date);
end;
$$;
