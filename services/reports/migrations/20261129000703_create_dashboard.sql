-- Saved insights side by side.
create table dashboard (
    project_id uuid not null,
    id uuid not null,
    name text not null,
    description text not null,
    -- The length of the time that ends now, for all tiles, in seconds; null for each insight's own.
    last_seconds bigint,
    -- The SHA-256 of the secret of the link; null without a link.
    share_token_hash bytea constraint dashboard_share_token_key unique,
    created_time timestamptz not null,
    updated_time timestamptz not null,
    constraint dashboard_pkey primary key (project_id, id)
);

create table dashboard_tile (
    project_id uuid not null,
    dashboard_id uuid not null,
    id uuid not null,
    -- From 0.
    position smallint not null,
    saved_insight_id uuid,
    text text,
    -- observe.reports.v1.DashboardTile.Width
    width smallint not null,
    constraint dashboard_tile_pkey primary key (project_id, dashboard_id, id),
    constraint dashboard_tile_content check ((saved_insight_id is null) <> (text is null)),
    constraint dashboard_tile_dashboard_fkey foreign key (project_id, dashboard_id)
        references dashboard (project_id, id) on delete cascade,
    constraint dashboard_tile_saved_insight_fkey foreign key (project_id, saved_insight_id)
        references saved_insight (project_id, id) on delete cascade
);
create index dashboard_tile_by_saved_insight on dashboard_tile (project_id, saved_insight_id);

grant select, insert, update, delete on dashboard, dashboard_tile to observe_reports_app;
-- Who comes by a link names no project: it is found by the hash.
grant select on dashboard to observe_reports_worker;

alter table dashboard enable row level security;
alter table dashboard force row level security;
create policy dashboard_app on dashboard to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy dashboard_worker on dashboard to observe_reports_worker using (true) with check (true);

alter table dashboard_tile enable row level security;
alter table dashboard_tile force row level security;
create policy dashboard_tile_app on dashboard_tile to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy dashboard_tile_worker on dashboard_tile to observe_reports_worker using (true) with check (true);
