-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- Invitations ---------------------------------------------------------------------------------------------------------

-- An open link into an organization. A row that was used, revoked or has expired is deleted: nothing is left to guess.
create table invitation (
    id uuid constraint invitation_pkey primary key,
    organization_id uuid not null constraint invitation_organization_fkey references organization (id),
    -- SHA-256 of the token.
    token_hash bytea not null constraint invitation_token_hash_key unique,
    -- For whom, if it was said; lower case, trimmed.
    email text not null,
    role text not null constraint invitation_role_known check (role in ('owner', 'admin', 'member', 'viewer')),
    -- Who loses the right to invite takes his open invitations along.
    created_by uuid not null constraint invitation_created_by_fkey references user_account (id),
    created_at timestamptz not null,
    expire_at timestamptz not null
);
create index invitation_by_organization on invitation (organization_id, created_at);

-- Projects ------------------------------------------------------------------------------------------------------------

-- Origins that browsers may capture from; any when empty.
alter table project add column allowed_origins text[] not null default '{}';

-- Persons -------------------------------------------------------------------------------------------------------------

-- Lists of persons, the latest first.
create index person_by_created on person (project_id, created_at desc, id) where merged_into is null;

-- Row-level security --------------------------------------------------------------------------------------------------

alter table invitation enable row level security;
alter table invitation force row level security;
create policy invitation_worker on invitation to observe_identity_worker using (true) with check (true);
create policy invitation_app on invitation to observe_identity_app
    using (organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid)
    with check (organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid);

-- A user sees the own memberships and changes none; an organization sees and changes all of its.
drop policy member_app on member;
create policy member_app on member for select to observe_identity_app
    using (user_id = nullif(current_setting('observe.user_id', true), '')::uuid);
create policy member_organization_app on member to observe_identity_app
    using (organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid)
    with check (organization_id = nullif(current_setting('observe.organization_id', true), '')::uuid);

-- An organization sees the accounts of its members; what is seen of `member` is bound by its policies.
create policy user_account_organization_app on user_account for select to observe_identity_app
    using (id in (select user_id from member));

-- A project's own settings; to which organization it belongs cannot be changed, for want of the right to that column.
create policy project_settings_app on project for update to observe_identity_app
    using (id = nullif(current_setting('observe.project_id', true), '')::uuid)
    with check (id = nullif(current_setting('observe.project_id', true), '')::uuid);

-- Rights --------------------------------------------------------------------------------------------------------------

-- No tenant's request can read a password's hash.
revoke select on user_account from observe_identity_app;
grant select (id, email, name, created_at) on user_account to observe_identity_app;

grant insert on organization, member to observe_identity_app;
grant update (name) on organization to observe_identity_app;
grant update (role) on member to observe_identity_app;
grant delete on member to observe_identity_app;
grant update (name, time_zone, allowed_origins) on project to observe_identity_app;
grant select, insert, delete on invitation to observe_identity_app;

grant update (password_hash) on user_account to observe_identity_worker;
grant select, delete on invitation to observe_identity_worker;
