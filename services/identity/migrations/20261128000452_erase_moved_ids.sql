-- Runs as observe_identity_owner with search_path = identity. Forward only.

-- A merge of others may list an erased id among those that moved with it; the merge stays.
grant update (moved_ids) on merge_op to observe_identity_worker;
