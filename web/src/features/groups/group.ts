import { encodePersonKey } from "@/components/event/personKey";
import { valueText } from "@/components/event/event";
import { said } from "@/features/people/person";
import type { Group } from "@/gen/observe/identity/v1/group_service_pb";

/** Property keys that hold what people call a group, the best first. */
const NAME_KEYS = ["name", "title", "domain"];
/** So many properties stand in a line of the list, each cut to so many characters. */
const SHOWN = 3;
const SHOWN_CHARS = 40;

/** What to call a group: its name, else its key. Hostile text. */
export function groupName({ key, properties }: Pick<Group, "key" | "properties">): string {
  for (const name of NAME_KEYS) {
    const value = properties?.[name];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
  }
  return key;
}

/** The first plain properties of a group in one line, without what its name says already. */
export function groupSubject(group: Pick<Group, "key" | "properties">): string {
  const name = groupName(group);
  return Object.entries(group.properties ?? {})
    .filter(([, value]) => value !== null && typeof value !== "object" && value !== name)
    .slice(0, SHOWN)
    .map(([key, value]) => `${said(key, SHOWN_CHARS)}: ${said(valueText(value), SHOWN_CHARS)}`)
    .join(" · ");
}

/** The part of an address that holds any text, as that of a person's distinct id. */
export function encodeGroupPart(text: string): string {
  return encodePersonKey({ distinctId: text });
}

/** The address of a group's page, below the project's. */
export function groupPath({ type, key }: Pick<Group, "type" | "key">): string {
  return `people/groups/${encodeGroupPart(type)}/${encodeGroupPart(key)}`;
}
