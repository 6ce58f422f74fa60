-- Questions under names.
create table saved_insight (
    project_id uuid not null,
    id uuid not null,
    name text not null,
    description text not null,
    -- An encoded observe.reports.v1.InsightQuery without its project.
    query bytea not null,
    -- How the question is encoded: 1 is what this version writes.
    query_format smallint not null,
    display text not null,
    created_time timestamptz not null,
    updated_time timestamptz not null,
    constraint saved_insight_pkey primary key (project_id, id)
);
create index saved_insight_by_update on saved_insight (project_id, updated_time desc, id);

grant select, insert, update, delete on saved_insight to observe_reports_app;
grant select on saved_insight to observe_reports_worker;

alter table saved_insight enable row level security;
alter table saved_insight force row level security;
create policy saved_insight_app on saved_insight to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy saved_insight_worker on saved_insight to observe_reports_worker using (true) with check (true);
