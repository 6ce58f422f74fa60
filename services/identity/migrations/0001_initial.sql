-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- Accounts ------------------------------------------------------------------------------------------------------------

create table organization (
    id uuid constraint organization_pkey primary key,
    name text not null constraint organization_name_length check (char_length(name) between 1 and 100),
    created_at timestamptz not null
);

create table user_account (
    id uuid constraint user_account_pkey primary key,
    -- Lower case, trimmed.
    email text not null constraint user_account_email_key unique,
    name text not null,
    -- An argon2id PHC string.
    password_hash text not null,
    created_at timestamptz not null
);

create table member (
    organization_id uuid not null constraint member_organization_fkey references organization (id),
    user_id uuid not null constraint member_user_fkey references user_account (id),
    role text not null constraint member_role_known check (role in ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz not null,
    constraint member_pkey primary key (organization_id, user_id)
);
create index member_by_user on member (user_id);

create table project (
    id uuid constraint project_pkey primary key,
    organization_id uuid not null constraint project_organization_fkey references organization (id),
    name text not null constraint project_name_length check (char_length(name) between 1 and 100),
    time_zone text not null default 'UTC',
    -- For clients that want a number, such as a Sentry DSN.
    number bigint generated always as identity constraint project_number_key unique,
    -- The last number of the project's change log. The row's lock serialises all identity work of the project.
    change_number bigint not null default 0,
    created_at timestamptz not null,
    constraint project_name_key unique (organization_id, name)
);

create table api_key (
    id uuid constraint api_key_pkey primary key,
    project_id uuid not null constraint api_key_project_fkey references project (id),
    kind text not null constraint api_key_kind_known check (kind in ('write', 'secret')),
    name text not null constraint api_key_name_length check (char_length(name) between 1 and 100),
    -- SHA-256 of the token.
    token_hash bytea not null constraint api_key_token_hash_key unique,
    token_prefix text not null,
    -- A write key is public and can be shown again; of a secret key only the hash is kept.
    token text null,
    created_at timestamptz not null,
    revoked_at timestamptz null,
    constraint api_key_token_kept check ((kind = 'write') = (token is not null))
);
create index api_key_by_project on api_key (project_id, created_at) where revoked_at is null;

create table session (
    id uuid constraint session_pkey primary key,
    user_id uuid not null constraint session_user_fkey references user_account (id),
    -- SHA-256 of the token.
    token_hash bytea not null constraint session_token_hash_key unique,
    created_at timestamptz not null,
    -- The absolute end; the idle limit is counted from last_used_at.
    expire_at timestamptz not null,
    last_used_at timestamptz not null
);
create index session_by_user on session (user_id);
create index session_by_expiry on session (expire_at);

-- Attempts to sign in that did not (yet) succeed, by SHA-256 of the e-mail: also for addresses that have no account.
create table sign_in_failure (
    id uuid constraint sign_in_failure_pkey primary key,
    email_hash bytea not null,
    created_at timestamptz not null
);
create index sign_in_failure_by_email on sign_in_failure (email_hash, created_at);
create index sign_in_failure_by_time on sign_in_failure (created_at);

-- Persons -------------------------------------------------------------------------------------------------------------

create table person (
    project_id uuid not null constraint person_project_fkey references project (id),
    id uuid not null,
    identified boolean not null,
    -- The earliest known time.
    created_at timestamptz not null,
    -- Every key with its versions (see src/properties.rs). Type json, not jsonb: nothing asks inside of it in SQL, and
    -- jsonb refuses or inflates texts that are legal JSON.
    properties json not null,
    version bigint not null,
    -- Set when the person was merged away: whom it became.
    merged_into uuid null,
    constraint person_pkey primary key (project_id, id),
    constraint person_merged_into_fkey foreign key (project_id, merged_into) references person (project_id, id)
);

create table person_distinct_id (
    project_id uuid not null,
    distinct_id text not null,
    person_id uuid not null,
    -- The versions of the merges through which the distinct id came to its person, innermost first.
    lineage json not null,
    -- Orders the distinct ids of a person, oldest first.
    position bigint generated always as identity,
    created_at timestamptz not null,
    constraint person_distinct_id_pkey primary key (project_id, distinct_id),
    constraint person_distinct_id_person_fkey foreign key (project_id, person_id) references person (project_id, id)
);
create index person_distinct_id_by_person on person_distinct_id (project_id, person_id, position);

-- The three tables below are written in bulk under the project's lock, which is why they do without foreign keys.

create table applied_operation (
    project_id uuid not null,
    event_uuid uuid not null,
    -- observe.identity.v1.ApplyEventsResponse.Outcome
    outcome smallint not null,
    created_at timestamptz not null,
    constraint applied_operation_pkey primary key (project_id, event_uuid)
);

create table merge_op (
    project_id uuid not null,
    -- The uuid of the event that merged.
    op_id uuid not null,
    source uuid not null,
    target uuid not null,
    moved_ids text[] not null,
    -- Both persons as they were: what a split restores.
    before_image json not null,
    created_at timestamptz not null,
    constraint merge_op_pkey primary key (project_id, op_id)
);

create table change_log (
    project_id uuid not null,
    number bigint not null,
    -- An encoded observe.identity.v1.Change.
    payload bytea not null,
    created_at timestamptz not null,
    constraint change_log_pkey primary key (project_id, number)
);

-- Row-level security: the second wall -----------------------------------------------------------------------------------
-- An unset setting is null or, on a used connection, the empty text; both see nothing. The owner sees nothing either
-- (force), except in foreign key checks.

do $$
declare
    name text;
begin
    foreach name in array array[
        'organization', 'user_account', 'member', 'project', 'api_key', 'session', 'sign_in_failure',
        'person', 'person_distinct_id', 'applied_operation', 'merge_op', 'change_log'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy %I on %I to observe_identity_worker using (true) with check (true)',
            name || '_worker', name
        );
    end loop;

    foreach name in array array[
        'api_key', 'person', 'person_distinct_id', 'applied_operation', 'merge_op', 'change_log'
    ] loop
        execute format(
            $policy$
                create policy %I on %I to observe_identity_app
                using (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
                with check (project_id = nullif(current_setting('observe.project_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;

    foreach name in array array['member', 'session'] loop
        execute format(
            $policy$
                create policy %I on %I to observe_identity_app
                using (user_id = nullif(current_setting('observe.user_id', true), '')::uuid)
                with check (user_id = nullif(current_setting('observe.user_id', true), '')::uuid)
            $policy$,
            name || '_app', name
        );
    end loop;
end $$;

create policy user_account_app on user_account to observe_identity_app
    using (id = nullif(current_setting('observe.user_id', true), '')::uuid)
    with check (id = nullif(current_setting('observe.user_id', true), '')::uuid);

-- A user sees the organizations the user belongs to, and their projects; what is seen of `member` is bound by its policy.
create policy organization_app on organization to observe_identity_app
    using (
        id = nullif(current_setting('observe.organization_id', true), '')::uuid
        or id in (select organization_id from member)
    )
    with check (id = nullif(current_setting('observe.organization_id', true), '')::uuid);

create policy project_app on project to observe_identity_app
    using (
        id = nullif(current_setting('observe.project_id', true), '')::uuid
        or organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid
        or organization_id in (select organization_id from member)
    )
    with check (organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid);

-- Rights --------------------------------------------------------------------------------------------------------------

grant select on organization, user_account, member, person, person_distinct_id to observe_identity_app;
grant select, insert on project to observe_identity_app;
grant select, insert on api_key to observe_identity_app;
grant update (revoked_at) on api_key to observe_identity_app;
grant select, delete on session to observe_identity_app;

grant select, insert on organization, user_account, member, api_key to observe_identity_worker;
grant select, insert on project to observe_identity_worker;
grant update (change_number) on project to observe_identity_worker;
grant select, insert, update, delete on session, sign_in_failure to observe_identity_worker;
grant select, insert, update on person, person_distinct_id to observe_identity_worker;
grant select, insert on applied_operation, merge_op, change_log to observe_identity_worker;
