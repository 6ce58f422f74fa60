-- The gapless log that projections follow: for each shard, sequences 1, 2, 3, .. without a hole, in rows of one project's
-- events out of one transaction. Kept until projections have durable segments of their own.
create table event_log (
    shard int not null,
    first_sequence bigint not null,
    count int not null constraint event_log_not_empty check (count > 0),
    project_id uuid not null,
    -- An lz4 frame of observe.events.v1.LoggedEvents.
    payload bytea not null,
    -- The identity events among them, observe.events.v1.LoggedEvents, to be relayed in order.
    identity_events bytea,
    stored_at timestamptz not null default now(),
    primary key (shard, first_sequence)
);
alter table event_log alter column payload set storage external;
create index event_log_to_relay on event_log (shard, first_sequence) where identity_events is not null;

grant select, insert on event_log to observe_events_worker;
alter table event_log enable row level security;
alter table event_log force row level security;
create policy event_log_worker on event_log to observe_events_worker using (true) with check (true);

-- Events whose data cannot be stored, with the reason. Nothing writes here yet: until it does, such an event holds its shard.
create table dead_letter (
    project_id uuid not null,
    uuid uuid not null,
    shard int not null,
    reason text not null,
    sqlstate text,
    payload bytea not null,
    created_at timestamptz not null default now(),
    primary key (project_id, uuid)
);
grant select on dead_letter to observe_events_app;
grant select, insert, delete on dead_letter to observe_events_worker;
alter table dead_letter enable row level security;
alter table dead_letter force row level security;
create policy dead_letter_app on dead_letter for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy dead_letter_worker on dead_letter to observe_events_worker using (true) with check (true);
