-- What somebody decided of an error group. A group without a row is open. What the group is made of comes from the events.
create table error_group_status (
    project_id uuid not null,
    -- 32 hexadecimal digits, made of the fingerprint.
    id text not null,
    status text not null constraint error_group_status_known check (status in ('open', 'resolved', 'ignored')),
    -- An event received later than this reopens a resolved group.
    status_time timestamptz not null,
    -- The user; null for a key.
    changed_by uuid,
    primary key (project_id, id)
);

grant select, insert, update on error_group_status to observe_reports_app;
grant select, delete on error_group_status to observe_reports_worker;

alter table error_group_status enable row level security;
alter table error_group_status force row level security;
create policy error_group_status_app on error_group_status to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy error_group_status_worker on error_group_status to observe_reports_worker using (true) with check (true);
