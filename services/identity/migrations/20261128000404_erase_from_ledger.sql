-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- Who is erased is taken out of the merges of others, which stand.
grant update (source, target, moved_ids) on merge_op to observe_identity_worker;
