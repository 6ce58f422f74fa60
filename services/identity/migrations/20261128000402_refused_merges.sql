-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- What asked for a merge, or for a group, and did not get it: the latest 1,000 of a project, for 30 days.
create table refused_merge (
    project_id uuid not null,
    position bigint generated always as identity,
    event_uuid uuid not null,
    -- observe.identity.v1.Merge.Cause
    cause smallint not null,
    -- Cut to 200 characters.
    source_id text not null,
    target_id text not null,
    -- As in observe.identity.v1.RefusedMerge.
    code text not null,
    created_at timestamptz not null,
    constraint refused_merge_pkey primary key (project_id, position)
);

-- How many there were, by hour: also those that are no longer kept.
create table refused_merge_count (
    project_id uuid not null,
    hour timestamptz not null,
    code text not null,
    count bigint not null,
    constraint refused_merge_count_pkey primary key (project_id, hour, code)
);

-- Operations that failed for a reason of ours: they are tried again until they are applied.
create table parked_operation (
    project_id uuid not null,
    event_uuid uuid not null,
    -- An encoded observe.events.v1.AcceptedEvent.
    event bytea not null,
    -- Whose it is, and when it arrived: microseconds since 1970 plus its index in the request.
    distinct_id text not null,
    arrival_us bigint not null,
    reason text not null,
    tries integer not null,
    retry_at timestamptz not null,
    created_at timestamptz not null,
    constraint parked_operation_pkey primary key (project_id, event_uuid)
);
create index parked_operation_by_retry on parked_operation (retry_at);

do $$
declare
    name text;
begin
    foreach name in array array['refused_merge', 'refused_merge_count', 'parked_operation'] loop
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

grant select on refused_merge, refused_merge_count to observe_identity_app;
grant select (project_id) on parked_operation to observe_identity_app;
grant select, insert, update, delete on refused_merge, refused_merge_count, parked_operation to observe_identity_worker;
