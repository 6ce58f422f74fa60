-- Named sets of persons.
create table cohort (
    project_id uuid not null,
    id uuid not null,
    name text not null,
    description text not null,
    -- An encoded observe.reports.v1.CohortRule; null for a fixed list.
    rule bytea,
    -- How the rule is encoded: 1 is what this version writes.
    rule_format smallint not null,
    -- The cohorts that the rule names.
    named_cohorts uuid[] not null,
    -- Grows with every change of the rule or the list: what was computed of an earlier one is not used.
    revision bigint not null,
    -- How many distinct ids are on the list.
    listed bigint not null,
    -- How many persons were in it at `count_time`.
    person_count bigint not null,
    count_time timestamptz,
    created_time timestamptz not null,
    updated_time timestamptz not null,
    constraint cohort_pkey primary key (project_id, id),
    constraint cohort_name_key unique (project_id, name)
);

-- The distinct ids on fixed lists. A person is on one by any of its ids, so that merges and splits are followed.
create table cohort_member (
    project_id uuid not null,
    cohort_id uuid not null,
    distinct_id text not null,
    constraint cohort_member_pkey primary key (project_id, cohort_id, distinct_id),
    constraint cohort_member_cohort_fkey foreign key (project_id, cohort_id) references cohort (project_id, id) on delete cascade
);
-- An erasure looks for its person on all lists.
create index cohort_member_by_distinct_id on cohort_member (project_id, distinct_id);

grant select, insert, update, delete on cohort to observe_reports_app;
grant select, insert, delete on cohort_member to observe_reports_app;
grant select, update on cohort to observe_reports_worker;
grant select, delete on cohort_member to observe_reports_worker;

alter table cohort enable row level security;
alter table cohort force row level security;
create policy cohort_app on cohort to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy cohort_worker on cohort to observe_reports_worker using (true) with check (true);

alter table cohort_member enable row level security;
alter table cohort_member force row level security;
create policy cohort_member_app on cohort_member to observe_reports_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy cohort_member_worker on cohort_member to observe_reports_worker using (true) with check (true);
