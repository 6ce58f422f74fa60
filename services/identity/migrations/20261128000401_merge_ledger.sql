-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- What was said under one distinct id alone: from it and the merges that stand, a person is computed anew when a merge is
-- undone.
alter table person_distinct_id
    -- Whether it was given as a user's id.
    add column identified boolean not null default false,
    -- The earliest time of an operation upon it, merges aside.
    add column seen_at timestamptz null,
    -- Its properties, as in person.properties. Null: that of the person's first distinct id is the person's own, and that of
    -- every other one is empty.
    add column history json null;

-- A merge joins two distinct ids; those that stand are the edges of a tree over a person's distinct ids.
alter table merge_op
    -- observe.identity.v1.Merge.Cause; 0 for those that were made before merges could be undone, and cannot be.
    add column cause smallint not null default 0,
    -- The version of the operation, with op_id as its uuid.
    add column time_ms bigint not null default 0,
    add column arrival_us bigint not null default 0,
    add column source_id text not null default '',
    add column target_id text not null default '',
    -- moved_ids names the first of them.
    add column moved_count integer not null default 0,
    add column undone_at timestamptz null,
    -- The order in which merges were done.
    add column position bigint generated always as identity,
    alter column before_image drop not null,
    -- Not known of a distinct id without a row that was joined before merges could be undone.
    alter column source drop not null;

-- Counts the changes of single properties that were ever noted of a person.
alter table person add column change_count bigint not null default 0;

-- What is there already. The owner sees rows only without force.
alter table person no force row level security;
alter table person_distinct_id no force row level security;
alter table merge_op no force row level security;

update person_distinct_id d set identified = p.identified, seen_at = p.created_at
from person p
where p.project_id = d.project_id and p.id = d.person_id and d.lineage::text = '[]';

update merge_op m set
    source_id = m.moved_ids[1],
    moved_count = cardinality(m.moved_ids),
    target_id = f.distinct_id,
    time_ms = coalesce(
        (select (v ->> 0)::bigint from json_array_elements(d.lineage) v where v ->> 2 = m.op_id::text),
        (extract(epoch from m.created_at) * 1000)::bigint
    ),
    arrival_us = coalesce(
        (select (v ->> 1)::bigint from json_array_elements(d.lineage) v where v ->> 2 = m.op_id::text),
        (extract(epoch from m.created_at) * 1000000)::bigint
    )
from person_distinct_id d, person_distinct_id f
where d.project_id = m.project_id and d.distinct_id = m.moved_ids[1]
  and f.project_id = d.project_id and f.person_id = d.person_id and f.lineage::text = '[]';

-- Distinct ids without a row used to be joined without a line in the ledger.
insert into merge_op (
    project_id, op_id, source, target, moved_ids, created_at,
    time_ms, arrival_us, source_id, target_id, moved_count
)
select d.project_id, (d.lineage -> 0 ->> 2)::uuid, null, d.person_id, array[d.distinct_id], d.created_at,
       (d.lineage -> 0 ->> 0)::bigint, (d.lineage -> 0 ->> 1)::bigint, d.distinct_id, f.distinct_id, 1
from person_distinct_id d
join person_distinct_id f
    on f.project_id = d.project_id and f.person_id = d.person_id and f.lineage::text = '[]'
where d.lineage::text <> '[]'
  and not exists (
      select from merge_op m where m.project_id = d.project_id and d.distinct_id = any (m.moved_ids)
  )
on conflict do nothing;

alter table person force row level security;
alter table person_distinct_id force row level security;
alter table merge_op force row level security;

create index merge_op_by_source_id on merge_op (project_id, source_id);
create index merge_op_by_target_id on merge_op (project_id, target_id);
-- Who is erased may be named here though the merge was of others; one that moved alone is the source.
create index merge_op_by_moved_ids on merge_op using gin (moved_ids) where moved_count > 1;

-- How properties came to be what they are: a person's changes from 1, of which the latest 1,000 are kept. Written in bulk
-- under the project's lock, like the ledger, and like it without foreign keys.
create table property_change (
    project_id uuid not null,
    person_id uuid not null,
    number bigint not null,
    key text not null,
    -- Null: missing.
    old_value json null,
    new_value json null,
    -- observe.identity.v1.PropertyChange.Cause
    cause smallint not null,
    happened_at timestamptz not null,
    -- The event or merge.
    origin_id uuid not null,
    constraint property_change_pkey primary key (project_id, person_id, number)
);

alter table property_change enable row level security;
alter table property_change force row level security;
create policy property_change_worker on property_change to observe_identity_worker using (true) with check (true);
create policy property_change_app on property_change to observe_identity_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);

-- No tenant's request needs the copies that ledgers used to hold.
grant select (
    project_id, op_id, source, target, moved_ids, created_at, cause, source_id, target_id, moved_count, undone_at, position
) on merge_op to observe_identity_app;
grant update (undone_at) on merge_op to observe_identity_worker;
grant select on property_change to observe_identity_app;
grant select, insert, delete on property_change to observe_identity_worker;
