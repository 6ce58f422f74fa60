-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- Numbers erasures over all projects, so that who holds events can follow one list. The row's lock is held until the erasure is
-- committed: the list has no gap and no late number. It is taken after a project's row, never before.
create table erasure_clock (
    singleton boolean constraint erasure_clock_pkey primary key default true
        constraint erasure_clock_one_row check (singleton),
    number bigint not null
);
insert into erasure_clock (number) values (0);

-- Erasures and their receipts, which are kept for ever. What would tell who it was is kept as long as it is needed to find what
-- is to be removed.
create table erasure (
    project_id uuid not null constraint erasure_project_fkey references project (id),
    id uuid not null,
    number bigint not null constraint erasure_number_key unique,
    -- The number in the project's change log.
    change_number bigint not null,
    person_id uuid not null,
    -- Microseconds since 1970, by the clock of the edge: what was received at or before it is erased.
    cut_us bigint not null,
    -- SHA-256 of each distinct id.
    id_hashes bytea[] not null,
    -- In the order of their hashes; null once all is done.
    distinct_ids text[] null,
    -- The person, those that were merged into it, and those that it was merged with and split from; null once all is done.
    persons uuid[] null,
    partners uuid[] null,
    -- "user <id>" or "key <id>".
    actor text not null,
    created_at timestamptz not null,
    -- When the change log held nothing of the person any more.
    log_cleared_at timestamptz null,
    done_at timestamptz null,
    constraint erasure_pkey primary key (project_id, id),
    constraint erasure_done_tells_nobody
        check ((done_at is null) = (distinct_ids is not null and persons is not null and partners is not null))
);
create index erasure_latest on erasure (project_id, number desc);
create index erasure_log_to_clear on erasure (number) where log_cleared_at is null;

-- What each service removed.
create table erasure_part (
    project_id uuid not null,
    erasure_id uuid not null,
    service text not null
        constraint erasure_part_service_known check (service in ('identity', 'events', 'reports')),
    confirmed_at timestamptz not null,
    -- How many of what.
    removed json not null,
    constraint erasure_part_pkey primary key (project_id, erasure_id, service),
    constraint erasure_part_erasure_fkey foreign key (project_id, erasure_id) references erasure (project_id, id)
);

-- The distinct ids that were erased, by hash, each with its latest cut: operations that come later are judged by it, for ever.
create table erased_id (
    project_id uuid not null,
    id_hash bytea not null constraint erased_id_hash_length check (octet_length(id_hash) = 32),
    cut_us bigint not null,
    erasure_id uuid not null,
    constraint erased_id_pkey primary key (project_id, id_hash)
);

-- The latest cut of the project's erasures: who holds the lock of the project's row knows by it whether to look further.
alter table project add column latest_cut_us bigint not null default 0;

-- An erasure looks for these.
create index person_by_merged_into on person (project_id, merged_into) where merged_into is not null;
create index merge_op_by_source_person on merge_op (project_id, source);

do $$
declare
    name text;
begin
    foreach name in array array['erasure_clock', 'erasure', 'erasure_part', 'erased_id'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy %I on %I to observe_identity_worker using (true) with check (true)',
            name || '_worker', name
        );
    end loop;
    foreach name in array array['erasure', 'erasure_part'] loop
        execute format(
            $policy$
                create policy %I on %I for select to observe_identity_app
                using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;
end $$;

grant select on erasure, erasure_part to observe_identity_app;
grant select, update on erasure_clock to observe_identity_worker;
grant select, insert, update on erasure, erased_id to observe_identity_worker;
grant select, insert on erasure_part to observe_identity_worker;
grant update (latest_cut_us) on project to observe_identity_worker;
grant delete on person, person_distinct_id, merge_op to observe_identity_worker;
grant update (payload) on change_log to observe_identity_worker;
