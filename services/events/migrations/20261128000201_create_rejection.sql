-- What the edge did not accept: how often by reason and hour, and the latest examples. A report and not a ledger; both go
-- after seven days.
create table rejection_count (
    project_id uuid not null,
    hour timestamptz not null,
    code text not null,
    count bigint not null,
    last_seen_at timestamptz not null,
    primary key (project_id, hour, code)
);
create index rejection_count_age on rejection_count (hour);

create table rejected_event (
    project_id uuid not null,
    -- In the order of their being noted.
    id bigint generated always as identity,
    received_at timestamptz not null,
    code text not null,
    message text not null,
    endpoint text not null,
    name text not null,
    uuid text not null,
    library text not null,
    excerpt text not null,
    primary key (project_id, id)
);
create index rejected_event_age on rejected_event (received_at);

grant select on rejection_count, rejected_event to observe_events_app;
grant select, insert, update, delete on rejection_count to observe_events_worker;
grant select, insert, delete on rejected_event to observe_events_worker;

alter table rejection_count enable row level security;
alter table rejection_count force row level security;
create policy rejection_count_app on rejection_count for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy rejection_count_worker on rejection_count to observe_events_worker using (true) with check (true);

alter table rejected_event enable row level security;
alter table rejected_event force row level security;
create policy rejected_event_app on rejected_event for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy rejected_event_worker on rejected_event to observe_events_worker using (true) with check (true);
