create table event (
    uuid uuid primary key,
    name text not null,
    distinct_id text not null,
    time timestamptz not null,
    properties jsonb not null
);
create index event_latest on event (time desc);
create index event_of_distinct_id on event (distinct_id, time desc);
