-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- What persons act for. Written in bulk under the project's lock, like persons, and like the tables around them without
-- foreign keys.
create table project_group (
    project_id uuid not null,
    -- Such as "company".
    type text not null,
    key text not null,
    -- As in person.properties.
    properties json not null,
    -- The earliest known time.
    created_at timestamptz not null,
    constraint project_group_pkey primary key (project_id, type, key)
);
create index project_group_by_created on project_group (project_id, type, created_at desc, key);

-- The types that a project has: at most 5.
create table project_group_type (
    project_id uuid not null,
    type text not null,
    group_count bigint not null,
    constraint project_group_type_pkey primary key (project_id, type)
);

do $$
declare
    name text;
begin
    foreach name in array array['project_group', 'project_group_type'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy %I on %I to observe_identity_worker using (true) with check (true)',
            name || '_worker', name
        );
        execute format(
            $policy$
                create policy %I on %I to observe_identity_app
                using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
                with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;
end $$;

grant select on project_group, project_group_type to observe_identity_app;
grant select, insert, update on project_group, project_group_type to observe_identity_worker;
