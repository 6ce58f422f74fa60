-- The events, a partition for each ISO week of their time. Dedupe is by event_key, not by an index here: a unique index of
-- a partitioned table would have to include the time, and a retry may carry another one.
create table event (
    project_id uuid not null,
    uuid uuid not null,
    name text not null,
    distinct_id text not null,
    time timestamptz not null,
    -- Microseconds since 1970 plus the place in the request: orders events of equal time.
    arrival bigint not null,
    received_at timestamptz not null,
    session_id text,
    properties jsonb not null,
    -- The event's place in the log.
    shard int not null,
    sequence bigint not null
) partition by range (time);

create index event_latest on event (project_id, time desc, arrival desc, uuid desc);
create index event_of_distinct_id on event (project_id, distinct_id, time desc, arrival desc, uuid desc);

-- The uuids that were stored, a partition for each week of storing.
create table event_key (
    project_id uuid not null,
    uuid uuid not null,
    week date not null,
    primary key (project_id, uuid, week)
) partition by range (week);

grant select on event to observe_events_app;
grant select, insert, delete on event to observe_events_worker;
grant select, insert on event_key to observe_events_worker;

alter table event enable row level security;
alter table event force row level security;
create policy event_app on event for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy event_worker on event to observe_events_worker using (true) with check (true);

alter table event_key enable row level security;
alter table event_key force row level security;
create policy event_key_worker on event_key to observe_events_worker using (true) with check (true);

-- Makes one partition if it is not there: create, then attach, because a plain "create .. partition of" waits behind every
-- open scan and everything queues behind it. Returns whether it made one.
create function ensure_partition(parent text, child text, low text, high text) returns boolean
language plpgsql security definer set search_path = events, pg_temp as $$
begin
    if parent not in ('event', 'event_key') or child !~ '^event(_key)?_[a-z0-9]+$' then
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

-- The partition of one ISO week of event times.
create function ensure_event_week(week_start date) returns boolean
language sql security definer set search_path = events, pg_temp as $$
    select ensure_partition('event', 'event_' || to_char(week_start, 'IYYY"w"IW'),
        quote_literal(week_start || ' 00:00:00+00'), quote_literal((week_start + 7) || ' 00:00:00+00'));
$$;

-- The partition of one week of storing.
create function ensure_key_week(week_start date) returns boolean
language sql security definer set search_path = events, pg_temp as $$
    select ensure_partition('event_key', 'event_key_' || to_char(week_start, 'IYYY"w"IW'),
        quote_literal(week_start), quote_literal(week_start + 7));
$$;

-- Drops the keys of weeks before the given one.
create function drop_key_weeks_before(week_start date) returns int
language plpgsql security definer set search_path = events, pg_temp as $$
declare
    old record;
    dropped int := 0;
begin
    perform set_config('lock_timeout', '2s', true);
    for old in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'events.event_key'::regclass
            and c.relname < 'event_key_' || to_char(week_start, 'IYYY"w"IW')
    loop
        execute format('drop table %I', old.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end;
$$;

revoke execute on function ensure_partition(text, text, text, text) from public;
revoke execute on function ensure_event_week(date), ensure_key_week(date), drop_key_weeks_before(date) from public;
grant execute on function ensure_event_week(date), ensure_key_week(date), drop_key_weeks_before(date)
    to observe_events_worker;

-- Everything older than two years at the first start goes into one partition: a write key must not be able to make hundreds.
create table old_boundary (
    singleton boolean primary key default true constraint old_boundary_one_row check (singleton),
    week date not null
);
insert into old_boundary (week) values (date_trunc('week', (now() at time zone 'UTC') - interval '2 years')::date);
grant select on old_boundary to observe_events_worker;

do $$
begin
    perform ensure_partition('event', 'event_old', 'minvalue',
        (select quote_literal(week || ' 00:00:00+00') from old_boundary));
end;
$$;
