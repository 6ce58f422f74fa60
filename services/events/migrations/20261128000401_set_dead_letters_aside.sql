-- Dead letters: what was accepted and cannot be stored. A row is one event, or all that a project has in one entry that cannot
-- be read; a project's rows add up to dead_lettered in its counters.
alter table dead_letter
    -- As far as they can be shown as text.
    add column name text not null default '',
    add column distinct_id text not null default '',
    -- How many events the row stands for; more than one only for an entry.
    add column events bigint not null default 1 constraint dead_letter_not_empty check (events > 0),
    -- The unreadable entry that holds them; null for an event, whose payload is an observe.events.v1.AcceptedEvent.
    add column entry_id uuid,
    -- The version of Observe whose reader it ended, if it did. Only another version tries it again.
    add column ended_version text,
    add column redrives int not null default 0;
create index dead_letter_latest on dead_letter (project_id, created_at desc, uuid desc);
create index dead_letter_of_entry on dead_letter (entry_id) where entry_id is not null;
grant update on dead_letter to observe_events_worker;

-- Entries that cannot be read, whole, as long as a dead letter stands for what they hold. They hold several tenants' events,
-- so no tenant's request may look at them.
create table unreadable_entry (
    entry_id uuid primary key,
    shard int not null,
    reason text not null,
    -- A QueueHeader and a QueueEntry, or what is left of them.
    header bytea not null,
    payload bytea not null,
    created_at timestamptz not null default now()
);
grant select, insert, delete on unreadable_entry to observe_events_worker;

-- Entries that are being decoded by a reader that works carefully because the one before it died, and what is known of them.
-- What a crash of PostgreSQL empties is only counted anew.
create unlogged table suspect_entry (
    entry_id uuid primary key,
    shard int not null,
    -- The process that decodes it.
    owner uuid not null,
    -- Whether it is being decoded: this is what a reader that dies leaves behind.
    decoding boolean not null,
    -- Which of its events is, if it is taken apart.
    event int,
    -- Readers that died while they decoded it together with others.
    deaths int not null default 0,
    -- Whether it is decoded alone; whether a reader died of that, so that it is taken apart; whether one died of that.
    alone boolean not null default false,
    apart boolean not null default false,
    unreadable boolean not null default false,
    -- Its events that ended a reader while they were decoded alone.
    killers int[] not null default '{}'
);
grant select, insert, update, delete on suspect_entry to observe_events_worker;

-- Who redrove dead letters, and what came of it.
create table redrive (
    id bigint generated always as identity primary key,
    project_id uuid not null,
    -- "user <id>" or "key <id>".
    actor text not null,
    redriven_at timestamptz not null default now(),
    stored bigint not null,
    duplicates bigint not null,
    refused bigint not null
);
create index redrive_of_project on redrive (project_id, redriven_at desc);
grant select on redrive to observe_events_app;
grant select, insert on redrive to observe_events_worker;
alter table redrive enable row level security;
alter table redrive force row level security;
create policy redrive_app on redrive for select to observe_events_app
    using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid);
create policy redrive_worker on redrive to observe_events_worker using (true) with check (true);
