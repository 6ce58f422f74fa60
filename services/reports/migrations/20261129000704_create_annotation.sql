-- What people note at a moment.
create table annotation (
    project_id uuid not null,
    id uuid not null,
    time timestamptz not null,
    text text not null,
    created_time timestamptz not null,
    constraint annotation_pkey primary key (project_id, id)
);
create index annotation_by_time on annotation (project_id, time desc, id);

grant select, insert, update, delete on annotation to observe_reports_app;

alter table annotation enable row level security;
alter table annotation force row level security;
create policy annotation_app on annotation to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy annotation_worker on annotation to observe_reports_worker using (true) with check (true);
