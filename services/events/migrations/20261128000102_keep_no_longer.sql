-- What a row of the log must be known for to be emptied: when the newest of its events happened, and whether they are errors,
-- which may be kept shorter. An emptied row keeps its count, so that the log has no gap.
alter table event_log
    -- No event is more than a day ahead of its receipt, so that is when the newest of a row can have happened.
    add column newest_at timestamptz not null default now() + interval '1 day',
    add column exceptions boolean not null default false;
update event_log set newest_at = stored_at + interval '1 day';
create index event_log_to_empty on event_log (project_id, newest_at) where octet_length(payload) > 0;
grant update (payload, identity_events) on event_log to observe_events_worker;

-- Drops the partition of a week if all projects that have events in it are among the given ones. Returns whether it did.
-- Everybody who needs the table waits meanwhile, so it gives up soon, and looks only at one row of each project.
create function drop_event_week(child text, expired uuid[]) returns boolean
language plpgsql security definer set search_path = events, pg_temp as $$
declare
    found_project uuid;
begin
    if child !~ '^event_[0-9]{4}w[0-9]{2}$'
        or not exists (select from pg_inherits where inhparent = 'event'::regclass and inhrelid = to_regclass('events.' || child))
    then
        raise exception 'not a week of ours: %', child;
    end if;
    perform set_config('lock_timeout', '200ms', true);
    -- The parent before the child, as everybody does.
    lock table only event in access exclusive mode;
    -- Policies are forced on the owner, too, and it has none.
    execute format('alter table %I no force row level security', child);
    execute format('select project_id from %I order by project_id limit 1', child) into found_project;
    while found_project is not null loop
        if not found_project = any(expired) then
            execute format('alter table %I force row level security', child);
            return false;
        end if;
        execute format('select project_id from %I where project_id > $1 order by project_id limit 1', child)
            into found_project using found_project;
    end loop;
    execute format('drop table %I', child);
    return true;
end;
$$;
revoke execute on function drop_event_week(text, uuid[]) from public;
grant execute on function drop_event_week(text, uuid[]) to observe_events_worker;

-- The latest events of one name: without it, a rare name is looked for in all of a project's events.
create index event_of_name on event (project_id, name, time desc);
