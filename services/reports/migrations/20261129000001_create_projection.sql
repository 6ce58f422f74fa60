-- What is kept of the projection, so that a start need not read the event log from its beginning. All of it can be made
-- anew from the log; what belongs together is written in one transaction.
create table projection (
    project_id uuid primary key,
    -- Grows with each process that takes the project over; who holds an older one writes nothing any more.
    fence bigint not null,
    -- The rows of the event log that are in the segments: by shard, all of the project's up to a sequence.
    shards int[] not null,
    sequences bigint[] not null,
    -- A sum over them, by which answers that were computed are known.
    rows_sum bigint not null,
    -- Erasures up to this change of the project's persons are applied to the segments.
    change_number bigint not null,
    saved_at timestamptz not null default now(),
    constraint projection_cursors check (cardinality(shards) = cardinality(sequences))
);

-- By shard, up to where the event log is in the segments of its projects, whichever they are.
create table projection_floor (
    shard int primary key,
    sequence bigint not null
);

create table projection_segment (
    project_id uuid not null references projection on delete cascade,
    id bigint not null,
    week bigint not null,
    row_count int not null constraint projection_segment_not_empty check (row_count > 0),
    min_time_ms bigint not null,
    max_time_ms bigint not null,
    -- The rows of each event name.
    runs bytea not null,
    -- SHA-256 of its parts, one after the other.
    digest bytea not null,
    primary key (project_id, id)
);

-- The columns of a segment, cut into parts of at most 1 MiB.
create table projection_segment_part (
    project_id uuid not null,
    segment_id bigint not null,
    part int not null,
    bytes bytea not null,
    primary key (project_id, segment_id, part),
    foreign key (project_id, segment_id) references projection_segment on delete cascade
);
-- It is compressed already.
alter table projection_segment_part alter column bytes set storage external;

-- The distinct ids by which rows are sorted, 4,096 in a row, in the order of their numbers; empty where one was forgotten.
create table projection_visitors (
    project_id uuid not null references projection on delete cascade,
    part int not null,
    texts bytea not null,
    primary key (project_id, part)
);

-- What the events of a group of errors look like, in the order in which groups were first seen.
create table projection_error_group (
    project_id uuid not null references projection on delete cascade,
    place int not null,
    id text not null,
    first_seen_ms bigint not null,
    last_seen_ms bigint not null,
    last_received_us bigint not null,
    -- The latest event; null where it is not kept.
    sample bytea,
    primary key (project_id, place)
);

-- How many rows erasures removed, to be told to whoever waits for it.
create table projection_erasure (
    project_id uuid not null references projection on delete cascade,
    erasure_id uuid not null,
    row_count bigint not null,
    primary key (project_id, erasure_id)
);

do $$
declare
    name text;
begin
    foreach name in array array['projection', 'projection_floor', 'projection_segment', 'projection_segment_part',
        'projection_visitors', 'projection_error_group', 'projection_erasure']
    loop
        execute format('grant select, insert, update, delete on %I to observe_reports_worker', name);
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy %I on %I to observe_reports_worker using (true) with check (true)',
            name || '_worker', name);
    end loop;
end $$;
