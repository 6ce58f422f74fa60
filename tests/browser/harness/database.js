import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs statements in the database of a started Observe, as its owner; answers what psql prints, without decoration. */
export async function runSql(observe, statements) {
  const sockets = join(observe.folder, "data", "run");
  const command = ["--host", sockets, "--username", "observe", "--dbname", "observe", "--set", "ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"];
  const { stdout } = await promisify(execFile)("psql", [...command, "--command", statements]);
  return stdout.trim();
}

/** Makes PostgreSQL refuse events of a name as it refuses data that it cannot keep, until `acceptAgain`. */
export function refuseEventsNamed(observe, name) {
  return runSql(
    observe,
    `create or replace function events.refuse_for_a_test() returns trigger language plpgsql as $$
     begin raise exception 'a value that cannot be kept' using errcode = '22P05'; end $$;
     create trigger refuse_for_a_test before insert on events.event for each row when (new.name = '${name.replaceAll("'", "''")}') execute function events.refuse_for_a_test();`,
  );
}

export function acceptAgain(observe) {
  return runSql(observe, "drop trigger refuse_for_a_test on events.event; drop function events.refuse_for_a_test();");
}
