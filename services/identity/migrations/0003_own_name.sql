-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- Users change how they are called; the policy bounds this to the user's own row, the right to this one column.
grant update (name) on user_account to observe_identity_app;
