-- What a project did on one day of its time zone. A worker writes the days that are over, so that the numbers outlive the
-- events; a day is written again while late events change it.
create table daily_usage (
    project_id uuid not null,
    day date not null,
    events bigint not null,
    active_persons bigint not null,
    sessions bigint not null,
    errors bigint not null,
    requests bigint not null,
    -- Checks that say something, over all monitors.
    checks_up bigint not null,
    checks_down bigint not null,
    rolled_time timestamptz not null,
    primary key (project_id, day)
);

grant select on daily_usage to observe_reports_app;
grant select, insert, update, delete on daily_usage to observe_reports_worker;

alter table daily_usage enable row level security;
alter table daily_usage force row level security;
create policy daily_usage_app on daily_usage for select to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy daily_usage_worker on daily_usage to observe_reports_worker using (true) with check (true);
