-- Runs as observe_identity_owner with search_path = identity. Forward only.

alter table project
    -- observe.identity.v1.PrivacySettings
    add column client_address text not null default 'truncated'
        constraint project_client_address_known check (client_address in ('kept', 'truncated', 'dropped')),
    add column without_place boolean not null default false,
    -- Days since an event happened; 0 means for ever.
    add column event_days integer not null default 0
        constraint project_event_days_range check (event_days between 0 and 36500),
    add column exception_days integer not null default 0
        constraint project_exception_days_range check (exception_days between 0 and 36500),
    add constraint project_exceptions_go_first
        check (event_days = 0 or exception_days between 1 and event_days);

-- Who deletes what is too old asks for these projects alone; most installations have few of them.
create index project_with_retention on project (id) where event_days > 0 or exception_days > 0;

grant update (client_address, without_place, event_days, exception_days) on project to observe_identity_app;

-- When a secret key was last seen where strangers could read it.
alter table api_key add column exposed_at timestamptz null
    constraint api_key_exposed_is_secret check (exposed_at is null or kind = 'secret');

-- The edge reports it by the key's id alone, across projects.
grant update (exposed_at) on api_key to observe_identity_worker;
