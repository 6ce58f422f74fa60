import type { JsonObject } from "@bufbuild/protobuf";
import { encodePersonKey } from "@/components/event/personKey";
import type { Person } from "@/gen/observe/identity/v1/person_pb";

/** Property keys that hold what people call a person, the best first. */
const NAME_KEYS = ["name", "full_name", "username", "email"];

/** What to call a person: a name or an e-mail address, else the shortest distinct id. Hostile text. */
export function personName(person: Pick<Person, "distinctIds" | "properties" | "id">): string {
  for (const key of NAME_KEYS) {
    const value = person.properties?.[key];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
  }
  const first = textOf(person.properties, "first_name");
  const last = textOf(person.properties, "last_name");
  if (first || last) return [first, last].filter(Boolean).join(" ");
  return [...person.distinctIds].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? person.id;
}

/** A second line for a person: the e-mail address when the first one was a name. */
export function personDetail(person: Pick<Person, "distinctIds" | "properties" | "id">): string {
  const email = textOf(person.properties, "email");
  return email === personName(person) ? "" : email;
}

/** Whether anybody keeps something about this person; without, it is a distinct id that was never identified. */
export function hasRow(person: Person): boolean {
  return person.createdTime !== undefined;
}

function textOf(properties: JsonObject | undefined, key: string): string {
  const value = properties?.[key];
  return typeof value === "string" ? value.trim() : "";
}

/** How calls name a person. */
export type PersonId = { case: "personId"; value: string } | { case: "distinctId"; value: string };

/** A person is named by its id if it has a row, else by its one distinct id. */
export function idOf(person: Person): PersonId {
  return hasRow(person) ? { case: "personId", value: person.id } : { case: "distinctId", value: person.distinctIds[0] ?? "" };
}

/** The address of a person's page, below the project's. */
export function personPath(person: Person): string {
  const { case: by, value } = idOf(person);
  return `people/${encodePersonKey(by === "personId" ? { personId: value } : { distinctId: value })}`;
}

/** Names and ids longer than this are cut where they stand in a sentence, in characters. */
const SAID_CHARS = 60;

/** A name or an id inside a sentence. */
export function said(text: string, chars = SAID_CHARS): string {
  const letters = [...text];
  return letters.length > chars ? `${letters.slice(0, chars - 1).join("")}…` : text;
}
