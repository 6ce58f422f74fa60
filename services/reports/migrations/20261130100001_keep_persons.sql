-- What the projection knows of persons, so that a start need not read identity's change log from its first change.

-- In which format persons are kept, as they are after `change_number`; 0 while they are not, and changes are read from the
-- first one.
alter table projection add column persons_format int not null default 0;
-- How many persons have a number.
alter table projection add column person_count bigint not null default 0;

-- Whose the visitors of the row are, by the numbers of persons; empty while persons are not kept.
alter table projection_visitors add column persons bytea not null default '';
-- Both are compressed already.
alter table projection_visitors alter column texts set storage external;
alter table projection_visitors alter column persons set storage external;

-- Until when what, told by hashes, was erased: what arrived earlier is not taken however late it is read. Null where an
-- earlier version applied it.
alter table projection_erasure add column cut_us bigint;
alter table projection_erasure add column id_hashes bytea;

-- Persons in the order of their numbers, 1,024 in a row: their ids and properties.
create table projection_persons (
    project_id uuid not null references projection on delete cascade,
    part int not null,
    bytes bytea not null,
    primary key (project_id, part)
);
-- It is compressed already.
alter table projection_persons alter column bytes set storage external;

grant select, insert, update, delete on projection_persons to observe_reports_worker;
alter table projection_persons enable row level security;
alter table projection_persons force row level security;
create policy projection_persons_worker on projection_persons to observe_reports_worker using (true) with check (true);
