-- What event names and property keys exist, kept by a follower of the event log: its cursor moves in the same transaction
-- as its counts, so that each event counts once.
create table event_definition (
    project_id uuid not null,
    name text not null,
    event_count bigint not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (project_id, name)
);

create table property_definition (
    project_id uuid not null,
    event_name text not null,
    key text not null,
    -- Kinds of values seen, as bits: 1 text, 2 number, 4 boolean, 8 list or object.
    kinds int not null,
    event_count bigint not null,
    last_seen_at timestamptz not null,
    primary key (project_id, event_name, key)
);

create table definition_cursor (
    shard int primary key,
    sequence bigint not null default 0
);
insert into definition_cursor (shard) select id from shard;

grant select on event_definition, property_definition to observe_events_app;
grant select, insert, update on event_definition, property_definition to observe_events_worker;
grant select, update on definition_cursor to observe_events_worker;

alter table event_definition enable row level security;
alter table event_definition force row level security;
create policy event_definition_app on event_definition for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy event_definition_worker on event_definition to observe_events_worker using (true) with check (true);

alter table property_definition enable row level security;
alter table property_definition force row level security;
create policy property_definition_app on property_definition for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy property_definition_worker on property_definition to observe_events_worker using (true) with check (true);
