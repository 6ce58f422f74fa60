-- Distinct ids that were erased, by their SHA-256, each with its latest cut in microseconds since 1970: whatever names one and
-- was received at or before it is not stored any more, from whatever queue, letter or retry it comes. Kept for ever.
create table erased_id (
    project_id uuid not null,
    id_hash bytea not null constraint erased_id_hash_length check (octet_length(id_hash) = 32),
    cut_us bigint not null,
    primary key (project_id, id_hash)
);

-- Erasures whose rows are still to be removed. A row goes when identity was told what went; the ids go with it.
create table erasure_task (
    -- Identity's number.
    number bigint primary key,
    project_id uuid not null,
    erasure_id uuid not null,
    cut_us bigint not null,
    id_hashes bytea[] not null,
    -- Null if identity no longer knows them: then they are looked for by their hashes.
    distinct_ids text[],
    -- What was removed so far.
    events bigint not null default 0,
    log_rows bigint not null default 0,
    dead_letters bigint not null default 0,
    rejected_events bigint not null default 0,
    requests bigint not null default 0
);

-- How far identity's list of erasures was read.
create table erasure_cursor (
    singleton boolean primary key default true constraint erasure_cursor_one_row check (singleton),
    number bigint not null
);
insert into erasure_cursor (number) values (0);

-- The latest cut, told to everybody who locks a shard: what was received later need not be looked up.
alter table shard add column latest_cut_us bigint not null default 0;
-- The lane of spans is computed before it is locked, so its reader must also notice that there was an erasure meanwhile.
alter table span_lane
    add column latest_cut_us bigint not null default 0,
    add column erasures bigint not null default 0;

-- Projects of which events were removed for their age. A row of the log goes only as a whole, so it may hold events whose rows
-- are gone; for these projects an erasure looks through the log itself.
create table aged_project (
    project_id uuid primary key
);

grant select, insert, update on erased_id to observe_events_worker;
grant select, insert, update, delete on erasure_task to observe_events_worker;
grant select, update on erasure_cursor to observe_events_worker;
grant select, insert on aged_project to observe_events_worker;

alter table erased_id enable row level security;
alter table erased_id force row level security;
create policy erased_id_worker on erased_id to observe_events_worker using (true) with check (true);
alter table erasure_task enable row level security;
alter table erasure_task force row level security;
create policy erasure_task_worker on erasure_task to observe_events_worker using (true) with check (true);
alter table aged_project enable row level security;
alter table aged_project force row level security;
create policy aged_project_worker on aged_project to observe_events_worker using (true) with check (true);

-- When an example was noted: one that was received before an erasure and comes after it goes again.
alter table rejected_event add column noted_at timestamptz not null default now();
