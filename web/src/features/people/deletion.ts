import { exactNumber, plural } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { personName } from "./person";

/** Nobody types more than this, in characters. */
const TYPED_CHARS = 40;
/** What can be typed on a keyboard and looks like what it is. */
const TYPEABLE = /^[\p{L}\p{N}\p{P}\p{S} ]+$/u;

/** What has to be typed before a person is deleted: the name, or a word where the name cannot be typed. */
export function typedName(person: Person): string {
  const name = personName(person);
  return [...name].length <= TYPED_CHARS && TYPEABLE.test(name) && !name.includes("  ") ? name : "delete";
}

/** What a deletion removes; the events as far as they are known. */
export function deleteText(person: Person, events: { count: number; isMore: boolean } | undefined): string {
  const counted = !events ? "all events" : events.isMore ? `more than ${exactNumber(events.count)} events` : plural(events.count, "event");
  const ids = plural(person.distinctIds.length, "distinct id");
  const properties = plural(Object.keys(person.properties ?? {}).length, "property", "properties");
  return (
    `Gone for good: ${counted} of 1 person, ${ids}, ${properties} with their history, merges, and copies that wait or were set aside. ` +
    "Counts and funnels of the past change with it. What arrives later under the same ids starts afresh. This cannot be undone; export the person first if you need what is kept."
  );
}
