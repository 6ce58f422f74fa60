-- Which process has the projection: it alone follows the logs, keeps what it read, and answers from it. One row.
create table projection_owner (
    is_only boolean primary key default true constraint projection_owner_only check (is_only),
    -- The name of the process; no other has it at the same time.
    owner text not null default '',
    -- Where the other replicas reach it; null where they cannot.
    url text,
    -- Grows with each process that takes the projection; who holds an older one writes nothing any more.
    fence bigint not null default 0,
    -- By the database's clock. Who reads it later may take the projection.
    lease_until timestamptz not null default '-infinity',
    -- When a process that is not the owner last looked at this. An owner that is alone goes on while the database is away.
    others_seen_at timestamptz not null default '-infinity',
    -- Whether the owner has read the logs and answers.
    is_ready boolean not null default false
);
insert into projection_owner default values;

grant select, update on projection_owner to observe_reports_worker;
alter table projection_owner enable row level security;
alter table projection_owner force row level security;
create policy projection_owner_worker on projection_owner to observe_reports_worker using (true) with check (true);
