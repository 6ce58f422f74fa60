-- Runs as observe_monitor_owner with search_path = monitor. Forward only.

create table incident (
    id uuid constraint incident_pkey primary key,
    project_id uuid not null,
    -- observe.monitor.v1.Incident.Kind and Severity
    kind smallint not null,
    severity smallint not null,
    subject text not null constraint incident_subject_length check (octet_length(subject) <= 1000),
    title text not null,
    detail text not null,
    link text not null,
    opened_at timestamptz not null,
    closed_at timestamptz null,
    -- Whether somebody closed it by hand.
    resolved boolean not null default false,
    acknowledged_at timestamptz null,
    acknowledged_by uuid null
);
-- One thing is broken once.
create unique index incident_open on incident (project_id, kind, subject) where closed_at is null;
create index incident_by_project on incident (project_id, opened_at desc);
create index incident_by_subject on incident (project_id, kind, subject, opened_at desc);

create table incident_entry (
    incident_id uuid not null,
    number bigint generated always as identity,
    project_id uuid not null,
    at timestamptz not null,
    -- observe.monitor.v1.IncidentEntry.Kind
    kind smallint not null,
    text text not null,
    user_id uuid null,
    constraint incident_entry_pkey primary key (incident_id, number)
);

create table alert_channel (
    id uuid constraint alert_channel_pkey primary key,
    project_id uuid not null,
    name text not null constraint alert_channel_name_length check (char_length(name) between 1 and 200),
    url text not null,
    -- The signing secret, sealed (see src/seal.rs).
    secret bytea not null,
    created_at timestamptz not null,
    -- Empty while it is in use.
    disabled_reason text not null default '',
    failing_since timestamptz null,
    attempt_at timestamptz null,
    attempt_delivered boolean not null default false,
    attempt_status smallint not null default 0,
    attempt_message text not null default ''
);
create index alert_channel_by_project on alert_channel (project_id);

-- The outbox: written in the transaction that opens or closes an incident. Each row is told at least once; of one incident
-- and channel in the order of their numbers.
create table delivery (
    -- The message's id, the same in every attempt.
    id uuid constraint delivery_pkey primary key,
    number bigint generated always as identity constraint delivery_number_key unique,
    project_id uuid not null,
    channel_id uuid not null constraint delivery_channel_fkey references alert_channel (id) on delete cascade,
    incident_id uuid not null,
    -- The bytes that are sent and signed.
    body text not null,
    -- 0 while it waits, 1 delivered, 2 given up.
    state smallint not null default 0,
    attempt int not null default 0,
    due_at timestamptz not null,
    lease_token uuid null,
    lease_until timestamptz not null default '-infinity',
    created_at timestamptz not null
);
create index delivery_due on delivery (due_at) where state = 0;
create index delivery_order on delivery (channel_id, incident_id, number) where state = 0;
create index delivery_done on delivery (created_at) where state <> 0;

do $$
declare
    name text;
begin
    foreach name in array array['incident', 'incident_entry', 'alert_channel', 'delivery'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy %I on %I to observe_monitor_worker using (true) with check (true)',
            name || '_worker', name
        );
        execute format(
            $policy$
                create policy %I on %I to observe_monitor_app
                using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
                with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;
end $$;

grant select, insert on incident, incident_entry, delivery to observe_monitor_app;
grant update (severity, title, detail, link, closed_at, resolved, acknowledged_at, acknowledged_by) on incident
    to observe_monitor_app;
grant select, insert, delete on alert_channel to observe_monitor_app;
grant update (name, url, disabled_reason, failing_since, attempt_at, attempt_delivered, attempt_status, attempt_message)
    on alert_channel to observe_monitor_app;

grant select, insert, update on incident, incident_entry to observe_monitor_worker;
grant select, update on alert_channel to observe_monitor_worker;
grant select, insert, update, delete on delivery to observe_monitor_worker;
